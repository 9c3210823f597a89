"""A shop seen through a platform, the tap and the target between it and a Segment: all in this process, over real HTTP on loopback."""

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.dialects import expect, open_shop
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.verdict import faults
from tap_commerce.http import Bounds, Wire
from tap_commerce.tap import TapCommerce
from target_segment.singer.target import TargetSegment

START = datetime(2026, 10, 1, tzinfo=UTC)
KEY = "key"


class Crash(BaseException):
    """The process is gone: nothing after this happens."""


class Dying(Wire):
    """A wire in the shop's time that, asked once too often, is gone with its process."""

    def __init__(self, sleep, left=float("inf"), **bounds):
        super().__init__(user_agent="test", bounds=Bounds(**({"seconds": 1e6} | bounds)), sleep=sleep)
        self.left = left

    def ask(self, *arguments, **more):
        self.left -= 1
        if self.left < 0:
            raise Crash
        return super().ask(*arguments, **more)


class Told(TargetSegment):
    """A target that waits in the shop's time, in which nothing happens meanwhile."""

    shop = None

    def _sleep(self, seconds):
        Told.shop.rest(seconds)


def lively(days=3, **more):
    """A shop with days of life behind it, then at rest: for longer than any platform lags."""
    shop = Shop(seed=3, orders_per_day=12, **more)
    shop.live(shop.start + timedelta(days=days))
    shop._life = None
    shop.rest(120)
    return shop


def config(api, **settings):
    """The settings of a tap that reads a shop that is served, all of it and as fast as it can."""
    reading = {"shop": "acme", "start_date": START.isoformat(), "requests_per_second": 1e6}
    return api.settings | reading | settings


def poll(api, state=None, *, catalog=None, wire=None, **settings):
    """Return what the tap writes of a shop that is served, and whether it came to its end."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    ended = True
    with redirect_stdout(out):
        try:
            TapCommerce(
                config=config(api, **settings),
                state=state,
                catalog=catalog,
                wire=wire or Dying(api.shop.rest),
            ).sync_all()
        except Crash:
            ended = False
    return Output(out.buffer.getvalue(), ended=ended)


class Output:
    """What a run of the tap wrote."""

    def __init__(self, lines, *, ended=True):
        self.lines, self.ended = lines, ended

    @property
    def messages(self):
        return [json.loads(line, parse_float=Decimal) for line in self.lines.splitlines()]

    @property
    def records(self):
        """All records with their streams."""
        return [(each["stream"], each["record"]) for each in self.messages if each["type"] == "RECORD"]

    def of(self, stream):
        return [record for name, record in self.records if name == stream]

    @property
    def states(self):
        return [each["value"] for each in self.messages if each["type"] == "STATE"]


class World:
    """A shop, its API, a Segment and a ledger; `poll` is one run of the pipe with a bookmark carried as a scheduler does."""

    def __init__(self, dialect, folder, shop, *, since=START, **options):
        self.dialect, self.shop, self.since = dialect, shop, since
        self.ledger = f"{folder}/ledger.duckdb"
        self.api = open_shop(dialect, shop, **options)
        self.segment = Segment(write_keys={KEY}, clock=lambda: shop.now)
        self.state, self.polls, self.broken = None, [], []
        Told.shop = shop

    def __enter__(self):
        self.api.__enter__()
        self.segment.__enter__()
        return self

    def __exit__(self, *error):
        self.segment.__exit__(*error)
        self.api.__exit__(*error)

    def read(self, state, **tap):
        """Return what the tap writes."""
        return poll(self.api, state, **tap).lines

    def tell(self, lines, kind=Told, **target):
        """Hand lines to the target and keep the last STATE that it prints."""
        out = io.StringIO()
        try:
            with redirect_stdout(out):
                run = kind(
                    config={
                        "write_key": KEY,
                        "endpoint": self.segment.endpoint,
                        "since": self.since.isoformat(),
                        "ledger": self.ledger,
                        "max_events_per_second": 0,
                        **target,
                    }
                )
                assert run.run(io.BytesIO(lines)) == 0
        finally:
            if states := out.getvalue().split("\n")[:-1]:
                self.state = json.loads(states[-1])

    def poll(self, kind=Told, **tap):
        """Poll once."""
        self.polls.append(self.shop.now)
        self.tell(self.read(self.state, **tap), kind)

    def break_off(self, kind):
        """Poll once, by a target that may be gone before it comes to its end."""
        try:
            self.poll(kind)
        except Crash:
            self.broken.append(self.polls[-1])

    def settle(self, kind=Told):
        """Let nothing happen until every platform has indexed all of it, and look at everything once more."""
        self.shop.rest(3700)
        self.poll(kind, recheck_hours=0)

    def wrong(self):
        """Say what Segment holds that it should not, or lacks.

        Nobody knows how much of a reading that broke off is remembered: right is what is right with them or without them.
        """
        wrong = self._against(self.polls)
        if not self.broken:
            return wrong
        either = {
            _undated(each) for each in self._against([each for each in self.polls if each not in self.broken])
        }
        return [each for each in wrong if _undated(each) in either]

    def _against(self, polls):
        return faults(self.segment, expect(self.dialect, self.api, since=self.since, polls=polls))


def _undated(said):
    return said.partition(" at ")[0]
