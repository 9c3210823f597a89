"""A Segment that enforces Segment's real limits, answers 200 where the real one does, and can be asked what it holds.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ says what is refused and what is swallowed;
https://segment.com/docs/guides/duplicate-data/ that a messageId is remembered for a day, whoever sent it. After that a repeat is a double.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.faults import PAGE, Faults
from sandbox.loopback import Answer, Loopback, Request

MOST_BYTES = 500 * 1024
MOST_BYTES_OF_ONE = 32 * 1024
MOST_EVENTS = 2500
LONGEST_ID = 100
REMEMBERED = timedelta(hours=24)
KINDS = ("identify", "track", "page", "screen", "group", "alias")

BEFORE = ("reset", "401", "408", "429", "429_after", "429_reset", "460", "500", "502", "503", "504")
"""Faults that come instead of taking a batch; the others spoil the answer. `lost` accepts it and hangs up."""

FAULTS = (*BEFORE, "lost", "truncated", "slow")

Event = dict[str, Any]

OK = b'{"success":true}'


@dataclass(frozen=True, slots=True)
class Swallowed:
    """An event that got a 200 and went nowhere."""

    event: Event
    reason: str
    key: str | None


@dataclass(slots=True)
class Repeat:
    """A messageId that was received more than once, in one content or several."""

    message_id: str
    received: list[datetime]
    contents: list[Event] = field(default_factory=list)
    """The different contents, the first one first; `sentAt` aside."""

    @property
    def differs(self) -> bool:
        """Whether one messageId travelled with two contents."""
        return len(self.contents) > 1


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    at: datetime
    path: str
    status: int
    events: int
    bytes: int
    packed: int
    """Bytes on the wire."""
    fault: str | None
    reason: str | None
    retry: str | None
    """The client's X-Retry-Count."""


class Segment(Loopback):
    """One Segment source after another; `with Segment(write_keys={"k"}) as segment:` serves it at `segment.url`.

    `/v1/batch` takes events there, `/v1/projects/<key>/settings` knows the keys. `clock` says what time it is. `refuse` may be set to a function that returns why an event is refused (the whole batch is answered 400) or None.
    `events` holds what was accepted, in order; `swallowed` what got a 200 and went nowhere; `repeats` what came more than once.
    """

    def __init__(
        self,
        write_keys: Iterable[str] = ("key",),
        *,
        clock: Callable[[], datetime] | None = None,
        faults: Faults | None = None,
        refuse: Callable[[Event], str | None] | None = None,
    ) -> None:
        self.write_keys = set(write_keys)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.refuse = refuse
        self.events: list[Event] = []
        self.swallowed: list[Swallowed] = []
        self.requests: list[Received] = []
        self.lock = RLock()
        self._sightings: dict[str, Repeat] = {}
        self._accepted: dict[str, datetime] = {}
        self._fingerprints: dict[str, set[str]] = {}
        super().__init__(self.clock, FAULTS, faults)

    @property
    def endpoint(self) -> str:
        """The target's setting `endpoint`."""
        return f"{self.url}/v1/batch"

    @property
    def repeats(self) -> dict[str, Repeat]:
        """Every messageId that was received more than once, also where it was dropped or its answer was lost."""
        with self.lock:
            return {key: each for key, each in self._sightings.items() if len(each.received) > 1}

    @property
    def doubles(self) -> list[Event]:
        """Events that were accepted though their messageId was accepted before: more than a day later."""
        seen: set[str] = set()
        return [each for each in self.events if each["messageId"] in seen or seen.add(each["messageId"])]

    def named(self, name: str) -> list[Event]:
        """Return the accepted tracks of a name, or `identify`."""
        return [
            each
            for each in self.events
            if (each.get("event") if each["type"] == "track" else each["type"]) == name
        ]

    # HTTP

    def _answer(self, request: Request) -> Answer:
        with self.lock:
            if request.method == "GET":
                return self._settings(request)
            fault = self.faults.next()
            if fault in BEFORE:
                answer, events, reason = _spoiled(fault, self.faults), self._glance(request), None
            else:
                status, events, reason = self._take(request)
                body = OK if status == 200 else json.dumps({"success": False, "message": reason}).encode()
                answer = Answer(status, body)
                if fault == "lost":
                    answer.fate = "reset"
                self._spoil(answer, fault)
            self.requests.append(
                Received(
                    at=self.clock(),
                    path=request.path,
                    status=answer.status if fault != "reset" else 0,
                    events=events,
                    bytes=len(request.body),
                    packed=request.packed,
                    fault=fault,
                    reason=reason,
                    retry=request.headers.get("X-Retry-Count"),
                )
            )
            return answer

    def _settings(self, request: Request) -> Answer:
        parts = request.path.split("?")[0].strip("/").split("/")
        if (
            len(parts) == 4
            and parts[:2] == ["v1", "projects"]
            and parts[3] == "settings"
            and parts[2] in self.write_keys
        ):
            return Answer(body=b'{"integrations":{"Segment.io":{"apiKey":"-"}},"plan":{"track":{}}}')
        return Answer(404, b"Cannot find project", "text/plain")

    def _take(self, request: Request) -> tuple[int, int, str | None]:
        """Take a batch: return the status, how many events it held, and what is wrong with it."""
        if request.path.split("?")[0] != "/v1/batch":
            return 404, 0, "there is nothing here"
        if len(request.body) > MOST_BYTES:
            return 400, 0, f"the batch has {len(request.body)} bytes, more than {MOST_BYTES}"
        try:
            body = json.loads(request.body, parse_constant=_no_constant)
            batch = body["batch"]
            sizes = [len(_compact(each)) for each in batch]
        except (ValueError, KeyError, TypeError):
            return 400, 0, "malformed JSON"
        if not isinstance(batch, list) or not all(isinstance(each, dict) for each in batch):
            return 400, 0, "batch is not a list of objects"
        if max(sizes, default=0) > MOST_BYTES_OF_ONE:
            return (
                400,
                len(batch),
                f"event {sizes.index(max(sizes))} has {max(sizes)} bytes, more than {MOST_BYTES_OF_ONE}",
            )
        for each in batch:
            reason = self.refuse(each) if self.refuse else None
            if reason:
                return 400, len(batch), reason
        key = _key(request, body)
        received = self.clock()
        for each in batch:
            self._sort(each, body, key, received, len(batch))
        return 200, len(batch), None

    def _glance(self, request: Request) -> int:
        """Note what travelled in a request that was answered with a failure: its messageIds must come back with the same contents."""
        try:
            batch = json.loads(request.body)["batch"]
            for each in batch:
                self._sight(each["messageId"], each, self.clock())
        except (ValueError, KeyError, TypeError):
            return 0
        return len(batch)

    def _sort(
        self, event: Event, body: dict[str, Any], key: str | None, received: datetime, count: int
    ) -> None:
        """Accept an event, drop it as a repeat, or swallow it."""
        reason = _flaw(event)
        if key not in self.write_keys:
            reason = "the write key is unknown"
        elif count > MOST_EVENTS:
            reason = f"the batch has {count} events, more than {MOST_EVENTS}"
        if reason:
            self.swallowed.append(Swallowed(event, reason, key))
            return
        id = event.get("messageId") or f"segment-{len(self.events):08}"  # noqa: A001
        self._sight(id, event, received)
        last = self._accepted.get(id)
        if last is not None and received - last < REMEMBERED:
            return
        self._accepted[id] = received
        self.events.append(_stored(event | {"messageId": id}, body, received))

    def _sight(self, id: str, event: Event, received: datetime) -> None:  # noqa: A002
        seen = self._sightings.setdefault(id, Repeat(id, []))
        seen.received.append(received)
        content = {name: value for name, value in event.items() if name != "sentAt"}
        fingerprint = json.dumps(content, sort_keys=True)
        if fingerprint not in self._fingerprints.setdefault(id, set()):
            self._fingerprints[id].add(fingerprint)
            seen.contents.append(content)


