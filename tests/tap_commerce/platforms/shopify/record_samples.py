"""Record raw answers for the golden samples: each case is a scripted shop, asked with the tap's own document.

    python -m tests.tap_commerce.platforms.shopify.record_samples

The expected records beside them are written by `pytest --regenerate`.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal

import requests

from sandbox.shop import Shop
from sandbox.shopify import Shopify
from tap_commerce.platforms.shopify.documents import document
from tests.tap_commerce.platforms.samples import keep

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
PARTS = [
    "orders",
    "lines",
    "products",
    "customer",
    "metafields",
    "journey",
    "places",
    "payments",
    "refunds",
    "returns",
    "fulfillments",
]
LONG = 250


def guest(shop):
    shop.place_order(2, email="gast@example.com", attributes=(("anonymous_id", "a-1"),))


def pos(shop):
    shop.place_order(1, source="pos", customer=shop.register(), tip="1.50")


def test_order(shop):
    shop.place_order(1, test=True, email="bogus@example.com", gateway="bogus")


def many_lines(shop):
    shop.place_order(300, customer=shop.register("Åsa", "Ødegård 🎉"))


def yen(shop):
    order = shop.place_order(2, customer=shop.register(), currency="EUR", codes=["WELCOME10"])
    shop.advance(seconds=3600)
    shop.refund(order, {order.lines[0].id: 1})


def two_refunds(shop):
    order = shop.place_order(
        [{"price": "40.00", "quantity": 3}, {"price": "19.99", "quantity": 1}], customer=shop.register()
    )
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1}, note="damaged")
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1, order.lines[1].id: 1}, shipping=True)


def edited(shop):
    order = shop.place_order(
        [{"price": "30.00", "quantity": 3}, {"price": "12.50", "quantity": 2}],
        customer=shop.register(),
        codes=["WELCOME10"],
    )
    shop.advance(seconds=600)
    order = shop.edit_order(
        order, add=[{"price": "8.00", "quantity": 1}], remove={order.lines[0].id: 1, order.lines[1].id: 2}
    )
    shop.advance(seconds=600)
    shop.refund(order, {order.lines[0].id: 1})


def amount_only(shop):
    order = shop.place_order(2, customer=shop.register())
    shop.advance(seconds=3600)
    shop.refund(order, amount=Decimal("7.30"), note="sorry")


def pending_refund(shop):
    order = shop.place_order([{"price": "50.00", "quantity": 2}], customer=shop.register())
    shop.advance(seconds=3600)
    settled = shop.refund(order, {order.lines[0].id: 1}, pending=True)
    shop.advance(seconds=3600)
    shop.refund(order, amount="10.00", pending=True)
    shop.advance(seconds=7200)
    shop.settle(settled)


def zero_value(shop):
    shop.place_order(1, customer=shop.register(), free=True)


def split_shipment(shop):
    order = shop.place_order(
        [{"quantity": 3}, {"quantity": 2}], customer=shop.register(), pay="authorization"
    )
    shop.advance(seconds=3600)
    shop.pay(order)
    first = shop.ship(order, {order.lines[0].id: 2}, tracking=True)
    shop.advance(seconds=7200)
    shop.ship(order)
    shop.advance(seconds=7200)
    shop.progress(first, "in_transit")
    shop.advance(seconds=7200)
    shop.progress(first, "delivered")


def free_shipping(shop):
    shop.place_order(3, customer=shop.register(), codes=["FREESHIP"])


def cancelled(shop):
    order = shop.place_order(2, customer=shop.register())
    shop.advance(seconds=60)
    shop.cancel(order, "inventory")


def partly_paid(shop):
    order = shop.place_order([{"price": "100.00", "quantity": 1}], customer=shop.register(), pay="pending")
    shop.advance(seconds=60)
    shop.pay(order, "30.00")


CASES = (
    guest, pos, test_order, many_lines, yen, two_refunds, edited, amount_only, pending_refund, zero_value,
    split_shipment, free_shipping, cancelled, partly_paid,
)  # fmt: skip

FROM_ELSEWHERE = {"reference_orders", "reference_customers"}
"""Cases that are not made here: answers that were recorded elsewhere."""


def record(case):
    currency = "JPY" if case is yen else "EUR"
    shop = Shop(seed=5, start=START, alive=False, currency=currency, taxes_included=case is not two_refunds)
    case(shop)
    shop.advance(seconds=3600)
    with Shopify(shop) as api:
        orders = ask(api, "Orders", first=LONG, after=None, query="", **wanted())
        for node in orders["data"]["orders"]["nodes"]:
            complete(api, node)
        return {"Orders": orders}


def complete(api, node):
    """Read on, so that a sample holds a whole order, as what is translated does."""
    lines = node["lineItems"]
    while lines["pageInfo"]["hasNextPage"]:
        more = ask(
            api, "OrderLines", id=node["id"], first=LONG, after=lines["pageInfo"]["endCursor"], products=True
        )
        page = more["data"]["node"]["page"]
        lines["nodes"] += page["nodes"]
        lines["pageInfo"] = page["pageInfo"]


def wanted():
    sizes = [
        "lines",
        "shipping",
        "payments",
        "refunds",
        "refundParts",
        "fulfillments",
        "fulfillmentLines",
        "tracking",
    ]
    return (
        dict.fromkeys(PARTS, True)
        | {f"{name}First": 20 for name in sizes}
        | {"linesFirst": LONG, "metafieldKeys": ["custom.member_since"], "metafieldsFirst": 1}
    )


def ask(api, operation, **variables):
    answer = requests.post(
        f"{api.url}/admin/api/2026-10/graphql.json",
        json={"query": document("2026-10", operation), "operationName": operation, "variables": variables},
        headers={"X-Shopify-Access-Token": api.token},
        timeout=60,
    ).json()
    assert "errors" not in answer, answer
    return answer


if __name__ == "__main__":
    for case in CASES:
        indent = None if case is many_lines else 1
        keep("shopify", case.__name__, json.dumps(record(case), ensure_ascii=False, indent=indent))
