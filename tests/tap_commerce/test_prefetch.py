"""The next page is fetched while this one is written, and what goes wrong is raised where it is wanted."""

import threading

import pytest

from tap_commerce.errors import Stopped, Unavailable
from tap_commerce.prefetch import ahead


def test_the_next_page_is_fetched_while_this_one_is_written():
    fetched = threading.Semaphore(0)

    def pages():
        for number in range(5):
            fetched.release()
            yield number

    taken = ahead(pages())
    assert next(taken) == 0
    # Nobody has asked for the second page yet; it is fetched all the same.
    assert fetched.acquire(timeout=5)
    assert fetched.acquire(timeout=5)
    assert list(taken) == [1, 2, 3, 4]


def test_what_goes_wrong_while_fetching_is_raised_where_the_page_is_wanted():
    def pages():
        yield 1
        raise Unavailable("gone")

    taken = ahead(pages())
    assert next(taken) == 1
    with pytest.raises(Unavailable):
        next(taken)


def test_whoever_stops_taking_stops_the_fetching():
    closed = threading.Event()

    def pages():
        try:
            yield from range(1000)
        finally:
            closed.set()

    taken = ahead(pages())
    next(taken)
    taken.close()
    assert closed.wait(timeout=5)


def test_a_signal_is_heard_while_a_page_is_awaited():
    never = threading.Event()

    def pages():
        never.wait(timeout=30)
        yield 1

    with pytest.raises(Stopped):
        next(ahead(pages(), lambda: True))
    never.set()
