"""The promise, end to end, on every platform: whatever the shop's life and whenever it is polled, Segment holds what a perfect observer told.

Tap and target run in this process, over real HTTP on loopback; what must be told comes from the shop's own history.
"""

from datetime import timedelta
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.dialects import DIALECTS
from sandbox.faults import Faults
from sandbox.shop import Shop
from tests.world import START, Crash, Told, World

# The same lives every time, and the first that fails is as good as the smallest: each takes seconds.
LIVES = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}

every = pytest.mark.parametrize("dialect", sorted(DIALECTS))


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

    def start_process(self, settings, source):
        started = super().start_process(settings, source)
        started.ready(None)
        return started


pytestmark = pytest.mark.usefixtures("quiet")


@st.composite
def lives(draw):
    """A seed, the hours between polls, and how many hours of history lie before `since`."""
    seed = draw(st.integers(0, 10_000))
    hours = draw(st.lists(st.floats(0.02, 60), min_size=1, max_size=5))
    history = draw(st.sampled_from([0.0, 0.0, 30.0]))
    return seed, hours, history


@every
@settings(max_examples=3, **LIVES)
@given(life=lives())
def test_segment_holds_what_a_perfect_observer_told(dialect, life):
    """Once and running events exactly, states in order and current, a full second reading tells nothing."""
    seed, hours, history = life
    shop = Shop(seed=seed, start=START, orders_per_day=5, customers_per_day=2, pace=0.4, max_lines=30)
    with TemporaryDirectory() as folder:
        shop.live(START + timedelta(hours=history))
        with World(dialect, folder, shop, since=shop.now) as world:
            for each in hours:
                shop.advance(3600 * each)
                world.poll()
            world.settle()
            assert world.wrong() == []
            told = len(world.segment.events)
            world.tell(world.read(None))
            assert len(world.segment.events) == told


@every
def test_nothing_is_lost_over_a_month_of_polls_at_random(dialect, tmp_path):
    """As a scheduler polls that is now and then away: after minutes, hours or days, with the second look when it is due."""
    draw = Random(f"month/{dialect}")  # noqa: S311 - the same month every time
    shop = Shop(seed=31, start=START, orders_per_day=1.5, customers_per_day=0.5, max_lines=9)
    end = START + timedelta(days=30)
    with World(dialect, tmp_path, shop) as world:
        while shop.now < end:
            shop.advance(3600 * min(72, draw.expovariate(1 / 44)))
            world.poll()
        world.settle()
        assert len(world.polls) > 12
        assert len(shop.orders) > 30
        assert world.wrong() == []
        told = len(world.segment.events)
        world.tell(world.read(None))
        assert len(world.segment.events) == told


@every
@settings(max_examples=2, **LIVES)
@given(seed=st.integers(0, 10_000))
def test_a_shop_and_a_segment_that_fail_now_and_then_change_nothing(dialect, seed):
    """Throttling, error pages, resets and lost answers are waited out."""
    shop = Shop(seed=seed, start=START, orders_per_day=4, customers_per_day=2, pace=0.4, max_lines=30)
    shop.live(START + timedelta(days=2))
    kinds = ("429", "500", "503", "truncated", "reset", "html", *DIALECTS[dialect].faults)
    failing = Faults(seed=seed, rate=0.2, kinds=kinds)
    with (
        TemporaryDirectory() as folder,
        World(dialect, folder, shop, faults=failing, **DIALECTS[dialect].throttling) as world,
    ):
        world.segment.faults = Faults(seed=seed, rate=0.2, kinds=("500", "lost", "reset"))
        world.poll(page_size=5)
        shop.advance(3600 * 20)
        world.poll(page_size=5)
        world.settle()
        assert failing.happened
        assert world.wrong() == []


@every
def test_a_long_run_in_two_processes_tells_the_same(dialect, tmp_path):
    """Polls of one life by turns in one process and in two: nothing lost, doubled or invented, a second reading tells nothing."""
    shop = Shop(seed=5, start=START, orders_per_day=12, customers_per_day=5, pace=0.4, max_lines=10)
    with World(dialect, tmp_path, shop) as world:
        for kind in (InTwo, Told):
            shop.advance(3600 * 40)
            world.poll(kind)
        world.settle(InTwo)
        assert world.wrong() == []
        told = len(world.segment.events)
        assert told > 100
        world.tell(world.read(None), InTwo)
        assert len(world.segment.events) == told


@every
def test_a_target_that_dies_at_any_point_loses_and_doubles_nothing(dialect, tmp_path):
    """It is gone at each named point in turn, twice a run; the next run finishes what was intended, and no id has two contents."""
    shop = Shop(seed=11, start=START, orders_per_day=6, customers_per_day=3, pace=0.4, max_lines=9)
    with World(dialect, tmp_path, shop) as world:
        for step in range(1, 13):
            shop.advance(3600 * 9)
            Crashing.left = step
            world.break_off(Crashing)
        assert len(world.broken) > 5
        world.settle()
        assert world.wrong() == []
