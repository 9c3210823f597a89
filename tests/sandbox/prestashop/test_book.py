"""PrestaShop's tables follow from the shop's history, and their sums to the cent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.prestashop.book import Book
from sandbox.prestashop.reference import (
    AUTHORIZED,
    CANCELED,
    DELIVERED,
    ERROR,
    PAID,
    PROCESSING,
    REFUNDED,
    SHIPPED,
    WIRE,
)
from sandbox.shop import Shop
from sandbox.things import Consent


def book(shop, **options):
    return Book(shop, **options).read(shop.history)


def states(written, order=1):
    """The states that an order went through, without those that a module adds."""
    return [
        each["id_order_state"]
        for each in written.tables["order_histories"].values()
        if each["id_order"] == order and each["id_order_state"] != PROCESSING
    ]


@pytest.mark.parametrize("taxes_included", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_sums_of_every_order_add_up_to_the_cent(seed, taxes_included):
    shop = Shop(seed, taxes_included=taxes_included, orders_per_day=30, pace=0.3, max_lines=12)
    shop.advance(6 * 86400)
    written = book(shop)
    for order in shop.orders.values():
        row = written.tables["orders"][written.order_ids[order.id]]
        assert row["total_paid"] == order.total.presentment
        assert row["total_paid_tax_incl"] - row["total_paid_tax_excl"] == order.tax.presentment
        assert row["total_paid_real"] == order.received.presentment
        for goods, tax in (("total_products_wt", "incl"), ("total_products", "excl")):
            parts = row[goods] + row[f"total_shipping_tax_{tax}"] + row[f"total_wrapping_tax_{tax}"]
            assert parts - row[f"total_discounts_tax_{tax}"] == row[f"total_paid_tax_{tax}"]
        assert min(row["total_discounts_tax_incl"], row["total_products"]) >= 0
        lines = written.details[row["id"]]
        assert [each["product_quantity"] for each in lines] == [
            each.standing for each in order.lines if each.standing
        ]
        vouchers = [
            each for each in written.tables["order_cart_rules"].values() if each["id_order"] == row["id"]
        ]
        if taxes_included:
            assert sum(each["total_price_tax_incl"] for each in lines) == row["total_products_wt"]
            assert sum(each["value"] for each in vouchers) == row["total_discounts_tax_incl"]


@pytest.mark.parametrize("seed", range(4))
def test_what_went_back_is_in_slips_or_in_the_state(seed):
    shop = Shop(seed, orders_per_day=40, pace=0.3, max_lines=6)
    shop.advance(8 * 86400)
    written = book(shop)
    slips = written.tables["order_slip"].values()
    kinds = set()
    for order in shop.orders.values():
        key = written.order_ids[order.id]
        documents = sum((slip_total(each) for each in slips if each["id_order"] == key), Decimal(0))
        back = order.promised_back.presentment
        refunded = REFUNDED in states(written, key)
        kinds.add((refunded, documents > 0, back > 0))
        assert documents == back or (refunded and back == order.received.presentment and documents < back)
    assert kinds >= {(False, False, False), (False, True, True), (True, True, True), (True, False, True)}


def slip_total(slip):
    """Read a slip's total by the rule of the reference: products and shipping, unless an employee chose an amount."""
    cents = Decimal("0.01")
    products = {slip[f"total_products_tax_{tax}"].quantize(cents) for tax in ("incl", "excl")}
    if slip["amount"].quantize(cents) not in products:
        return slip["amount"]
    return slip["total_products_tax_incl"] + slip["total_shipping_tax_incl"]


def test_the_same_seed_writes_the_same_tables_however_it_is_read():
    def shop():
        made = Shop(7, orders_per_day=20, pace=0.3)
        made.advance(4 * 86400)
        return made

    whole, bit = book(shop()), Book(other := shop())
    for end in range(0, len(other.history), 7):
        bit.read(other.history[:end])
    bit.read(other.history)
    assert bit.tables == whole.tables
    assert [(each.at, each.what, each.id) for each in bit.journal] == [
        (each.at, each.what, each.id) for each in whole.journal
    ]


# States


