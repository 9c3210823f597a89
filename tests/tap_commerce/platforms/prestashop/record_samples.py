"""Record raw answers for the golden samples: each case is a scripted shop, asked for the tap's own fields.

    python -m tests.tap_commerce.platforms.prestashop.record_samples

The expected records beside them are written by `pytest --regenerate`.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal

import requests

from sandbox.prestashop import PrestaShop
from sandbox.shop import Shop
from tap_commerce.platforms.prestashop import raw
from tests.tap_commerce.platforms.samples import keep

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
KINDS = (
    raw.Order, raw.Detail, raw.Slip, raw.History, raw.Parcel, raw.Payment, raw.OrderRule, raw.Rule, raw.Customer, raw.Address,
    raw.State, raw.Configuration, raw.Currency, raw.Country, raw.Region, raw.Carrier, raw.Language,
)  # fmt: skip
NAMED = ("PS_OS_DELIVERED", "PS_OS_CANCELED", "PS_OS_REFUND", "PS_TIMEZONE", "PS_SHOP_NAME")


def guest(shop):
    shop.place_order(2, email="gast@example.com")


def voucher(shop):
    shop.place_order(2, customer=shop.register(), codes=["WELCOME10"])


def free_shipping(shop):
    shop.place_order(3, customer=shop.register(), codes=["FREESHIP"])


def shipped_and_delivered(shop):
    order = shop.place_order(2, customer=shop.register(), pay="authorization")
    shop.advance(seconds=3600)
    shop.pay(order)
    parcel = shop.ship(order)
    shop.advance(seconds=3600)
    shop.track(parcel)
    shop.advance(seconds=86400)
    shop.progress(parcel, "delivered")


def two_parcels(shop):
    order = shop.place_order([{"quantity": 3}, {"quantity": 2}], customer=shop.register())
    shop.advance(seconds=3600)
    shop.ship(order, {order.lines[0].id: 2}, tracking=True)
    shop.advance(seconds=7200)
    shop.ship(order, tracking=True)


def two_slips(shop):
    order = shop.place_order(
        [{"price": "40.00", "quantity": 3}, {"price": "19.99", "quantity": 1}], customer=shop.register()
    )
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1})
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1, order.lines[1].id: 1}, shipping=True)


def amount_only(shop):
    order = shop.place_order(2, customer=shop.register())
    shop.advance(seconds=3600)
    shop.refund(order, amount=Decimal("7.30"))


def paid_back(shop):
    """Everything, of three orders: by slip, by state or by both, as the seed has it."""
    for _ in range(3):
        order = shop.place_order(1, customer=shop.register())
        shop.advance(seconds=3600)
        shop.refund(order, {each.id: each.quantity for each in order.lines}, shipping=True)
        shop.advance(seconds=3600)


def cancelled(shop):
    order = shop.place_order(2, customer=shop.register(), pay="pending")
    shop.advance(seconds=3600)
    shop.cancel(order)


def yen(shop):
    shop.place_order(2, customer=shop.register(), currency="JPY")


def test_order(shop):
    shop.place_order(1, test=True, email="bogus@example.com", gateway="bogus")


def zero_value(shop):
    shop.place_order(1, customer=shop.register(), free=True)


CASES = {
    guest: {},
    voucher: {},
    free_shipping: {},
    shipped_and_delivered: {},
    two_parcels: {},
    two_slips: {"version": "8.2.1"},
    amount_only: {"version": "1.7"},
    paid_back: {},
    cancelled: {"version": "1.7", "languages": 2, "state_ids": 40},
    yen: {"version": "8.2.1"},
    test_order: {},
    zero_value: {},
}

FROM_ELSEWHERE = {"reference_9.0.3", "reference_8.2.1"}
"""Cases that are not made here: their rows are PrestaShop's own, but that their `order_details` were made from their `order_rows`."""


def record(script, options):
    shop = Shop(seed=5, start=START, alive=False)
    script(shop)
    shop.advance(seconds=60)
    with PrestaShop(shop, **options) as api:
        answers = {kind.RESOURCE: ask(api, kind) for kind in KINDS}
    keep("prestashop", script.__name__, json.dumps(answers, indent=1, ensure_ascii=False))


def ask(api, kind):
    query = {
        "output_format": "JSON",
        # As the tap asks where no setting names these.
        "display": raw.display(kind, frozenset(raw.BY_NAME) if kind is raw.Customer else frozenset()),
        "sort": "[id_ASC]",
        "limit": "1000",
    }
    if kind is raw.Configuration:
        query["filter[name]"] = f"[{'|'.join(NAMED)}]"
    answer = requests.get(f"{api.url}/api/{kind.RESOURCE}", params=query, auth=(api.key, ""), timeout=10)
    assert answer.ok, answer.text
    return answer.json()


if __name__ == "__main__":
    for script, options in CASES.items():
        record(script, options)
