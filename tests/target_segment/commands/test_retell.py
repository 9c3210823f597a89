"""What is retold is told again under new messageIds, and only while nothing is under way."""

import json

import pytest

from target_segment.commands.retell import named
from target_segment.config import checked
from target_segment.errors import Misconfigured, Unavailable
from target_segment.transitions.table import TABLE
from tests.target_segment.world import SINCE, order, unavailable
from tests.target_segment.world import named as of_name

SETTINGS = {"write_key": "key", "since": SINCE}


@pytest.fixture
def settings(world):
    return {key: value for key, value in world.settings.items() if key != "ledger"}


def test_it_is_told_again_under_another_message_id(world, settings, command):
    (first,) = of_name(world.run(order()), "Order Completed")
    code, out, _ = command("retell", "order_completed", **settings)
    assert (code, "1 fates forgotten" in out) == (0, True)
    (again,) = of_name(world.run(order()), "Order Completed")
    assert again["messageId"] != first["messageId"]
    assert again["properties"] == first["properties"]


def test_a_program_is_told_how_much_was_forgotten(world, settings, command):
    world.run(order("1"), order("2"))
    code, out, _ = command("retell", "order_completed", "order_cancelled", "--json", **settings)
    assert (code, json.loads(out)) == (
        0,
        {"transitions": ["order_completed", "order_cancelled"], "fates_forgotten": 2},
    )


def test_a_transition_that_there_is_not_is_refused_before_the_ledger_is_opened(command, tmp_path):
    code, _, error = command("retell", "order_completed", "order_complete")
    assert code == 1
    assert error.startswith("target-segment: retell: there is no transition 'order_complete'; there are ")
    assert not (tmp_path / "ledger.duckdb").exists()


def test_all_of_them_are_those_of_the_table_and_of_mapped_streams():
    mapping = {"event": "Ticket", "kind": "once", "user_id": "who", "timestamp": "at", "properties": ["no"]}
    settings = checked({**SETTINGS, "streams": {"tickets": mapping}})
    assert named(["all"], settings) == [*TABLE, "tickets.once"]
    assert named(["tickets.once"], settings) == ["tickets.once"]
    with pytest.raises(Misconfigured):
        named(["all", "order_completed"], settings)


def test_nothing_is_retold_while_something_is_under_way(world, settings, command):
    world.courier.answer = unavailable
    world.run(order(), catch=[Unavailable])
    code, _, error = command("retell", "all", **settings)
    assert (code, "intended and not yet told" in error) == (1, True)
