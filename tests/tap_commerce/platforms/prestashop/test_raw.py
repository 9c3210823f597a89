"""PrestaShop's ways to write one thing, of 1.6 to 9, are read alike."""

import pytest
from msgspec import UNSET

from tap_commerce.errors import Malformed
from tap_commerce.platforms.prestashop import raw


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