@pytest.mark.parametrize(
    ("pay", "first"), [("sale", PAID), ("authorization", AUTHORIZED), ("pending", WIRE), ("failure", ERROR)]
)
def test_an_order_begins_as_it_is_paid_and_is_paid_later(shop, pay, first):
    order = shop.place_order(pay=pay)
    assert states(book(shop)) == [first]
    shop.rest(60)
    if pay != "sale":
        shop.pay(order)
        assert states(book(shop)) == [first, PAID]
        assert [each["amount"] for each in book(shop).tables["order_payments"].values()] == [
            order.total.presentment
        ]


def test_payment_in_parts_enters_the_state_with_the_last_of_them(shop):
    order = shop.place_order([{"price": "90", "quantity": 1}], pay="pending", shipping=None)
    shop.pay(order, "30")
    assert states(book(shop)) == [WIRE]
    assert book(shop).tables["orders"][1]["total_paid_real"] == 30
    shop.pay(order)
    assert states(book(shop)) == [WIRE, PAID]


def test_a_life_of_states_and_what_bumps_the_order(shop):
    order = shop.place_order([{"price": "90", "quantity": 2}])
    line, bumps = order.lines[0].id, []

    def after(verb):
        shop.rest(60)
        verb()
        written = book(shop)
        bumps.append(written.tables["orders"][1]["date_upd"] == written.wall(shop.now))

    after(lambda: shop.refund(order, {line: 1}))
    after(lambda: shop.ship(order))
    parcel = shop.order(order).fulfillments[0]
    after(lambda: shop.track(parcel, bumps=False))
    after(lambda: shop.progress(parcel, "in_transit", bumps=True))
    after(lambda: shop.progress(parcel, "delivered"))
    after(lambda: shop.edit_order(order, tags=("vip",)))
    after(lambda: shop.edit_order(order, note="fragile"))
    after(lambda: shop.close(order))
    assert bumps == [False, True, False, False, True, False, True, False]
    assert states(book(shop)) == [PAID, SHIPPED, DELIVERED]


def test_a_cancelled_order_that_was_paid_may_be_refunded_as_well(shop):
    for _ in range(12):
        shop.cancel(shop.place_order())
    written = book(shop)
    ways = {
        (
            tuple(states(written, key)),
            any(each["id_order"] == key for each in written.tables["order_slip"].values()),
        )
        for key in written.tables["orders"]
    }
    assert ways == {
        ((PAID, CANCELED), True),
        ((PAID, CANCELED, REFUNDED), True),
        ((PAID, CANCELED, REFUNDED), False),
    }


def test_ids_of_states_are_the_shop_s_own_and_configuration_names_them(shop):
    shop.cancel(shop.place_order())
    written = book(shop, state_ids=20)
    names = {each["name"]: each["value"] for each in written.tables["configurations"].values()}
    assert names["PS_OS_CANCELED"] == "26"
    assert 26 in states(written)
    assert min(written.tables["order_states"]) == 21


# Parcels


def test_one_row_is_there_from_the_checkout_and_further_parcels_add_theirs(shop):
    order = shop.place_order([{"price": "9", "quantity": 3}])
    line = order.lines[0].id
    (row,) = book(shop).tables["order_carriers"].values()
    assert (row["tracking_number"], [e for e in book(shop).journal if e.what == "row"]) == ("", [])
    shop.rest(3600)
    shop.ship(order, {line: 1}, tracking=True)
    shop.rest(3600)
    shop.ship(order, {line: 2})
    first, second = book(shop).tables["order_carriers"].values()
    assert first["date_add"] < second["date_add"]
    assert (first["tracking_number"] != "", second["tracking_number"]) == (True, "")
    assert states(book(shop)) == [PAID, SHIPPED]
    assert [(e.id, e.bumps) for e in book(shop).journal if e.what == "row"] == [(1, True), (2, False)]


def test_what_is_only_digital_has_no_row_and_a_till_s_order_is_delivered(shop):
    book_ = next(each for each in shop.catalogue if each.digital)
    shop.ship(shop.place_order([{"product": book_}]))
    shop.ship(shop.place_order(source="pos"))
    written = book(shop)
    assert [each["id_order"] for each in written.tables["order_carriers"].values()] == [2]
    assert [states(written, key) for key in (1, 2)] == [[PAID, DELIVERED], [PAID, DELIVERED]]


