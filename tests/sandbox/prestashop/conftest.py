"""A client of a shop's webservice: with a key."""

import base64
import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.prestashop import PrestaShop
from tests.sandbox.asking import Asking


class Client(Asking):
    def __init__(self, api):
        super().__init__(api)
        self.key = api.key

    def get(self, path, query=None, headers=None, method="GET"):
        path = urlsplit(self.api.url).path + path + ("?" + urlencode(query) if query else "")
        said = {**({} if self.key is None else basic(self.key)), **(headers or {})}
        return self.send(method, path, headers=said)

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
def ask(shop):
    """A client of that shop."""
    with PrestaShop(shop) as api:
        yield Client(api)


SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture
def sample():
    """Read an answer that PrestaShop's own classes gave."""
    return lambda name: json.loads((SAMPLES / name).read_text(encoding="utf-8"))
