"""One question to Shopify's Admin API: documents, credentials, and what its errors mean.

A GraphQL error code is read in `meaning` and nowhere else. A refused field leaves a hole in an answer, never a null.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from tap_commerce.errors import Denied, Malformed, Throttled, Unauthorized, Unavailable
from tap_commerce.http import Answer, Wire
from tap_commerce.platforms.shopify.pacing import Bucket, Cost, TooCostly

T = TypeVar("T")

VERSIONS = ("2026-04", "2026-07", "2026-10")
"""The versions that the queries were checked against (https://shopify.dev/docs/api/usage/versioning)."""

DOCUMENTS = ("shop.graphql", "orders.graphql", "nested.graphql", "customers.graphql")

DAY = 86399.0
"""Seconds that a token lives, where its answer does not say."""

RETRIED = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})

log = logging.getLogger("tap_commerce.shopify")


class Token(Protocol):
    """Where the access token comes from."""

    def current(self) -> str:
        """Return a token that should be valid now."""

    def renew(self) -> bool:
        """Get another one, after a 401; say whether that was possible."""


class StaticToken:
    """The token of the setting `access_token`."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """Return the token."""
        return self._token

    def renew(self) -> bool:
        """There is no other."""
        return False


class ClientCredentials:
    """Tokens of the client credentials grant, renewed before they expire.

    https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
    """

    def __init__(self, wire: Wire, base: str, client_id: str, client_secret: str) -> None:
        self._wire, self._url = wire, f"{base}/admin/oauth/access_token"
        self._body = msgspec.json.encode(
            {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        )
        self._token = ""
        self._until: datetime | None = None

    def current(self) -> str:
        """Return a token with some life left in it."""
        if self._until is None or self._wire.now() >= self._until:
            self.renew()
        return self._token

    def renew(self) -> bool:
        """Ask for a new token."""
        answer = self._wire.persist(self._ask)
        try:
            granted = msgspec.json.decode(answer.body, type=_Granted, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            granted = _Granted("")
        if not granted.access_token:
            raise Malformed("Shopify: the answer to the client credentials holds no access token")
        self._token = granted.access_token
        lifetime = DAY if granted.expires_in is None else granted.expires_in
        self._until = self._wire.now() + timedelta(seconds=lifetime - min(300.0, lifetime / 10))
        return True

    def _ask(self) -> Answer:
        try:
            return self._wire.ask(
                "POST",
                self._url,
                headers={"Content-Type": "application/json"},
                body=self._body,
                hint="client_id and client_secret",
            )
        except Unauthorized as error:
            # Not a token's 401, which another token might mend.
            raise Denied(str(error)) from None
        except Malformed as error:
            # Shopify answers 400 with a code such as app_not_installed.
            raise Denied(
                "Shopify refused the client credentials; check client_id and client_secret, and that the app is "
                f"installed on this shop: {_code(error)}"
            ) from None


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
        troubled: Callable[[], None] = lambda: None,
    ) -> "Said[T]":
        """Ask, patiently, for what `kind` describes.

        `variables` are taken anew for each attempt, and `troubled` is called after each one that failed at the server,
        so that the next can ask for less. `expected` are the points that it will probably request.
        """

        def attempt() -> Said[T]:
            if wait := min(self.bucket.lacking(expected), self.wire.bounds.seconds):
                self.wire.sleep(wait)
            try:
                return self._once(operation, variables(), kind)
            except Throttled:
                raise
            except Unavailable:
                troubled()
                raise

        return self.wire.persist(attempt)

    def warn_once(self, message: str) -> None:
        """Warn, but not again."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message)

    def _once(self, operation: str, variables: Mapping[str, Any], kind: type[T]) -> "Said[T]":
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
        said = _read(answer.body, kind, operation)
        said.seconds = answer.seconds
        self.bucket.saw(said.cost)
        return said

    def _post(self, body: bytes) -> Answer:
        return self.wire.ask(
            "POST",
            self._url,
            headers={"Content-Type": "application/json", "X-Shopify-Access-Token": self._token.current()},
            body=body,
        )


