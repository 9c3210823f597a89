"""One question, one JSON answer: what a status means, and how long to wait before asking again.

A status code is read in `decipher` and nowhere else; whether to repeat a question is decided by the type of its
error and nowhere else. Credentials travel in headers only, over TLS only (but on loopback), and never into a message.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import backoff
import requests
import urllib3

from tap_commerce.errors import (
    Denied,
    Malformed,
    Misconfigured,
    Missing,
    Throttled,
    Transient,
    Unauthorized,
    Unavailable,
    Unreachable,
)

T = TypeVar("T")

REFUSED: dict[int, tuple[type[Denied], str]] = {
    401: (Unauthorized, "the shop does not accept the credentials (401); check the setting {hint}"),
    402: (Denied, "the shop is frozen until its bill is paid (402)"),
    403: (Denied, "the credentials do not suffice (403); check the setting {hint} and the app's scopes"),
    423: (Denied, "the shop is locked (423)"),
}
"""Statuses that somebody must do something about, and what."""

RETRIED = frozenset({408, 410, 460})
"""Statuses below 500 that say "later", beside 429."""

NEVER = frozenset({501, 505})
"""Statuses above 500 that will not change by waiting."""


class Answer(NamedTuple):
    """What came back: the headers that matter and the JSON text, not yet parsed."""

    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    """How long it took."""


class Bounds(NamedTuple):
    """How patient to be with one question."""

    attempts: int = 8
    """Times that one question is asked before giving up."""
    seconds: float = 600.0
    """Longest time spent waiting for one question."""
    timeout: float = 60.0
    """Seconds to wait for a connection, and for each piece of an answer."""


class Wire:
    """The way to one shop: a session, its manners and the shop's clock.

    `sleep`, `clock` (monotonic seconds) and `jitter` are parameters so that tests need not wait.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        bounds: Bounds | None = None,
        session: requests.Session | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float], float] = lambda seconds: seconds / 2 + backoff.full_jitter(seconds / 2),
    ) -> None:
        if not is_header(user_agent):
            raise Misconfigured("user_agent: must be one line of plain ASCII characters")
        self.session = session or requests.Session()
        self.session.headers["User-Agent"] = user_agent
        # The proxies of the environment are honoured; its .netrc is not, it would add credentials.
        self.session.auth = _unchanged
        self.bounds = bounds or Bounds()
        self.sleep = sleep
        self.clock = clock
        self._jitter = jitter
        self._answered = False
        self._date: tuple[datetime, float] | None = None
        self.questions = 0

    def widen(self, base: str, connections: int) -> None:
        """Keep so many connections to a host: with fewer than are in use, each question opens one anew."""
        self.session.mount(base, requests.adapters.HTTPAdapter(pool_maxsize=connections))

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        hint: str = "access_token",
        inspect: Callable[[bytes], object] = lambda _: None,
    ) -> Answer:
        """Ask once. `hint` names the setting to look at when the platform refuses the credentials.

        `inspect` is given what was answered before its status is read, and may raise: not every platform's statuses mean what
        they say.
        """
        self.questions += 1
        began = self.clock()
        try:
            response = self.session.request(
                method,
                url,
                headers=dict(headers or {}),
                data=body,
                timeout=self.bounds.timeout,
                # A redirect would carry the credentials to another place than the settings say.
                allow_redirects=False,
                stream=True,
            )
            # In one piece: requests would join it from chunks of 10 KB.
            content = response.raw.read(decode_content=True)
        except requests.exceptions.SSLError as error:
            raise Misconfigured(
                f"{_place(url)}: the TLS certificate is not trusted; check api_url"
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _no_answer(url, error) from error
        self._answered = True
        inspect(content)
        decipher(method, url, response.status_code, response.headers, content, hint=hint)
        # Only now: an error page may come from some machine in between, with a clock of its own.
        self._read_clock(response.headers.get("Date"))
        return Answer(response.headers, content, self.clock() - began)

    def persist(self, attempt: Callable[[], T]) -> T:
        """Call until it succeeds, waiting as its errors say, within the bounds.

        A platform that tells how long to wait is obeyed, and such waiting counts as time (a second at least, lest it be told
        for ever to come back at once) but not as an attempt.
        """
        # Not backoff's own loop: that one sleeps by itself, and to it every wait is an attempt.
        waits = backoff.expo(base=2, factor=1, max_value=60)
        next(waits)
        attempts, waited = 0, 0.0
        while True:
            try:
                return attempt()
            except Transient as error:
                if error.retry_after is None:
                    attempts += 1
                    counted = seconds = self._jitter(float(next(waits)))
                else:
                    seconds = error.retry_after
                    counted = max(seconds, 1.0)
                if attempts >= self._patience(error):
                    raise
                if waited + counted > self.bounds.seconds:
                    raise
                waited += counted
                self.sleep(seconds)

    def now(self) -> datetime:
        """Tell the shop's time, by its last `Date` header (to the second, rounded down), else ours."""
        if self._date is None:
            return datetime.now(UTC)
        told, at = self._date
        return told + timedelta(seconds=int(self.clock() - at))

    @property
    def knows_the_time(self) -> bool:
        """Whether the shop has told the time."""
        return self._date is not None

    def _patience(self, error: Transient) -> int:
        # Where nobody has answered yet, nobody may be there: say so soon.
        if isinstance(error, Unreachable) and not self._answered:
            return min(3, self.bounds.attempts)
        return self.bounds.attempts

    def _read_clock(self, date: str | None) -> None:
        if told := _date(date):
            self._date = (told, self.clock())


def decipher(
    method: str, url: str, status: int, headers: Mapping[str, str], body: bytes, *, hint: str = "access_token"
) -> None:
    """Raise what a status means, unless it means that there is an answer."""
    where = f"{method} {_place(url)}"
    if status in REFUSED:
        refusal, said = REFUSED[status]
        raise refusal(f"{where}: {said.format(hint=hint)}")
    if status == 429:
        raise Throttled(f"{where}: too many requests (429)", retry_after=retry_after(headers))
    if status in RETRIED or (status >= 500 and status not in NEVER):
        raise Unavailable(f"{where}: answered {status}{_request(headers)}", retry_after=retry_after(headers))
    if 300 <= status < 400:
        raise Misconfigured(
            f"{where}: redirects to {_host(headers.get('Location', ''))}; set api_url to where the shop really is"
        )
    if status == 404:
        raise Missing(f"{where}: nothing there (404); check api_url and api_version")
    if status >= 400:
        raise Malformed(f"{where}: answered {status}{_request(headers)}: {_excerpt(body)}", body=body)
    if body[:64].lstrip()[:1] not in (b"{", b"["):
        # Overloaded front ends answer 200 with a page for people.
        raise Unavailable(f"{where}: answered {status} with something that is not JSON{_request(headers)}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` in either of its forms, as seconds from the answer's own `Date`.

    >>> retry_after({"Retry-After": "7"}), retry_after({})
    (7.0, None)
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    until, since = _date(value), _date(headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds()) if until else None


def is_header(value: str) -> bool:
    """Say whether a text can travel in a header, so that no library has to refuse, and quote, what may be a secret."""
    return value.isascii() and value.isprintable() and value == value.strip()


def base_url(value: str) -> str:
    """Check the setting `api_url` and return it without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Misconfigured("api_url: must be a whole URL such as https://example.myshopify.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Misconfigured("api_url: must hold neither credentials nor a query")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Misconfigured(
            "api_url: must begin with https:// (plain http would show the token to the network)"
        )
    return value.rstrip("/")


def _date(value: str | None) -> datetime | None:
    try:
        read = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError):
        return None
    # A zone of -0000 says UTC and that nobody knows the zone: https://www.rfc-editor.org/rfc/rfc5322#section-3.3
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _no_answer(url: str, error: Exception) -> Unavailable:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return Unreachable(f"{_place(url)}: the name does not resolve; check api_url")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(f"{_place(url)}: the proxy of the environment cannot be reached")
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return Unreachable(f"{_place(url)}: cannot connect; check api_url")
    if isinstance(error, requests.exceptions.Timeout):
        return Unavailable(f"{_place(url)}: no answer in time")
    return Unavailable(f"{_place(url)}: the connection broke ({type(error).__name__})")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or "elsewhere"


def _request(headers: Mapping[str, str]) -> str:
    identity = headers.get("X-Request-ID")
    return f" (request {identity})" if identity else ""


def _excerpt(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split())


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
