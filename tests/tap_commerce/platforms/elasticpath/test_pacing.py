import threading

import pytest

from tap_commerce.platforms.elasticpath.pacing import GOOD, Pace, side_by_side


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds


def paced(rate, clock=None):
    clock = clock or Clock()
    return Pace(rate, clock=clock, sleep=clock.sleep), clock


def test_questions_go_as_fast_as_was_set_and_no_faster():
    pace, clock = paced(20)
    for _ in range(201):
        pace.wait()
    assert clock.now == pytest.approx(10)


def test_a_pause_is_not_saved_up_for_a_rush():
    pace, clock = paced(20)
    pace.wait()
    clock.now += 60
    for _ in range(3):
        pace.wait()
    assert clock.slept == [0.05, 0.05]


def test_it_is_paced_also_where_sleeping_moves_no_clock():
    slept = []
    pace = Pace(20, clock=lambda: 0.0, sleep=slept.append)
    for _ in range(101):
        pace.wait()
    assert sum(slept) == pytest.approx(5)
    assert max(slept) < 0.06


def test_it_slows_down_when_throttled_and_recovers_when_it_goes_well():
    pace, _ = paced(20)
    for rate in (10, 5, 2.5, 1.25, 1, 1):
        pace.throttled()
        assert pace.rate == rate
    for _ in range(GOOD):
        pace.answered()
    assert pace.rate == 2
    for _ in range(GOOD * 10):
        pace.answered()
    assert pace.rate == 20


def test_a_rate_that_was_set_below_the_slowest_stays():
    pace, _ = paced(0.5)
    pace.throttled()
    assert pace.rate == 0.5


def test_work_is_done_side_by_side_and_comes_back_in_order():
    meeting = threading.Barrier(4, timeout=10)

    def work(each):
        meeting.wait()
        return each * 2

    assert side_by_side(work, range(8), 4) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert side_by_side(work, [], 4) == []


def test_the_first_error_ends_the_work():
    asked = []

    def work(each):
        asked.append(each)
        if each == 3:
            raise ValueError(each)
        return each

    with pytest.raises(ValueError, match="3"):
        side_by_side(work, range(1000), 1)
    assert asked == [0, 1, 2, 3]
