"""Raw answers and the records they become lie side by side; `pytest --regenerate` writes the records."""

from decimal import Decimal

import msgspec
import pytest

from tap_commerce.platforms.shopify import raw, translating
from tap_commerce.platforms.shopify.answers import read
from tap_commerce.platforms.shopify.operations import Customers, Orders
from tap_commerce.platforms.shopify.shapes import Bag, Money
from tap_commerce.platforms.shopify.translating.orders import paid_at
from tap_commerce.platforms.shopify.translating.refunds import adjustment as adjusted
from tap_commerce.platforms.shopify.translating.values import utc
from tests.tap_commerce.platforms.samples import answers, cases

CASES = {folder.name: folder for folder in cases("shopify")}
ENCODER = msgspec.json.Encoder(decimal_format="number")


def records(folder):
    told = answers(folder)
    if "Orders" in told:
        orders = read(told["Orders"], Orders, "Orders").data.found.nodes
        return [each for order in orders for each in translating.family(order, "acme")]
    customers = read(told["Customers"], Customers, "Customers").data.found.nodes
    return [("customers", translating.customer_record(each, "acme")) for each in customers]


@pytest.mark.parametrize("folder", CASES.values(), ids=CASES)
def test_a_raw_answer_becomes_these_records(folder, golden_records):
    golden_records(folder, records(folder))


def of(name, stream):
    return [record for each, record in records(CASES[name]) if each == stream]


def test_all_cases_that_must_have_a_sample_have_one():
    wanted = (
        "reference_orders reference_customers guest pos test_order many_lines yen two_refunds edited amount_only "
        "pending_refund zero_value split_shipment free_shipping cancelled partly_paid"
    )
    assert set(CASES) >= set(wanted.split())


def test_completed_less_refunded_is_what_the_merchant_keeps():
    for name in ("two_refunds", "amount_only", "yen", "pending_refund"):
        (order,) = of(name, "orders")
        refunds = of(name, "refunds")
        assert order.total_refunded == sum(each.total for each in refunds)
        assert refunds[-1].order_refunded_to_date == order.total_refunded


def test_lines_add_up_to_the_subtotal_also_after_an_edit():
    for name in ("guest", "many_lines", "two_refunds", "yen", "edited", "zero_value", "pos"):
        (order,) = of(name, "orders")
        assert sum(line.total for line in order.line_items) == order.subtotal, name


def test_shipping_is_after_discounts_so_that_an_order_adds_up():
    for name in ("free_shipping", "guest", "yen", "edited"):
        (order,) = of(name, "orders")
        assert order.subtotal + order.shipping + order.tip == order.total, name
    (order,) = of("free_shipping", "orders")
    assert order.shipping == 0
    assert order.coupons[0].amount == 5


def both(ours, theirs):
    return {"shopMoney": {"amount": ours}, "presentmentMoney": {"amount": theirs}}


def test_several_shipping_lines_are_one_amount_and_their_codes_count():
    line = {"title": "Express", "discountedPriceSet": both("4.90", "5.30"), "discountAllocations": []}
    code = {"allocatedAmountSet": {"shopMoney": {"amount": "2.00"}}, "discountApplication": {"code": "SHIP"}}
    other = {"title": "Freight", "discountedPriceSet": both("10.0", "10.8"), "discountAllocations": [code]}
    made = order(
        shippingLines={"nodes": [line, other]},
        totalShippingPriceSet=both("16.90", "18.10"),
        lineItems={"nodes": []},
        discountCodes=["SHIP"],
    )
    told = translating.family(made, "acme")[0][1]
    assert (told.shipping, told.presentment_shipping, told.shipping_method) == (
        Decimal("14.90"),
        Decimal("16.10"),
        "Express",
    )
    assert told.coupons[0].amount == 2


@pytest.mark.parametrize(("whole", "shipping"), [("0.0", Decimal(0)), ("9.0", msgspec.UNSET)])
def test_without_a_shipping_line_shipping_costs_nothing_or_nobody_knows(whole, shipping):
    made = order(shippingLines={"nodes": []}, totalShippingPriceSet=both(whole, whole))
    told = translating.family(made, "acme")[0][1]
    assert (told.shipping, told.shipping_method) == (shipping, None)


def test_a_line_that_was_edited_away_counts_nothing_and_a_returned_one_counts():
    (order,) = of("edited", "orders")
    kept, gone, added = order.line_items
    assert (kept.quantity, kept.current_quantity) == (2, 1)
    assert (gone.quantity, gone.current_quantity) == (0, 0)
    assert added.quantity == 1


