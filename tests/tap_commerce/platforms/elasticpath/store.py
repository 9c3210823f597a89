"""A store that answers as it is told, without a network, and remembers what it was asked; and the sandbox's."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.shop import START, Shop
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.elasticpath.asking import ElasticPath
from tap_commerce.schemas import STREAMS, schema

URL = "https://store.test"


SETTINGS = {"api_url": URL, "shop": "acme", "client_id": "id", "client_secret": "s3cret"}


class Store:
    """A session: `answers` is what each path answers, a body or a function of the query; a `(status, body)` is a refusal."""

    def __init__(self, now, **answers):
        self.headers, self.auth, self.asked, self.now = {}, None, [], now
        self.slept = []
        self.answers = {
            "/oauth/access_token": {"access_token": "t1", "expires_in": 3600},
            "/v2/currencies": {"data": [{"code": "EUR", "decimal_places": 2}]},
            "/v2/orders": {"data": []},
            "/v2/customers": {"data": []},
            "/v2/personal-data/erasure-requests": {"data": []},
        } | answers

    def request(self, method, url, *, headers, data, **_):
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self.asked.append(
            SimpleNamespace(method=method, path=parts.path, query=query, headers=headers, body=data)
        )
        found = self._found(parts.path)
        said = found(query) if callable(found) else found
        status, body = said if isinstance(said, tuple) else (200, said)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return SimpleNamespace(
            status_code=status,
            headers={"Date": format_datetime(self.now.replace(microsecond=0), usegmt=True)},
            raw=SimpleNamespace(read=lambda decode_content: content),
        )

    def mount(self, prefix, adapter):
        """Take another adapter, as a real session does; there is no network to speak of."""

    def paths(self):
        return [each.path for each in self.asked]

    def wire(self, **bounds):
        return Wire(
            user_agent="test",
            bounds=Bounds(**({"seconds": 1e6} | bounds)),
            session=self,
            sleep=self.slept.append,
            clock=lambda: 0.0,
            jitter=lambda seconds: seconds,
        )

    def tap(self, **settings):
        return ElasticPath(SETTINGS | {"requests_per_second": 1e6} | settings, self.wire())

    def _found(self, path):
        if path in self.answers:
            return self.answers[path]
        for pattern, answer in self.answers.items():
            if match := re.fullmatch(pattern, path):
                return answer(*match.groups()) if callable(answer) and match.groups() else answer
        return 404, {"errors": [{"status": "404", "title": "Not Found"}]}


def order(identity, updated_at, *, items=(), **more):
    return {
        "type": "order",
        "id": identity,
        "status": "complete",
        "payment": "paid",
        "shipping": "unfulfilled",
        "customer": {"name": "Ron", "email": "ron@example.com"},
        "meta": {
            "display_price": {"with_tax": {"amount": 1000, "currency": "EUR"}},
            "timestamps": {"created_at": "2026-10-01T08:00:00.000Z", "updated_at": updated_at},
        },
        "relationships": {"items": {"data": [{"type": "item", "id": each} for each in items]}},
        **more,
    }


def person(identity, updated_at, **more):
    times = {"created_at": "2026-09-01T00:00:00.000Z", "updated_at": updated_at}
    return {
        "id": identity,
        "name": f"N {identity}",
        "email": f"{identity}@e.com",
        "meta": {"timestamps": times},
        **more,
    }


def listed(rows, *, counted=True):
    """Answer a list as the service does: filtered by `updated_at`, newest first, a page of it."""

    def answer(query):
        there = sorted(rows, key=changed, reverse=True)
        for how, bound in re.findall(r'(ge|lt)\(updated_at,"(.+?)"\)', query.get("filter", "")):
            there = [each for each in there if (changed(each) < bound) == (how == "lt")]
        offset, limit = int(query.get("page[offset]", 0)), int(query.get("page[limit]", 25))
        total = {"meta": {"results": {"total": len(there)}}} if counted else {}
        return {"data": there[offset : offset + limit], **total}

    return answer


def changed(row):
    return row["meta"]["timestamps"]["updated_at"]


NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)


EVERYTHING = {name: frozenset(schema(record)["properties"]) for name, record in STREAMS.items()}


BARE = {"orders": frozenset({"total"})}


ORDERS = ("orders", "refunds", "fulfillments")


LATER = timedelta(days=400)


DAY = Window(NOW - timedelta(days=1), NOW)


MEMBERS = {"customer_source": "account_members"}


def opened(store, selection=BARE, **settings):
    """A platform that was opened while the store was still empty."""
    it, answers = store.tap(**settings), store.answers
    empty = {"data": []}
    lists = ("/v2/orders", "/v2/customers", "/v2/accounts", "/v2/account-members")
    store.answers = answers | dict.fromkeys(lists, empty)
    it.open(selection)
    store.answers = answers
    store.asked.clear()
    return it


def read(it, streams=ORDERS, start=START - LATER, end=START + LATER):
    return [record for page in it.read(streams, Window(start, end)) for record in page.records]


def ids(it, streams=("orders",), window=DAY):
    return [record.id for page in it.read(streams, window) for _, record in page.records]


def at(minutes):
    return (DAY.start + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stocked(rows, **answers):
    return Store(
        NOW,
        **{
            "/v2/orders": listed(rows),
            r"/v2/orders/[^/]+/transactions": {"data": []},
            r"/v2/orders/[^/]+/shipping-groups": {"data": []},
            r"/v2/orders/[^/]+/items": {"data": []},
            **answers,
        },
    )


def item(identity):
    return {"id": identity, "product_id": "p", "quantity": 1, "name": "N"}


def transaction(identity="t", *, changed_at, **more):
    times = {"created_at": "2026-10-01T08:00:01Z", "updated_at": changed_at}
    return {"id": identity, "amount": 1000, "refunded_amount": 0, "currency": "EUR", "transaction_type": "purchase", "status": "complete", "meta": {"timestamps": times}, **more}  # fmt: skip


def sandbox(api, selection=EVERYTHING, **settings):
    wire = Wire(
        user_agent="test", bounds=Bounds(seconds=1e6), sleep=api.advance, jitter=lambda seconds: seconds
    )
    it = ElasticPath(api.settings | {"shop": "acme", "requests_per_second": 1e6} | settings, wire)
    it.open(selection)
    return it


def lively(days=3, **facts):
    shop = Shop(seed=3, start=START, orders_per_day=12, max_lines=12, **facts)
    shop.live(START + timedelta(days=days))
    shop._life = None
    shop.advance(seconds=120)
    return shop


def plain(found):
    return {(stream, record.id): msgspec.to_builtins(record) for stream, record in found}
