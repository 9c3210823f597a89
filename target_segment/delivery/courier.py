"""A batch → Segment's answer; the only place that posts. One call blocks until a batch was accepted or was not.

`decipher` is the one function that reads the status of an answer to a batch. What is retried is what Segment's newest libraries retry
(https://github.com/segmentio/analytics-next, packages/node publisher): no answer, 408, 410, 429, 460, 5xx but 501 and 505.
"""

import base64
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import backoff
import requests

from target_segment.batch import Batch, stamp
from target_segment.errors import Denied, Misconfigured, Refused, SegmentError, Terminal, Unavailable
from target_segment.settings import Setting

DELIVERY: tuple[Setting, ...] = (
    Setting(
        name="write_key",
        kind="string",
        secret=True,
        required=True,
        about="The write key of the Segment source (Connections, Sources, your source, Settings, API keys).",
    ),
    Setting(
        name="region",
        kind="string",
        default="us",
        choices=("us", "eu"),
        about="Where the Segment workspace lives; data sent to the wrong region is lost without an error.",
    ),
    Setting(
        name="endpoint",
        kind="string",
        about="A whole URL that takes batches, such as https://proxy.example/v1/batch; overrides `region`.",
    ),
    Setting(
        name="segment_source",
        kind="string",
        about="A name for the Segment source in the ledger and in every messageId, which survives the rotation of the write key; default: a fingerprint of endpoint and key.",
    ),
    Setting(name="gzip", kind="boolean", default=True, about="Whether requests are gzipped."),
    Setting(
        name="concurrency",
        kind="integer",
        default=8,
        least=1,
        about="How many requests are under way at once; never two for one person.",
    ),
    Setting(
        name="max_events_per_second",
        kind="number",
        default=1000,
        least=0,
        about="Segment may queue what comes faster than 1,000 events a second; 0 for no limit (a warehouse, a proxy, a backfill).",
    ),
    Setting(
        name="request_timeout",
        kind="number",
        default=30,
        least=1,
        about="How many seconds a request may take.",
    ),
    Setting(
        name="max_attempts",
        kind="integer",
        default=10,
        least=1,
        about="How often a batch is tried before the run stops; it is tried again by the next run.",
    ),
    Setting(
        name="check_write_key",
        kind="boolean",
        default=True,
        about="Whether the write key is checked at the start on Segment's own endpoints, which answer 200 to a wrong key.",
    ),
)

ENDPOINTS = {"us": "https://api.segment.io/v1/batch", "eu": "https://events.eu1.segmentapis.com/v1/batch"}
SETTINGS_URL = "https://cdn.segment.com/v1/projects/{key}/settings"
_LONGEST_WAIT = 300.0
_FINAL = frozenset({501, 505})
_AGAIN = frozenset({408, 410, 429, 460})

Send = Callable[[str, bytes, Mapping[str, str], float], tuple[int, Mapping[str, str], str]]


def endpoint(settings: Mapping[str, Any]) -> str:
    """Return the URL that takes batches; raise `Misconfigured` for one that would send a key in the clear."""
    url = settings["endpoint"]
    if not url:
        return ENDPOINTS[settings["region"]]
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(
            f"setting `endpoint`: {url!r} is not a whole URL such as https://proxy.example/v1/batch"
        )
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Misconfigured(f"setting `endpoint`: {url!r} would send the write key in the clear: use https")
    return str(url)


def segment_source(settings: Mapping[str, Any]) -> str:
    """Return the name of the Segment source: as set, else a fingerprint of endpoint and write key."""
    if settings["segment_source"]:
        return str(settings["segment_source"])
    return sha256(f"{endpoint(settings)}\n{settings['write_key']}".encode()).hexdigest()[:16]


def decipher(status: int, headers: Mapping[str, str], text: str, now: datetime) -> None:
    """Return for an accepted batch, else raise what the status means."""
    if 200 <= status < 300:
        return
    told = f"Segment answered {status}" + (f": {text.strip()[:200]}" if text.strip() else "")
    if status in (401, 403):
        raise Denied(f"{told}. It refused these credentials: check `write_key`, `region` and `endpoint`")
    if status in (400, 413):
        raise Refused(told)
    if status in _AGAIN or (status >= 500 and status not in _FINAL):
        raise Unavailable(told, _retry_after(headers, now))
    raise Terminal(f"{told}. Nobody foresaw that: check `endpoint`")


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    for name in ("Retry-After", "X-RateLimit-Reset"):
        value = headers.get(name)
        if not value:
            continue
        try:
            return min(max(float(value), 0.0), _LONGEST_WAIT)
        except ValueError:
            pass
        try:
            return min(max((parsedate_to_datetime(value) - now).total_seconds(), 0.0), _LONGEST_WAIT)
        except (TypeError, ValueError):
            continue
    return None


