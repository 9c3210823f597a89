"""One question to Elastic Path: its token, its pace, and what its answers and refusals mean.

What is not an answer as documented is an error, never an empty list.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from tap_commerce.errors import Denied, Malformed, Throttled, Unauthorized, Unavailable
from tap_commerce.http import Answer, Wire
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.pacing import Pace

T = TypeVar("T")
R = TypeVar("R")

LIFETIME = 3600.0
"""Seconds that a token lives, where its answer does not say."""

RENEWALS = 4
"""How often a question gets another token: those that others fetched meanwhile may be refused by then as well."""

UNPAGED = 25
"""The length of a page that nobody asked to be paged: a list that is shorter is whole."""

HINT = "client_id and client_secret"

log = logging.getLogger("tap_commerce.elasticpath")


class Credentials:
    """Tokens of the client credentials grant, renewed before they expire.

    https://elasticpath.dev/docs/api/authentication/create-an-access-token
    """

    def __init__(self, wire: Wire, base: str, client_id: str, client_secret: str) -> None:
        self._wire, self._url = wire, f"{base}/oauth/access_token"
        self._body = urlencode(
            {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        ).encode()
        self._token = ""
        self._until: datetime | None = None
        self._lock = Lock()

    def current(self) -> str:
        """Return a token with some life left in it."""
        with self._lock:
            if self._until is None or self._wire.now() >= self._until:
                self._renew()
            return self._token

    def renew(self, refused: str) -> str:
        """Return another token than the one that was refused, which somebody may have fetched already."""
        with self._lock:
            if self._token == refused:
                self._renew()
            return self._token

    def _renew(self) -> None:
        # Not patient by itself: whoever asks with the token is.
        answer = self._ask()
        try:
            granted = msgspec.json.decode(answer.body, type=_Granted, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            granted = _Granted()
        # One of the documents wraps it in `data`.
        told = granted.data or granted
        if not told.access_token:
            raise Malformed("Elastic Path: the answer to the client credentials holds no access token")
        self._token = told.access_token
        lifetime = LIFETIME if told.expires_in is None else told.expires_in
        self._until = self._wire.now() + timedelta(seconds=lifetime * 0.9)

    def _ask(self) -> Answer:
        try:
            return self._wire.ask(
                "POST",
                self._url,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=self._body,
                hint=HINT,
            )
        except Unauthorized as error:
            raise Denied(str(error)) from None
        except Malformed as error:
            # A 400: the grant is not one that the store gives.
            raise Denied(
                f"Elastic Path refused the client credentials; check {HINT}, and api_url: each store is in one "
                f"region only: {told(error.body)}"
            ) from None


class Api:
    """The API of one store."""

    def __init__(self, wire: Wire, base: str, credentials: Credentials, pace: Pace) -> None:
        self.wire = wire
        self._base, self._credentials, self._pace = base, credentials, pace
        self._warned: set[str] = set()

    def ask(self, path: str, kind: type[T], parameters: Mapping[str, str | int] | None = None) -> T:
        """Ask, patiently, for what `kind` describes."""
        # Everything is encoded, the brackets of page[limit] as well as a filter's colons and quotes.
        query = urlencode(parameters or {}, quote_via=quote)
        url = f"{self._base}{path}?{query}" if query else f"{self._base}{path}"
        return self.wire.persist(lambda: self._once(path, url, kind))

    def rows(self, path: str, kind: type[R], parameters: Mapping[str, str | int] | None = None) -> list[R]:
        """Read a list to its end that is not documented to have pages, in case it has."""
        found: dict[tuple[Any, ...], R] = {}
        while True:
            paged = {"page[offset]": len(found)} if found else {}
            page = self.ask(path, _page(kind), {**(parameters or {}), **paged})
            fresh = {identity: each for each in page.data if (identity := _identity(each)) not in found}
            found |= fresh
            whole = len(found) >= page.total if page.total is not None else len(page.data) < UNPAGED
            if not fresh and not whole and page.total is not None:
                raise Malformed(
                    f"Elastic Path: {path} says that it holds {page.total} and shows {len(found)}"
                )
            if whole or not fresh:
                return list(found.values())

    def warn_once(self, message: str) -> None:
        """Warn, but not again."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message)

    def _once(self, path: str, url: str, kind: type[T]) -> T:
        token = self._credentials.current()
        for _ in range(RENEWALS):
            try:
                answer = self._get(url, token)
                break
            except Unauthorized:
                token = self._credentials.renew(token)
        else:
            answer = self._get(url, token)
        try:
            said: T = _decoder(kind).decode(answer.body)
        except msgspec.ValidationError as error:
            because = told(answer.body) or str(error)
            raise Malformed(f"Elastic Path: the answer to {path} is not as documented: {because}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"Elastic Path: the answer to {path} broke off") from error
        if isinstance(said, raw.Page) and said.errors:
            raise Malformed(f"Elastic Path: the answer to {path} is an error: {told(answer.body)}")
        return said

    def _get(self, url: str, token: str) -> Answer:
        self._pace.wait()
        try:
            answer = self.wire.ask("GET", url, headers={"Authorization": f"Bearer {token}"}, hint=HINT)
        except Throttled:
            self._pace.throttled()
            raise
        self._pace.answered()
        return answer


def allowed(what: str, ask: Callable[[], T]) -> T:
    """Ask for something, and name it where it may not be read."""
    try:
        return ask()
    except Unauthorized:
        raise
    except Denied as error:
        raise Denied(
            f"{error}. The application key behind client_id may not read {what}: give it that permission, or deselect the "
            "streams that need it"
        ) from error


def told(body: bytes) -> str:
    """Return what the errors of an answer say; their status may be a number, a text or missing.

    >>> told(b'{"errors":[{"status":"404","title":"Not Found","detail":"Order not found"}]}')
    'Not Found: Order not found'
    """
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "; ".join(_said(each) for each in errors if isinstance(each, dict))


def _said(error: Mapping[str, Any]) -> str:
    words = [str(error[name]) for name in ("title", "detail") if error.get(name)]
    request = f" (request {error['request_id']})" if error.get("request_id") else ""
    return " ".join(": ".join(words).split()) + request


class _Granted(Struct):
    access_token: str | None = None
    expires_in: float | None = None
    data: "_Granted | None" = None


class _Errors(Struct):
    errors: list[Any]


def _identity(row: Any) -> tuple[Any, ...]:
    if isinstance(row, raw.Currency):
        return (row.code,)
    # One wish to be forgotten may concern several things.
    return (row.id, getattr(row, "resource_type", None), getattr(row, "resource_id", None))


def _page(kind: Any) -> Any:
    return raw.Page[kind]


def _decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    return decoder


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
