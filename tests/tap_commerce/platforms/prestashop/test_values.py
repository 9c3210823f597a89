"""Each value is read whichever way it was written."""

from datetime import datetime
from decimal import Decimal

import pytest

from tap_commerce.platforms.prestashop import values


@pytest.mark.parametrize("value", ["17", 17, [{"id": 1, "value": "17"}], "17.0"])
def test_a_number_is_a_number(value):
    assert values.number(value) == 17


@pytest.mark.parametrize("value", ["", None, [], {}])
def test_nothing_is_no_number_and_no_amount(value):
    assert values.number(value) is values.amount(value) is values.text(value) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0", False),
        ("1", True),
        (0, False),
        (1, True),
        (True, True),
        (False, False),
        ("", False),
        (None, False),
    ],
)
def test_a_switch_is_a_switch(value, read):
    assert values.flag(value) is read


def test_an_amount_keeps_its_digits():
    assert str(values.amount("61.800000")) == "61.800000"
    assert values.amount(3) == Decimal(3)
    assert str(values.amount(0.1)) == "0.1"


@pytest.mark.parametrize("value", ["0000-00-00 00:00:00", "0000-00-00", "", None, []])
def test_a_date_of_zeros_is_none(value):
    assert values.shown(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-18 10:12:30",
        [{"id": "1", "value": "2026-11-01 00:00:00"}, {"id": "2", "value": "2026-11-18 10:12:30"}],
    ],
)
def test_a_date_may_come_as_a_list_of_which_the_last_is_meant(value):
    assert values.shown(value) == datetime.fromisoformat("2026-11-18T10:12:30")


def test_a_text_in_several_languages_is_the_first_that_says_something():
    assert values.text([{"id": 1, "value": ""}, {"id": 2, "value": "Expédié"}]) == "Expédié"
    assert values.text({"language": [{"id": 1, "value": "Shipped"}]}) == "Shipped"
