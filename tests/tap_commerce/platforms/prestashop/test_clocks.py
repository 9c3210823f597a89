"""Wall clocks without offsets: nothing is lost in an hour that comes twice, and nothing breaks in one that never comes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop.clocks import Clocks

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC")
PARIS = Clocks("Europe/Paris")


def shown(text):
    return datetime.fromisoformat(f"2026-{text}")


def utc(text):
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant_and_both_may_be():
    assert PARIS.utc(shown("10-25 02:30:00")) == utc("10-25 00:30:00")
    assert PARIS.earliest(shown("10-25 02:30:00")) == utc("10-25 00:30:00")
    assert PARIS.latest(shown("10-25 02:30:00")) == utc("10-25 01:30:00")


def test_an_hour_that_never_comes_is_read_all_the_same():
    assert PARIS.utc(shown("03-29 02:30:00")) == utc("03-29 01:30:00")
    assert PARIS.earliest(shown("03-29 02:30:00")) <= PARIS.latest(shown("03-29 02:30:00"))


def test_on_any_other_day_a_window_is_asked_for_to_the_second():
    window = Window(utc("11-18 09:00:00"), utc("11-18 10:00:00"))
    assert PARIS.span(window) == (shown("11-18 10:00:00"), shown("11-18 10:59:59"))


def test_a_window_that_touches_the_repeated_hour_is_asked_for_wide_enough():
    second = Window(utc("10-25 01:10:00"), utc("10-25 01:20:00"))
    first, last = PARIS.span(second)
    assert first <= shown("10-25 02:10:00")
    assert last >= shown("10-25 02:19:59")
    before = Window(utc("10-25 00:30:00"), utc("10-25 00:50:00"))
    assert PARIS.span(before)[0] <= shown("10-25 02:00:00"), "put back soon, clocks show less"


CHANGES = (
    ("Europe/Paris", "10-25 01:00:00"),
    ("Europe/Paris", "03-29 01:00:00"),
    ("America/New_York", "11-01 06:00:00"),
    ("America/New_York", "03-08 07:00:00"),
    ("Australia/Lord_Howe", "04-04 15:00:00"),
    ("Australia/Lord_Howe", "10-03 15:30:00"),
    ("Asia/Kolkata", "06-15 00:00:00"),
)
"""Zones, and the instants at which their clocks are put back or forward, or nothing happens."""


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.sampled_from(CHANGES),
    st.integers(-150, 150),
    st.integers(1, 200),
    st.integers(0, 200),
    st.integers(0, 59),
)
def test_whatever_happens_in_a_window_is_asked_for_and_kept(change, start, length, offset, seconds):
    """An instant of the window, as clocks show it, lies in what is asked for, and may lie in the window."""
    zone, at = change
    clocks = Clocks(zone)
    begin = utc(at) + timedelta(minutes=start)
    window = Window(begin, begin + timedelta(minutes=length))
    instant = begin + timedelta(minutes=offset % length, seconds=seconds)
    first, last = clocks.span(window)
    assert first <= clocks.shown(instant) <= last
    assert clocks.may_lie_in(window, clocks.shown(instant))
    assert clocks.earliest(clocks.shown(instant)) <= instant <= clocks.latest(clocks.shown(instant))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(ZONES), st.integers(0, 365 * 24 * 60), st.integers(0, 300))
def test_what_was_shown_later_is_never_earlier_than_the_earliest_before_it(zone, minute, more):
    """Else a bookmark taken from a page would overtake the rows after it."""
    clocks = Clocks(zone)
    here = shown("01-01 00:00:00") + timedelta(minutes=minute)
    assert clocks.earliest(here) <= clocks.utc(here + timedelta(minutes=more))


def test_what_is_no_zone_is_said():
    for zone in ("Europe/Nowhere", "../etc/passwd", ""):
        with pytest.raises(Misconfigured, match="timezone"):
            Clocks(zone)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(("03-08", "03-29", "04-04", "10-04", "10-25", "11-01", "06-15")),
    st.lists(st.integers(0, 30 * 3600), min_size=4, max_size=4, unique=True).map(sorted),
)
def test_what_changed_and_was_read_and_changed_again_is_dated_in_that_order(zone, day, offsets):
    clocks = Clocks(zone)
    once, read, again, reread = (utc(f"{day} 00:00:00") + timedelta(seconds=each) for each in offsets)
    first = clocks.changed(clocks.shown(once), read)
    assert first <= read
    assert first <= clocks.changed(clocks.shown(again), reread)


def test_unless_it_is_known_when_it_was_read_the_first_of_both_hours_is_meant():
    assert PARIS.changed(shown("10-25 02:30:00"), None) == utc("10-25 00:30:00")
    assert PARIS.changed(shown("10-25 02:30:00"), utc("10-25 01:31:00")) == utc("10-25 01:30:00")
