"""The expectation through PrestaShop, on scripts whose outcome can be said by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.expectation import Span, Told, second
from sandbox.prestashop.book import Book
from sandbox.prestashop.expecting import expect
from sandbox.shop import Shop


def told(expectation):
    return sorted(tuple(each) for each in expectation.once)


def test_an_order_is_completed_when_it_is_placed_paid_or_not_at_a_till_or_not(shop):
    shop.place_order(codes=["Welcome10"], pay="pending")
    shop.place_order(source="pos")
    at = second(shop.start)
    assert told(expect(shop, since=shop.start)) == [
        ("Coupon Applied", "1:welcome10", at),
        ("Order Completed", "1", at),
        ("Order Completed", "2", at),
    ]


def test_test_orders_and_all_that_is_theirs_are_left_out_unless_wanted(shop):
    order = shop.place_order(test=True)
    shop.ship(order)
    shop.refund(order, amount="1")
    assert expect(shop, since=shop.start).counts == {}
    assert expect(shop, since=shop.start).order_refunded == {}
    wanted = expect(shop, since=shop.start, include_test_orders=True)
    assert wanted.counts == {"Order Completed": 1, "Fulfillment Created": 1}


def test_a_parcel_left_when_the_order_was_first_shipped_and_a_later_one_when_it_came(shop):
    order = shop.place_order([{"price": "9", "quantity": 2}])
    line = order.lines[0].id
    shop.rest(3600)
    shop.ship(order, {line: 1})
    first = second(shop.now)
    shop.rest(3600)
    shop.ship(order, {line: 1})
    parcels = [each for each in told(expect(shop, since=shop.start)) if each[0] == "Fulfillment Created"]
    assert parcels == [("Fulfillment Created", "1", first), ("Fulfillment Created", "2", second(shop.now))]


def test_a_slip_and_the_state_that_name_the_same_money_are_one_sum():
    sums = set()
    for seed in range(12):
        shop = Shop(seed, alive=False)
        order = shop.place_order([{"price": "100", "quantity": 1}], shipping=None)
        shop.refund(order, amount="20")
        shop.rest(60)
        shop.refund(order, {order.lines[0].id: 1}, amount="80")
        money = expect(shop, since=shop.start).order_refunded
        assert money == {"1": Span(Decimal(100), Decimal(100))}
        book = Book(shop).read(shop.history)
        sums.add(sum(each["amount"] for each in book.tables["order_slip"].values()))
        late = expect(shop, since=shop.now).order_refunded
        assert late == {"1": Span(Decimal(80), Decimal(80))}
    assert sums == {20, 100}, "some were told by the state alone"


def test_money_on_its_way_is_told_with_its_document(shop):
    order = shop.place_order([{"price": "50", "quantity": 2}], shipping=None)
    shop.refund(order, amount="7.77", pending=True)
    assert expect(shop, since=shop.start).order_refunded == {"1": Span(Decimal("7.77"), Decimal("7.77"))}
    shop.refund(order, {order.lines[0].id: 1}, amount=0)
    assert expect(shop, since=shop.start).order_refunded["1"].most == Decimal("7.77"), (
        "restocking is no money"
    )


def test_accounts_are_created_and_guests_are_not(shop):
    shop.register()
    shop.place_order(email="guest@example.com")
    expected = expect(shop, since=shop.start)
    assert expected.counts == {"Customer Created": 1, "Order Completed": 1}
    assert (list(expected.customers), expected.guests) == (["2"], {"1": "guest@example.com"})


def test_where_the_clock_is_turned_back_the_earlier_reading_is_expected():
    shop = Shop(1, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), alive=False)
    shop.place_order()
    (completed,) = expect(shop, since=shop.start - timedelta(hours=2)).once
    assert completed == Told("Order Completed", "1", "2026-10-25T00:30:00Z")


def test_a_parcel_that_nobody_could_notice_is_sure_only_while_its_order_is_watched(shop):
    order = shop.place_order([{"price": "9", "quantity": 2}])
    line = order.lines[0].id
    shop.ship(order, {line: 1})
    reread = shop.now
    shop.rest(10 * 86400)
    shop.ship(order, {line: 1})
    unsure = expect(shop, since=shop.start, rechecked=reread)
    assert unsure.perhaps == {("Fulfillment Created", "2")}
    poll = shop.now + timedelta(hours=1)
    watched = expect(shop, since=shop.start, rechecked=reread, polls=[poll])
    assert (watched.perhaps, watched.counts["Fulfillment Created"]) == (frozenset(), 2)
    unwatched = expect(shop, since=shop.start, rechecked=reread, polls=[poll], tracking_days=7)
    assert unwatched.perhaps == {("Fulfillment Created", "2")}
    assert expect(shop, since=shop.start).perhaps == frozenset()


def test_only_one_shop_of_several_is_expected(shop):
    for _ in range(4):
        shop.place_order()
    assert {each.subject for each in expect(shop, since=shop.start, shops=2, id_shop=1).once} == {"2", "4"}


@pytest.mark.parametrize("seed", [3, 11])
def test_a_whole_life_adds_up(seed):
    shop = Shop(seed, pace=0.2, orders_per_day=15)
    shop.advance(10 * 86400)
    expected = expect(shop, since=shop.start, include_test_orders=True)
    orders = shop.orders.values()
    assert expected.counts["Order Completed"] == len(orders)
    assert expected.counts["Order Cancelled"] == sum(each.cancelled_at is not None for each in orders)
    assert expected.counts["Customer Created"] == len(shop.customers)
    assert sum(each.least for each in expected.order_refunded.values()) == sum(
        each.promised_back.presentment for each in orders
    )
    assert set(expected.fulfillments) == {
        each.subject for each in expected.once if each.event == "Fulfillment Created"
    }
    assert {key: states[-1]["total"] for key, states in expected.orders.items()} == {
        str(number): each.total.presentment for number, each in enumerate(shop.orders.values(), 1)
    }


def test_who_vanished_before_any_poll_was_perhaps_never_seen(shop):
    anna = next(
        each
        for each in (shop.register() for _ in range(8))
        if shop.delete_customer(each) is None
        and any(entry.what == "forgotten" for entry in Book(shop).read(shop.history).journal)
    )
    shop.rest(3600)
    subject = str(anna.id - 544365000 + 1)
    assert ("Customer Created", subject) in expect(shop, since=shop.start).perhaps
