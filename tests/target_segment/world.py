"""What the tests of the target share: records as small as they may be, a courier that remembers, and runs over one ledger.

A `World` is one user's machine: a ledger that stays and settings that may change. Each `run` is a fresh pipeline over it,
with clocks and answers of the test's own.
"""

import json
import threading
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from target_segment.config import checked
from target_segment.deciding.decider import Decider
from target_segment.delivery.courier import segment_source
from target_segment.errors import Refused, Unavailable
from target_segment.hooks import Hooks
from target_segment.ledger import opened
from target_segment.run import Run
from target_segment.stages.chunks import CHUNK_RECORDS

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

    tells, verb, where = True, "told", "a test"

    def __init__(self, answer=lambda events: None):
        self.answer = answer
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
        return 0.0

    def close(self):
        """The next run hands over to it as well."""


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


class Seen:
    """What was seen of one run."""

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
            "ledger": self.path,
            **settings,
        }
        self.clock = instant(day(20))
        self.start_process = None
        self.chunk_records = CHUNK_RECORDS
        self.courier = Courier(answer)
        self.last = Seen()

    def run(self, *said, at=None, mode="send", crash=None, catch=(), **settings):
        """Read records in one run and return the events that Segment accepted in it.

        `at` is the records' time_extracted, `crash` the name of a point and its how-manieth passing, `settings` hold for
        this run only.
        """
        seen = Seen()
        self.last = seen
        before = len(self.courier.taken)
        run = self._run({"mode": mode, **settings}, seen, crash)
        try:
            with suppress(*catch):
                try:
                    run.begin()
                    seen.pipeline = pipeline = run.pipeline
                    for each in said:
                        if isinstance(each, State):
                            pipeline.state(json.dumps(each.value))
                        elif each is CUT:
                            pipeline.flush()
                        else:
                            stream, record, *when = each
                            pipeline.record(stream, raw(record), when[0] if when else at or day(10))
                    pipeline.finish()
                    run.end("done")
                except BaseException as error:
                    seen.error = error
                    raise
        finally:
            run.close()
        seen.told = self.courier.taken[before:]
        return seen.told

    def _run(self, settings, seen, crash):
        settings = checked({"second_process": self.start_process is not None, **self.settings, **settings})
        hooks = Hooks(
            print_state=lambda value: seen.states.append(json.loads(value)),
            warn=seen.warnings.append,
            at=crashing(crash),
            now=lambda: self.clock,
        )
        decider = Decider(settings, segment_source(settings))
        started = {"start_process": self.start_process} if self.start_process else {}
        return Run(settings, decider, hooks, outlet=self.courier, chunk_records=self.chunk_records, **started)

    def later(self, **difference):
        """Let time pass."""
        self.clock += timedelta(**difference)

    def ledger(self, **settings):
        """Open the ledger by itself; the caller closes it."""
        set_up = checked({**self.settings, **settings})
        return opened(self.path, segment_source(set_up), now=lambda: self.clock)

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
