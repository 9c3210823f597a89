"""A client of a shop's Admin API: with a token and a version."""

import json

import pytest

from tests.sandbox.asking import Asking


class Client(Asking):
    def __init__(self, api, version="2026-10"):
        super().__init__(api)
        self.token, self.version = "t", version

    def post(self, path, body, headers=None):
        return self.send("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

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
