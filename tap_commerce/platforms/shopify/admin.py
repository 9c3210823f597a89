"""One question to Shopify's Admin API, asked patiently: when its bucket holds enough, with a token that is valid.

What the answer says is read in `answers`, and nowhere else.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tap_commerce.errors import Throttled, Unauthorized, Unavailable
from tap_commerce.http import Answer, Wire
from tap_commerce.platforms.shopify.answers import Reply, read
from tap_commerce.platforms.shopify.documents import document
from tap_commerce.platforms.shopify.pacing import Bucket
from tap_commerce.platforms.shopify.tokens import Token

T = TypeVar("T")

log = logging.getLogger("tap_commerce.shopify")


class Admin:
    """The Admin API of one shop in one version."""

    def __init__(self, wire: Wire, base: str, version: str, token: Token) -> None:
        self.wire = wire
        self.bucket = Bucket(wire.clock)
        self._url = f"{base}/admin/api/{version}/graphql.json"
        self._version = version
        self._token = token
        self._warned: set[str] = set()

    def ask(
        self,
        operation: str,
        variables: Callable[[], Mapping[str, Any]],
        kind: type[T],
        *,
        expected: float = 0.0,
        on_server_error: Callable[[], None] = lambda: None,
    ) -> Reply[T]:
        """Ask, patiently, for what `kind` describes.

        `variables` are taken anew for each attempt, and `on_server_error` is called after each one that failed at the server,
        so that the next can ask for less. `expected` are the points that it will probably request.
        """

        def attempt() -> Reply[T]:
            if wait := min(self.bucket.lacking(expected), self.wire.bounds.seconds):
                self.wire.sleep(wait)
            try:
                return self._once(operation, variables(), kind)
            except Throttled:
                raise
            except Unavailable:
                on_server_error()
                raise

        return self.wire.persist(attempt)

    def warn_once(self, message: str) -> None:
        """Warn, but not again."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message)

    def _once(self, operation: str, variables: Mapping[str, Any], kind: type[T]) -> Reply[T]:
        body = msgspec.json.encode(
            {"query": document(self._version, operation), "operationName": operation, "variables": variables}
        )
        try:
            answer = self._post(body)
        except Unauthorized:
            if not self._token.renew():
                raise
            answer = self._post(body)
        served = answer.headers.get("X-Shopify-API-Version", self._version)
        if served != self._version:
            self.warn_once(
                f"Shopify served API version {served} instead of {self._version}: set api_version to one that it supports"
            )
        reply = read(answer.body, kind, operation)
        reply.seconds = answer.seconds
        self.bucket.saw(reply.cost)
        return reply

    def _post(self, body: bytes) -> Answer:
        return self.wire.ask(
            "POST",
            self._url,
            headers={"Content-Type": "application/json", "X-Shopify-Access-Token": self._token.current()},
            body=body,
        )
