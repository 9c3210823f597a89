"""One run of the tap's polling, with a platform and streams that only remember."""

import json
from datetime import UTC, datetime, timedelta

from tap_commerce.platforms import Page
from tap_commerce.polling import Polling
from tap_commerce.records import Order

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAG = timedelta(seconds=10)
ORDERS = ("orders", "refunds", "fulfillments")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def written(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def order(number, polled):
    return Order(platform="x", shop="acme", id=str(number), polled_at=written(polled))


def page(*polled, records=None):
    found = [("orders", order(number, instant)) for number, instant in enumerate(polled)]
    return Page(found if records is None else records, NOW, min(polled, default=None))


class Platform:
    """A platform that gives the pages it was given for each window, and remembers what it was asked."""

    name, shop, lag = "x", "acme", LAG
    passes = (ORDERS, ("customers",))

    def __init__(self, pages=None, now=NOW):
        self._pages, self._now = pages or (lambda streams, window: []), now
        self.opened, self.permitted, self.windows = [], [], []

    def open(self, selection):
        self.opened.append(selection)

    def now(self):
        return self._now

    def permit(self, streams, start):
        self.permitted.append((streams, start))

    def read(self, streams, window):
        self.windows.append((streams, window))
        for each in self._pages(streams, window):
            if isinstance(each, Exception):
                raise each
            yield each


class Stream:
    """A stream that remembers what was written to it."""

    def __init__(self, log, name, *, selected=True, method="INCREMENTAL", limit=None):
        self.name, self.selected, self.log = name, selected, log
        self.fields, self.replication_method, self.limit = frozenset({"id"}), method, limit

    def describe(self):
        self.log.append(("SCHEMA", self.name))

    def write(self, record, extracted_at):
        self.log.append(("RECORD", self.name, record.id, extracted_at))


class Run:
    """One run of the tap; `log` is what it wrote, `state` what it left."""

    def __init__(
        self, platform, state=None, *, streams=("customers", *ORDERS), stopped=lambda: False, **settings
    ):
        self.log, self.platform = [], platform
        self.state = state if state is not None else {}
        self.streams = {
            name: Stream(self.log, name, **(streams[name] if isinstance(streams, dict) else {}))
            for name in streams
        }
        self.polling = Polling(
            {
                "start_date": "2026-11-01T00:00:00Z",
                "lookback_minutes": 60,
                "recheck_days": 30,
                "recheck_hours": 24,
                "window_days": 30,
            }
            | settings,
            platform=lambda: platform,
            state=self.state,
            write_state=lambda: self.log.append(("STATE", self.mark("orders"))),
            streams=lambda: self.streams,
            stopped=stopped,
        )

    def mark(self, name, key="replication_key_value"):
        return self.state.get("bookmarks", {}).get(name, {}).get(key)

    def go(self, *names):
        for name in names or self.streams:
            self.polling.feed(name)
        return self

    def read(self, streams=ORDERS):
        return [window for asked, window in self.platform.windows if asked == streams]


def bookmarked(mark, streams=("customers", *ORDERS), **more):
    facts = {
        "replication_key": "polled_at",
        "replication_key_value": mark,
        "rechecked_at": "2026-11-20T08:00:00Z",
    }
    # By way of JSON, so that no two streams share a dictionary.
    return json.loads(json.dumps({"bookmarks": dict.fromkeys(streams, facts | more)}))