class Said(Struct, Generic[T]):
    """An answer that can be used."""

    data: T
    cost: Cost
    refused: tuple[str, ...] = ()
    """Fields that the app may not see, as paths without positions; they are left out of `data`."""
    seconds: float = 0.0
    """How long the answer took."""


class Error(Struct, rename="camel"):
    """One entry of `errors`."""

    message: str = ""
    path: list[str | int] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Shopify's code, such as THROTTLED."""
        return str(self.extensions.get("code", ""))


def document(version: str, operation: str) -> str:
    """Compose the document of one operation: itself, and the fragments that it reaches."""
    return _document(version, operation)


@cache
def _document(version: str, operation: str) -> str:
    definitions = _definitions(version)
    wanted, rest = {operation: definitions[operation]}, [operation]
    while rest:
        for name in _SPREAD.findall(definitions[rest.pop()]):
            if name not in wanted:
                wanted[name] = definitions[name]
                rest.append(name)
    return "\n".join(wanted.values())


@cache
def _definitions(version: str) -> dict[str, str]:
    here = files(__package__)
    text = "\n".join((here / name).read_text("utf-8") for name in (*DOCUMENTS, f"version_{version}.graphql"))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {found[1]: found[0] for found in _DEFINITION.finditer("\n".join(lines))}


_DEFINITION = re.compile(r"^(?:query|fragment) (\w+).*?^\}$", re.MULTILINE | re.DOTALL)
_SPREAD = re.compile(r"\.\.\.(?!\s*on\b)\s*(\w+)")


def meaning(errors: Iterable[Error], cost: Cost, data: Any) -> list[Error]:
    """Raise what the errors of an answer mean, or return those that only refuse a field."""
    refusals = []
    for error in errors:
        match error.code:
            case "THROTTLED":
                if cost.requested is not None and cost.maximum is not None and cost.requested > cost.maximum:
                    # No waiting will ever fill the bucket so far.
                    raise TooCostly(
                        "Shopify: a query asks for more points than the bucket holds",
                        cost=cost.requested,
                        cap=cost.maximum,
                    )
                raise Throttled(
                    "Shopify throttles: the bucket of points is empty", retry_after=cost.lacking()
                )
            case "MAX_COST_EXCEEDED":
                raise TooCostly(
                    f"Shopify: {' '.join(error.message.split())}",
                    cost=_number(error.extensions.get("cost")),
                    cap=_number(error.extensions.get("maxCost")),
                )
            case "ACCESS_DENIED":
                refusals.append(error)
            case "SHOP_INACTIVE":
                raise Denied("Shopify: the shop is not active")
            case code if code in RETRIED:
                raise Unavailable(f"Shopify: {' '.join(error.message.split())}")
            case code:
                raise Malformed(
                    f"Shopify does not understand: {' '.join(error.message.split())} {code}".rstrip()
                )
    for error in refusals:
        if not isinstance(data, dict) or not error.path or data.get(str(error.path[0])) is None:
            raise Denied(
                f"Shopify: {' '.join(error.message.split())} Grant it to the app, then install it again."
            )
    return refusals


