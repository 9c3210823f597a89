"""Record raw answers for the golden samples: each case is a scripted shop, asked as the tap asks.

    python -m tests.tap_commerce.platforms.elasticpath.record_samples

The expected records beside them are written by `pytest --regenerate`.
"""

import json
from datetime import UTC, datetime

import requests

from sandbox.elasticpath import ElasticPath
from sandbox.shop import Shop
from tests.tap_commerce.platforms.samples import keep

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
PEOPLE = {"customers": "customers", "accounts": "accounts", "account_members": "account-members"}


def guest(shop, _):
    shop.place_order(2, email="gast@example.com", attributes=(("anonymous_id", "a-1"),))


def pending(shop, _):
    shop.place_order(1, customer=shop.register(), pay="pending")


def captured(shop, _):
    order = shop.place_order(1, customer=shop.register("Åsa", "Ødegård 🎉"), pay="authorization")
    shop.advance(seconds=7200)
    shop.pay(order)


def authorized(shop, _):
    shop.place_order(1, customer=shop.register(), pay="authorization")


def partly_paid(shop, _):
    order = shop.place_order([{"price": "40.00", "quantity": 2}], customer=shop.register(), pay=None)
    shop.advance(seconds=600)
    shop.pay(order, "30.00")


def paid_in_parts(shop, _):
    order = shop.place_order([{"price": "40.00", "quantity": 2}], customer=shop.register(), pay=None)
    for part in ("30.00", None):
        shop.advance(seconds=600)
        shop.pay(order, part)


def coupons(shop, _):
    shop.place_order(
        [{"price": "40.00", "quantity": 2}, {"price": "9.99", "quantity": 1}],
        customer=shop.register(),
        codes=["WELCOME10"],
    )


def two_refunds(shop, _):
    order = shop.place_order([{"price": "40.00", "quantity": 2}], customer=shop.register())
    for amount in ("20.00", "65.00"):
        shop.advance(seconds=3600)
        shop.refund(order, amount=amount)


def yen(shop, _):
    order = shop.place_order(2, customer=shop.register(), currency="JPY")
    shop.advance(seconds=3600)
    shop.refund(order, {order.lines[0].id: 1})


def free(shop, _):
    shop.place_order(1, customer=shop.register(), free=True)


def cancelled(shop, _):
    order = shop.place_order(1, customer=shop.register(), pay="authorization")
    shop.advance(seconds=3600)
    shop.cancel(order)


def split_shipment(shop, _):
    order = shop.place_order(
        [{"price": "40.00", "quantity": 2}, {"price": "9.99", "quantity": 1}], customer=shop.register()
    )
    shop.advance(seconds=3600)
    shop.ship(order, {order.lines[0].id: 2}, tracking=True)
    shop.advance(seconds=3600)
    shop.ship(order, tracking=True)


def one_parcel(shop, _):
    order = shop.place_order(1, customer=shop.register())
    shop.advance(seconds=3600)
    shop.ship(order)


def cart_group(shop, _):
    order = shop.place_order(2, customer=shop.register(), codes=["FREESHIP"])
    shop.advance(seconds=3600)
    shop.ship(order, tracking=True)


def other_spellings(shop, _):
    split_shipment(shop, None)


def account(shop, _):
    shop.place_order(1, customer=shop.register())


def anonymized(shop, api):
    order = shop.place_order(1, customer=shop.register())
    shop.advance(seconds=3600)
    shop.ship(order)
    shop.advance(seconds=3600)
    api.book.anonymize(order)
    shop.advance(seconds=60)


def erased(shop, api):
    for name in ("Anna", "Berta"):
        shop.register(name)
    shop.advance(seconds=3600)
    api.book.erase(next(iter(shop.customers)))
    shop.advance(seconds=3600)


CASES = {
    guest: {},
    pending: {},
    authorized: {},
    captured: {},
    partly_paid: {},
    paid_in_parts: {},
    coupons: {},
    two_refunds: {},
    yen: {},
    free: {},
    cancelled: {},
    split_shipment: {},
    one_parcel: {"groups": False},
    cart_group: {"groups": "checkout"},
    other_spellings: {
        "hyphens": True, "camel": True, "offset": "-07:00", "instants": "s", "status_as": "string", "links": False,
    },
    account: {"buyers": "accounts"},
    anonymized: {},
    erased: {},
}  # fmt: skip

FROM_ELSEWHERE = {
    "reference",
    "reference_refunded",
    "reference_customers",
    "reference_accounts",
    "reference_account_members",
}
"""Cases that are not made here: Elastic Path's own answers."""


def main():
    for story, options in CASES.items():
        shop = Shop(seed=7, start=START, alive=False, taxes_included=story is not coupons)
        with ElasticPath(shop, rate=None, index_lag=0, **options) as api:
            story(shop, api)
            shop.advance(seconds=120)
            token = requests.post(
                f"{api.url}/oauth/access_token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": api.client_id,
                    "client_secret": api.client_secret,
                },
                timeout=9,
            ).json()["access_token"]

            def get(path, *, url=api.url, token=token):
                answer = requests.get(f"{url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=9)
                answer.raise_for_status()
                # The port is another one each time.
                return json.loads(answer.text.replace(url, "https://euwest.api.elasticpath.com"))

            answers = of_people(get) if story is erased else of_orders(get)
            keep("elasticpath", story.__name__, json.dumps(answers, indent=1, ensure_ascii=False))


def of_people(get):
    return {
        "customers": get("/v2/customers?page[limit]=100"),
        "erasure_requests": get("/v2/personal-data/erasure-requests"),
    }


def of_orders(get):
    orders = get("/v2/orders?include=items&page[limit]=25")
    answers = {"orders": orders, "currencies": get("/v2/currencies")}
    for name in ("transactions", "shipping-groups"):
        belong = [row for each in orders["data"] for row in get(f"/v2/orders/{each['id']}/{name}")["data"]]
        answers[name.replace("-", "_")] = {"data": belong}
    return answers


if __name__ == "__main__":
    main()
