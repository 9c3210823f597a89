"""A shop's life as Elastic Path keeps it, on scripts whose outcome can be said by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.elasticpath.book import LATE, Book
from sandbox.shop import Shop

HUNDRED = [{"price": "50", "quantity": 2}]


def words(kept):
    return kept.status, kept.payment, kept.shipping


def later(shop):
    shop.advance(3600)
    return shop.now


def transactions(kept):
    return [(each.type, each.status, each.amount, each.refunded) for each in kept.transactions]


# Paying


@pytest.mark.parametrize(
    ("pay", "expected"),
    [
        ("sale", ("complete", "paid", "unfulfilled")),
        ("authorization", ("processing", "authorized", "unfulfilled")),
        ("pending", ("incomplete", "unpaid", "unfulfilled")),
        ("failure", ("incomplete", "unpaid", "unfulfilled")),
        (None, ("incomplete", "unpaid", "unfulfilled")),
    ],
)
def test_an_order_begins_as_it_is_paid(shop, pay, expected):
    assert words(Book(shop).order(shop.place_order(pay=pay))) == expected


def test_an_authorization_becomes_a_capture_whole_or_not_at_all(shop):
    order = shop.place_order(HUNDRED, pay="authorization", shipping=None)
    book, authorized_at = Book(shop), shop.now
    later(shop)
    shop.pay(order, "30")
    assert transactions(book.order(order)) == [("authorize", "complete", Decimal(100), 0)]
    assert book.order(order).updated_at == authorized_at
    paid_at = later(shop)
    shop.pay(order)
    kept = book.order(order)
    (only,) = kept.transactions
    assert (only.type, only.amount, only.created_at, only.updated_at) == (
        "capture",
        100,
        authorized_at,
        paid_at,
    )
    assert (words(kept), kept.paid_at, kept.updated_at) == (
        ("complete", "paid", "unfulfilled"),
        paid_at,
        paid_at,
    )


def test_a_pending_payment_completes_where_it_stands(shop):
    order = shop.place_order(HUNDRED, pay="pending", shipping=None)
    book, begun_at = Book(shop), shop.now
    assert transactions(book.order(order)) == [("purchase", "pending", Decimal(100), 0)]
    paid_at = later(shop)
    shop.pay(order)
    (only,) = book.order(order).transactions
    assert (only.status, only.created_at, only.updated_at) == ("complete", begun_at, paid_at)


def test_a_payment_in_parts_is_several_transactions(shop):
    order = shop.place_order(HUNDRED, pay="pending", shipping=None)
    book = Book(shop)
    shop.pay(order, "30")
    assert book.order(order).payment == "partially_paid"
    assert book.order(order).paid_at is None
    later(shop)
    shop.pay(order)
    assert transactions(book.order(order)) == [
        ("purchase", "cancelled", 100, 0),
        ("purchase", "complete", 30, 0),
        ("purchase", "complete", 70, 0),
    ]
    assert book.order(order).payment == "paid"


def test_a_payment_that_fails_changes_nothing_but_the_transactions(shop):
    order = shop.place_order(HUNDRED, pay=None)
    book, at = Book(shop), shop.now
    later(shop)
    shop.fail_payment(order)
    kept = book.order(order)
    assert ([each.status for each in kept.transactions], kept.updated_at) == (["failed"], at)


def test_an_order_that_costs_nothing_is_paid_by_hand(shop):
    kept = Book(shop).order(shop.place_order(free=True))
    assert transactions(kept) == [("purchase", "complete", 0, 0)]
    assert words(kept) == ("complete", "paid", "unfulfilled")


def test_what_an_order_costs_never_changes_after_the_checkout(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    book = Book(shop)
    shop.edit_order(order, add=[{"price": "10", "quantity": 1}])
    shop.pay(order)
    assert (book.order(order).total, book.order(order).paid) == (100, 100)
    other = shop.place_order(HUNDRED, pay=None, shipping=None)
    shop.edit_order(other, remove={other.lines[0].id: 1})
    shop.pay(other)
    assert (book.order(other).paid, book.order(other).payment) == (100, "paid"), (
        "they paid what they checked out"
    )


# Giving back


def test_a_refund_grows_on_the_transaction_that_was_paid(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    book = Book(shop)
    later(shop)
    shop.refund(order, amount="20")
    assert transactions(book.order(order)) == [("refund", "complete", 100, 20)]
    assert words(book.order(order)) == ("complete", "paid", "unfulfilled")
    at = later(shop)
    shop.refund(order, amount="80")
    kept = book.order(order)
    assert transactions(kept) == [("refund", "complete", 100, 100)]
    assert words(kept) == ("complete", "refunded", "unfulfilled")
    assert kept.updated_at == kept.transactions[0].updated_at == at


def test_a_pending_refund_shows_when_the_money_arrives(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    book, placed = Book(shop), shop.now
    refund = shop.refund(order, amount="20", pending=True)
    assert book.order(order).refunded == 0
    at = later(shop)
    shop.settle(refund)
    kept = book.order(order)
    assert (kept.refunded, kept.transactions[0].updated_at) == (20, at)
    assert kept.updated_at == placed, "the shop's order took no notice"


def test_an_order_may_take_no_notice_of_a_refund(shop):
    order = shop.place_order(HUNDRED, shipping=None)
    placed = shop.now
    book = Book(shop, refund_bumps=False)
    at = later(shop)
    shop.refund(order, amount="20")
    assert (book.order(order).updated_at, book.order(order).transactions[0].updated_at) == (placed, at)


def test_a_refund_beyond_one_transaction_goes_on_with_the_others(shop):
    order = shop.place_order(HUNDRED, pay="pending", shipping=None)
    shop.pay(order, "30")
    shop.pay(order)
    shop.refund(order, amount="90")
    book = Book(shop)
    assert sorted(each.refunded for each in book.order(order).transactions) == [0, 20, 70]
    assert book.order(order).refunded == 90


def test_money_goes_back_from_paid_orders_only(shop):
    order = shop.place_order(HUNDRED, pay=None, shipping=None)
    shop.pay(order, "30")
    shop.refund(order, amount="30")
    assert Book(shop).order(order).refunded == 0


# Cancelling, shipping


def test_cancelling_refunds_nothing_by_itself_and_calls_off_what_is_not_captured(shop):
    paid, open_ = shop.place_order(HUNDRED), shop.place_order(HUNDRED, pay="authorization")
    book = Book(shop)
    shop.cancel(paid, refund=False)
    shop.cancel(open_)
    assert words(book.order(paid)) == ("cancelled", "paid", "unfulfilled")
    assert words(book.order(open_)) == ("cancelled", "unpaid", "unfulfilled")
    assert [each.status for each in book.order(open_).transactions] == ["cancelled"]
    back = shop.place_order(HUNDRED)
    shop.cancel(back)
    assert words(book.order(back)) == ("cancelled", "refunded", "unfulfilled")


def test_an_order_is_fulfilled_when_all_has_left_and_then_for_good(shop):
    order = shop.place_order(HUNDRED)
    book = Book(shop)
    line = order.lines[0].id
    shop.ship(order, {line: 1})
    assert words(book.order(order)) == ("complete", "paid", "unfulfilled")
    at = later(shop)
    parcel = shop.ship(order, {line: 1})
    assert (words(book.order(order)), book.order(order).fulfilled_at) == (
        ("complete", "paid", "fulfilled"),
        at,
    )
    later(shop)
    shop.cancel_shipment(parcel)
    shop.cancel(order)
    assert words(book.order(order))[::2] == ("complete", "fulfilled")
    assert book.order(order).cancelled_at is None


def test_an_order_that_left_unpaid_is_fulfilled_once_it_is_paid(shop):
    order = shop.place_order(HUNDRED, pay=None)
    book = Book(shop)
    shop.ship(order)
    assert book.order(order).shipping == "unfulfilled"
    at = later(shop)
    shop.pay(order)
    assert book.order(order).fulfilled_at == at


def test_each_parcel_is_a_shipping_group_with_its_tracking(shop):
    order = shop.place_order(HUNDRED)
    book = Book(shop, group_bumps=False)
    placed = shop.now
    line = order.lines[0].id
    left_at = later(shop)
    parcel = shop.ship(order, {line: 1})
    tracked_at = later(shop)
    shop.track(parcel)
    (group,) = book.order(order).groups
    tracking = shop.order(order).fulfillments[0].tracking[0]
    assert (group.created_at, group.updated_at, group.left_at) == (left_at, tracked_at, left_at)
    assert (group.type, group.tracking, group.fulfilled) == (tracking.company, tracking.number, True)
    assert book.order(order).updated_at == placed, "the order took no notice"
    shop.progress(parcel, "in_transit")
    assert book.order(order).groups[0].estimate == shop.order(order).fulfillments[0].estimated_delivery_at


def test_a_group_of_the_cart_is_there_from_the_checkout_on(shop):
    order = shop.place_order(HUNDRED)
    book = Book(shop, groups="checkout")
    line = order.lines[0].id
    (group,) = book.order(order).groups
    assert (group.planned, group.fulfilled, group.type) == (True, False, "Standard")
    later(shop)
    shop.ship(order, {line: 1}, tracking=True)
    assert book.order(order).groups[0].tracking
    assert not book.order(order).groups[0].fulfilled
    at = later(shop)
    shop.ship(order, {line: 1})
    (group,) = book.order(order).groups
    assert (group.fulfilled, group.left_at, group.created_at) == (True, at, order.created_at)


def test_groups_may_be_written_down_late_or_never(shop):
    order = shop.place_order(HUNDRED)
    late, never = Book(shop, groups="late"), Book(shop, groups=False)
    left_at = shop.now
    shop.ship(order)
    assert (late.order(order).groups, late.order(order).shipping) == ((), "fulfilled")
    shop.advance(LATE.total_seconds())
    (group,) = late.order(order).groups
    assert (group.created_at, group.left_at) == (left_at + LATE, left_at)
    assert never.order(order).groups == ()
    with pytest.raises(ValueError, match="groups is"):
        Book(shop, groups="sometimes")


def test_the_shipping_address_alone_can_change_and_only_until_all_has_left(shop):
    order = shop.place_order(HUNDRED)
    book, placed = Book(shop), shop.now
    later(shop)
    shop.edit_order(order, note="no notice", tags=("vip",))
    assert book.order(order).updated_at == placed
    moved = shop.place_order(1).address
    at = later(shop)
    shop.edit_order(order, address=moved)
    assert (book.order(order).address, book.order(order).updated_at) == (moved, at)
    shop.ship(order)
    shop.edit_order(order, address=order.address)
    assert book.order(order).address == moved


# Forgetting


def test_an_order_is_anonymized_only_once_it_has_ended(shop):
    order = shop.place_order(HUNDRED)
    book = Book(shop)
    with pytest.raises(ValueError, match="may be anonymized"):
        book.anonymize(order)
    shop.cancel(order)
    at = later(shop)
    book.anonymize(order)
    assert (book.order(order).anonymized, book.order(order).updated_at) == (True, at)


def test_a_share_of_people_and_orders_is_forgotten_by_and_by(lively):
    book = Book(lively, privacy=0.5)
    states = [tale.states[-1] for tale in book.tales().values()]
    ended = [each for each in states if each.ended_at]
    assert 0.1 < sum(each.anonymized for each in ended) / len(ended) < 0.6
    assert not any(each.anonymized for each in states if not each.ended_at)
    gone = [each for each in book.buyers() if book.forgotten(each)]
    assert 0.1 < len(gone) / len(book.buyers()) < 0.6
    assert any(not each.granted for each in book.erased())
    assert not any(Book(lively).forgotten(each) for each in book.buyers())


def test_only_a_name_and_an_address_make_a_buyer_new(shop):
    anna = shop.register()
    book = Book(shop)
    later(shop)
    shop.edit_customer(anna, tags=("vip",), phone="+491", note="x")
    shop.place_order(1, customer=anna)
    assert len(book.buyers()[anna.id]) == 1
    at = later(shop)
    shop.edit_customer(anna, email="new@example.com")
    newest = book.buyers()[anna.id][-1]
    assert (newest.email, newest.updated_at, newest.created_at) == ("new@example.com", at, anna.created_at)


# Whole lives


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", ["parcels", "checkout"])
def test_money_adds_up_and_nothing_is_undone_in_any_life(seed, groups):
    shop = Shop(seed, orders_per_day=12, pace=0.3, max_lines=20, taxes_included=bool(seed % 2))
    shop.advance(10 * 86400)
    for tale in Book(shop, groups=groups, privacy=0.2).tales().values():
        assert tale.instants == sorted(tale.instants)
        for before, after in zip(tale.states, tale.states[1:], strict=False):
            assert before.updated_at <= after.updated_at
            assert before.paid <= after.paid
            assert before.refunded <= after.refunded
            assert not before.paid_at or after.paid_at == before.paid_at
            assert not before.fulfilled_at or after.fulfilled_at == before.fulfilled_at
            assert not before.cancelled_at or after.cancelled_at == before.cancelled_at
            assert len({each.id for each in after.transactions}) == len(after.transactions)
        for at, kept in zip(tale.instants, tale.states, strict=True):
            assert kept.updated_at <= at
            assert 0 <= kept.refunded <= kept.paid <= kept.total
            assert all(each.refunded <= each.paid for each in kept.transactions)
            assert (kept.payment in ("paid", "refunded")) == bool(kept.paid_at)


def test_what_is_kept_does_not_depend_on_when_one_looks():
    def life(step):
        shop = Shop(4, orders_per_day=10, pace=0.3)
        book = Book(shop, groups="late", privacy=0.3)
        for _ in range(int(timedelta(days=6) / step)):
            shop.advance(step.total_seconds())
            book.tales()
        return {key: (tale.instants, tale.states) for key, tale in book.tales().items()}

    assert life(timedelta(days=6)) == life(timedelta(hours=1))
