"""Raw answers and the records they become lie side by side; `pytest --regenerate` writes the records."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tap_commerce.errors import Malformed
from tap_commerce.platforms.elasticpath import raw, translating
from tap_commerce.platforms.elasticpath.translating.customers import owner
from tap_commerce.platforms.elasticpath.translating.fulfillments import named
from tap_commerce.platforms.elasticpath.translating.lines import books, coupons, is_product, line_items
from tap_commerce.platforms.elasticpath.translating.payments import authorized_at, is_paid, paid_at
from tap_commerce.platforms.elasticpath.translating.values import Coins, attributes, email, instant, text, utc
from tests.tap_commerce.platforms.samples import answers, cases

REFERENCE = Path(__file__).parents[5] / "shared" / "reference" / "samples" / "elasticpath"
CASES = {folder.name: folder for folder in cases("elasticpath")}
PEOPLE = ("customers", "accounts", "account_members")
ENCODER = msgspec.json.Encoder(decimal_format="number")
EUR = Coins({"EUR": 2, "JPY": 0})


def told(folder, name, kind):
    answer = answers(folder).get(name)
    return msgspec.json.decode(answer, type=raw.Page[kind]).data if answer else []


def belonging(folder, name, kind):
    """The rows of one answer, by the order that each says it belongs to."""
    found = {}
    for each in told(folder, name, dict):
        order = each["relationships"]["order"]["data"]["id"]
        found.setdefault(order, []).append(msgspec.convert(each, kind))
    return found


def families(folder):
    page = msgspec.json.decode(answers(folder)["orders"], type=raw.Page[raw.Order])
    items = {each.id: each for each in page.included.items}
    transactions = belonging(folder, "transactions", raw.Transaction)
    groups = belonging(folder, "shipping_groups", raw.Group)
    for order in page.data:
        own = [items[each.id] for each in order.relationships.items.data]
        yield raw.Family(order, own, transactions.get(order.id, []), groups.get(order.id, []))


def records(folder):
    source = next((name for name in PEOPLE if name in answers(folder)), None)
    if source:
        people = (
            translating.customer_record(msgspec.convert(each, raw.Person), "acme", each, ["legal_name"])
            for each in told(folder, source, dict)
        )
        gone = told(folder, "erasure_requests", raw.Erasure)
        return [("customers", each) for each in people if each] + [
            ("customers", translating.erased_record(each, "acme"))
            for each in gone
            if each.status == "SUCCESS"
        ]
    coins = Coins({each.code: each.decimal_places for each in told(folder, "currencies", raw.Currency)})
    return [
        record for each in families(folder) for record in translating.family(each, "acme", coins, "customers")
    ]


@pytest.mark.parametrize("folder", CASES.values(), ids=CASES)
def test_a_raw_answer_becomes_these_records(folder, golden_records):
    golden_records(folder, records(folder))


@pytest.mark.skipif(not REFERENCE.exists(), reason="the shared reference is not here")
def test_the_samples_of_the_reference_are_here_unchanged():
    for ours, theirs in {
        ("reference", "orders"): "orders_page1.json",
        ("reference", "transactions"): "transactions_before_refund.json",
        ("reference", "shipping_groups"): "shipping_groups.json",
        ("reference", "currencies"): "currencies.json",
        ("reference_refunded", "transactions"): "transactions_after_partial_refund.json",
        ("reference_customers", "customers"): "customers.json",
        ("reference_accounts", "accounts"): "accounts.json",
        ("reference_account_members", "account_members"): "account_members.json",
    }.items():
        case, name = ours
        # Digit by digit, key by key; only how far the lines are indented is ours.
        kept, given = answers(CASES[case])[name].decode(), (REFERENCE / theirs).read_text()
        assert [line.strip() for line in kept.splitlines()] == [line.strip() for line in given.splitlines()]


def of(name, stream):
    return [record for each, record in records(CASES[name]) if each == stream]


# Orders


def test_an_order_is_a_checkout_from_the_moment_it_is_made():
    (order,) = of("pending", "orders")
    assert order.checkout_started_at == order.created_at
    assert (order.completed, order.completed_at, order.paid_at) == (False, None, None)
    assert (order.status, order.financial_status, order.fulfillment_status) == (
        "incomplete",
        "unpaid",
        "unfulfilled",
    )


def test_a_purchase_completes_an_order_when_it_comes_in():
    (order,) = of("guest", "orders")
    assert order.completed is True
    assert order.completed_at == order.paid_at == order.authorized_at is not None


def test_an_authorization_is_no_payment_and_its_capture_is_one():
    (waiting,) = of("authorized", "orders")
    assert (waiting.completed, waiting.paid_at, waiting.financial_status) == (False, None, "authorized")
    assert waiting.authorized_at
    (order,) = of("captured", "orders")
    assert order.authorized_at == waiting.authorized_at
    late = datetime.fromisoformat(order.paid_at) - datetime.fromisoformat(order.authorized_at)
    assert late.total_seconds() == 7200


def test_an_order_is_paid_when_the_last_part_of_its_total_comes():
    (order,) = of("partly_paid", "orders")
    assert (order.completed, order.paid_at, order.financial_status) == (False, None, "partially_paid")
    (order,) = of("paid_in_parts", "orders")
    later = datetime.fromisoformat(order.paid_at) - datetime.fromisoformat(order.created_at)
    assert (order.completed, later.total_seconds()) == (True, 1200)


def test_an_order_that_costs_nothing_is_paid_by_hand():
    (order,) = of("free", "orders")
    assert (order.total, order.completed, order.payment_methods) == (Decimal(0), True, ["manual"])
    assert order.paid_at


def test_a_cancellation_has_no_instant_but_a_word():
    (order,) = of("cancelled", "orders")
    assert (order.status, order.cancelled_at, order.completed) == ("cancelled", UNSET, False)
    (order,) = of("guest", "orders")
    assert order.cancelled_at is None


def test_what_an_order_does_not_say_of_itself_is_unknown():
    told = plain("o")
    told.status = told.shipping = UNSET
    ((_, order),) = translating.family(raw.Family(told), "acme", EUR, "customers")
    assert (order.cancelled_at, order.fulfilled_at, order.status) == (UNSET, UNSET, UNSET)


def test_a_fulfillment_has_no_instant_but_a_word():
    (order,) = of("one_parcel", "orders")
    assert (order.fulfillment_status, order.fulfilled_at) == ("fulfilled", UNSET)


def test_a_guest_is_known_by_an_e_mail_address_alone():
    (order,) = of("guest", "orders")
    assert (order.customer.id, order.customer.email, order.email) == (
        None,
        "gast@example.com",
        "gast@example.com",
    )
    assert [(each.name, each.value) for each in order.attributes] == [("anonymous_id", "a-1")]


def test_an_order_of_an_account_is_its_members():
    (order,) = of("account", "orders")
    made = next(families(CASES["account"]))
    assert order.customer.id == owner(made.order, "account_members")
    assert order.customer.id != owner(made.order, "accounts")
    assert order.email


def test_what_was_anonymised_is_left_out_and_its_order_stays():
    (order,) = of("anonymized", "orders")
    assert order.total
    assert [order.customer, order.email, order.billing_address, order.shipping_address, order.attributes] == [
        UNSET
    ] * 5
    assert "*" not in ENCODER.encode(records(CASES["anonymized"])).decode()


def test_lines_are_products_and_promotions_are_coupons():
    (order,) = of("coupons", "orders")
    assert [each.quantity for each in order.line_items] == [2, 1]
    assert [(each.code, each.amount) for each in order.coupons] == [("WELCOME10", order.discount)]
    assert {each.coupon for each in order.line_items} == {"WELCOME10"}
    assert sum(each.total for each in order.line_items) == order.subtotal
    assert order.taxes_included is False
    # Shipping was charged as an item, and no word of the answer tells it from another charge.
    assert order.shipping is UNSET


def test_shipping_that_the_cart_charged_is_told_after_its_discount_as_far_as_the_order_adds_up():
    (order,) = of("cart_group", "orders")
    assert (order.shipping, order.subtotal) == (Decimal(0), order.total)
    assert order.shipping_method == "Standard"


def test_yen_have_as_many_digits_as_the_store_gave_them():
    (order,) = of("yen", "orders")
    assert order.currency == "JPY"
    assert str(order.total).isdigit()


# Refunds


def test_a_payment_is_a_refund_record_of_nothing_until_money_goes_back():
    (refund,) = of("guest", "refunds")
    assert (refund.total, refund.total_to_date, refund.order_refunded_to_date) == (0, 0, 0)
    assert refund.subject == refund.id
    assert refund.refunded_at is UNSET


def test_several_refunds_are_one_growing_total():
    (refund,) = of("two_refunds", "refunds")
    (order,) = of("two_refunds", "orders")
    assert refund.total_to_date == order.total_refunded == order.total
    assert order.financial_status == "refunded"
    assert refund.updated_at > refund.created_at


def test_when_a_payment_came_of_which_something_went_back_nobody_knows():
    (order,) = of("two_refunds", "orders")
    assert (order.completed, order.completed_at, order.paid_at) == (True, UNSET, UNSET)
    assert order.authorized_at


def test_the_reference_shows_a_refund_before_and_after():
    paid, refunded = (of(name, "orders")[1] for name in ("reference", "reference_refunded"))
    assert paid.paid_at == "2026-11-18T11:13:00Z"
    assert refunded.paid_at is UNSET
    (before,), (after,) = (of(name, "refunds") for name in ("reference", "reference_refunded"))
    assert (before.id, before.total, after.total) == (after.id, Decimal("0.00"), Decimal("50.00"))


# Fulfillments


def test_each_parcel_is_a_fulfillment_and_knows_its_tracking():
    first, second = of("split_shipment", "fulfillments")
    (order,) = of("split_shipment", "orders")
    assert first.id == f"{order.id}:fulfillment"
    assert second.id != first.id
    assert all(len(each.tracking_numbers) == 1 for each in (first, second))
    assert first.status == second.status == "fulfilled"
    assert [first.fulfilled_at, first.created_at] == [UNSET, UNSET]


def test_an_order_without_groups_is_one_parcel_with_all_its_lines():
    (parcel,) = of("one_parcel", "fulfillments")
    (order,) = of("one_parcel", "orders")
    assert parcel.id == f"{order.id}:fulfillment"
    assert [each.id for each in parcel.line_items] == [each.id for each in order.line_items]
    assert parcel.updated_at == order.updated_at


def test_a_group_of_the_cart_is_told_under_its_own_id():
    (parcel,) = of("cart_group", "fulfillments")
    (family,) = families(CASES["cart_group"])
    assert parcel.id == family.groups[0].id
    assert len(parcel.line_items) == 2


def test_goods_that_have_not_left_are_no_fulfillment():
    assert of("pending", "fulfillments") == []
    (family,) = families(CASES["cart_group"])
    family.order.shipping = family.groups[0].shipping_status = "unfulfilled"
    assert [stream for stream, _ in translating.family(family, "acme", EUR, "customers")] == [
        "orders",
        "refunds",
    ]


def group(identity, at, **more):
    return raw.Group(id=identity, created_at=at, **more)


def test_an_order_that_was_told_as_one_parcel_is_not_told_again_when_its_groups_appear():
    order = plain("o")
    late = [group("b", "2026-10-02T10:00:00Z"), group("a", "2026-10-02T09:00:00.5Z")]
    assert [identity for identity, _ in named(order, late)] == ["o:fulfillment", "b"]
    assert [identity for identity, _ in named(order, late[1:])] == ["o:fulfillment"]


def test_groups_of_the_cart_never_take_the_orders_place():
    order = plain("o")
    cart = group("z", "2026-10-01T07:59:57Z", cart_id="c")
    assert [identity for identity, _ in named(order, [cart])] == ["z"]
    assert [identity for identity, _ in named(order, [group("a", "2026-10-02T09:00:00Z"), cart])] == [
        "z",
        "a",
    ]
    # The documents' own example of an order's groups has no times at all.
    assert [identity for identity, _ in named(order, [raw.Group(id="z", cart_id="c")])] == ["z"]
    assert [identity for identity, _ in named(order, [raw.Group(id="z")])] == ["o:fulfillment"]


def test_both_spellings_say_the_same():
    ours, others = (of(name, "fulfillments") for name in ("split_shipment", "other_spellings"))
    assert [each.id for each in ours] == [each.id for each in others]
    assert [each.updated_at[:19] for each in ours] == [each.updated_at[:19] for each in others]
    (order,), (other,) = (of(name, "orders") for name in ("split_shipment", "other_spellings"))
    assert (order.paid_at, order.authorized_at) == (other.paid_at, other.authorized_at)


# Customers


def test_a_customer_has_one_name():
    (customer,) = of("reference_customers", "customers")
    assert (customer.name, customer.email) == ("Ron Swanson", "ron@example.com")
    assert [customer.first_name, customer.last_name, customer.state, customer.tags] == [UNSET] * 4


def test_an_account_has_no_e_mail_address_but_what_the_settings_ask_for():
    (account,) = of("reference_accounts", "customers")
    assert account.email is UNSET
    assert [(each.name, each.value) for each in account.metafields] == [
        ("legal_name", "Swanson Enterprises Ltd")
    ]


def test_whoever_was_erased_is_told_as_deleted():
    kept, gone = of("erased", "customers")
    assert kept.deleted_at is UNSET
    assert gone.id != kept.id
    assert gone.deleted_at == gone.updated_at == gone.polled_at
    assert [gone.email, gone.name, gone.created_at] == [UNSET] * 3


@pytest.mark.parametrize("change", [{"anonymized": True}, {"email": "*"}, {"name": "*"}, {"name": "***"}])
def test_whoever_was_anonymised_is_no_customer_any_more(change):
    person = {"id": "1", "name": "Ron", "email": "r@e.com", "meta": {"timestamps": {"updated_at": "2026-10-01T00:00:00Z"}}}  # fmt: skip
    assert translating.customer_record(msgspec.convert(person, raw.Person), "acme")
    assert translating.customer_record(msgspec.convert(person | change, raw.Person), "acme") is None


# The small things


def plain(identity="o", **more):
    amount = {"amount": more.pop("total", 10000), "currency": "EUR"}
    return msgspec.convert(
        {
            "id": identity,
            "status": "complete",
            "payment": "paid",
            "shipping": "unfulfilled",
            "meta": {
                "display_price": {"with_tax": amount, "without_tax": amount},
                "timestamps": {"created_at": "2026-10-01T08:00:00Z", "updated_at": "2026-10-01T09:00:00Z"},
            },
            **more,
        },
        raw.Order,
    )


def payment(identity, amount, kind="purchase", *, made="08:00:01", changed=None, back=0, status="complete"):
    times = {"created_at": f"2026-10-01T{made}Z", "updated_at": f"2026-10-01T{changed or made}Z"}
    return msgspec.convert(
        {
            "id": identity,
            "amount": amount,
            "refunded_amount": back,
            "currency": "EUR",
            "transaction_type": kind,
            "status": status,
            "meta": {"timestamps": times},
        },
        raw.Transaction,
    )


def paid(*transactions, **order):
    family = raw.Family(plain(**order), [], list(transactions), [])
    return is_paid(family, EUR), paid_at(family, EUR)


def test_a_payment_is_dated_only_where_its_transactions_leave_no_doubt():
    assert paid(payment("a", 10000)) == (True, "2026-10-01T08:00:01Z")
    assert paid(payment("a", 10000, changed="08:30:00")) == (True, "2026-10-01T08:30:00Z")
    assert paid(payment("a", 10000, "capture", changed="10:00:00")) == (True, "2026-10-01T10:00:00Z")
    # Something went back: it may have been captured at any time since it was authorized.
    assert paid(payment("a", 10000, "refund", changed="10:00:00", back=100)) == (True, UNSET)
    assert paid(payment("a", 10000, "refund", back=100)) == (True, "2026-10-01T08:00:01Z")
    # Whichever came first, the other one decides.
    first = payment("a", 5000, "refund", changed="09:00:00", back=100)
    assert paid(first, payment("b", 5000, changed="10:00:00")) == (True, "2026-10-01T10:00:00Z")
    assert paid(first, payment("b", 5000, changed="08:30:00")) == (True, UNSET)


def test_what_failed_waits_or_is_only_authorized_pays_nothing():
    for other in (
        payment("b", 5000, status="failed"),
        payment("b", 5000, status="pending"),
        payment("b", 5000, "authorize"),
        payment("b", 5000, status="cancelled"),
    ):
        assert paid(payment("a", 5000), other) == (True, UNSET)
    assert paid(payment("a", 5000), payload := payment("b", 5000)) == (True, "2026-10-01T08:00:01Z")
    assert payload.amount == 5000


def test_the_orders_word_decides_whether_it_is_paid_the_transactions_only_when():
    assert paid(payment("a", 10000), payment="unpaid") == (False, None)
    assert paid(payment="paid") == (True, UNSET)
    assert paid(payment="something_new") == (UNSET, UNSET)
    unread = raw.Family(plain(), [])
    assert (is_paid(unread, EUR), paid_at(unread, EUR), authorized_at(unread)) == (True, UNSET, UNSET)


def authorized(*transactions):
    return authorized_at(raw.Family(plain(), [], [*transactions], []))


def test_an_order_is_authorized_when_a_transaction_came_through_not_when_it_was_begun():
    begun = {"made": "08:00:00", "changed": "09:30:00"}
    assert authorized(payment("a", 100, **begun, status="pending")) is None
    assert authorized(payment("a", 100, **begun)) == "2026-10-01T09:30:00Z"
    assert authorized(payment("a", 100, "authorize", **begun)) == "2026-10-01T09:30:00Z"
    # What was captured, or went back, changed later than it came through.
    for kind, back in (("capture", 0), ("refund", 50), ("purchase", 50)):
        assert authorized(payment("a", 100, kind, **begun, back=back)) == "2026-10-01T08:00:00Z"


def test_no_order_is_paid_before_it_is_made_although_payments_are_dated_to_the_second_only():
    order = plain()
    order.meta.timestamps.created_at = "2026-10-01T08:00:01.482Z"
    family = raw.Family(order, [], [payment("a", 10000)], [])
    assert paid_at(family, EUR) == authorized_at(family) == "2026-10-01T08:00:01.482000Z"
    # Anything else is as the transaction says.
    for made in ("08:00:02", "08:00:00"):
        family.transactions = [payment("a", 10000, made=made)]
        assert paid_at(family, EUR) == authorized_at(family) == f"2026-10-01T{made}Z"


def test_whether_a_transaction_that_was_cancelled_had_come_through_nobody_knows():
    assert authorized(payment("a", 100, "authorize", status="cancelled")) is UNSET
    assert authorized(payment("a", 100, status="failed")) is None
    voided = payment("a", 100, "authorize", status="cancelled")
    assert authorized(voided, payment("b", 100, made="09:00:00")) == "2026-10-01T09:00:00Z"


def test_refunded_says_nothing_of_an_order_that_was_never_paid_in_full():
    part = payment("a", 4000, "refund", back=4000)
    assert paid(part, payment="refunded") == (False, None)
    assert paid(payment("a", 10000, "refund", back=10000), payment="refunded")[0] is True
    assert is_paid(raw.Family(plain(payment="refunded")), EUR) is UNSET


def test_how_much_went_back_is_also_shown_and_else_unknown():
    def back(kind, **meta):
        made = payment("a", 10000, kind)
        made.refunded_amount = UNSET
        made.meta.display_refunded_amount = meta.get("shown", UNSET)
        family = raw.Family(plain(), [], [made], [])
        return [
            each
            for stream, each in translating.family(family, "acme", EUR, "customers")
            if stream == "refunds"
        ]

    amount = {"amount": 5000, "currency": "EUR"}
    # Both shapes are documented.
    for shown in ({"total": amount}, amount):
        (refund,) = back("refund", shown=msgspec.convert(shown, raw.Shown))
        assert refund.total_to_date == Decimal("50.00")
    # An amount that is not there is none, unless the type says that there is one.
    assert [each.total_to_date for each in back("purchase")] == [0]
    assert back("refund") == []


def test_refunds_come_in_the_order_in_which_money_went_back_and_payments_that_never_were_not_at_all():
    family = raw.Family(
        plain(),
        [],
        [
            payment("c", 3000),
            payment("b", 3000, "refund", changed="11:00:00", back=3000),
            payment("a", 4000, "refund", changed="12:00:00", back=500),
            payment("z", 100, status="failed"),
            payment("y", 100, status="cancelled"),
        ],
        [],
    )
    found = [
        each for stream, each in translating.family(family, "acme", EUR, "customers") if stream == "refunds"
    ]
    assert [(each.id, each.total, each.order_refunded_to_date) for each in found] == [
        ("b", Decimal("30.00"), Decimal("30.00")),
        ("a", Decimal("5.00"), Decimal("35.00")),
        ("c", Decimal("0.00"), Decimal("35.00")),
    ]


def item(identity, with_tax, *, unit=None, product="p", **more):
    amount = {"amount": unit if unit is not None else with_tax, "currency": "EUR", "includes_tax": True}
    shown = {"value": {"amount": with_tax, "currency": "EUR"}}
    whole = {
        "id": identity,
        "quantity": 1,
        "unit_price": amount,
        "value": amount,
        "discounts": [],
        "meta": {"display_price": {"with_tax": shown, "without_tax": shown}},
        **({"product_id": product} if product else {}),
        **more,
    }
    return msgspec.convert(whole, raw.Item)


def book(total, *items, shipping=0, off=0):
    order = plain(total=total)
    price = order.meta.display_price
    price.shipping = raw.Amount(Decimal(shipping), "EUR")
    price.shipping_discount = raw.Amount(Decimal(off), "EUR")
    return books(raw.Family(order, list(items)), EUR)


def test_goods_and_shipping_are_told_as_far_as_the_items_add_up():
    goods, promotion = item("a", 8000, unit=10000), item("p", -2000, product=None, promotion_id="x")
    full = item("a", 10000)
    charge = item("s", 500, product=None)
    # Prices that contain what a promotion takes off, and prices that do not.
    assert book(8000, goods, promotion) == (Decimal("80.00"), Decimal("0.00"))
    assert book(8000, full, promotion) == (Decimal("80.00"), Decimal("0.00"))
    # Shipping that contains its discount, and shipping that does not.
    assert book(8400, goods, promotion, shipping=500, off=-100) == (Decimal("80.00"), Decimal("4.00"))
    assert book(8500, goods, promotion, shipping=500, off=-100) == (Decimal("80.00"), Decimal("5.00"))
    # Another charge may be shipping, or not.
    assert book(8500, goods, promotion, charge) == (Decimal("80.00"), UNSET)
    assert book(9000, goods, promotion, charge, shipping=500) == (Decimal("80.00"), Decimal("5.00"))
    # What does not add up is not told.
    assert book(7777, goods, promotion) == (UNSET, Decimal("0.00"))
    assert book(7777, goods, promotion, shipping=500, off=-100) == (UNSET, UNSET)


def test_what_goods_cost_is_all_with_tax_or_all_without():
    def priced(gross, net, **more):
        made = item(more.pop("identity"), gross, unit=net, **more)
        made.unit_price.includes_tax = False
        made.meta.display_price.without_tax = raw.Worth(value=raw.Amount(Decimal(net), "EUR"))
        return made

    goods = priced(11900, 10000, identity="a")
    promotion = priced(-1190, -1000, identity="p", product=None, promotion_id="x")
    assert book(10710, goods, promotion) == (Decimal("90.00"), Decimal("0.00"))


def test_only_products_are_lines():
    every = [
        item("a", 1000),
        item("b", 1000, product=None, subscription_offering_id="s"),
        item("c", 500, product=None, sku="shipping"),
        item("d", -100, product=None, sku="SAVE"),
        item("e", -100, product=None, promotion_id="x", sku="auto_x"),
    ]
    assert [each.id for each in every if is_product(each)] == ["a", "b"]
    assert [each.id for each in line_items(every, EUR)] == ["a", "b"]
    assert coded(every) == [("SAVE", Decimal("1.00"))]


def coded(items, groups=()):
    return [(each.code, each.amount) for each in coupons(raw.Family(plain(), items, [], [*groups]), EUR)]


def test_a_code_on_shipping_alone_is_a_coupon_and_without_the_groups_nobody_knows_all_codes():
    free = msgspec.convert({"id": "g", "discounts": [discounted("FREESHIP", -490)]}, raw.Group)
    assert coded([], [free]) == [("FREESHIP", Decimal("4.90"))]
    assert coupons(raw.Family(plain(), [], []), EUR) is UNSET
    assert coupons(raw.Family(plain(), groups=[free]), EUR) is UNSET


def discounted(code, amount, promotion="x"):
    return {"code": code, "id": promotion, "amount": {"amount": amount, "currency": "EUR"}}


def test_a_code_is_one_coupon_however_it_was_typed_and_one_that_nobody_typed_is_none():
    every = [
        item("a", 800, unit=1000, discounts=[discounted("Save", -100), discounted("auto_x", -100)]),
        item("b", 900, unit=1000, discounts=[discounted("SAVE", -100), discounted("NOTHING", 0)]),
        item("p", -200, product=None, promotion_id="y", sku="save"),
    ]
    assert coded(every) == [("Save", Decimal("2.00"))]
    assert [each.discount for each in line_items(every, EUR)] == [Decimal("2.00"), Decimal("1.00")]
    assert [each.coupon for each in line_items(every, EUR)] == ["Save", "SAVE"]


def test_what_was_not_read_is_left_out():
    family = raw.Family(plain())
    ((stream, order),) = translating.family(family, "acme", EUR, "customers")
    assert stream == "orders"
    left_out = (
        order.line_items, order.coupons, order.subtotal, order.taxes_included, order.total_refunded,
        order.payment_methods, order.shipping_method, order.paid_at, order.authorized_at,
    )  # fmt: skip
    assert left_out == (UNSET,) * len(left_out)
    assert (order.total, order.completed) == (Decimal("100.00"), True)


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_minor_units_keep_their_digits(minor, places):
    amount = Coins({"XTS": places}).major(Decimal(minor), "XTS")
    assert amount * 10**places == minor
    assert -amount.as_tuple().exponent == places


def test_decimal_places_are_the_stores_own_and_else_the_standards():
    assert [Coins({"JPY": 2}).places(code) for code in ("JPY", "KWD", "CLP", "EUR", None)] == [2, 3, 0, 2, 2]


def test_attributes_are_values_of_any_type():
    said = {
        "member": {"type": "boolean", "value": True},
        "level": {"type": "string", "value": "premium"},
        "points": {"type": "integer", "value": 7},
        "plain": "text",
        "none": {"type": "string", "value": None},
        "gone": {"type": "string", "value": "*"},
    }
    assert [(each.name, each.value) for each in attributes(said)] == [
        ("member", "true"),
        ("level", "premium"),
        ("points", "7"),
        ("plain", "text"),
        ("none", None),
    ]
    assert attributes(UNSET) is UNSET


def test_asterisks_are_nobody():
    assert [text("*"), text("* *"), text(""), text("O*Hara")] == [UNSET, UNSET, None, "O*Hara"]
    assert [email("*"), email("r***@e.com"), email("r@e.com")] == [UNSET, UNSET, "r@e.com"]


def test_instants_are_written_in_utc():
    assert utc("2026-11-18T04:13:00-07:00") == "2026-11-18T11:13:00Z"


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", ""])
def test_an_instant_that_was_never_set_is_none(said):
    assert instant(said) is None
    assert instant(None) is None
    assert instant(UNSET) is UNSET


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("0001-01-01T00:00:00Z", None),
        ("3-5 business days", UNSET),
        ("soonZ", UNSET),
    ],
)
def test_an_estimate_that_is_no_instant_is_not_told(end, told):
    estimated = group("g", "2026-10-02T10:00:00Z", delivery_estimate=raw.Estimate(end=end))
    family = raw.Family(plain("o", shipping="fulfilled"), [], [], [estimated])
    found = translating.family(family, "acme", EUR, "customers", orders=False, refunds=False)
    assert [each.estimated_delivery_at for _, each in found] == [told]


def test_an_order_whose_dates_cannot_be_read_is_not_as_documented():
    family = raw.Family(plain("o"), [], [payment("a", 100, made="25:61:00")], [])
    with pytest.raises(Malformed, match="no instant: 2026-10-01T25:61:00Z"):
        translating.family(family, "acme", EUR, "customers")


def test_a_page_whose_total_is_only_observed_has_none():
    page = msgspec.json.decode(
        json.dumps({"data": [], "meta": {"results": {"total": 7, "total_method": "observed"}}}),
        type=raw.Page[dict],
    )
    assert page.total is None
