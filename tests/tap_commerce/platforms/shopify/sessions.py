"""A session that answers as it is told, and the Admin API over it."""

import json
from types import SimpleNamespace

import msgspec

from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.admin import Admin
from tap_commerce.platforms.shopify.shapes import Connection
from tap_commerce.platforms.shopify.tokens import StaticToken

COST = {
    "requestedQueryCost": 752,
    "actualQueryCost": None,
    "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 666, "restoreRate": 100.0},
}


class Orders(msgspec.Struct):
    orders: Connection[raw.Customer]


def page(*nodes, errors=None, **extensions):
    answer = {
        "data": {"orders": {"nodes": list(nodes), "pageInfo": {"hasNextPage": False}}},
        "extensions": extensions,
    }
    return json.dumps(answer | ({"errors": errors} if errors else {})).encode()


def error(code, *, data=None, path=(), **extensions):
    told = {
        "message": "Shopify's own words.",
        "path": list(path),
        "extensions": {"code": code, **extensions.pop("about", {})},
    }
    return json.dumps(
        {"errors": [told], "extensions": extensions, **({"data": data} if data else {})}
    ).encode()


class Session:
    """Answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.headers = list(answers), [], {}

    def request(self, method, url, *, headers, data, **_):
        self.asked.append(SimpleNamespace(method=method, url=url, headers=headers, body=json.loads(data)))
        status, headers, body = self.answers.pop(0)
        if isinstance(body, Exception):
            raise body
        return SimpleNamespace(
            status_code=status,
            headers=headers,
            raw=SimpleNamespace(read=lambda decode_content: body),
        )


def admin(*answers, token=None, version="2026-10"):
    session = Session(*answers)
    slept = []
    wire = Wire(
        user_agent="test",
        session=session,
        bounds=Bounds(attempts=3),
        sleep=slept.append,
        clock=lambda: 0.0,
        jitter=float,
    )
    made = token(wire) if token else StaticToken("shpat_secret")
    return Admin(wire, "https://acme.myshopify.com", version, made), session, slept


def ok(body=None, **headers):
    return 200, headers, body or page()
