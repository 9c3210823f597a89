"""Raw answers and the records they become lie side by side; `pytest --regenerate` writes the records.

The platform itself reads the answers, from a session that knows no more of PrestaShop than filters by value.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from msgspec import UNSET

from tap_commerce.http import Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.asking import PrestaShop
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.meanings import Meanings, override
from tap_commerce.platforms.prestashop.translating import Family, Known, order_record, refund_records, summary
from tap_commerce.platforms.prestashop.translating.customers import customer_record
from tap_commerce.platforms.prestashop.translating.fulfillments import fulfillment_records
from tap_commerce.platforms.prestashop.translating.refunds import slip_total
from tap_commerce.schemas import STREAMS, schema
from tests.tap_commerce.platforms.samples import answers, cases

CASES = {folder.name: folder for folder in cases("prestashop")}
NOW = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())
EVERYTHING = {name: frozenset(schema(kind)["properties"]) for name, kind in STREAMS.items()}


class Canned:
    """A session that answers from recorded lists, filtered by value."""

    def __init__(self, answers):
        self.answers, self.headers, self.auth = answers, {}, None

    def request(self, method, url, **_):
        split = urlsplit(url)
        query = dict(parse_qsl(split.query))
        answer = self.answers[split.path.rsplit("/", 1)[-1]]
        if answer:
            ((name, rows),) = answer.items()
            for asked, value in query.items():
                field = re.fullmatch(r"filter\[(\w+)\]", asked)
                if field and re.fullmatch(r"\[[^,]*\]", value):
                    rows = [row for row in rows if str(row[field[1]]) in value[1:-1].split("|")]
            rows.sort(
                key=lambda row: (row.get(query["sort"].strip("[]").partition("_ASC")[0]) or 0, row["id"])
            )
            answer = {name: rows[: int(query["limit"])]}
        return Response(json.dumps(answer).encode())


class Response:
    def __init__(self, body):
        self.status_code, self.headers = 200, {"Access-Time": str(NOW)}
        self.raw, self._body = self, body

    def read(self, *, decode_content):
        return self._body


def records(folder):
    told = {name: json.loads(answer) for name, answer in answers(folder).items()}
    wire = Wire(user_agent="test", session=Canned(told))
    settings = {"api_url": "https://shop.example", "shop": "acme", "webservice_key": "key"}
    platform = PrestaShop(settings | {"test_payment_modules": ["ps_sandbox"], "tracking_days": 0}, wire)
    platform.open(EVERYTHING)
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
    return [
        record
        for (stream,) in platform.passes
        for page in platform.read((stream,), window)
        for record in page.records
    ]


@pytest.mark.parametrize("folder", CASES.values(), ids=CASES)
def test_raw_answers_become_these_records(folder, golden_records):
    golden_records(folder, records(folder))


def of(name, stream):
    return [record for each, record in records(CASES[name]) if each == stream]


def test_all_cases_that_must_have_a_sample_have_one():
    wanted = (
        "reference_9.0.3 reference_8.2.1 guest voucher free_shipping shipped_and_delivered two_parcels two_slips "
        "amount_only paid_back cancelled yen test_order zero_value"
    )
    assert set(CASES) >= set(wanted.split())


def test_a_version_that_writes_numbers_as_texts_says_the_same():
    """9.0.3 writes `"id_customer": 2`, 8.2.1 `"id_customer": "2"`."""
    for stream in ("orders", "refunds"):
        assert of("reference_9.0.3", stream) == of("reference_8.2.1", stream)


def test_what_happened_is_dated_by_the_history_in_utc():
    first = next(each for each in of("reference_9.0.3", "orders") if each.id == "1")
    assert (first.created_at, first.paid_at, first.fulfilled_at, first.cancelled_at) == (
        "2026-11-18T09:12:30Z",
        "2026-11-18T09:14:00Z",
        "2026-11-19T08:02:11Z",
        None,
    )
    third = next(each for each in of("reference_9.0.3", "orders") if each.id == "3")
    assert (third.status, third.cancelled_at, third.financial_status) == (
        "cancelled",
        "2026-11-19T14:03:10Z",
        "pending",
    )


def test_a_guest_has_no_id_but_an_e_mail():
    (order,) = of("guest", "orders")
    assert (order.customer.id, order.customer.email) == (None, "gast@example.com")
    (customer,) = of("guest", "customers")
    assert (customer.is_guest, customer.id.isdigit()) == (True, True)


def test_an_order_adds_up_also_with_a_voucher():
    for name in ("guest", "voucher", "free_shipping", "yen", "two_slips", "zero_value"):
        for order in of(name, "orders"):
            assert order.subtotal + order.shipping == order.total, name


def test_a_voucher_for_free_shipping_takes_off_the_shipping_and_nothing_else():
    (order,) = of("free_shipping", "orders")
    assert (order.shipping, order.subtotal, order.discount) == (0, order.total, 5)
    assert [(each.code, each.amount) for each in order.coupons] == [("FREESHIP", Decimal(5))]
    assert [each.discount for each in order.line_items] == [0, 0, 0]
    assert sum(each.total for each in order.line_items) == order.subtotal


def test_what_a_voucher_takes_off_one_line_nobody_knows():
    (order,) = of("voucher", "orders")
    assert order.discount > 0
    assert {(each.discount, each.total, each.tax) for each in order.line_items} == {(UNSET, UNSET, UNSET)}


def test_slips_add_up_and_say_what_came_back():
    first, second = of("two_slips", "refunds")
    assert (first.subject, first.order_id) == (second.subject, second.order_id) == ("1", "1")
    assert second.total_to_date == first.total + second.total == second.order_refunded_to_date
    assert second.subtotal + second.shipping + second.tax == second.total
    assert [each.quantity for each in second.line_items] == [1, 1]
    assert all(each.product_id and each.name for each in second.line_items)
    (order,) = of("two_slips", "orders")
    assert order.current_total + order.total_refunded == order.total
    assert order.financial_status == "partially_refunded"
    assert [each.current_quantity for each in order.line_items] == [1, 0]


def test_everything_is_paid_back_once_by_slip_or_by_state_or_by_both():
    refunds = of("paid_back", "refunds")
    kinds = {
        order.id: {each.id for each in refunds if each.order_id == order.id}
        for order in of("paid_back", "orders")
    }
    assert any(f"{order}:refunded" in ids for order, ids in kinds.items())
    for order in of("paid_back", "orders"):
        last = [each for each in refunds if each.order_id == order.id][-1]
        assert last.total_to_date == order.total == order.total_refunded
        assert order.financial_status == "refunded"


def test_goods_that_left_in_one_parcel_are_the_orders_lines():
    (parcel,) = of("shipped_and_delivered", "fulfillments")
    (order,) = of("shipped_and_delivered", "orders")
    assert [(each.id, each.quantity) for each in parcel.line_items] == [
        (each.id, each.quantity) for each in order.line_items
    ]
    assert parcel.status == "delivered"
    assert parcel.fulfilled_at == order.fulfilled_at < parcel.delivered_at
    (number,), (url,) = parcel.tracking_numbers, parcel.tracking_urls
    assert number in url
    assert parcel.updated_at is UNSET


def test_of_several_parcels_nobody_says_what_is_in_which():
    first, second = of("two_parcels", "fulfillments")
    assert first.line_items is second.line_items is UNSET
    assert first.fulfilled_at < second.fulfilled_at


def test_an_order_of_a_module_for_tests_is_a_test():
    assert [each.test for each in of("test_order", "orders")] == [True]
    assert [each.test for each in of("guest", "orders")] == [False]


# Single rules, on rows made by hand


def known(states="", configuration=(), tests=UNSET, **lists):
    rows = [
        raw.State(id=2, paid=True),
        raw.State(id=4, paid=True, shipped=True),
        raw.State(id=5, paid=True, shipped=True),
        raw.State(id=6),
        raw.State(id=7),
    ]
    configured = {"PS_OS_DELIVERED": "5", "PS_OS_CANCELED": "6", "PS_OS_REFUND": "7"} | dict(configuration)
    return Known(
        shop="acme",
        clocks=Clocks("Europe/Paris"),
        meanings=Meanings(rows, configured, override(states.split())),
        currencies={1: raw.Currency(id=1, iso_code="EUR")},
        tests=tests,
        **lists,
    )


def at(text):
    return datetime.fromisoformat(f"2026-11-{text}")


def order(**facts):
    return raw.Order(
        **{
            "id": 1,
            "id_currency": 1,
            "date_add": at("01 10:00"),
            "date_upd": at("01 10:00"),
            "total_paid_tax_incl": Decimal("100.00"),
            "total_paid_real": Decimal("100.00"),
            "reference": "ABC",
        }
        | facts
    )


def entry(number, state, when):
    return raw.History(id=number, id_order=1, id_order_state=state, date_add=at(when))


def slip(number, when, total, **facts):
    amount = Decimal(total)
    made = {"total_products_tax_incl": amount, "total_products_tax_excl": amount, "amount": amount} | facts
    return raw.Slip(id=number, id_order=1, date_add=at(when), date_upd=at(when), **made)


def refunds(slips=(), histories=(), **facts):
    family = Family(order=order(**facts), slips=list(slips), histories=list(histories))
    found = refund_records(family, summary(family, known()), known())
    return [(each.id, each.total, each.total_to_date) for each in found]


PAID = entry(1, 2, "01 10:00")


@pytest.mark.parametrize(
    ("slips", "histories", "facts", "told"),
    [
        ([("1", "02 10:00", 20), ("2", "03 10:00", 30)], [], {}, [("1", 20, 20), ("2", 30, 50)]),
        ([], [PAID, entry(2, 7, "02 10:00")], {}, [("1:refunded", 100, 100)]),
        (
            [("1", "02 10:00", 20)],
            [PAID, entry(2, 7, "03 10:00")],
            {},
            [("1", 20, 20), ("1:refunded", 80, 100)],
        ),
        (
            [("1", "03 10:00", 100)],
            [PAID, entry(2, 7, "02 10:00")],
            {},
            [("1:refunded", 100, 100), ("1", 100, 100)],
        ),
        (
            [("1", "02 10:00", 100)],
            [PAID, entry(2, 7, "02 10:00")],
            {},
            [("1", 100, 100), ("1:refunded", 0, 100)],
        ),
        ([], [PAID, entry(2, 7, "02 10:00")], {"total_paid_real": Decimal(0)}, [("1:refunded", 100, 100)]),
        ([], [entry(2, 7, "02 10:00")], {"total_paid_real": Decimal(0)}, [("1:refunded", 0, 0)]),
        (
            [("1", "02 10:00", 110)],
            [PAID, entry(2, 7, "03 10:00")],
            {},
            [("1", 110, 110), ("1:refunded", 0, 110)],
        ),
        (
            [],
            [PAID, entry(2, 7, "02 10:00"), entry(3, 2, "02 11:00"), entry(4, 7, "03 10:00")],
            {},
            [("1:refunded", 100, 100)],
        ),
    ],
    ids=[
        "two slips",
        "the state alone",
        "a slip, then the state: the rest",
        "the state, then a slip for the same money",
        "both in one second",
        "a shop without invoices registers no payment",
        "nothing was paid",
        "more was given back than paid",
        "the state twice",
    ],
)
def test_slips_and_the_state_are_one_running_total(slips, histories, facts, told):
    assert (
        refunds([slip(int(number), when, total) for number, when, total in slips], histories, **facts) == told
    )


@pytest.mark.parametrize(
    ("facts", "total"),
    [
        (
            {"total_products_tax_incl": "24.00", "total_products_tax_excl": "20.00", "amount": "24.00"},
            "24.00",
        ),
        (
            {"total_products_tax_incl": "24.00", "total_products_tax_excl": "20.00", "amount": "20.000000"},
            "24.00",
        ),
        (
            {"total_products_tax_incl": "24.00", "total_products_tax_excl": "20.00", "amount": "15.00"},
            "15.00",
        ),
        (
            {
                "total_products_tax_incl": "24.00",
                "total_products_tax_excl": "20.00",
                "amount": "24.00",
                "total_shipping_tax_incl": "6.00",
                "total_shipping_tax_excl": "5.00",
            },
            "30.00",
        ),
        (
            {"total_products_tax_incl": "22.944", "total_products_tax_excl": "19.12", "amount": "22.940000"},
            "22.944",
        ),
    ],
    ids=[
        "with tax",
        "without tax: the group's price display",
        "an amount that was chosen",
        "shipping",
        "rounded",
    ],
)
def test_what_a_slip_gave_back(facts, total):
    made = {name: Decimal(value) for name, value in facts.items()}
    assert slip_total(raw.Slip(id=1, **made)) == Decimal(total)


def test_a_slip_whose_amount_was_chosen_says_nothing_of_its_parts():
    part = raw.SlipDetail(
        id=1, id_order_detail=9, product_quantity=2, amount_tax_excl=Decimal(20), amount_tax_incl=Decimal(24)
    )
    chosen = slip(
        1,
        "02 10:00",
        15,
        total_products_tax_incl=Decimal(24),
        total_products_tax_excl=Decimal(20),
        order_slip_details=[part],
    )
    family = Family(order=order(), slips=[chosen], details=[raw.Detail(id=9, product_id=3)])
    (refund,) = refund_records(family, summary(family, known()), known())
    assert (refund.total, refund.subtotal, refund.tax, refund.shipping) == (15, UNSET, UNSET, UNSET)
    assert [(each.quantity, each.total, each.product_id) for each in refund.line_items] == [(2, UNSET, "3")]


def test_nothing_has_left_before_the_first_state_that_means_shipped():
    parcel = raw.Parcel(id=8, id_order=1, id_carrier=2, tracking_number="X1", date_add=at("01 10:00"))
    waiting = Family(order=order(), histories=[PAID], parcels=[parcel])
    assert fulfillment_records(waiting, summary(waiting, known()), known()) == []
    gone = Family(
        order=order(), histories=[PAID, entry(2, 5, "02 10:00"), entry(3, 4, "03 10:00")], parcels=[parcel]
    )
    (told,) = fulfillment_records(gone, summary(gone, known()), known())
    assert (told.fulfilled_at, told.delivered_at) == ("2026-11-02T09:00:00Z", "2026-11-02T09:00:00Z")


def test_a_state_means_what_the_setting_says_and_nothing_else():
    told = known("15=shipped 16=cancelled 2=pending 17=authorized")
    family = Family(
        order=order(current_state=16),
        histories=[PAID, entry(2, 17, "01 11:00"), entry(3, 15, "02 10:00"), entry(4, 16, "03 10:00")],
    )
    about = order_record(family, told)
    assert (about.paid_at, about.authorized_at) == (None, "2026-11-01T10:00:00Z")
    assert (about.fulfilled_at, about.cancelled_at) == ("2026-11-02T09:00:00Z", "2026-11-03T09:00:00Z")
    assert (about.status, about.financial_status) == ("cancelled", "authorized")


def test_what_no_state_means_is_left_out_rather_than_denied():
    silent = known(configuration={"PS_OS_CANCELED": "", "PS_OS_DELIVERED": ""})
    about = order_record(Family(order=order(current_state=2), histories=[PAID]), silent)
    assert (about.cancelled_at, about.status, about.authorized_at) == (UNSET, UNSET, UNSET)


def test_an_order_that_was_cancelled_and_revived_keeps_when_it_was_cancelled():
    family = Family(
        order=order(current_state=2), histories=[entry(1, 6, "01 10:00"), entry(2, 2, "02 10:00")]
    )
    about = order_record(family, known())
    assert (about.cancelled_at, about.status) == ("2026-11-01T09:00:00Z", "open")


def test_what_was_not_read_is_left_out():
    about = order_record(Family(order=order(), histories=[PAID]), known())
    for name in (
        "customer",
        "line_items",
        "coupons",
        "total_refunded",
        "current_total",
        "billing_address",
        "test",
        "locale",
    ):
        assert getattr(about, name) is UNSET, name
    assert order_record(Family(order=order(module="x")), known(tests=frozenset("x"))).test is True


def test_without_the_vouchers_nobody_knows_what_a_discount_was_taken_off():
    facts = {
        "total_discounts_tax_incl": Decimal(5),
        "total_shipping_tax_incl": Decimal(5),
        "total_products_wt": Decimal(100),
    }
    blind = order_record(Family(order=order(**facts)), known())
    assert (blind.subtotal, blind.shipping, blind.discount) == (UNSET, UNSET, 5)
    plain = order_record(Family(order=order(**facts | {"total_discounts_tax_incl": Decimal(0)})), known())
    assert (plain.subtotal, plain.shipping) == (100, 5)


@pytest.mark.parametrize(
    ("facts", "free", "tax"),
    [
        ({"total_discounts_tax_incl": "0", "total_discounts_tax_excl": "0"}, False, "20.00"),
        ({"total_discounts_tax_incl": "12", "total_discounts_tax_excl": "10"}, False, "18.00"),
        # Free shipping takes nothing off the goods, nor its tax; another voucher beside it does.
        ({"total_discounts_tax_incl": "6", "total_discounts_tax_excl": "5"}, True, "20.00"),
        ({"total_discounts_tax_incl": "18", "total_discounts_tax_excl": "15"}, True, "18.00"),
        ({"total_discounts_tax_incl": "12"}, False, UNSET),
        ({"total_discounts_tax_incl": "12", "total_discounts_tax_excl": "0"}, False, "8.00"),
        ({"total_discounts_tax_incl": "0", "total_products": UNSET}, False, UNSET),
    ],
)
def test_the_tax_on_the_goods_is_known_whatever_vouchers_took_off(facts, free, tax):
    """What of it is on which line is not; but revenue without tax is the order's."""
    whole = {
        "total_products": "100.00",
        "total_products_wt": "120.00",
        "total_shipping_tax_incl": "6",
        "total_shipping_tax_excl": "5",
    } | facts
    told = order(**{name: said if said is UNSET else Decimal(said) for name, said in whole.items()})
    used = raw.OrderRule(id=1, id_order=1, id_cart_rule=1, value=Decimal(1), free_shipping=free)
    about = order_record(Family(order=told, rules=[used], codes={}), known())
    assert about.subtotal_tax == (tax if tax is UNSET else Decimal(tax))


