"""A shop's life: deterministic, consistent to the cent, and rich enough to prove something."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.money import PER_EURO, PLACES
from sandbox.shop import Shop
from sandbox.things import Consent, Tracking

seeds = st.integers(0, 10**6)
quick = settings(max_examples=12, deadline=None)


def lively(seed, days=6, **more):
    shop = Shop(seed, **{"pace": 0.2, "orders_per_day": 8, "customers_per_day": 3, "max_lines": 8} | more)
    shop.advance(days * 86400)
    return shop


@pytest.fixture
def shop():
    return Shop(1, alive=False)


# Time


@quick
@given(seeds, st.lists(st.floats(0, 40_000), max_size=12))
def test_living_in_steps_is_living_at_once(seed, steps):
    """Polling never changes the life, however often the clock is stopped for it."""
    stepwise, at_once = lively(seed, 0), lively(seed, 0)
    for step in steps:
        stepwise.advance(step)
        assert stepwise.orders is not stepwise.customers
        stepwise.at(stepwise.now)
    at_once.live(stepwise.now)
    assert stepwise.history == at_once.history


def test_other_seeds_live_other_lives():
    assert lively(1).history != lively(2).history


def test_time_does_not_run_backwards(shop):
    with pytest.raises(ValueError, match="backwards"):
        shop.live(shop.now - timedelta(seconds=1))


def test_rest_is_a_while_in_which_nothing_happens():
    shop, other = lively(3, 2), lively(3, 2)
    before = len(shop.history)
    shop.rest(7200)
    assert len(shop.history) == before
    shop.advance(86400)
    other.advance(86400)
    assert [fact.what for fact in shop.history] == [fact.what for fact in other.history], "only later"
    assert shop.history[before].at == other.history[before].at + timedelta(hours=2)


def test_history_only_grows_and_is_dated_in_order():
    shop = lively(4)
    dated = [fact.at for fact in shop.history]
    assert dated == sorted(dated)
    assert shop.start <= dated[0]
    assert dated[-1] <= shop.now


def test_any_state_at_any_instant_can_be_asked(shop):
    anna = shop.register()
    shop.advance(60)
    order = shop.place_order(customer=anna)
    placed = shop.now
    shop.advance(60)
    shop.edit_order(order, note="later")
    assert shop.order(order, placed).note is None
    assert shop.order(order).note == "later"
    assert shop.at(placed - timedelta(seconds=1)).orders == {}
    assert shop.at(placed).orders[order.id].note is None
    assert shop.at(placed).customers[anna.id].order_count == 1
    assert [state.note for _, state in shop.states(order)][-1] == "later"


# Money


@quick
@given(seeds, st.sampled_from(sorted(PER_EURO)), st.booleans())
def test_the_money_of_every_order_is_consistent_at_every_moment(seed, currency, included):
    shop = lively(seed, 5, currency=currency, taxes_included=included)
    for fact in shop.history:
        if fact.subject != "order":
            continue
        order = fact.state
        parts = order.subtotal + order.shipping_price + order.tip
        assert order.total == (parts if included else parts + order.tax)
        for side, code in (("shop", order.currency), ("presentment", order.presentment_currency)):
            received, back = getattr(order.received, side), getattr(order.promised_back, side)
            assert 0 <= getattr(order.given_back, side) <= back <= received
            assert getattr(order.current_total, side) >= 0
            for amount in (order.total, order.tax, order.discount, *(each.amount for each in order.payments)):
                assert getattr(amount, side) == round(getattr(amount, side), PLACES.get(code, 2)), (
                    "no fractions of the smallest unit"
                )
        if order.received.shop == order.total.shop and not order.cancelled_at:
            assert order.received - order.promised_back == order.current_total, order.name


@quick
@given(seeds)
def test_units_never_come_back_or_leave_more_often_than_they_were_ordered(seed):
    for order in lively(seed).orders.values():
        for line in order.lines:
            assert 0 <= order.refunded(line.id) <= line.standing <= line.quantity
            assert order.fulfilled(line.id) <= line.quantity


@given(st.integers(1, 50), st.integers(1, 99_999), st.lists(st.integers(1, 20), max_size=8))
def test_the_units_of_a_line_add_up_exactly_however_they_are_cut(quantity, cents, cuts):
    shop = Shop(1, alive=False)
    order = shop.place_order(
        [{"quantity": quantity, "price": Decimal(cents) / 100}], codes=["VIP"], currency="JPY"
    )
    (line,) = order.lines
    places = sorted({0, quantity, *(each for each in cuts if each < quantity)})
    parts = [line.units(line.net, start, stop) for start, stop in pairwise(places)]
    assert order.tip.sum(parts) == line.net


def test_a_refund_never_gives_back_more_than_was_paid(shop):
    order = shop.place_order([{"price": "100", "quantity": 1}], shipping=None)
    shop.refund(order, amount="70")
    shop.refund(order, amount="70")
    assert shop.order(order).given_back.shop == Decimal("100.00")
    made = shop.refund(order, amount="1")
    assert shop.order(order).money_of(made).shop == 0


def test_what_a_refund_keeps_back_or_gives_beyond_is_its_adjustment(shop):
    order = shop.place_order([{"price": "100", "quantity": 2}], shipping=None)
    kept = shop.refund(order, {order.lines[0].id: 1}, amount="80")
    beyond = shop.refund(order, amount="5")
    assert [amount.shop for _, _, amount in kept.adjustments] == [Decimal("20.00")]
    assert [amount.shop for _, _, amount in beyond.adjustments] == [Decimal("-5.00")]
    assert shop.order(order).current_total.shop == Decimal("115.00")


def test_money_that_an_edit_made_too_much_goes_back_without_an_adjustment(shop):
    order = shop.place_order([{"price": "100", "quantity": 1}, {"price": "30", "quantity": 1}], shipping=None)
    order = shop.edit_order(order, remove={order.lines[1].id: 1})
    assert order.total.shop == Decimal("100.00")
    assert order.original_total.shop == Decimal("130.00")
    assert shop.refund(order, amount="30").adjustments == ()
    assert shop.order(order).current_total.shop == Decimal("100.00")


# Scripts


def test_a_scripted_order_goes_its_way(shop):
    anna = shop.register("Anna", "Schmidt", tags=("vip",))
    order = shop.place_order(
        [{"price": "24.00", "quantity": 2}, {"price": "30"}],
        customer=anna,
        pay="authorization",
        codes=["WELCOME10"],
    )
    assert order.received.shop == 0
    assert shop.pay(order).received == order.total
    first = shop.ship(order, {order.lines[0].id: 1})
    assert first.tracking == ()
    assert shop.track(first, [Tracking(company="DHL", number="1", url=None)]).tracking[0].number == "1"
    assert shop.progress(first, "delivered").delivered_at == shop.now
    rest = shop.ship(order, tracking=True)
    assert sum(count for *_, count in rest.lines) == sum(each.quantity for each in order.lines) - 1
    refund = shop.refund(order, {order.lines[0].id: 1}, pending=True)
    assert shop.order(order).given_back.shop == 0
    shop.settle(refund)
    assert shop.order(order).given_back.shop == Decimal("21.60")
    assert [fact.what for fact in shop.history if fact.subject == "order"] == [
        "order_placed", "payment_authorization_success", "payment_capture_success", "order_paid", "fulfillment_created", "fulfillment_updated",
        "fulfillment_updated", "fulfillment_created", "refund_made", "money_refunded",
    ]  # fmt: skip
    assert shop.customer(anna).spent == order.total.shop - Decimal("21.60")


def test_some_things_happen_without_the_order_noticing(shop):
    order = shop.place_order()
    parcel, refund = shop.ship(order), shop.refund(order, amount="1", pending=True)
    before = shop.order(order).updated_at
    shop.advance(3600)
    shop.progress(parcel, "in_transit")
    shop.settle(refund)
    after = shop.order(order)
    assert after.updated_at == before
    assert after.fulfillments[0].updated_at == after.refunds[0].updated_at == shop.now
    assert [fact.bumps for fact in shop.history[-2:]] == [False, False]


@pytest.mark.parametrize(("pay", "refund", "payments"), [
    ("sale", True, [("sale", "success"), ("refund", "success")]),
    ("sale", False, [("sale", "success")]),
    ("authorization", True, [("authorization", "success"), ("void", "success")]),
    ("pending", True, [("sale", "pending")]),
    (None, True, []),
])  # fmt: skip
def test_a_cancelled_order_gives_back_what_was_paid(shop, pay, refund, payments):
    order = shop.cancel(shop.place_order(2, pay=pay), "fraud", refund=refund)
    assert order.cancelled_at == shop.now
    assert [(each.kind, each.status) for each in order.payments] == payments
    assert order.refunds[0].lines[0].restock == "cancel"
    if refund:
        assert order.current_total.shop == 0
        assert order.given_back == order.received


def test_what_cannot_be_is_refused(shop):
    order = shop.place_order([{"quantity": 1}])
    shop.ship(order)
    with pytest.raises(ValueError, match="nothing of"):
        shop.ship(order)
    with pytest.raises(ValueError, match="left to refund"):
        shop.refund(order, {order.lines[0].id: 2})
    with pytest.raises(ValueError, match="left to remove"):
        shop.edit_order(order, remove={order.lines[0].id: 1})
    shop.cancel(order)
    with pytest.raises(ValueError, match="cancelled already"):
        shop.cancel(order)
    with pytest.raises(ValueError, match="no pending money"):
        shop.settle(shop.refund(order, {order.lines[0].id: 1}, amount=0))


def test_special_orders_can_be_placed(shop):
    free = shop.place_order(3, free=True)
    assert (free.total.shop, free.payments) == (0, ())
    assert free.original_total.shop == 0
    pos = shop.place_order(source="pos")
    assert (pos.location is not None, pos.shipping, pos.payments[0].gateway) == (True, None, "cash")
    assert shop.place_order(test=True).payments[0].test
    assert shop.place_order(currency="JPY").total.presentment % 1 == 0
    assert len(shop.place_order(300).lines) == 300
    nobody = shop.place_order()
    assert (nobody.customer_id, nobody.email) == (None, None)
    assert shop.place_order(codes=["FREESHIP"]).shipping_price.shop == 0


def test_a_customer_can_be_changed_and_enabled(shop):
    anna = shop.register(email=None)
    assert anna.email is None
    shop.advance(5)
    shop.edit_customer(
        anna,
        email="a@example.com",
        email_consent=Consent(state="subscribed", level="single_opt_in", at=shop.now),
    )
    shop.edit_customer(anna, verified=True)
    assert not shop.customer(anna).enabled
    assert shop.enable_customer(anna).enabled
    assert [fact.what for fact in shop.history] == [
        "customer_created",
        *["customer_edited"] * 3,
        "customer_enabled",
    ]


# A life rich enough


@pytest.fixture(scope="module")
def month():
    shop = Shop(7, datetime(2026, 1, 1, tzinfo=UTC), orders_per_day=40)
    shop.advance(30 * 86400)
    return shop


HOLDS = {
    "a guest with an e-mail": lambda o: o.customer_id is None and o.email,
    "a guest without": lambda o: o.customer_id is None and not o.email,
    "a test order": lambda o: o.test,
    "an order that costs nothing": lambda o: o.total.shop == 0,
    "a POS order": lambda o: o.source == "pos" and o.location,
    "a draft order": lambda o: o.source == "draft",
    "an order in yen": lambda o: o.presentment_currency == "JPY",
    "a long order": lambda o: len(o.lines) > 40,
    "two codes": lambda o: len(o.codes) == 2,
    "a code for shipping": lambda o: o.shipping and o.shipping.discount.shop,
    "a tip": lambda o: o.tip.shop,
    "an anonymous id among the attributes": lambda o: "ajs_anonymous_id" in dict(o.attributes),
    "a campaign": lambda o: any(each.campaign for each in o.visits),
    "a capture": lambda o: any(each.kind == "capture" for each in o.payments),
    "a payment in parts": lambda o: sum(each.kind in ("sale", "capture") and each.status == "success" for each in o.payments) > 1,
    "a failed payment": lambda o: any(each.status == "failure" for each in o.payments),
    "a pending payment, paid later": lambda o: {("sale", "pending"), ("sale", "success")} <= {(each.kind, each.status) for each in o.payments},
    "an unpaid order": lambda o: o.total.shop and not o.received.shop,
    "several parcels": lambda o: len(o.fulfillments) > 1,
    "a parcel without tracking": lambda o: any(not each.tracking for each in o.fulfillments),
    "a delivered parcel": lambda o: any(each.delivered_at for each in o.fulfillments),
    "a cancelled parcel": lambda o: any(each.status == "cancelled" for each in o.fulfillments),
    "several refunds": lambda o: sum(1 for each in o.refunds if o.money_of(each)) > 1,
    "a full refund": lambda o: o.total.shop and o.given_back == o.total and not o.cancelled_at,
    "a refund of an amount": lambda o: any(o.money_of(each) and not each.lines and not each.shipping for each in o.refunds),
    "a restock without money": lambda o: any(each.lines and not o.money_of(each) and not o.money_of(each, "pending") for each in o.refunds),
    "a refund of shipping": lambda o: any(each.shipping and not each.lines for each in o.refunds),
    "a pending refund": lambda o: any(o.money_of(each, "pending") for each in o.refunds),
    "a refund by two tenders": lambda o: any(sum(p.refund_id == each.id for p in o.payments) == 2 for each in o.refunds),
    "a cancellation with money back": lambda o: o.cancelled_at and o.given_back.shop,
    "a cancellation that keeps the money": lambda o: o.cancelled_at and o.received.shop and not o.promised_back.shop,
    "an added line": lambda o: any(each.added for each in o.lines),
    "a removed line": lambda o: any(each.removed for each in o.lines),
    "a parcel with two numbers": lambda o: any(len(each.tracking) == 2 for each in o.fulfillments),
    "a line with properties": lambda o: any(each.attributes for each in o.lines),
    "a subscription": lambda o: any(each.plan for each in o.lines),
    "an archived order": lambda o: o.closed_at and not o.cancelled_at,
}  # fmt: skip


@pytest.mark.parametrize("what", HOLDS)
def test_a_month_of_life_holds(month, what):
    assert any(HOLDS[what](each) for each in month.orders.values())


def test_a_month_of_customers_holds_every_kind(month):
    customers = month.customers.values()
    for found in (
        lambda c: c.email is None,
        lambda c: c.enabled and c.order_count > 1,
        lambda c: c.state == "invited",
        lambda c: c.phone and c.sms_consent.state == "subscribed",
        lambda c: c.email_consent.state == "unsubscribed",
        lambda c: c.addresses and c.metafields,
        lambda c: not (c.first_name or "").isascii(),
    ):
        assert any(map(found, customers))


def test_a_deleted_customer_is_gone_and_its_orders_stay():
    shop = Shop(1, alive=False)
    anna = shop.register()
    order = shop.place_order(customer=anna)
    shop.rest(60)
    before = shop.now
    shop.rest(60)
    shop.delete_customer(anna)
    shop.refund(order, amount="1")
    assert shop.customers == {}
    assert shop.at(shop.now).customers == {}
    assert shop.at(before).customers[anna.id].order_count == 1
    assert shop.order(order).customer_id == anna.id
    assert [fact.what for fact in shop.history if fact.subject == "customer"][-1] == "customer_deleted"


def test_a_life_goes_on_when_customers_are_deleted():
    shop = Shop(3, orders_per_day=20, pace=0.2)
    for _ in range(6):
        shop.advance(86400)
        for each in list(shop.customers)[::2]:
            shop.delete_customer(each)
    gone = {fact.id: fact.at for fact in shop.history if fact.what == "customer_deleted"}
    assert len(gone) > 10
    assert not [
        fact for fact in shop.history if fact.subject == "customer" and fact.at > gone.get(fact.id, fact.at)
    ]
