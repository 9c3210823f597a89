"""What polling costs a shop's API, platform by platform: calls for a first reading, for changed orders, for nothing at all.

Over the sandbox, in which time passes only when told to: calls and points are the same on every machine, seconds are not.
"""

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from benchmarks.measure import table
from sandbox.dialects import DIALECTS, open_shop
from sandbox.shop import Shop
from tap_commerce.http import Wire
from tap_commerce.tap import TapCommerce

START = datetime(2026, 10, 1, tzinfo=UTC)
ORDERS_PER_DAY = 34
DAYS = 30
"""So many days hold a thousand orders, and so many more change a thousand and some."""

LONGEST = 12
"""Lines of an order at most."""

EVERY = timedelta(minutes=10)
HOURS = 6
"""How long is polled every so often, to see what a day of it costs."""

OPTIONS: dict[str, dict[str, Any]] = {"elasticpath": {"rate": None}}
"""How a dialect is spoken here: the sandbox's own limit of calls counts seconds, which these polls have none of."""

TITLES = {
    "first": "first reading of a month",
    "idle": "a poll that finds nothing",
    "changed": "a month later, all that changed",
    "quick": "six hours of polls, every 10 minutes",
    "again": "the daily second look, 30 days",
}


class Row(NamedTuple):
    """What some polls cost, and what they brought."""

    polls: int
    calls: int
    points: float
    orders: int
    """Different orders that were told of."""
    records: int
    seconds: float

    @property
    def per_thousand(self) -> float | None:
        """Calls for each 1,000 orders; None if there were too few to say."""
        return self.calls / self.orders * 1000 if self.orders >= 100 else None


class Poller:
    """A tap that polls one shop, with its state between the polls."""

    def __init__(self, api: Any, start: datetime = START) -> None:
        self._api, self._shop = api, api.shop
        self._state: dict[str, Any] | None = None
        self._settings = {**api.settings, "shop": "bench", "start_date": start.isoformat()}

    def read(self, **settings: Any) -> bytes:
        """Poll once and return the lines that the tap writes."""
        wire = Wire(user_agent="bench", sleep=self._shop.rest, clock=self._clock)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            TapCommerce(config={**self._settings, **settings}, state=self._state, wire=wire).sync_all()
        out.flush()
        lines = out.buffer.getvalue()
        for said in messages(lines):
            if said["type"] == "STATE":
                self._state = said["value"]
        return lines

    def poll(self, times: int = 1, every: timedelta = timedelta(), **settings: Any) -> Row:
        """Poll so often, the shop living on in between, and say what it cost."""
        calls, began = len(self._api.calls), time.perf_counter()
        orders: set[str] = set()
        records = 0
        for turn in range(times):
            if turn:
                self._shop.advance(every.total_seconds())
            for said in messages(self.read(**settings)):
                if said["type"] == "RECORD":
                    records += 1
                    if said["stream"] == "orders":
                        orders.add(said["record"]["id"])
        made = self._api.calls[calls:]
        points = sum(getattr(each, "actual", None) or 0 for each in made)
        return Row(times, len(made), points, len(orders), records, time.perf_counter() - began)

    def _clock(self) -> float:
        return self._shop.now.timestamp()


def messages(lines: bytes) -> Iterator[dict[str, Any]]:
    """Decode Singer lines."""
    return map(msgspec.json.decode, lines.splitlines())


def rows(platform: str) -> Iterator[tuple[str, Row]]:
    """Measure one platform: yield what `TITLES` names, one after the other."""
    shop = Shop(seed=1, start=START, orders_per_day=ORDERS_PER_DAY, max_lines=LONGEST)
    shop.live(START + timedelta(days=DAYS))
    with quiet(), open_shop(platform, shop, **OPTIONS.get(platform, {})) as api:
        poller = Poller(api)
        shop.rest(7200)
        yield "first", poller.poll()
        shop.rest(7200)
        yield "idle", poller.poll(recheck_days=0)
        shop.live(shop.now + timedelta(days=DAYS))
        shop.rest(7200)
        yield "changed", poller.poll(recheck_days=0)
        yield "quick", poller.poll(int(HOURS * 3600 / EVERY.total_seconds()), EVERY, recheck_days=0)
        shop.rest(7200)
        yield "again", poller.poll(recheck_hours=0)


def measure() -> str:
    """Return a table of all platforms."""
    laid = []
    for platform in DIALECTS:
        laid.append((platform, *[""] * 6))
        laid += [(f"  {TITLES[name]}", *_figures(row)) for name, row in rows(platform)]
    return table(("", "calls", "orders", "records", "calls per 1,000 orders", "points", "wall s"), laid)


def _figures(row: Row) -> tuple[str, ...]:
    per = row.per_thousand
    return (
        f"{row.calls:,}",
        f"{row.orders:,}",
        f"{row.records:,}",
        f"{per:,.0f}" if per else "–",
        f"{row.points:,.0f}" if row.points else "–",
        f"{row.seconds:.1f}",
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the log still meanwhile."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


if __name__ == "__main__":
    print(measure())