def test_a_guest_has_no_customer_and_that_is_said():
    (order,) = of("guest", "orders")
    assert order.customer is None
    assert order.email == "gast@example.com"


def test_money_that_is_pending_is_not_told_but_its_refund_is():
    settled, waiting = of("pending_refund", "refunds")
    assert settled.refunded_at > settled.created_at
    assert (waiting.total, waiting.refunded_at) == (Decimal(0), None)


def test_an_order_that_is_partly_paid_was_not_paid():
    (order,) = of("partly_paid", "orders")
    assert (order.paid_at, order.financial_status) == (None, "partially_paid")


def test_a_zero_value_order_was_paid_when_it_was_made():
    (order,) = of("zero_value", "orders")
    assert order.total == 0
    assert order.paid_at == order.completed_at


def test_yen_have_no_decimals():
    (order,) = of("yen", "orders")
    assert order.currency == "JPY"
    assert order.total == order.total.to_integral_value()


def test_a_code_that_was_typed_twice_is_one_coupon():
    line = {
        "id": "gid://shopify/LineItem/1",
        "quantity": 1,
        "currentQuantity": 1,
        "discountAllocations": [
            {"allocatedAmountSet": both("5.0", "5.0"), "discountApplication": {"code": "Save"}}
        ],
    }
    made = order(discountCodes=["SAVE", "save", "Other"], lineItems={"nodes": [line]})
    told = translating.family(made, "acme")[0][1]
    assert [(each.code, each.amount) for each in told.coupons] == [("SAVE", 5), ("Other", msgspec.UNSET)]


def test_an_amount_in_the_shoppers_currency_that_is_unknown_is_left_out():
    line = {
        "id": "gid://shopify/LineItem/1",
        "quantity": 1,
        "currentQuantity": 1,
        "originalUnitPriceSet": both("20.0", "21.0"),
        "discountAllocations": [
            {"allocatedAmountSet": {"shopMoney": {"amount": "5.0"}}, "discountApplication": {}}
        ],
    }
    told = translating.family(order(lineItems={"nodes": [line]}), "acme")[0][1].line_items[0]
    assert (told.total, told.presentment_total) == (15, msgspec.UNSET)


def test_dinars_keep_their_three_decimals_digit_by_digit():
    made = order(currencyCode="KWD", totalPriceSet=both("1234567890.125", "0.001"))
    told = ENCODER.encode(translating.family(made, "acme")[0][1])
    assert b'"total":1234567890.125' in told
    assert b'"presentment_total":0.001' in told


def sparse_refund(**facts):
    none = {"nodes": []}
    return {
        "id": "gid://shopify/Refund/1",
        "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
        "refundLineItems": none,
        "refundShippingLines": none,
        "orderAdjustments": none,
        "transactions": none,
        **facts,
    }


def test_a_refund_without_date_note_or_transactions_is_told_with_nothing_made_up():
    made = order(refunds=[sparse_refund(createdAt=None, note=None)])
    ((_, told),) = translating.family(made, "acme", orders=False)
    assert (told.created_at, told.refunded_at, told.reason, told.total) == (None, None, None, 0)
    assert (told.presentment_total, told.order_refunded_to_date) == (0, 0)


def test_enums_of_a_time_to_come_are_words_like_any_other():
    made = order(
        displayFulfillmentStatus="TELEPORTED",
        displayFinancialStatus="PAID_IN_SHELLS",
        cancelReason="OMEN",
        cancelledAt="2026-10-01T09:00:00Z",
        refunds=[sparse_refund()],
        transactions=[
            {
                "id": "1",
                "kind": "BARTER",
                "status": "PENDING_OMEN",
                "createdAt": A,
                "amountSet": both("1", "1"),
            }
        ],
    )
    told = translating.family(made, "acme")[0][1]
    assert (told.fulfillment_status, told.financial_status, told.cancel_reason) == (
        "teleported",
        "paid_in_shells",
        "omen",
    )
    assert (told.paid_at, told.fulfilled_at) == (None, None)


A, B = "2026-10-01T09:00:00Z", "2026-10-02T09:00:00Z"


def payment(kind, at, amount, status="SUCCESS"):
    return raw.Payment(
        id=f"gid://shopify/OrderTransaction/{at}",
        kind=kind,
        status=status,
        created_at=at,
        amount_set=Bag(Money(Decimal(amount))),
    )


