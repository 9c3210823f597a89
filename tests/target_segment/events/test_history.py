"""What is so long ago that it goes elsewhere: whole integrations of its own, by the age at the reading."""

import pytest

from target_segment.errors import Misconfigured
from tests.target_segment.world import Crash, World, customer, day, order

OLD = {"All": False, "BigQuery": True}
SETTINGS = {"history_days": 3, "history_integrations": OLD, "integrations": {"Mixpanel": True}}


def test_events_older_than_so_many_days_when_read_carry_integrations_of_their_own(tmp_path):
    told = World(tmp_path, **SETTINGS).run(order("1", created_at=day(6)), order("2", created_at=day(7)))
    assert [(each["type"], each["integrations"]) for each in told] == [
        ("identify", OLD),
        ("track", OLD),
        ("track", {"Mixpanel": True}),
    ]


def test_the_age_is_each_events_own(tmp_path):
    """A cancellation of today of an order of long ago is no history."""
    *_, completed, cancelled = World(tmp_path, **SETTINGS).run(
        order(created_at=day(1), updated_at=day(9), cancelled_at=day(9))
    )
    assert (completed["integrations"], cancelled["integrations"]) == (OLD, {"Mixpanel": True})


def test_an_option_of_a_destination_does_not_switch_it_on_for_history(tmp_path):
    settings = {**SETTINGS, "attributes": {"integrations.Google Analytics 4.clientId": "ga"}}
    said = {"attributes": [{"name": "ga", "value": "123.456"}]}
    told = World(tmp_path, **settings).run(
        order("1", created_at=day(1), **said), order("2", created_at=day(9), **said)
    )
    old, new = (each["integrations"] for each in told if each["type"] == "track")
    assert old == OLD
    assert new["Google Analytics 4"] == {"clientId": "123.456"}


def test_what_was_intended_stays_as_it_was_however_old_it_gets(tmp_path):
    world = World(tmp_path, **SETTINGS)
    world.run(order(created_at=day(9)), crash=("before delivery", 1), catch=(Crash,))
    world.later(days=1)
    world.run(order(created_at=day(9)), at=day(20))
    assert {len(bodies) for bodies in world.courier.bodies.values()} == {1}
    assert [each["integrations"] for each in world.courier.taken] == [{"Mixpanel": True}] * 2


@pytest.mark.parametrize(
    ("settings", "missing"),
    [({"history_days": 3}, "history_integrations"), ({"history_integrations": OLD}, "history_days")],
)
def test_one_of_the_two_settings_needs_the_other(tmp_path, settings, missing):
    with pytest.raises(Misconfigured, match=f"setting `{missing}` is missing"):
        World(tmp_path, **settings).run(customer())