def rule(number, code, value, **facts):
    return raw.OrderRule(id=number, id_order=1, id_cart_rule=number, value=Decimal(value), **facts), raw.Rule(
        id=number, code=code
    )


def test_a_code_counts_once_however_it_was_typed_and_only_while_it_stands():
    pairs = [rule(1, "WELCOME", 5), rule(2, "welcome", 3), rule(3, "GONE", 1, deleted=True), rule(4, None, 2)]
    family = Family(
        order=order(), rules=[used for used, _ in pairs], codes={code.id: code for _, code in pairs}
    )
    assert [(each.code, each.amount) for each in order_record(family, known()).coupons] == [("WELCOME", 8)]


def test_what_a_shop_does_not_know_of_vouchers_is_not_made_up():
    used, code = rule(1, UNSET, 5)
    family = Family(order=order(), rules=[used], codes={1: code})
    assert order_record(family, known()).coupons is UNSET
    facts = {"total_discounts_tax_incl": Decimal(5), "total_shipping_tax_incl": Decimal(5)}
    about = order_record(Family(order=order(**facts), rules=[used], codes={}), known())
    assert (about.subtotal, about.shipping) == (UNSET, UNSET)


def test_a_carrier_called_0_is_the_shop_itself():
    carriers = {1: raw.Carrier(id=1, name="0")}
    lists = {"carriers": carriers}
    assert order_record(Family(order=order(id_carrier=1)), known(**lists)).shipping_method is UNSET
    named = msgspec.structs.replace(known(**lists), name="Acme")
    assert order_record(Family(order=order(id_carrier=1)), named).shipping_method == "Acme"


