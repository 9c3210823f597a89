"""The promise, end to end: whatever the shop's life and whenever it is polled, Segment holds what a perfect observer told.

Tap and target run in this process, over real HTTP on loopback; what must be told comes from the shop's own history.
"""

import io
import json
import logging
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.expectation import expect
from sandbox.faults import Faults
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.shopify import Shopify
from sandbox.verdict import faults
from tap_commerce.http import Wire
from tap_commerce.tap import TapCommerce
from target_segment.target import TargetSegment

# The same lives every time, and the first that fails is as good as the smallest: each takes seconds.
LIVES = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}

START = datetime(2026, 10, 1, tzinfo=UTC)
TOKEN, KEY = "shpat_test", "key"


class Crash(BaseException):
    """The process is gone: nothing after this happens."""


class Told(TargetSegment):
    """A target that waits in the shop's time, in which nothing happens meanwhile."""

    shop = None

    def _sleep(self, seconds):
        Told.shop.rest(seconds)


class Crashing(Told):
    """A target that is gone at the n-th of the points it passes."""

    left = 0

    def at(self, point):
        Crashing.left -= 1
        if Crashing.left == 0:
            raise Crash(point)


class InTwo(Told):
    """A target whose every run is a long one: most of it is decided in the second process."""

    chunk_records = 7

    def _beside(self, source):
        started = super()._beside(source)
        started.ready(None)
        return started


class World:
    """A shop, its API, a Segment and a ledger; `poll` is one run of the pipe with a bookmark carried as a scheduler does."""

    def __init__(self, folder, shop, *, since=START, **apis):
        self.shop, self.since, self.ledger = shop, since, f"{folder}/ledger.duckdb"
        self.api = Shopify(shop, token=TOKEN, **apis)
        self.segment = Segment(write_keys={KEY}, clock=lambda: shop.now)
        self.state, self.polls = None, []
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
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            TapCommerce(
                config={
                    "platform": "shopify",
                    "api_url": self.api.url,
                    "shop": "acme",
                    "access_token": TOKEN,
                    "start_date": START.isoformat(),
                    **tap,
                },
                state=state,
                wire=Wire(user_agent="test", sleep=self.shop.rest),
            ).sync_all()
        return out.buffer.getvalue()

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

    def poll(self, **tap):
        """Poll once."""
        self.polls.append(self.shop.now)
        self.tell(self.read(self.state, **tap))

    def wrong(self):
        """Say what Segment holds that it should not, or lacks."""
        return faults(self.segment, expect(self.shop, since=self.since, polls=self.polls))


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@st.composite
def lives(draw):
    """A seed, the hours between polls, and how many hours of history lie before `since`."""
    seed = draw(st.integers(0, 10_000))
    hours = draw(st.lists(st.floats(0.02, 60), min_size=1, max_size=5))
    history = draw(st.sampled_from([0.0, 0.0, 30.0]))
    return seed, hours, history


@settings(max_examples=10, **LIVES)
@given(lives())
def test_segment_holds_what_a_perfect_observer_told(life):
    """Once and running events exactly, states in order and current, a full second reading tells nothing."""
    seed, hours, history = life
    shop = Shop(seed=seed, start=START, orders_per_day=5, customers_per_day=2, pace=0.4)
    with TemporaryDirectory() as folder:
        shop.live(START + timedelta(hours=history))
        with World(folder, shop, since=shop.now) as world:
            for each in hours:
                shop.advance(3600 * each)
                world.poll()
            shop.rest(3700)
            world.poll(recheck_hours=0)
            assert world.wrong() == []
            told = len(world.segment.events)
            world.tell(world.read(None))
            assert len(world.segment.events) == told


@settings(max_examples=4, **LIVES)
@given(st.integers(0, 10_000), st.sampled_from(["low", "linear"]))
def test_a_shop_and_a_segment_that_fail_now_and_then_change_nothing(seed, cost):
    """Throttling, error pages, resets and lost answers are waited out."""
    shop = Shop(seed=seed, start=START, orders_per_day=4, customers_per_day=2, pace=0.4, max_lines=30)
    shop.live(START + timedelta(days=3))
    with TemporaryDirectory() as folder:
        ill = World(
            folder,
            shop,
            cost=cost,
            faults=Faults(seed=seed, rate=0.1, kinds=("429", "500", "503", "truncated", "internal")),
        )
        ill.segment.faults = Faults(seed=seed, rate=0.2, kinds=("500", "lost", "reset"))
        with ill as world:
            world.poll()
            shop.rest(3700)
            world.poll(recheck_hours=0)
            assert world.wrong() == []


def test_a_long_run_in_two_processes_tells_the_same(tmp_path):
    """Polls of one life by turns in one process and in two: nothing lost, doubled or invented, a second reading tells nothing."""
    shop = Shop(seed=5, start=START, orders_per_day=12, customers_per_day=5, pace=0.4, max_lines=20)
    with World(tmp_path, shop) as world:
        for kind in (InTwo, Told, InTwo):
            shop.advance(3600 * 60)
            world.polls.append(shop.now)
            world.tell(world.read(world.state), kind)
        shop.rest(3700)
        world.polls.append(shop.now)
        world.tell(world.read(world.state, recheck_hours=0), InTwo)
        assert world.wrong() == []
        told = len(world.segment.events)
        assert told > 300
        world.tell(world.read(None), InTwo)
        assert len(world.segment.events) == told


def test_a_target_that_dies_at_any_point_loses_and_doubles_nothing(tmp_path):
    """It is gone at each named point in turn, twice a run; the next run finishes what was intended, and no id has two contents."""
    shop = Shop(seed=11, start=START, orders_per_day=6, customers_per_day=3, pace=0.4, max_lines=20)
    with World(tmp_path, shop) as world:
        for step in range(1, 13):
            shop.advance(3600 * 9)
            world.polls.append(shop.now)
            lines = world.read(world.state)
            Crashing.left = step
            with suppress(Crash):
                world.tell(lines, Crashing)
        shop.rest(3700)
        world.poll(recheck_hours=0)
        assert world.wrong() == []
