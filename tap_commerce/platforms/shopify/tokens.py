"""Where the access token comes from: the setting, or the client credentials grant, renewed before it expires.

A token travels in a header only and is never said.
"""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from msgspec import Struct

from tap_commerce.errors import Denied, Malformed, Misconfigured, Unauthorized
from tap_commerce.http import Answer, Wire, is_header
from tap_commerce.platforms import Settings

DAY = 86399.0
"""Seconds that a token lives, where its answer does not say."""


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


def token(settings: Settings, wire: Wire, base: str) -> Token:
    """Return the token that the settings name, and refuse settings that name none, or two."""
    static, identity, secret = (settings.get(name) for name in ("access_token", "client_id", "client_secret"))
    if static and (identity or secret):
        raise Misconfigured("access_token: set either it, or client_id and client_secret, not both")
    if static:
        if not is_header(static):
            raise Misconfigured(
                "access_token: must be plain ASCII characters (is there a line break at its end?)"
            )
        return StaticToken(static)
    if identity and secret:
        return ClientCredentials(wire, base, identity, secret)
    if identity or secret:
        raise Misconfigured(
            f"{'client_secret' if identity else 'client_id'}: must be set too: client_id and client_secret go together"
        )
    raise Misconfigured("access_token: must be set, or client_id and client_secret instead")


class _Granted(Struct, gc=False):
    access_token: str
    expires_in: float | None = None


def _code(error: Malformed) -> str:
    try:
        said = msgspec.json.decode(error.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no reason given"
    return str(said.get("error", "no reason given")) if isinstance(said, dict) else "no reason given"
