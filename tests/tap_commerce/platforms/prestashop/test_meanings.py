"""Ids of states are each shop's own: what they mean comes from flags, configuration and settings."""

from datetime import datetime

import pytest

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.meanings import Meanings, override

STATES = [
    raw.State(id=52, paid=True),
    raw.State(id=54, paid=True, shipped=True),
    raw.State(id=56),
    raw.State(id=57),
]
CONFIGURATION = {"PS_OS_CANCELED": "56", "PS_OS_REFUND": "57", "PS_OS_DELIVERED": "", "PS_SHOP_NAME": "7"}


def meanings(*told):
    return Meanings(STATES, CONFIGURATION, override(told))


def test_flags_and_configuration_say_what_a_state_means():
    known = meanings()
    assert known.of(54) == {"paid", "shipped"}
    assert (known.of(56), known.of(57), known.of(99), known.of(None)) == (
        {"cancelled"},
        {"refunded"},
        set(),
        set(),
    )
    assert known.states("paid") == [52, 54]
    assert known.states("delivered") == []


def test_a_setting_overrules_both():
    known = meanings("56=paid", "60=shipped", "60=paid")
    assert known.states("cancelled") == []
    assert known.of(60) == {"shipped", "paid"}


def test_what_was_delivered_has_left():
    assert meanings("60=delivered").states("shipped") == [54, 60]


def test_the_first_entry_counts_by_date_and_then_by_number():
    def entry(number, state, day):
        return raw.History(
            id=number, id_order=1, id_order_state=state, date_add=datetime.fromisoformat(f"2026-11-0{day}")
        )

    entries = [entry(9, 52, 2), entry(3, 54, 2), entry(4, 56, 1)]
    assert meanings().first(entries, "paid").id == 3
    assert meanings().first(entries, "refunded") is None


@pytest.mark.parametrize("told", ["15", "fifteen=paid", "15=lost", "=paid", ""])
def test_a_setting_that_says_nothing_is_refused_with_what_would_be_right(told):
    with pytest.raises(Misconfigured, match=r"order_states: .*such as 15=shipped; there are pending, "):
        override([told])
