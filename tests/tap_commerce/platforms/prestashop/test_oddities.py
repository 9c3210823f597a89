"""What real shops do beside what PrestaShop documents: nothing of it is lost, made up, or a reason to stop."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import UNSET

from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tap_commerce.http import Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop import raw, values
from tap_commerce.platforms.prestashop.asking import PrestaShop
from tap_commerce.platforms.prestashop.meanings import Meanings
from tap_commerce.platforms.prestashop.translating import Family
from tap_commerce.platforms.prestashop.translating.refunds import slip_total, steps
from tap_commerce.schemas import STREAMS, schema

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
EVERYTHING = {name: frozenset(schema(kind)["properties"]) for name, kind in STREAMS.items()}


def made(**options):
    return Shop(start=START, alive=False, **options)


def opened(api, selection=None, **settings):
    it = PrestaShop(
        api.settings | {"shop": "acme", "tracking_days": 14} | settings,
        Wire(user_agent="test", sleep=lambda _: None),
    )
    it.open(EVERYTHING if selection is None else selection)
    return it


def tables(api):
    return api.book.read(api.shop.history).tables


def read(it, stream, start=START, end=None, cursors=()):
    window = Window(start, end or it.now() - it.lag, dict(cursors))
    return [record for page in it.read((stream,), window) for _, record in page.records]


# People who were erased


@pytest.mark.parametrize("readable", [True, False], ids=["by the configuration", "by the e-mail"])
def test_the_person_to_whom_the_privacy_module_gives_orders_of_erased_people_is_nobody(readable):
    """The module makes up a customer called Anonymous, who would else buy whatever anybody bought who is gone."""
    shop = made()
    for _ in range(2):
        shop.place_order([{"price": "10.00", "quantity": 1}], customer=shop.register("Ann", "Lee"))
    shop.rest(60)
    with Api(shop) as api:
        held = tables(api)
        nobody = held["orders"][1]["id_customer"]
        held["customers"][nobody].update(
            firstname="Anonymous", lastname="Anonymous", email="anonymous@psgdpr.com", active=0
        )
        for each in held["addresses"].values():
            if each["id_customer"] == nobody:
                each.update(city="Anonymous", phone="0000000000", phone_mobile="0000000000")
        if readable:
            number = max(held["configurations"]) + 1
            held["configurations"][number] = held["configurations"][1] | {
                "id": number, "name": "PSGDPR_ANONYMOUS_CUSTOMER", "value": str(nobody),
            }  # fmt: skip
            held["customers"][nobody]["email"] = "nobody@shop.example"
        it = opened(api)
        assert nobody not in {int(each.id) for each in read(it, "customers")}
        gone, other = read(it, "orders")
    assert (gone.customer, gone.billing_address, gone.shipping_address, gone.phone) == (UNSET,) * 4
    assert (other.customer.first_name, bool(other.billing_address)) == ("Ann", True)


# Money


@pytest.mark.parametrize("amount", ["12.35", "12.34", "10.29", "10.30"])
def test_an_amount_that_was_rounded_was_not_chosen_so_that_its_shipping_counts(amount):
    """PrestaShop rounds half a cent up, and merchants may set it otherwise."""
    slip = raw.Slip(
        id=1,
        total_products_tax_incl=Decimal("12.345000"),
        total_products_tax_excl=Decimal("10.295000"),
        total_shipping_tax_incl=Decimal(5),
        amount=Decimal(amount),
    )
    assert slip_total(slip) == Decimal("17.345")


def test_a_slip_that_does_not_say_when_it_was_made_counts_from_its_last_change():
    slip = raw.Slip(
        id=1,
        id_order=1,
        amount=Decimal(5),
        date_add=None,
        date_upd=datetime(2026, 10, 2, 9),  # noqa: DTZ001
    )
    family = Family(order=raw.Order(id=1), slips=[slip])
    assert [(each.at, each.to_date) for each in steps(family, Meanings([], {}, {}))] == [(slip.date_upd, 5)]


# What belongs to an order


def test_whose_payments_a_cut_reference_means_nobody_knows():
    """Shops with references of their own: cut to nine characters they would be those of all orders of a year."""
    shop = made()
    for _ in range(2):
        shop.place_order(1)
    shop.rest(60)
    with Api(shop) as api:
        held = tables(api)
        for number, payment in ((1, "Card"), (2, "Wire")):
            held["orders"][number].update(reference=f"ORD-2026-000{number}", payment=payment)
            held["order_payments"][number].update(order_reference="ORD-2026-", payment_method=payment)
        assert [each.payment_methods for each in read(opened(api), "orders")] == [["Card"], ["Wire"]]


def test_that_a_voucher_is_gone_does_not_say_that_there_was_none():
    """The privacy module deletes a person's vouchers; merchants tidy up after a sale."""
    shop = made()
    shop.place_order([{"price": "50.00", "quantity": 1}], codes=["WELCOME10"])
    shop.rest(60)
    with Api(shop) as api:
        tables(api)["cart_rules"].clear()
        (order,) = read(opened(api), "orders")
    assert order.coupons is UNSET
    assert order.discount == 5


