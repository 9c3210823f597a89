"""A client that asks the sandbox as any client would: over HTTP, one question at a time."""

import base64
import http.client
import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.prestashop import PrestaShop
from sandbox.shop import Shop


class Client:
    def __init__(self, api):
        self.api, self.key = api, api.key
        self.status, self.headers, self.body = 0, {}, b""

    def get(self, path, query=None, headers=None, method="GET"):
        split = urlsplit(self.api.url)
        connection = http.client.HTTPConnection(split.netloc, timeout=10)
        said = {**({} if self.key is None else basic(self.key)), **(headers or {})}
        try:
            connection.request(
                method, split.path + path + ("?" + urlencode(query) if query else ""), None, said
            )
            answer = connection.getresponse()
            self.status, self.headers = answer.status, dict(answer.getheaders())
            self.body = answer.read()
        finally:
            connection.close()
        return self.body

    def __call__(self, resource, query=None, /, **more):
        body = self.get(f"/api/{resource}", {"output_format": "JSON", **(query or {}), **more})
        return json.loads(body)

    def rows(self, resource, query=None, /, **more):
        """Return the rows of a list, none for PrestaShop's empty list."""
        said = self(resource, query, **{"display": "full", **more})
        return next(iter(said.values())) if said else []

    def ids(self, resource, query=None, /, **more):
        return [each["id"] for each in self.rows(resource, query, **{"display": "[id]", **more})]

    def code(self, resource, query=None, /, **more):
        """Return status and code of a refusal."""
        said = self(resource, query, **more)
        return self.status, said["errors"][0]["code"]


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.fixture
def client():
    return Client


@pytest.fixture
def shop():
    """A shop in which only scripted things happen."""
    return Shop(1, alive=False)


@pytest.fixture
def ask(shop):
    """A client of that shop."""
    with PrestaShop(shop) as api:
        yield Client(api)


@pytest.fixture(scope="session")
def lively():
    """A shop with twelve days of a quick life. Nobody may change it."""
    shop = Shop(5, pace=0.3, orders_per_day=20, max_lines=60)
    shop.advance(12 * 86400)
    return shop


SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture
def sample():
    """Read an answer that PrestaShop's own classes gave."""
    return lambda name: json.loads((SAMPLES / name).read_text(encoding="utf-8"))
