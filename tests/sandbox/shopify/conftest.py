"""A client that asks the sandbox as any client would: over HTTP, one question at a time."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from sandbox.shop import Shop


class Client:
    def __init__(self, api, version="2026-10"):
        self.api, self.token, self.version = api, "t", version
        self.status, self.headers, self.body = 0, {}, b""

    def post(self, path, body, headers=None):
        connection = http.client.HTTPConnection(urlsplit(self.api.url).netloc, timeout=10)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            self.status, self.headers = answer.status, dict(answer.getheaders())
            self.body = answer.read()
        finally:
            connection.close()
        return self.body

    def __call__(self, text, name=None, /, **variables):
        body = {"query": text, "variables": variables} | ({"operationName": name} if name else {})
        path = f"/admin/api/{self.version}/graphql.json"
        self.post(path, json.dumps(body), {"X-Shopify-Access-Token": self.token})
        return json.loads(self.body)

    def pages(self, text, name=None, /, root="orders", **variables):
        after = None
        while True:
            page = self(text, name, after=after, **variables)["data"][root]
            yield page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


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