def test_a_parcel_that_is_taken_back_leaves_its_row_to_the_next(shop):
    order = shop.place_order()
    shop.cancel_shipment(shop.ship(order, tracking=True))
    shop.rest(60)
    shop.ship(order)
    written = book(shop)
    assert len(written.tables["order_carriers"]) == 1
    assert states(written) == [PAID, SHIPPED, SHIPPED]
    assert len([each for each in written.journal if each.what == "row"]) == 1


# People


def test_a_guest_is_a_row_of_its_own_with_every_order(shop):
    for _ in range(2):
        shop.place_order(email="guest@example.com")
    shop.place_order()
    guests = list(book(shop).tables["customers"].values())
    assert [each["is_guest"] for each in guests] == [1, 1, 1]
    assert [each["email"] for each in guests] == ["guest@example.com"] * 2 + ["customer-4@acme-test.example"]


def test_to_subscribe_goes_unnoticed_and_to_unsubscribe_does_not(shop):
    anna = shop.register()
    bumps = []
    for state in ("subscribed", "unsubscribed"):
        shop.rest(60)
        shop.edit_customer(anna, email_consent=Consent(state=state, at=shop.now))
        written = book(shop)
        row = written.tables["customers"][2]
        bumps.append((row["newsletter"], row["date_upd"] == written.wall(shop.now)))
    assert bumps == [(1, False), (0, True)]


def test_an_address_that_a_customer_changed_is_another_row(shop):
    anna = shop.register(addresses=(shop.place_order().address,))
    shop.edit_customer(anna, addresses=(shop.place_order().address,))
    mine = [each for each in book(shop).tables["addresses"].values() if each["id_customer"] == 3]
    assert [each["deleted"] for each in mine] == [1, 0]


# Money and time


def test_an_order_is_kept_in_the_shopper_s_currency(shop):
    order = shop.place_order(currency="JPY", tip="2")
    written = book(shop)
    row = written.tables["orders"][1]
    assert written.tables["currencies"][row["id_currency"]]["iso_code"] == "JPY"
    assert row["conversion_rate"] == Decimal("163.270000")
    assert row["total_paid"] == order.total.presentment
    assert row["total_wrapping"] == order.tip.presentment > 0


def test_a_voucher_that_takes_nothing_off_is_not_applied_and_its_name_is_not_its_code(shop):
    shop.place_order(codes=["FREESHIP"], shipping="0")
    shop.place_order(codes=["FREESHIP", "WELCOME10"], shipping="5")
    written = book(shop)
    rules = written.tables["order_cart_rules"].values()
    codes = {key: each["code"] for key, each in written.tables["cart_rules"].items()}
    assert [(each["id_order"], codes[each["id_cart_rule"]], each["free_shipping"]) for each in rules] == [
        (2, "FREESHIP", 1),
        (2, "WELCOME10", 0),
    ]
    assert not {each["name"] for each in rules} & set(codes.values())


def test_some_carts_were_split_so_that_a_reference_is_not_unique(shop):
    for _ in range(12):
        shop.place_order()
    references = [each["reference"] for each in book(shop).tables["orders"].values()]
    assert len(references) - len(set(references)) == 1


def test_the_wall_clock_runs_backwards_in_autumn():
    shop = Shop(1, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), alive=False)
    first = shop.place_order()
    shop.rest(1800)
    shop.edit_order(first, note="later, and yet earlier")
    row = book(shop).tables["orders"][1]
    assert (row["date_add"], row["date_upd"]) == ("2026-10-25 02:30:00", "2026-10-25 02:00:00")
    placed, changed = (each for each in book(shop).journal if each.what in ("placed", "changed"))
    assert changed.at - placed.at == -timedelta(minutes=30)


def test_another_zone_writes_another_wall_clock(shop):
    shop.place_order()
    assert book(shop, timezone="America/New_York").tables["orders"][1]["date_add"] == "2026-10-01 04:00:00"


def test_a_deleted_customer_vanishes_or_is_marked(shop):
    people = [shop.register() for _ in range(8)]
    order = shop.place_order(customer=people[0])
    for each in people:
        shop.delete_customer(each)
    shop.refund(order, amount="1")
    left = [each["deleted"] for each in book(shop).tables["customers"].values()]
    assert 0 < len(left) < 8
    assert set(left) == {1}
    assert book(shop).tables["orders"][1]["id_customer"] == 2
