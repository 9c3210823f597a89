import pytest

from target_segment.errors import Misconfigured
from target_segment.events.settings import EVENTS, choices
from target_segment.settings import check
from target_segment.transitions.table import TABLE


def test_by_default_the_table_says_what_is_told():
    assert choices({}, TABLE) == {name: (entry.on, entry.event) for name, entry in TABLE.items()}


def test_a_transition_is_switched_and_renamed_by_its_name():
    chosen = choices(
        {
            "events": {
                "order_updated": False,
                "customer_updated": True,
                "order_cancelled": "Order Canceled",
                "customer_deleted": "Customer Gone",
            }
        },
        TABLE,
    )
    assert chosen["order_updated"] == (False, "Order Updated")
    assert chosen["customer_updated"] == (True, "Customer Updated")
    assert chosen["order_cancelled"] == (True, "Order Canceled")
    assert chosen["customer_deleted"] == (True, "Customer Gone"), "a name of one's own switches on, too"
    assert chosen["order_completed"] == (True, "Order Completed")


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"order_canceled": False}, "no transition 'order_canceled'; there are .*order_cancelled"),
        ({"order_updated": 1}, "order_updated is 1, which is neither true, false nor a name"),
        ({"order_updated": "  "}, "neither true, false nor a name"),
        ({"identify": "Identified"}, "identify is an identify call and has no name"),
    ],
)
def test_a_wrong_choice_is_named(events, says):
    with pytest.raises(Misconfigured, match=says):
        choices({"events": events}, TABLE)


def test_the_settings_hold_their_own_defaults():
    values = check(EVENTS, {})
    assert values["traits_in"] == ["identify"]
    assert values["order_id"] == "id"
    assert values["revenue"] == "segment"
    assert values["seed_names"] is True


def test_the_environment_can_give_them_as_text():
    values = check(
        EVENTS, {"events": '{"order_updated": false}', "traits_in": "identify, context", "seed_names": "no"}
    )
    assert values["events"] == {"order_updated": False}
    assert values["traits_in"] == ["identify", "context"]
    assert values["seed_names"] is False
