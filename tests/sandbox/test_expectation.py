"""The expectation, on scripts whose outcome can be said by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.expectation import Span, Told, expect, follows, second
from sandbox.shop import Shop


@pytest.fixture
def shop():
    shop = Shop(1, alive=False)
    shop.advance(0.25)
    return shop


def told(expectation):
    return sorted(expectation.once)


def test_an_order_is_completed_with_its_codes_at_the_second_it_was_placed(shop):
    order = shop.place_order(codes=["Welcome10", "VIP"])
    at = second(order.processed_at)
    assert at == "2026-10-01T08:00:00Z", "fractions are not shown"
    assert told(expect(shop, since=shop.start)) == [
        Told("Coupon Applied", f"{order.id}:vip", at),
        Told("Coupon Applied", f"{order.id}:welcome10", at),
        Told("Order Completed", str(order.id), at),
    ]


def test_an_order_at_the_till_is_told_instead_or_beside(shop):
    shop.place_order(source="pos")
    assert expect(shop, since=shop.start).counts == {"POS Order Placed": 1}
    assert expect(shop, since=shop.start, pos="beside").counts == {
        "POS Order Placed": 1,
        "Order Completed": 1,
    }


def test_test_orders_and_all_that_is_theirs_are_left_out_unless_wanted(shop):
    order = shop.place_order(test=True)
    shop.ship(order)
    shop.refund(order, amount="1")
    shop.cancel(order)
    nothing = expect(shop, since=shop.start)
    assert (nothing.counts, nothing.refunded, nothing.orders, nothing.fulfillments) == ({}, {}, {}, {})
    wanted = expect(shop, since=shop.start, include_test_orders=True)
    assert wanted.counts == {"Order Completed": 1, "Fulfillment Created": 1, "Order Cancelled": 1}


def test_only_what_happened_since_is_told_also_of_older_orders(shop):
    order = shop.place_order()
    since = shop.start + timedelta(hours=1)
    shop.advance(7200)
    parcel = shop.ship(order)
    shop.cancel(order, refund=False)
    assert {(each.event, each.subject) for each in expect(shop, since=since).once} == {
        ("Fulfillment Created", str(parcel.id)),
        ("Order Cancelled", str(order.id)),
    }


def test_money_is_told_when_it_moves_per_refund_and_per_order(shop):
    order = shop.place_order([{"price": "50", "quantity": 2}], shipping=None)
    line = order.lines[0].id
    first = shop.refund(order, {line: 1})
    second_ = shop.refund(order, amount="7.77", pending=True)
    stock = shop.refund(order, {line: 1}, amount=0)
    assert expect(shop, since=shop.start).refunded == {
        str(first.id): Span(Decimal("50.00"), Decimal("50.00"))
    }
    shop.advance(86400)
    shop.settle(second_)
    expected = expect(shop, since=shop.start)
    assert expected.refunded[str(second_.id)] == Span(Decimal("7.77"), Decimal("7.77"))
    assert expected.order_refunded == {str(order.id): Span(Decimal("57.77"), Decimal("57.77"))}
    assert str(stock.id) not in expected.refunded
    late = expect(shop, since=shop.now)
    assert set(late.refunded) == {str(second_.id)}


def test_a_refund_whose_money_moved_before_and_after_since_is_an_edge(shop):
    order = shop.place_order([{"price": "90", "quantity": 1}], shipping=None)
    refund = shop.refund(order, {order.lines[0].id: 1}, pending=True, tenders=2)
    shop.advance(86400)
    shop.settle(refund)
    assert expect(shop, since=shop.now).refunded == {str(refund.id): Span(Decimal("60.00"), Decimal("90.00"))}


def test_what_the_order_did_not_notice_is_sure_only_once_it_was_reread(shop):
    order = shop.place_order([{"price": "50", "quantity": 2}])
    refund = shop.refund(order, amount="5", pending=True)
    reread = shop.now
    shop.advance(86400)
    shop.settle(refund)
    parcel = shop.ship(order, bumps=False)
    unsure = expect(shop, since=shop.start, rechecked=reread)
    assert unsure.refunded == {str(refund.id): Span(Decimal(0), Decimal("5.00"))}
    assert unsure.perhaps == {("Fulfillment Created", str(parcel.id))}
    assert "Fulfillment Created" not in unsure.counts
    shop.edit_order(order, note="now it is noticed")
    assert expect(shop, since=shop.start, rechecked=reread).refunded == {
        str(refund.id): Span(Decimal("5.00"), Decimal("5.00"))
    }


def test_orders_that_were_never_shown_are_not_expected(shop):
    shop.place_order()
    shop.advance(61 * 86400)
    assert expect(shop, since=shop.start, read_all_orders=False).counts == {}
    early = [shop.start + timedelta(days=3), shop.now]
    assert expect(shop, since=shop.start, read_all_orders=False, polls=early).counts == {"Order Completed": 1}


def test_a_customer_is_created_and_enabled(shop):
    anna = shop.register()
    shop.advance(60)
    shop.enable_customer(anna)
    assert told(expect(shop, since=shop.start)) == [
        Told("Customer Created", str(anna.id), second(anna.created_at)),
        Told("Customer Enabled", str(anna.id), None),
    ]


def test_enabling_an_old_customer_is_told_only_if_it_was_seen_before(shop):
    anna = shop.register()
    shop.advance(86400)
    since = seen = shop.now
    shop.advance(86400)
    shop.enable_customer(anna)
    shop.advance(60)
    assert expect(shop, since=since).counts == {}, "nobody looked in between: it may have been long ago"
    assert expect(shop, since=since, polls=[seen, shop.now]).counts == {"Customer Enabled": 1}
    assert expect(shop, since=since, polls=[seen - timedelta(hours=1), shop.now]).counts == {}


def test_states_are_the_true_ones_without_neighbours_that_are_equal(shop):
    order = shop.place_order(tags=["a"])
    shop.edit_order(order, tags=("a", "b"))
    shop.pay(shop.place_order(pay="pending"))
    parcel = shop.ship(order)
    shop.track(parcel, True)
    shop.progress(parcel, "in_transit")
    expected = expect(shop, since=shop.start)
    assert [each["tags"] for each in expected.orders[str(order.id)]] == [["a"], ["a", "b"]]
    assert [bool(each["tracking_numbers"]) for each in expected.fulfillments[str(parcel.id)]] == [
        False,
        True,
        True,
    ]
    anna = shop.register()
    shop.place_order(customer=anna)
    states = expect(shop, since=shop.start).customers[str(anna.id)]
    assert [each["order_count"] for each in states] == [0, 1]


@pytest.mark.parametrize(("told", "wrong"), [
    ([], None),
    ([{"a": 1}, {"a": 2}, {"a": 3}], None),
    ([{"a": 1}, {"a": 3}], None),
    ([{"a": 1}, {"a": 1}, {"a": 3}], "twice in a row"),
    ([{"a": 3}, {"a": 2}], "never was so"),
    ([{"a": 1}, {"a": 4}], "never was so"),
    ([{"a": 1}, {"a": 2}], "not current"),
])  # fmt: skip
def test_told_states_follow_the_true_ones(told, wrong):
    found = follows(told, [{"a": 1, "b": 0}, {"a": 2, "b": 0}, {"a": 3, "b": 1}])
    assert found is None if wrong is None else wrong in found


def test_a_whole_life_adds_up():
    shop = Shop(11, pace=0.2, orders_per_day=15)
    shop.advance(10 * 86400)
    expected = expect(shop, since=shop.start, include_test_orders=True)
    orders = shop.orders.values()
    assert expected.counts["Order Completed"] + expected.counts["POS Order Placed"] == len(orders)
    assert expected.counts["Fulfillment Created"] == sum(len(each.fulfillments) for each in orders)
    assert expected.counts["Order Cancelled"] == sum(each.cancelled_at is not None for each in orders)
    assert expected.counts["Customer Enabled"] == sum(each.enabled for each in shop.customers.values())
    assert sum(each.least for each in expected.refunded.values()) == sum(
        each.given_back.shop for each in orders
    )
    assert all(each.least == each.most for each in expected.refunded.values())
    assert {key: states[-1]["total"] for key, states in expected.orders.items()} == {
        str(each.id): each.total.shop for each in orders
    }