def poster() -> Send:
    """Return the function that posts over keep-alive connections, one session a thread."""
    local = threading.local()

    def send(
        url: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, Mapping[str, str], str]:
        session = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
        try:
            answer = session.post(
                url, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            # The message of requests names the URL, never a header.
            raise Unavailable(f"no answer from {urlsplit(url).hostname}: {type(error).__name__}") from error
        return answer.status_code, answer.headers, answer.text[:500]

    return send


class Pace:
    """Spreads events so that no more than `rate` a second set out; 0 for no limit."""

    def __init__(
        self, rate: float, sleep: Callable[[float], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._sleep, self._monotonic = rate, sleep, monotonic
        self._lock = threading.Lock()
        self._free_at = monotonic()

    def wait(self, events: int) -> float:
        """Wait for the turn of this many events; return the seconds waited."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._monotonic()
            turn = max(self._free_at, now)
            self._free_at = turn + events / self._rate
        if turn > now:
            self._sleep(turn - now)
        return turn - now


class Courier:
    """Posts batches to one Segment source; `deliver` may be called from several threads."""

    tells = True
    verb = "told"

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        version: str,
        send: Send | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.where = self.url = endpoint(settings)
        self._gzip = settings["gzip"]
        self._timeout = settings["request_timeout"]
        self._attempts = settings["max_attempts"]
        self._send = send or poster()
        self._sleep, self._now, self._warn = sleep, now, warn
        self._pace = Pace(settings["max_events_per_second"], sleep)
        token = base64.b64encode(f"{settings['write_key']}:".encode()).decode()
        self._headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {token}",
            "User-Agent": f"target-segment/{version}",
            **({"Content-Encoding": "gzip"} if self._gzip else {}),
        }

    def close(self) -> None:
        """Nothing is kept open but connections, which end with their threads."""

    def deliver(self, batch: Batch) -> float:
        """Hand a batch over and return the seconds waited; raise `Denied`, `Refused` or, after all attempts, `Unavailable`."""
        waited = self._pace.wait(batch.count)
        # Of backoff the waits and their jitter: its decorator and its context sleep by the process's own clock, and a run that is asked
        # to stop must not sleep on. Its generators begin with an empty value.
        waits = islice(backoff.expo(base=2, factor=0.5, max_value=60), 1, None)
        for attempt, wait in enumerate(islice(waits, self._attempts)):
            try:
                self._post(batch, attempt)
            except SegmentError as error:
                error.waited = waited
                if not isinstance(error, Unavailable):
                    raise
                if attempt + 1 == self._attempts:
                    raise self._given_up(error, batch) from error
                waited += self._pause(error, wait)
            else:
                return waited
        raise AssertionError

    def _given_up(self, error: Unavailable, batch: Batch) -> Unavailable:
        last = Unavailable(
            f"{error} ({self._attempts} attempts): its {batch.count} events stay in the outbox for the next run"
        )
        last.waited = error.waited
        return last

    def _post(self, batch: Batch, attempt: int) -> None:
        """Try once."""
        sent_at = stamp(self._now())
        body = batch.gzipped(sent_at) if self._gzip else batch.plain(sent_at)
        headers = {**self._headers, "X-Retry-Count": str(attempt)} if attempt else self._headers
        status, answered, text = self._send(self.url, body, headers, self._timeout)
        decipher(status, answered, text, self._now())

    def _pause(self, error: Unavailable, wait: float) -> float:
        """Wait as long as Segment said, else somewhere within `wait`; return for how long."""
        pause = error.retry_after if error.retry_after is not None else backoff.full_jitter(wait) + 0.05
        if pause > 10:
            self._warn(f"{error}; trying again in {pause:.0f} s")
        self._sleep(pause)
        return pause


def check_write_key(
    settings: Mapping[str, Any], warn: Callable[[str], None], get: Callable[..., Any] = requests.get
) -> None:
    """Raise `Denied` for a write key that Segment does not know; warn if it cannot be asked.

    Segment answers 200 to a wrong key, so its own settings service is asked, as its Reverse ETL does
    (https://github.com/segmentio/action-destinations, destinations/segment).
    """
    if settings["endpoint"] or not settings["check_write_key"]:
        return
    try:
        status = get(SETTINGS_URL.format(key=settings["write_key"]), timeout=10).status_code
    except requests.RequestException as error:
        warn(f"the write key could not be checked ({type(error).__name__}); going on")
        return
    if status == 404:
        raise Denied(
            "Segment does not know this write key: check `write_key` (it answers 200 to a wrong one and drops the events)"
        )
    if status >= 400:
        warn(f"the write key could not be checked (Segment answered {status}); going on")


UNCERTAIN_AFTER = timedelta(hours=20)
"""Segment remembers messageIds for about 24 hours: an older intent may have been accepted and forgotten."""
