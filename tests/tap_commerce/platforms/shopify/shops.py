"""A shop on Shopify: the sandbox's, or one that answers as it is told."""

import json
from datetime import timedelta
from types import SimpleNamespace

import msgspec

from sandbox.shop import START, Shop
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.shopify.asking import Shopify
from tap_commerce.schemas import STREAMS, schema

EVERYTHING = {name: frozenset(schema(record)["properties"]) for name, record in STREAMS.items()}


ORDERS = ("orders", "refunds", "fulfillments")


LATER = timedelta(days=400)


def tap(api, selection=None, *, opened=True, **settings):
    wire = Wire(
        user_agent="test", bounds=Bounds(seconds=1e6), sleep=api.advance, jitter=lambda seconds: seconds
    )
    made = Shopify({"api_url": api.url, "access_token": api.token, "shop": "acme"} | settings, wire)
    if opened:
        made.open(EVERYTHING if selection is None else selection)
    return made


def read(it, streams=ORDERS, start=START - LATER, end=START + LATER):
    return [record for page in it.read(streams, Window(start, end)) for record in page.records]


def plain(found):
    return {(stream, record.id): msgspec.to_builtins(record) for stream, record in found}


def lively(days=6, **facts):
    shop = Shop(seed=3, start=START, orders_per_day=12, **facts)
    shop.live(START + timedelta(days=days))
    return shop


def scripted():
    return Shop(seed=5, start=START, alive=False)


def settled(shop):
    """Let time pass, so that the search index and the children have caught up."""
    shop.advance(seconds=3600)
    return shop


def crowded():
    """One order whose every list is longer than what comes inline."""
    shop = scripted()
    order = shop.place_order([{"quantity": 30}] * 60, customer=shop.register(), pay="pending")
    for _ in range(12):
        shop.advance(seconds=60)
        shop.pay(order, "5.00")
    shop.pay(order)
    lines = [line.id for line in order.lines]
    for number in range(9):
        shop.advance(seconds=60)
        shop.refund(order, dict.fromkeys(lines[: 5 + number * 4], 1), shipping=number == 0)
        shop.ship(order, dict.fromkeys(lines[: 3 + number * 6], 1), tracking=True)
    return settled(shop)


def variables(api, operation="Orders"):
    return next(call.variables for call in api.calls if call.name == operation)


class Canned:
    """A session that answers each operation by a function of its variables, and remembers what it was asked."""

    def __init__(self, date="Fri, 20 Nov 2026 12:00:00 GMT", **operations):
        self.operations, self.asked, self.headers, self.date = operations, [], {}, date

    def request(self, method, url, *, headers, data, **_):
        asked = json.loads(data)
        name, variables = asked["operationName"], asked["variables"]
        self.asked.append((name, variables))
        body = json.dumps({"data": self.operations[name](variables)}).encode()
        return SimpleNamespace(
            status_code=200,
            headers={"Date": self.date} if self.date else {},
            raw=SimpleNamespace(read=lambda decode_content: body),
        )

    def tap(self, selection=None):
        wire = Wire(user_agent="test", session=self, bounds=Bounds(attempts=2), sleep=lambda seconds: None)
        made = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x", "shop": "acme"}, wire)
        made.open(EVERYTHING if selection is None else selection)
        return made


def scopes(variables):
    granted = ["read_orders", "read_all_orders", "read_customers"]
    return {"currentAppInstallation": {"accessScopes": [{"handle": each} for each in granted]}}


def whole(*nodes, after=None):
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def raw_order(number=1, **facts):
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": "2026-11-20T08:00:00Z",
        "processedAt": "2026-11-20T08:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z",
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "displayFulfillmentStatus": "UNFULFILLED",
        "totalPriceSet": {"shopMoney": {"amount": "100.0"}},
        **facts,
    }


def raw_line(number, current=1):
    return {"id": f"gid://shopify/LineItem/{number}", "quantity": 1, "currentQuantity": current}


NINE = "2026-11-20T09:00:00Z"


def part(*nodes, at=NINE, after=None):
    return {"node": {"updatedAt": at, "page": whole(*nodes, after=after)}}
