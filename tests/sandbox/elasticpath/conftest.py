"""A client of a store: with a token of its own."""

import json
from urllib.parse import urlencode

import pytest

from tests.sandbox.asking import Asking


class Client(Asking):
    """Asks with a token of its own."""

    def __init__(self, api, **form):
        super().__init__(api)
        self.token = None
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
        return json.loads(self.send(method, path, body, headers))

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
