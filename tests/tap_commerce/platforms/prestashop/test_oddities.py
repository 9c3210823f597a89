"""What real shops do beside what PrestaShop documents: nothing of it is lost, made up, or a reason to stop."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import UNSET

from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tap_commerce.http import Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop import raw
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
