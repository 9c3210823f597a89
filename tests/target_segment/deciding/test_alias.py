"""The alias call: along with the link of a guest's ids, where it is switched on, once."""

import pytest

from sandbox.segment import _flaw
from target_segment.errors import Misconfigured, Refused
from tests.target_segment.world import SINCE, World, customer_of, day, guest, names, order

LINKED = order(updated_at=day(3), customer=customer_of("9"))


def test_by_default_a_link_is_one_identify(world):
    world.run(order(**guest()))
    assert names(world.run(LINKED)) == ["identify", "identify"]


def test_an_alias_goes_before_the_identify_that_links(tmp_path):
    world = World(tmp_path, alias=True)
    first = world.run(order(**guest()))
    alias, linked, _ = world.run(LINKED)
    assert {name: alias[name] for name in ("type", "userId", "previousId", "timestamp")} == {
        "type": "alias",
        "userId": "9",
        "previousId": first[0]["anonymousId"],
        "timestamp": day(3),
    }
    assert alias.keys() == {"type", "messageId", "timestamp", "userId", "previousId", "context"}
    assert alias["context"].keys() == {"library", "externalIds"}
    assert (linked["type"], linked["anonymousId"]) == ("identify", alias["previousId"])
    assert alias["messageId"] != linked["messageId"]


def test_an_alias_is_told_once_whatever_else_is_read(tmp_path):
    world = World(tmp_path, alias=True)
    world.run(order(**guest()), order("2", **guest()))
    again = order("2", updated_at=day(4), customer=customer_of("9"))
    assert names(world.run(LINKED, again)).count("alias") == 1
    assert world.run(LINKED, again, at=day(11), sent_from="elsewhere") == []


def test_switched_on_later_it_is_as_old_as_the_link(tmp_path):
    world = World(tmp_path, since="now")
    world.run(order(**guest()), at="2026-02-28T00:00:00Z")
    world.run(LINKED, at=day(4))
    assert world.run(LINKED, at=day(11), alias=True) == []
    (alias,) = world.run(LINKED, at=day(12), alias=True, since=SINCE)
    assert (alias["type"], alias["timestamp"]) == ("alias", day(3))


def test_a_refused_alias_is_set_aside_and_can_be_retried(tmp_path):
    world = World(tmp_path, alias=True)
    world.run(order(**guest()))
    world.courier.answer = refusing_alias
    assert names(world.run(LINKED)) == ["identify", "identify"]
    world.courier.answer = lambda events: None
    assert world.run(LINKED, at=day(11), sent_from="x") == []
    ledger = world.ledger()
    assert ledger.retry() == 1
    ledger.close()
    assert names(world.run(LINKED, at=day(12))) == ["alias"]


def refusing_alias(events):
    if any(event["type"] == "alias" for event in events):
        raise Refused("Segment answered 400")


def test_history_goes_elsewhere_as_an_alias_too(tmp_path):
    world = World(tmp_path, alias=True, history_days=2, history_integrations={"All": False})
    world.run(order(**guest()))
    assert world.run(LINKED)[0]["integrations"] == {"All": False}


def test_an_alias_has_no_name_to_change(tmp_path):
    with pytest.raises(Misconfigured, match="`events`: alias is"):
        World(tmp_path, events={"alias": "Alias"}).run(order())


def test_segment_swallows_an_alias_without_both_ids():
    event = {"type": "alias", "userId": "7", "messageId": "m"}
    assert "previousId" in _flaw(event)
    assert _flaw(event | {"previousId": "a"}) is None


@pytest.mark.parametrize("link", [{"alias": True}, {"events": {}}])
def test_a_link_of_before_it_was_switched_on_is_not_told_at_the_next_change(tmp_path, link):
    """Nobody else knows since when it is so: that it lay before is remembered with the first reading."""
    world = World(tmp_path, since="now", events={"identity_linked": False})
    world.run(order(**guest()), at="2026-02-28T00:00:00Z")
    world.run(LINKED, at=day(4))
    assert world.run(LINKED, at=day(11), **link) == []
    changed = order(updated_at=day(11), customer=customer_of("9"), tags=["ring"])
    assert names(world.run(changed, at=day(12), **link)) == ["Order Updated"]
    told = world.run(changed, at=day(13), **link, since=SINCE)
    assert len(told) == 1, "and lowering `since` tells it, once"
    assert world.run(changed, at=day(14), **link, since=SINCE, sent_from="x") == []
