"""A client that asks the sandbox as any client would: over HTTP, one question at a time."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.shop import Shop


class Client:
    """Asks with a token of its own; `status` and `headers` are those of the last answer."""

    def __init__(self, api, **form):
        self.api, self.token, self.status, self.headers = api, None, 0, {}
        if form.get("grant_type") is not None or not form:
            self.grant(**form)

    def grant(self, **form):
        body = {
            "grant_type": "client_credentials",
            "client_id": self.api.client_id,
            "client_secret": self.api.client_secret,
        } | form
        found = self.ask(
            "POST",
            "/oauth/access_token",
            urlencode(body),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.token = found.get("data", found).get("access_token")
        return found

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(urlsplit(self.api.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            self.status, self.headers = answer.status, dict(answer.getheaders())
            return json.loads(answer.read())
        finally:
            connection.close()

    def __call__(self, path, /, headers=None, **query):
        query = {
            {"limit": "page[limit]", "offset": "page[offset]"}.get(key, key): value
            for key, value in query.items()
        }
        headers = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        return self.ask("GET", f"/v2/{path}" + ("?" + urlencode(query) if query else ""), headers=headers)

    def of_order(self, order, what=""):
        return self(f"orders/{self.api.id_of('order', order.id)}{what and '/'}{what}")["data"]


@pytest.fixture
def client():
    return Client


@pytest.fixture
def shop():
    """A shop in which only scripted things happen."""
    return Shop(1, alive=False)


@pytest.fixture(scope="session")
def lively():
    """A shop with twelve days of a quick life. Nobody may change it."""
    shop = Shop(5, pace=0.3, orders_per_day=20, max_lines=60)
    shop.advance(12 * 86400)
    return shop
