"""What was rejected is decided anew when it is next read."""

import json

from tests.target_segment.world import names, order, refusing


def test_what_was_rejected_is_told_when_it_is_next_read(world, command):
    settings = {key: value for key, value in world.settings.items() if key != "ledger"}
    world.run(order("1"))
    world.courier.answer = refusing("Order Completed")
    assert world.run(order("2"), order("3")) == []
    world.courier.answer = lambda events: None
    assert world.run(order("2")) == []
    code, out, _ = command("retry", **settings)
    assert (code, out.split()[0]) == (0, "2"), out
    assert names(world.run(order("2"), order("3"))) == ["Order Completed", "Order Completed"]
    code, out, _ = command("retry", "--json", **settings)
    assert (code, json.loads(out)) == (0, {"decided_anew": 0})