def test_a_customer_changed_when_one_of_its_addresses_did():
    """An address does not touch its customer; also one that was deleted says when."""
    customer = raw.Customer(id=2, email="a@example.com", date_add=at("01 10:00"), date_upd=at("02 10:00"))
    kept = raw.Address(
        id=5, id_customer=2, city="Paris", date_upd=at("03 10:00"), phone="1", phone_mobile="2"
    )
    gone = raw.Address(id=4, id_customer=2, city="Lyon", date_upd=at("04 10:00"), deleted=True)
    told = customer_record(customer, [gone, kept], known())
    assert (told.updated_at, told.polled_at) == ("2026-11-04T09:00:00Z", "2026-11-04T09:00:00Z")
    assert (told.default_address.city, told.phone) == ("Paris", "2")
    assert customer_record(customer, [gone], known()).default_address is None
    assert customer_record(customer, UNSET, known()).default_address is UNSET


def test_consent_is_said_as_far_as_it_is_known():
    def consent(**facts):
        row = raw.Customer(id=2, date_upd=at("02 10:00"), **facts)
        return customer_record(row, UNSET, known()).email_consent

    yes = consent(newsletter=True, newsletter_date_add=at("01 10:00"))
    assert (yes.state, yes.updated_at) == ("subscribed", "2026-11-01T09:00:00Z")
    assert consent(newsletter=False, newsletter_date_add=at("01 10:00")).state == "not_subscribed"
    assert consent() is UNSET


def test_a_customer_that_was_deleted_says_so():
    row = raw.Customer(id=2, date_upd=at("02 10:00"), deleted=True, active=False)
    told = customer_record(row, UNSET, known())
    assert (told.deleted_at, told.state) == ("2026-11-02T09:00:00Z", "disabled")