def _read(body: bytes, kind: type[T], operation: str) -> Said[T]:
    try:
        envelope = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        return _read_slowly(body, kind, operation, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Shopify: the answer to {operation} broke off") from error
    if envelope.errors or envelope.data is None:
        return _read_slowly(body, kind, operation)
    _heed(envelope.extensions)
    return Said(data=envelope.data, cost=_cost(envelope.extensions))


def _read_slowly(body: bytes, kind: type[T], operation: str, because: Exception | None = None) -> Said[T]:
    """Read an answer that has errors: first what they mean, then, with the refused fields cut out, the rest."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Shopify: the answer to {operation} broke off") from error
    if not isinstance(answer, dict):
        raise Malformed(f"Shopify: the answer to {operation} is not an object")
    data, extensions = answer.get("data"), _extensions(answer.get("extensions"))
    refusals = meaning(_errors(answer.get("errors")), _cost(extensions), data)
    if data is None:
        raise Unavailable(f"Shopify: the answer to {operation} is empty") from because
    _heed(extensions)
    for refusal in refusals:
        _cut(data, refusal.path)
    try:
        return Said(
            data=msgspec.convert(data, kind),
            cost=_cost(extensions),
            refused=tuple(
                {".".join(str(step) for step in each.path if isinstance(step, str)): 0 for each in refusals}
            ),
        )
    except msgspec.ValidationError as error:
        raise Malformed(f"Shopify: the answer to {operation} is not as documented: {error}") from error


def _errors(told: Any) -> list[Error]:
    """Read `errors` in any of the forms that Shopify has for them: a list, but before GraphQL a text or an object."""
    if isinstance(told, dict):
        raise Malformed(f"Shopify: {'; '.join(f'{name}: {what}' for name, what in told.items())}")
    if told and not isinstance(told, list):
        raise Malformed(f"Shopify: {told}")
    found = []
    for each in told or ():
        if not isinstance(each, dict):
            raise Malformed(f"Shopify: {each}")
        path, extensions = each.get("path"), each.get("extensions")
        found.append(
            Error(
                str(each.get("message") or ""),
                path if isinstance(path, list) else [],
                extensions if isinstance(extensions, dict) else {},
            )
        )
    return found


def _cut(data: Any, path: list[str | int]) -> None:
    """Cut out what an error names. A null further up means that the refusal has spread that far: cut there."""
    last = len(path) - 1
    for place, step in enumerate(path):
        if isinstance(data, list) and isinstance(step, int):
            data = data[step] if step < len(data) else None
        elif isinstance(data, dict) and (place == last or data.get(str(step)) is None):
            data.pop(str(step), None)
            return
        elif isinstance(data, dict):
            data = data[str(step)]
        if data is None:
            return


def _heed(extensions: "_Extensions | UnsetType | None") -> None:
    """Refuse a search that Shopify only half understood: it finds other rows than those asked for."""
    for search in (extensions.search or ()) if extensions else ():
        if search.warnings:
            raise Malformed(
                f"Shopify did not understand the search {search.query!r}: {search.warnings[0].message}"
            )


def _cost(extensions: "_Extensions | UnsetType | None") -> Cost:
    if not extensions or not extensions.cost:
        return Cost()
    cost, status = extensions.cost, extensions.cost.throttle_status
    if status is None:
        return Cost(cost.requested_query_cost)
    return Cost(
        cost.requested_query_cost, status.currently_available, status.maximum_available, status.restore_rate
    )


class _Throttle(Struct, rename="camel", gc=False):
    maximum_available: float | None = None
    currently_available: float | None = None
    restore_rate: float | None = None


class _Cost(Struct, rename="camel", gc=False):
    requested_query_cost: float | None = None
    throttle_status: _Throttle | None = None


class _Warning(Struct, gc=False):
    message: str = ""


class _Search(Struct, gc=False):
    query: str = ""
    warnings: list[_Warning] | None = None


class _Extensions(Struct, gc=False):
    cost: _Cost | None = None
    search: list[_Search] | None = None


class _Envelope(Struct, Generic[T], gc=False):
    data: T | None = None
    errors: Any = None
    extensions: _Extensions | UnsetType | None = UNSET


class _Granted(Struct, gc=False):
    access_token: str
    expires_in: float | None = None


def _decoder(kind: type[T]) -> "msgspec.json.Decoder[_Envelope[T]]":
    decoder: msgspec.json.Decoder[_Envelope[T]] | None = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(_Envelope[kind])  # type: ignore[valid-type]
    return decoder


_DECODERS: dict[type, Any] = {}


def _extensions(value: Any) -> _Extensions | None:
    """Read extensions part by part: one that is not as documented must not hide the other."""
    if not isinstance(value, dict):
        return None
    return _Extensions(
        _converted(value.get("cost"), _Cost | None), _converted(value.get("search"), list[_Search] | None)
    )


def _converted(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return None


def _number(value: Any) -> float | None:
    found: float | None = _converted(value, float | None)
    return found


def _code(error: Malformed) -> str:
    try:
        said = msgspec.json.decode(error.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no reason given"
    return str(said.get("error", "no reason given")) if isinstance(said, dict) else "no reason given"
