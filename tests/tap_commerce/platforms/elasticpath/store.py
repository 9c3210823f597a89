"""A store that answers as it is told, without a network, and remembers what it was asked."""

import json
import re
from email.utils import format_datetime
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms.elasticpath.asking import ElasticPath

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
