"""The expectation, on scripts whose outcome can be said by hand."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from sandbox.elasticpath.book import LATE, Book, uuid
from sandbox.elasticpath.expecting import expect
from sandbox.expectation import Span, Told, second
from sandbox.shop import Shop

HUNDRED = [{"price": "50", "quantity": 2}]
HOUR = timedelta(hours=1)


def exactly(*amounts):
    return [Span(Decimal(each), Decimal(each)) for each in amounts]


def events(expectation):
    return {each.event for each in expectation.once}


def later(shop, hours=1):
    shop.advance(3600 * hours)
    return shop.now


def of(shop, order):
    return uuid(shop, "order", order.id)


def test_an_order_is_started_at_the_checkout_and_completed_when_it_is_paid(shop):
    order = shop.place_order(HUNDRED, pay="authorization")
    begun, paid = shop.now, later(shop)
    shop.pay(order)
    later(shop)
    expected = expect(shop, since=shop.start)
    name = of(shop, order)
    assert set(expected.once) == {
        Told("Checkout Started", name, second(begun)),
        Told("Order Completed", name, second(paid)),
    }
    assert expected.within == {}


def test_an_order_that_is_never_paid_is_never_completed(shop):
    shop.place_order(HUNDRED, pay="failure", codes=["VIP"])
    assert events(expect(shop, since=shop.start)) == {"Checkout Started"}


def test_a_code_is_applied_with_the_completed_order(shop):
    order = shop.place_order(HUNDRED, codes=["Welcome10"])
    later(shop)
    assert (
        Told("Coupon Applied", f"{of(shop, order)}:welcome10", second(order.created_at))
        in expect(shop, since=shop.start).once
    )


def test_a_refund_before_the_first_reading_hides_when_the_order_was_paid(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    paid = shop.now
    later(shop)
    shop.refund(order, amount="10")
    last = later(shop)
    name = of(shop, order)
    expected = expect(shop, since=shop.start)
    assert Told("Order Completed", name, None) in expected.once
    assert expected.within["Order Completed", name] == (
        second(paid),
        second(last + timedelta(minutes=1)),
    )
    early = expect(shop, since=shop.start, polls=[paid + HOUR / 2, last])
    assert Told("Order Completed", name, second(paid)) in early.once


def test_what_lies_between_two_readings_is_told_if_the_first_lies_after_since(shop):
    order = shop.place_order(HUNDRED)
    since = later(shop)
    read = later(shop)
    shop.advance(1)
    shop.cancel(order, refund=False)
    last = later(shop)
    told = ("Order Cancelled", of(shop, order))
    assert events(expect(shop, since=since, polls=[read, last])) == {"Order Cancelled"}
    assert expect(shop, since=since, polls=[last]).once == {}, "it may have been long ago"
    assert expect(shop, since=since, polls=[last]).perhaps == frozenset()
    before = expect(shop, since=since, polls=[since - HOUR / 2, read, last])
    assert (before.once, before.perhaps) == ({}, {told}), "read before, and then perhaps again"


def test_what_was_paid_before_since_is_not_told_but_its_refund_is(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    since = later(shop)
    read = later(shop)
    shop.advance(1)
    shop.refund(order, amount="10")
    shop.refund(order, amount="20")
    last = later(shop)
    expected = expect(shop, since=since, polls=[read, last])
    assert expected.once == {}
    (transaction,) = expected.refunded
    assert transaction == uuid(shop, "transaction", order.payments[0].id)
    assert [expected.refunded[transaction], expected.order_refunded[of(shop, order)]] == exactly(30, 30)
    assert expect(shop, since=since, polls=[last]).refunded == {}


def test_a_refund_of_which_the_order_took_no_notice_is_sure_only_once_it_was_reread(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    reread = later(shop)
    shop.refund(order, amount="10")
    later(shop)
    name = of(shop, order)
    unsure = expect(shop, since=shop.start, rechecked=reread - HOUR / 2, refund_bumps=False)
    assert unsure.order_refunded == {name: Span(Decimal(0), Decimal(10))}
    assert expect(shop, since=shop.start, refund_bumps=False).order_refunded[name] == exactly(10)[0]
    noticed = expect(shop, since=shop.start, rechecked=reread - HOUR / 2)
    assert noticed.order_refunded[name] == exactly(10)[0]


def test_parcels_are_told_as_they_leave_where_groups_say_so(shop):
    order = shop.place_order(HUNDRED)
    line, name = order.lines[0].id, of(shop, order)
    left = later(shop)
    shop.ship(order, {line: 1}, tracking=True)
    later(shop)
    partly = expect(shop, since=shop.start)
    assert Told("Fulfillment Created", f"{name}:fulfillment", None) in partly.once
    assert partly.within["Fulfillment Created", f"{name}:fulfillment"][0] == second(left)
    assert "Fulfillment Created" not in events(expect(shop, since=shop.start, group_status=False))
    second_parcel = shop.ship(order, {line: 1})
    later(shop)
    for status in (True, False):
        expected = expect(shop, since=shop.start, group_status=status)
        assert {each.subject for each in expected.once if each.event == "Fulfillment Created"} == {
            f"{name}:fulfillment",
            uuid(shop, "group", second_parcel.id),
        }
    assert partly.fulfillments[f"{name}:fulfillment"][0]["tracking_numbers"]


@pytest.mark.parametrize("groups", ["late", False])
def test_an_order_without_groups_has_one_fulfillment_and_keeps_it(shop, groups):
    order = shop.place_order(HUNDRED)
    shop.ship(order)
    shop.advance(LATE.total_seconds() + 60)
    expected = expect(shop, since=shop.start, groups=groups)
    assert expected.counts["Fulfillment Created"] == 1
    assert Told("Fulfillment Created", f"{of(shop, order)}:fulfillment", None) in expected.once


def test_a_group_of_the_cart_is_told_under_its_own_id_when_all_has_left(shop):
    order = shop.place_order(HUNDRED)
    left = later(shop)
    shop.ship(order)
    later(shop)
    for status in (True, False):
        expected = expect(shop, since=shop.start, groups="checkout", group_status=status)
        subject = uuid(shop, "group", order.id)
        assert Told("Fulfillment Created", subject, None) in expected.once
        assert expected.within["Fulfillment Created", subject][0] == second(left)


def test_customers_are_created_and_shown_by_name_and_address(shop):
    anna = shop.register()
    at = shop.now
    later(shop)
    shop.edit_customer(anna, email="new@example.com", tags=("vip",))
    later(shop)
    subject = uuid(shop, "customer", anna.id)
    expected = expect(shop, since=shop.start)
    assert set(expected.once) == {Told("Customer Created", subject, second(at))}
    assert [each["email"] for each in expected.customers[subject]] == [anna.email, "new@example.com"]
    accounts = expect(shop, since=shop.start, buyers="accounts", customer_source="accounts")
    assert accounts.customers == {uuid(shop, "account", anna.id): [{"name": "Anna Schmidt"}]}
    assert expect(shop, since=shop.start, buyers="accounts").once == {}, "the store has no customers then"


def test_who_was_erased_before_the_first_reading_need_not_be_known(shop):
    anna = shop.register()
    book = Book(shop)
    shop.advance(10)
    book.erase(anna)
    later(shop)
    expected = expect(shop, since=shop.start, book=book)
    assert (expected.once, len(expected.perhaps)) == ({}, 1)


@pytest.mark.parametrize("seed", range(3))
def test_in_any_life_what_is_expected_does_not_contradict_itself(seed):
    shop = Shop(seed, orders_per_day=15, pace=0.3, max_lines=10)
    since = shop.start + timedelta(days=2)
    shop.advance(8 * 86400)
    polls = [since + timedelta(hours=each) for each in (1, 30, 31, 90)] + [shop.now]
    expected = expect(shop, since=since, polls=polls, privacy=0.1)
    assert all(times == 1 for times in expected.once.values())
    assert {each.event for each in expected.once} == {
        "Checkout Started", "Order Completed", "Order Cancelled", "Coupon Applied", "Fulfillment Created", "Customer Created",
    }  # fmt: skip
    for told in expected.once:
        assert (told.at is None) == ((told.event, told.subject) in expected.within)
        assert (told.event, told.subject) not in expected.perhaps
        assert told.at is None or second(since) <= told.at <= second(shop.now)
    for first, last in expected.within.values():
        assert second(since) <= first <= last
    assert sum(each.most for each in expected.refunded.values()) == sum(
        each.most for each in expected.order_refunded.values()
    )
    assert all(0 <= each.least <= each.most for each in expected.refunded.values())
    for states in (*expected.orders.values(), *expected.fulfillments.values()):
        assert all(one != other for one, other in pairwise(states))
