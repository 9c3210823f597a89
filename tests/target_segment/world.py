"""What the tests of the target share: records as small as they may be, a courier that remembers, and runs over one ledger.

A `World` is one user's machine: a ledger that stays and settings that may change. Each `run` is a fresh pipeline over it,
wired as `target.py` does, with clocks and answers of the test's own.
"""

import json
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from target_segment.deciding.decider import Decider, switched_on
from target_segment.delivery.courier import segment_source
from target_segment.errors import Refused, Unavailable
from target_segment.identity import resolver
from target_segment.ledger.ledger import opened
from target_segment.pipeline import CHUNK_RECORDS, Pipeline, known_under, since_of
from target_segment.settings import check
from target_segment.singer.target import _CONDITIONS, SETTINGS, _fingerprint, _since

SINCE = "2026-01-01T00:00:00Z"
SHOP = {"platform": "shopify", "shop": "shop.test"}


def day(number, month=3):
    """An instant of spring 2026."""
    return f"2026-{month:02d}-{number:02d}T12:00:00Z"


def instant(text):
    return datetime.fromisoformat(text)


class Crash(BaseException):
    """The process is gone: nothing may catch it."""


# --- records


def customer_of(number="7", **fields):
    """A customer's summary, as an order carries it."""
    return {"id": number, "email": f"c{number}@example.org", "first_name": "Anna", **fields}


def order(number="1", **fields):
    """A completed order of customer 7, with one line."""
    made = fields.pop("created_at", day(1))
    return "orders", {
        **SHOP,
        "id": number,
        "name": f"#{number}",
        "created_at": made,
        "updated_at": made,
        "completed_at": made,
        "cancelled_at": None,
        "currency": "EUR",
        "total": 30.00,
        "tags": [],
        "attributes": [],
        "coupons": [],
        "customer": customer_of(),
        "line_items": [{"id": "l1", "name": "Cup", "quantity": 1, "price": 30.00}],
        **fields,
    }


def open_order(number="1", **fields):
    """An order that has not begun: nothing of it is told yet."""
    return order(number, **{"completed_at": None, **fields})


SUMMARY = (
    "id",
    "name",
    "currency",
    "total",
    "created_at",
    "updated_at",
    "completed_at",
    "cancelled_at",
    "test",
    "tags",
    "customer",
)


def summary(number="1", **fields):
    """An order as its refunds and fulfillments carry it."""
    record = {**order(number)[1], **fields}
    return {name: record[name] for name in (*SUMMARY, *fields) if name in record}


def refund(number="r1", total=10.00, **fields):
    """A refund of an order, which is its own subject."""
    at = fields.pop("refunded_at", day(5))
    return "refunds", {
        **SHOP,
        "id": number,
        "order_id": "1",
        "subject": number,
        "created_at": day(5),
        "updated_at": at or day(5),
        "refunded_at": at,
        "currency": "EUR",
        "total": total,
        "total_to_date": total,
        "order_refunded_to_date": total,
        "line_items": [{"id": "l1", "name": "Cup", "quantity": 1, "price": 30.00}],
        "order": summary(),
        **fields,
    }


def fulfillment(number="f1", **fields):
    """A parcel of an order."""
    return "fulfillments", {
        **SHOP,
        "id": number,
        "order_id": "1",
        "created_at": day(3),
        "updated_at": day(3),
        "fulfilled_at": day(3),
        "status": "success",
        "tracking_numbers": [],
        "line_items": [{"id": "l1", "quantity": 1}],
        "order": summary(),
        **fields,
    }


def customer(number="7", **fields):
    """A customer's own record, who says no more than an order's summary does."""
    return "customers", {
        **SHOP,
        **customer_of(number),
        "created_at": day(1, 2),
        "updated_at": day(1, 2),
        **fields,
    }


def guest(**fields):
    """Fields of an order without a customer."""
    return {"customer": None, "email": "guest@example.org", **fields}


def line(**message):
    """A message as a tap writes it."""
    return json.dumps(message) + "\n"


class State:
    """A STATE line between records."""

    def __init__(self, value):
        self.value = value


# --- Segment, as a courier that remembers


class Courier:
    """Takes batches and remembers what it was handed; `answer` may raise what Segment would answer to one.

    `tried` are all batches as lists of events, `taken` the events accepted, in order.
    """

    def __init__(self, answer=lambda events: None, now=lambda: datetime.now(UTC)):
        self.answer, self.now = answer, now
        self.waited = 0.0
        self.tried, self.taken, self.bodies = [], [], {}
        self._lock = threading.Lock()

    def deliver(self, batch):
        events = [json.loads(body) for body in batch.bodies()]
        with self._lock:
            self.tried.append(events)
            for event, body in zip(events, batch.bodies(), strict=True):
                self.bodies.setdefault(event["messageId"], set()).add(body)
        self.answer(events)
        with self._lock:
            self.taken += events
        return self.now()


