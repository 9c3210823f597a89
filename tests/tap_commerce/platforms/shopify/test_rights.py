"""What the app may not read is named, left out, or stops the run."""

import logging

import msgspec
import pytest

from sandbox.shopify import Shopify as Api
from tap_commerce.errors import Denied
from tap_commerce.http import Wire
from tap_commerce.platforms.shopify.asking import Shopify
from tap_commerce.schemas import STREAMS
from tests.tap_commerce.platforms.shopify.shops import (
    EVERYTHING,
    crowded,
    lively,
    plain,
    read,
    scripted,
    settled,
    tap,
    variables,
)


def test_what_is_not_selected_is_not_asked_for():
    shop = crowded()
    fields = EVERYTHING["orders"] - {
        "line_items", "customer", "landing_page", "referrer", "campaign", "paid_at", "authorized_at", "location_id",
        "location_name",
    }  # fmt: skip
    with Api(shop) as api:
        found = read(tap(api, {"orders": fields}), ("orders",))
    asked = variables(api)
    for part in [
        "lines",
        "products",
        "customer",
        "journey",
        "payments",
        "places",
        "refunds",
        "returns",
        "fulfillments",
        "metafields",
    ]:
        assert asked[part] is False, part
    assert [stream for stream, _ in found] == ["orders"]
    assert api.calls.count[("OrderRefunds", 200)] == 0
    assert found[0][1].line_items is msgspec.UNSET


def test_refunds_are_read_without_orders():
    shop = crowded()
    with Api(shop) as api:
        found = read(tap(api, {"refunds": EVERYTHING["refunds"]}), ("refunds",))
    assert {stream for stream, _ in found} == {"refunds"}
    assert variables(api)["orders"] is False
    assert found[0][1].order.customer.id is not None
    assert found[0][1].line_items[0].name


@pytest.mark.parametrize(
    ("scopes", "selection", "says"),
    [
        (["read_customers"], {"orders"}, "read_orders"),
        (["read_customers"], {"refunds"}, "read_orders"),
        (["read_orders"], {"orders", "customers"}, "read_customers"),
    ],
)
def test_a_missing_scope_is_named_before_the_first_record(scopes, selection, says):
    with Api(settled(scripted()), scopes=scopes) as api:
        it = tap(api, opened=False)
        with pytest.raises(Denied, match=says):
            it.open({name: EVERYTHING[name] for name in selection})


def test_without_the_scope_for_customers_orders_come_without_them(caplog):
    shop = settled(crowded())
    with Api(shop, scopes=["read_orders", "read_all_orders"]) as api, caplog.at_level(logging.WARNING):
        found = read(tap(api, {"orders": EVERYTHING["orders"]}), ("orders",))
    assert found[0][1].customer is msgspec.UNSET
    assert "read_customers" in caplog.text


def test_protected_customer_data_is_left_out_and_warned_of_once(caplog):
    shop = lively(2)
    with Api(shop, protected=True) as api, caplog.at_level(logging.WARNING):
        it = tap(api)
        found = plain(read(it) + read(it, ("customers",)))
    assert {stream for stream, _ in found} == set(STREAMS)
    for (stream, _), record in found.items():
        if stream == "orders":
            assert not record.keys() & {"email", "billing_address", "ip"}
            assert record["customer"] is None or "email" not in record["customer"]
            assert record["line_items"]
        if stream == "customers":
            assert not record.keys() & {"email", "first_name", "phone", "name"}
            assert "tags" in record
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == len(set(messages))
    assert any("customer.firstName" in each for each in messages)


def test_a_selected_stream_that_shopify_refuses_stops_the_run_rather_than_stay_empty():
    it = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"}, Wire(user_agent="test"))
    it._rights.parts = {"refunds": True, "fulfillments": False}
    with pytest.raises(Denied, match="refunds"):
        it._rights.note(["orders.nodes.refunds"])
    it._rights.note(["orders.nodes.fulfillments"])


def test_a_part_that_is_refused_is_no_longer_asked_for():
    it = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"}, Wire(user_agent="test"))
    it._rights.parts = {"products": True, "customer": True}
    it._rights.note(["orders.nodes.lineItems.nodes.product"])
    assert it._rights.parts == {"products": False, "customer": True}
