"""PrestaShop's ways to write one thing, of 1.6 to 9, are read alike."""

from datetime import datetime
from decimal import Decimal

import pytest
from msgspec import UNSET

from tap_commerce.errors import Malformed
from tap_commerce.platforms.prestashop import raw


@pytest.mark.parametrize("value", ["17", 17, [{"id": 1, "value": "17"}], "17.0"])
def test_a_number_is_a_number(value):
    assert raw.number(value) == 17


@pytest.mark.parametrize("value", ["", None, [], {}])
def test_nothing_is_no_number_and_no_amount(value):
    assert raw.number(value) is raw.amount(value) is raw.text(value) is None


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
    assert raw.flag(value) is read


def test_an_amount_keeps_its_digits():
    assert str(raw.amount("61.800000")) == "61.800000"
    assert raw.amount(3) == Decimal(3)
    assert str(raw.amount(0.1)) == "0.1"


@pytest.mark.parametrize("value", ["0000-00-00 00:00:00", "0000-00-00", "", None, []])
def test_a_date_of_zeros_is_none(value):
    assert raw.shown(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-18 10:12:30",
        [{"id": "1", "value": "2026-11-01 00:00:00"}, {"id": "2", "value": "2026-11-18 10:12:30"}],
    ],
)
def test_a_date_may_come_as_a_list_of_which_the_last_is_meant(value):
    assert raw.shown(value) == datetime.fromisoformat("2026-11-18T10:12:30")


def test_a_text_in_several_languages_is_the_first_that_says_something():
    assert raw.text([{"id": 1, "value": ""}, {"id": 2, "value": "Expédié"}]) == "Expédié"
    assert raw.text({"language": [{"id": 1, "value": "Shipped"}]}) == "Shipped"


def test_a_customers_secrets_are_not_asked_for():
    asked = raw.display(raw.Customer)
    for secret in ("passwd", "secure_key", "reset_password_token", "note", "ip_registration_newsletter"):
        assert secret not in asked
    assert "full" not in asked


def test_what_was_not_asked_is_left_out_and_what_is_empty_is_none():
    customer = raw.read(raw.Customer, {"id": 1, "email": ""})
    assert (customer.email, customer.firstname) == (None, UNSET)


def test_associations_may_be_missing_empty_or_a_single_row():
    row = {"id": "1", "id_order_detail": "3", "product_quantity": "2"}
    for parts, count in (
        ({}, 0),
        (None, 0),
        ([], 0),
        ({"order_slip_details": []}, 0),
        ({"order_slip_details": row}, 1),
    ):
        slip = raw.read(raw.Slip, {"id": 1, "associations": parts})
        assert len(slip.order_slip_details) == count
    assert slip.order_slip_details[0].product_quantity == 2


@pytest.mark.parametrize("identifier", ["", None, 0])
def test_a_row_that_was_deleted_since_it_was_listed_is_none(identifier):
    assert raw.read(raw.Order, {"id": identifier, "date_upd": ""}) is None


@pytest.mark.parametrize("row", [{"id_order": "seven"}, {"date_add": "yesterday"}])
def test_what_is_not_as_documented_is_said_with_its_row(row):
    with pytest.raises(Malformed, match=r"order_histories \(id 7\) is not as documented"):
        raw.read(raw.History, {"id": 7} | row)