def test_an_order_that_is_still_being_written_is_left_to_the_next_poll():
    """PrestaShop writes the order, its lines, and then its first state, in no transaction; modules make that slow."""
    shop = made()
    for _ in range(2):
        shop.place_order(1)
    shop.rest(60)
    with Api(shop) as api:
        held = tables(api)
        first = next(each for each in held["order_histories"].values() if each["id_order"] == 1)
        del held["order_histories"][first["id"]]
        held["orders"][1]["current_state"] = 0
        assert [each.id for each in read(opened(api), "orders")] == ["2"]
        shop.rest(1200)
        assert [each.id for each in read(opened(api), "orders")] == ["1", "2"], "a module that broke off"


def test_a_carrier_that_is_newer_than_the_run_leaves_unknown_where_a_parcel_can_be_followed():
    shop = made()
    shop.ship(shop.place_order([{"price": "50.00", "quantity": 1}]), tracking=True)
    shop.rest(60)
    with Api(shop) as api:
        it = opened(api)
        (before,) = read(it, "fulfillments")
        held = tables(api)
        (parcel,) = held["order_carriers"].values()
        number = max(held["carriers"]) + 1
        held["carriers"][number] = held["carriers"][parcel["id_carrier"]] | {"id": number}
        parcel["id_carrier"] = number
        it._parcels._tracking_read = False
        (during,) = read(it, "fulfillments")
        (after,) = read(opened(api), "fulfillments")
    assert before.tracking_urls
    assert (during.tracking_urls, during.company) == (UNSET, UNSET)
    assert after.tracking_urls == before.tracking_urls


# States


def test_a_module_that_names_no_state_says_nothing_of_what_is_in_none():
    """Configuration values of modules that were taken away stand there as 0."""
    assert Meanings([], {"PS_CHECKOUT_STATE_AUTHORIZED": "0"}, {}).states("authorized") == []


def test_how_far_the_history_counts_is_kept_from_a_first_reading_that_breaks_off():
    """Else an entry that a module wrote meanwhile, without its order, would lead nowhere."""
    shop = made()
    for _ in range(6):
        shop.place_order([{"price": "50.00", "quantity": 1}])
        shop.advance(seconds=60)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        it = opened(api, page_size=2)
        window = Window(START, it.now() - it.lag)
        cursors, reached = {}, START
        for page in it.read(("fulfillments",), window):
            cursors |= page.cursors
            reached = page.oldest or reached
            if reached > START:
                break
        held = tables(api)["order_histories"]
        last = max(held)
        held[last + 1] = held[last] | {
            "id": last + 1, "id_order": 1, "id_order_state": 4, "date_add": "2026-10-02 09:00:00",
        }  # fmt: skip
        told = read(opened(api), "fulfillments", start=reached, cursors=cursors)
    assert [each.order_id for each in told] == ["1"]


@pytest.mark.parametrize("value", ["2023-00-00 00:00:00", "0000-00-00", "2023-02-00 00:00:00"])
def test_half_a_date_is_none(value):
    """MySQL keeps such dates, of imports."""
    assert values.shown(value) is None


# Credit slips as the back office makes them: src/Adapter/Order/Refund/OrderRefundCalculator.php and OrderSlipCreator.php


def credited(*lines, order_discount="10.00", **columns):
    """A slip, of lines worth (with tax, without)."""
    slip = raw.Slip(
        id=1,
        order_slip_details=[
            raw.SlipDetail(
                id=1,
                id_order_detail=9,
                product_quantity=1,
                amount_tax_incl=Decimal(incl),
                amount_tax_excl=Decimal(excl),
            )
            for incl, excl in lines
        ],
        date_add=datetime(2026, 10, 2, 9),  # noqa: DTZ001
        **{name: Decimal(value) for name, value in columns.items()},
    )
    order = raw.Order(id=1, total_discounts_tax_incl=Decimal(order_discount))
    (step,) = steps(Family(order=order, slips=[slip]), Meanings([], {}, {}))
    return step.to_date


def test_shipping_comes_on_top_of_an_amount_that_was_chosen():
    total = credited(
        ("24.00", "20.00"),
        total_products_tax_incl="24.00",
        total_products_tax_excl="20.00",
        total_shipping_tax_incl="6.00",
        total_shipping_tax_excl="5.00",
        amount="15.00",
    )
    assert total == 21


@pytest.mark.parametrize(
    ("columns", "total"),
    [
        # Prices are shown with tax: the voucher is taken off the column without, and the other keeps the full value.
        ({"total_products_tax_incl": "120.00", "total_products_tax_excl": "90.00", "amount": "120.00"}, 110),
        # Without: off the column with.
        ({"total_products_tax_incl": "110.00", "total_products_tax_excl": "100.00", "amount": "100.00"}, 110),
        # What differs by anything else than the voucher is not explained by it.
        ({"total_products_tax_incl": "120.00", "total_products_tax_excl": "97.00", "amount": "120.00"}, 120),
        ({"total_products_tax_incl": "120.00", "total_products_tax_excl": "100.00", "amount": "120.00"}, 120),
    ],
    ids=["with tax", "without tax", "something else", "no voucher deducted"],
)
def test_a_voucher_that_was_not_given_back_is_not_told_as_given_back(columns, total):
    assert credited(("72.00", "60.00"), ("48.00", "40.00"), **columns) == total
