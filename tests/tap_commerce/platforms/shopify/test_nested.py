"""Every list of an order is read to its end, as of one moment."""

import logging

import pytest
import urllib3

from sandbox.shopify import Shopify as Api
from tap_commerce.errors import Malformed
from tap_commerce.http import Bounds
from tests.tap_commerce.platforms.shopify.shops import (
    EVERYTHING,
    Canned,
    crowded,
    part,
    raw_line,
    raw_order,
    read,
    scopes,
    scripted,
    settled,
    tap,
    whole,
)


@pytest.mark.parametrize("cost", ["low", "linear"])
def test_every_nested_list_is_read_to_its_end(cost):
    shop = crowded()
    (order,) = shop.orders.values()
    with Api(shop, cost=cost) as api:
        found = read(tap(api))
    told = [record for stream, record in found if stream == "orders"]
    refunds = [record for stream, record in found if stream == "refunds"]
    parcels = [record for stream, record in found if stream == "fulfillments"]
    assert [line.id for line in told[0].line_items] == [str(line.id) for line in order.lines]
    assert {each.id: len(each.line_items) for each in refunds} == {
        str(each.id): len(each.lines) for each in order.refunds
    }
    assert {each.id: len(each.line_items) for each in parcels} == {
        str(each.id): len(each.lines) for each in order.fulfillments
    }
    assert told[0].paid_at is not None
    assert told[0].total_refunded == refunds[-1].order_refunded_to_date


def shipping(price):
    money = {"amount": price}
    return {
        "title": price,
        "discountedPriceSet": {"shopMoney": money, "presentmentMoney": money},
        "discountAllocations": [],
    }


def test_shipping_lines_are_read_to_their_end():
    page = raw_order(shippingLines=whole(shipping("1.0"), shipping("2.0"), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderShipping=lambda variables: part(shipping("4.0")),
    )
    ((_, told),) = read(shop.tap())
    assert (told.shipping, told.shipping_method) == (7, "1.0")
    assert shop.asked[-1][1]["after"] == "c"


def test_an_order_that_changes_while_it_is_read_is_read_anew_as_a_whole():
    ten = "2026-11-20T10:00:00Z"
    before = raw_order(lineItems=whole(raw_line(1), after="c"), note="before")
    after = raw_order(lineItems=whole(raw_line(1), after="d"), note="after", updatedAt=ten)
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(before)},
        OrderLines=lambda variables: part(raw_line(2), at=ten),
        OneOrder=lambda variables: {"node": after},
    )
    ((_, told),) = read(shop.tap())
    assert (told.note, told.updated_at, [line.id for line in told.line_items]) == ("after", ten, ["1", "2"])
    assert [variables["after"] for name, variables in shop.asked if name == "OrderLines"] == ["c", "d"]


def test_the_returned_units_of_an_edited_order_are_those_of_its_own_version():
    """Else the unit that came back meanwhile would seem to be one that the edit had not taken away."""
    ten = "2026-11-20T10:00:00Z"
    line = {"id": "gid://shopify/LineItem/1", "quantity": 3}
    none = {"nodes": []}
    refund = {
        "id": "gid://shopify/Refund/1",
        "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
        "refundLineItems": whole({"quantity": 1, "lineItem": {"id": line["id"]}}),
        "refundShippingLines": none,
        "orderAdjustments": none,
        "transactions": none,
    }
    page = raw_order(edited=True, lineItems=whole(line | {"currentQuantity": 2}))
    moved = raw_order(edited=True, lineItems=whole(line | {"currentQuantity": 1}), updatedAt=ten)
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderRefunds=lambda variables: {"node": {"updatedAt": ten, "list": [refund]}},
        OneOrder=lambda variables: {"node": moved},
    )
    ((_, told),) = read(shop.tap({"orders": EVERYTHING["orders"]}), ("orders",))
    assert told.line_items[0].quantity == 2


def test_an_order_that_never_stands_still_is_left_for_the_next_poll(caplog):
    def at(number):
        return f"2026-11-20T10:00:{number:02}Z"

    page = raw_order(lineItems=whole(raw_line(1), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page, raw_order(2))},
        OrderLines=lambda variables: part(raw_line(2), at=at(len(shop.asked))),
        OneOrder=lambda variables: {"node": page | {"updatedAt": at(len(shop.asked))}},
    )
    with caplog.at_level(logging.WARNING):
        assert [record.id for _, record in read(shop.tap())] == ["2"]
    assert "#1 changes faster" in caplog.text


def test_an_order_that_is_deleted_while_it_is_read_stops_nothing(caplog):
    page = raw_order(lineItems=whole(raw_line(1), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page, raw_order(2))},
        OrderLines=lambda variables: {"node": None},
        OneOrder=lambda variables: {"node": None},
    )
    with caplog.at_level(logging.WARNING):
        assert [record.id for _, record in read(shop.tap())] == ["2"]
    assert "#1 was deleted" in caplog.text


def test_a_refund_that_is_listed_but_cannot_be_read_is_no_reason_to_leave_it_out():
    none = {"nodes": []}
    refund = {
        "id": "gid://shopify/Refund/7",
        "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
        "refundLineItems": whole(after="c"),
        "refundShippingLines": none,
        "orderAdjustments": none,
        "transactions": none,
    }
    page = raw_order(refunds=[refund])
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        RefundLines=lambda variables: {"node": None},
        OneOrder=lambda variables: {"node": page},
    )
    with pytest.raises(Malformed, match=r"Refund/7 of order #1"):
        read(shop.tap())


def test_a_list_that_goes_on_without_saying_where_is_not_begun_again():
    page = raw_order(lineItems={"nodes": [raw_line(1)], "pageInfo": {"hasNextPage": True, "endCursor": None}})
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderLines=lambda variables: part(raw_line(1)),
    )
    with pytest.raises(Malformed, match="does not go on"):
        read(shop.tap())


def test_an_edited_order_needs_its_refunds_even_if_nobody_selected_them():
    shop = scripted()
    order = shop.place_order([{"price": "30.00", "quantity": 4}])
    shop.edit_order(order, remove={order.lines[0].id: 1})
    shop.refund(order, {order.lines[0].id: 2})
    settled(shop)
    with Api(shop) as api:
        ((_, told),) = read(tap(api, {"orders": EVERYTHING["orders"]}), ("orders",))
    (line,) = told.line_items
    assert (line.quantity, line.current_quantity) == (3, 1)


def test_long_lists_that_shopify_fails_at_are_asked_for_in_smaller_pieces():
    page = raw_order(lineItems=whole(raw_line(0), after="c"))

    def lines(variables):
        if variables["first"] > 100:
            raise urllib3.exceptions.ProtocolError("reset")
        return part(raw_line(1))

    shop = Canned(Scopes=scopes, Orders=lambda variables: {"orders": whole(page)}, OrderLines=lines)
    it = shop.tap()
    it._admin.wire.bounds = Bounds(attempts=3)
    assert len(read(it)[0][1].line_items) == 2
    assert [variables["first"] for name, variables in shop.asked if name == "OrderLines"] == [250, 125, 62]