def order(**facts):
    return msgspec.convert(
        {
            "id": "gid://shopify/Order/1",
            "createdAt": "2026-10-01T08:00:00Z",
            "processedAt": "2026-10-01T08:00:00Z",
            "updatedAt": "2026-10-01T08:00:00Z",
            "currencyCode": "EUR",
            "presentmentCurrencyCode": "EUR",
            "displayFulfillmentStatus": "UNFULFILLED",
            "totalPriceSet": {"shopMoney": {"amount": "100.0"}},
            **facts,
        },
        raw.Order,
    )


@pytest.mark.parametrize(
    ("payments", "paid"),
    [
        ([], None),
        ([payment("AUTHORIZATION", A, "100")], None),
        ([payment("SALE", A, "100", status="FAILURE")], None),
        ([payment("SALE", B, "40"), payment("SALE", A, "60")], B),
        ([payment("AUTHORIZATION", A, "100"), payment("CAPTURE", B, "100")], B),
        ([payment("SALE", A, "100"), payment("REFUND", B, "100")], A),
    ],
)
def test_an_order_is_paid_by_the_payment_that_covers_its_total(payments, paid):
    made = order()
    made.transactions = payments
    assert paid_at(made) == paid


def test_an_order_edited_upwards_after_it_was_paid_was_paid_all_the_same():
    made = order(originalTotalPriceSet={"shopMoney": {"amount": "80.0"}})
    made.transactions = [payment("SALE", A, "80")]
    assert paid_at(made) == A


def test_cash_rounding_does_not_leave_an_order_unpaid():
    made = order(fullyPaid=True)
    made.transactions = [payment("SALE", A, "99.95")]
    assert paid_at(made) == A


def test_an_order_cancelled_unpaid_was_not_paid_though_shopify_calls_it_fully_paid():
    made = order(fullyPaid=True)
    made.transactions = [payment("SALE", A, "20")]
    assert paid_at(made) is None


def test_what_was_not_asked_is_left_out_and_what_the_shop_has_not_is_null():
    told = msgspec.to_builtins(translating.family(order(note=None), "acme")[0][1])
    assert told["note"] is None
    assert "customer" not in told
    assert "paid_at" not in told


def test_empty_strings_are_null():
    told = translating.family(order(note="", email=""), "acme")[0][1]
    assert (told.note, told.email) == (None, None)


def refund(total, adjustment, lines=()):
    return msgspec.convert(
        {
            "id": "gid://shopify/Refund/1",
            "totalRefundedSet": {"shopMoney": {"amount": total}},
            "refundLineItems": {
                "nodes": [
                    {
                        "quantity": 1,
                        "lineItem": {"id": "gid://shopify/LineItem/1"},
                        "subtotalSet": {"shopMoney": {"amount": worth}},
                    }
                    for worth in lines
                ]
            },
            "refundShippingLines": {"nodes": []},
            "orderAdjustments": {
                "nodes": [
                    {
                        "reason": "REFUND_DISCREPANCY",
                        "amountSet": {"shopMoney": {"amount": adjustment}},
                        "taxAmountSet": {"shopMoney": {"amount": "0.0"}},
                    }
                ]
            },
            "transactions": {"nodes": []},
        },
        raw.Refund,
    )


@pytest.mark.parametrize(
    ("total", "adjustment", "lines", "given"),
    [
        ("10.0", "-10.0", (), "10.0"),
        ("10.0", "10.0", (), "10.0"),
        ("20.0", "4.0", ("24.0",), "-4.0"),
        ("20.0", "-4.0", ("24.0",), "-4.0"),
        ("0.0", "-10.0", (), "10.0"),
    ],
    ids=["REST's sign", "the other sign", "less than the lines", "less, the other sign", "pending"],
)
def test_an_adjustment_is_positive_as_money_given_back_whatever_its_sign(total, adjustment, lines, given):
    assert adjusted(refund(total, adjustment, lines), taxes_included=True)[0] == Decimal(given)


@pytest.mark.parametrize("status", ["PENDING", "OPEN", "ERROR", "FAILURE"])
def test_a_fulfillment_whose_goods_have_not_left_is_not_told(status):
    made = order(
        fulfillments=[
            {"id": "gid://shopify/Fulfillment/1", "status": status, "createdAt": "2026-10-01T08:00:00Z"}
        ]
    )
    assert [stream for stream, _ in translating.family(made, "acme")] == ["orders"]


def test_offsets_become_utc():
    assert utc("2026-11-18T09:12:30-05:00") == "2026-11-18T14:12:30Z"