def _flaw(event: Event) -> str | None:
    """Return why an event gets a 200 and goes nowhere, None if it is sound."""
    if event.get("type") not in KINDS:
        return f"type {event.get('type')!r} is none of {', '.join(KINDS)}"
    if not event.get("userId") and not event.get("anonymousId"):
        return "no_user_anon_id"
    if event["type"] == "track" and not event.get("event"):
        return "a track without an event name"
    if event["type"] == "alias" and not (event.get("userId") and event.get("previousId")):
        return "an alias without userId or previousId"
    id = event.get("messageId")  # noqa: A001
    if id is not None and (not isinstance(id, str) or len(id) > LONGEST_ID):
        return f"messageId is longer than {LONGEST_ID}"
    for name in ("timestamp", "sentAt"):
        if event.get(name) is not None and _instant(event[name]) is None:
            return f"{name} is no instant: {event[name]!r}"
    return None


def _stored(event: Event, body: dict[str, Any], received: datetime) -> Event:
    """Return an event as Segment keeps it: what the batch says of all, and its timestamp corrected for the sender's clock.

    timestamp = receivedAt − (sentAt − originalTimestamp): https://segment.com/docs/connections/spec/common/#timestamps
    """
    original, sent = _instant(event.get("timestamp")), _instant(event.get("sentAt") or body.get("sentAt"))
    corrected = received - (sent - original) if original and sent else original or received
    shared = {
        name: body[name] | event.get(name, {})
        for name in ("context", "integrations")
        if isinstance(body.get(name), dict)
    }
    return event | shared | {
        "originalTimestamp": event.get("timestamp"),
        "sentAt": event.get("sentAt") or body.get("sentAt"),
        "timestamp": corrected.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "receivedAt": received.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }  # fmt: skip


def _instant(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _key(request: Request, body: dict[str, Any]) -> str | None:
    """Return the write key: Basic auth's user, else the body's."""
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, colon, _ = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user if colon else None
    return body.get("writeKey")


def _compact(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _spoiled(fault: str, faults: Faults) -> Answer:
    if fault == "reset":
        return Answer(fate="reset")
    if fault == "401":
        return Answer(401, b'{"success":false,"message":"unauthorized"}')
    if fault.startswith("429"):
        name = {"429_after": "Retry-After", "429_reset": "X-RateLimit-Reset"}.get(fault)
        return Answer(
            429,
            b'{"success":false,"message":"rate limited"}',
            headers={name: f"{faults.retry_after:g}"} if name else {},
        )
    status = int(fault[:3])
    return Answer(status, PAGE % f"{status}".encode(), "text/html")