def refusing(*names, status=400):
    """An answer that refuses every batch which holds an event of these names."""

    def answer(events):
        if any(name_of(event) in names for event in events):
            raise Refused(f"Segment answered {status}")

    return answer


def refusing_all(events):
    raise Refused("Segment answered 400: no")


def unavailable(events):
    raise Unavailable("no answer")


# --- what was told, as a person reads it


def name_of(event):
    return event.get("event") or event["type"]


def names(events):
    """The names of events, in order."""
    return [name_of(event) for event in events]


def tracks(events):
    """The names of the tracks among events."""
    return [name_of(event) for event in events if event["type"] == "track"]


def named(events, name):
    return [event for event in events if name_of(event) == name]


# --- one user's machine


class Run:
    """What one run did."""

    def __init__(self):
        self.states, self.warnings, self.told = [], [], []
        self.pipeline = None
        self.error = None


class World:
    """A ledger, settings and a Segment, over which runs follow one another."""

    def __init__(self, folder, answer=lambda events: None, **settings):
        self.path = str(folder / "ledger.duckdb")
        self.settings = {
            "write_key": "key",
            "since": SINCE,
            "endpoint": "http://127.0.0.1:9/v1/batch",
            **settings,
        }
        self.clock = instant(day(20))
        self.beside = None
        self.chunk_records = CHUNK_RECORDS
        self.courier = Courier(answer, now=lambda: self.clock)
        self.last = Run()

    def run(self, *said, at=None, mode="send", crash=None, catch=(), **settings):
        """Read records in one run and return the events that Segment accepted in it.

        `at` is the records' time_extracted, `crash` the name of a point and its how-manieth passing, `settings` hold for
        this run only.
        """
        checked = check(SETTINGS, {**self.settings, "mode": mode, **settings})
        seen = Run()
        self.last = seen
        before = len(self.courier.taken)
        source = segment_source(checked)
        ledger = opened(self.path, source, now=lambda: self.clock)
        try:
            seen.pipeline = pipeline = self._pipeline(ledger, checked, source, mode, seen, crash)
            with suppress(*catch):
                try:
                    if mode == "send":
                        pipeline.resume()
                    for each in said:
                        if isinstance(each, State):
                            pipeline.state(json.dumps(each.value))
                        elif each is CUT:
                            pipeline.flush()
                        else:
                            stream, record, *when = each
                            pipeline.record(stream, raw(record), when[0] if when else at or day(10))
                    pipeline.finish()
                    ledger.end("done", _COUNTS)
                except BaseException as error:
                    seen.error = error
                    raise
        finally:
            if seen.pipeline:
                seen.pipeline.close()
            ledger.close()
        seen.told = self.courier.taken[before:]
        return seen.told

    def _pipeline(self, ledger, settings, source, mode, seen, crash):
        ledger.begin(mode)

        def watched(scope, read_at):
            known_under(ledger, scope, source, named=bool(settings["segment_source"]))
            conditions = {
                name: " ".join(str(settings[each]) for each in said) for name, said in _CONDITIONS.items()
            }
            since = _since(settings["since"])
            return since_of(ledger, scope, read_at, switched_on(settings), conditions, since)

        return Pipeline(
            ledger=ledger,
            courier=self.courier,
            editor=Decider(settings, source),
            resolve=resolver(settings),
            watched=watched,
            print_state=lambda value: seen.states.append(json.loads(value)),
            fingerprint=_fingerprint(source, settings),
            beside=self.beside,
            chunk_records=self.chunk_records,
            concurrency=settings["concurrency"],
            hold_uncertain=settings["hold_uncertain"],
            warn=seen.warnings.append,
            at=crashing(crash),
            now=lambda: self.clock,
        )

    def later(self, **difference):
        """Let time pass."""
        self.clock += timedelta(**difference)

    def ledger(self, **settings):
        """Open the ledger by itself; the caller closes it."""
        checked = check(SETTINGS, {**self.settings, **settings})
        return opened(self.path, segment_source(checked), now=lambda: self.clock)

    def rows(self, question, *values):
        """Ask the ledger."""
        ledger = self.ledger()
        try:
            return ledger._db.execute(question, list(values)).fetchall()
        finally:
            ledger.close()


CUT = object()
"""Where the input is cut: what came before it is told by itself."""


def raw(record):
    return msgspec.Raw(record if isinstance(record, bytes) else json.dumps(record).encode())


def crashing(crash):
    """Return what is called at every named point: it raises `Crash` at the n-th passing of the one named."""
    if crash is None:
        return lambda point: None
    name, left = crash
    lock = threading.Lock()

    def at(point):
        nonlocal left
        with lock:
            left -= point == name
            struck = point == name and left == 0
        if struck:
            raise Crash(point)

    return at


_COUNTS = {"records": 0, "unchanged": 0, "told": 0, "refused": 0, "waited": 0, "counts": {}}
