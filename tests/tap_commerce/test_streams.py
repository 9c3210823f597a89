"""Windows, watermarks and the second look, with a platform that only remembers."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tap_commerce.errors import Misconfigured, Stopped, Unavailable
from tap_commerce.platforms import Page, Window
from tap_commerce.records import Customer, Order, Refund
from tap_commerce.streams import Polling, ahead, windows

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
        self.fields, self.replication_method, self.ABORT_AT_RECORD_COUNT = frozenset({"id"}), method, limit

    def _write_schema_message(self):
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


def test_the_first_run_reads_from_the_start_date_up_to_the_shops_clock_less_its_lag():
    run = Run(Platform()).go()
    assert run.read() == [Window(at("2026-11-01"), NOW - LAG)]
    assert {run.mark(name) for name in run.streams} == {"2026-11-20T11:59:50Z"}


def test_time_is_cut_into_windows_and_an_empty_one_moves_the_watermark():
    run = Run(Platform(), window_days=7).go("orders")
    assert [window.start.day for window in run.read()] == [1, 8, 15]
    assert [window.end for window in run.read()][:-1] == [window.start for window in run.read()][1:]
    states = [entry[1] for entry in run.log if entry[0] == "STATE"]
    assert states[:2] == ["2026-11-08T00:00:00Z", "2026-11-15T00:00:00Z"]


def test_a_poll_begins_before_its_bookmark_and_the_state_does_not_say_so():
    run = Run(Platform(), bookmarked("2026-11-20T11:00:00Z")).go("orders")
    assert run.read() == [Window(at("2026-11-20T10:00"), NOW - LAG)]
    assert run.mark("orders") == "2026-11-20T11:59:50Z"


def test_one_pass_feeds_all_its_streams_once():
    run = Run(Platform()).go("fulfillments", "orders", "refunds")
    assert len(run.read()) == 1
    assert [entry for entry in run.log if entry[0] == "SCHEMA"] == [
        ("SCHEMA", "orders"),
        ("SCHEMA", "refunds"),
        ("SCHEMA", "fulfillments"),
    ]
    assert len(run.platform.opened) == 1


def test_a_pass_begins_at_the_oldest_bookmark_and_moves_none_back():
    state = bookmarked("2026-11-20T11:00:00Z")
    state["bookmarks"]["refunds"]["replication_key_value"] = "2026-11-18T00:00:00Z"
    pages = [page(*[at("2026-11-18T05:00")] * 100), Unavailable("gone")]
    run = Run(Platform(lambda streams, window: pages), state)
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.read()[0].start == at("2026-11-17T23:00")
    assert run.mark("refunds") == "2026-11-18T05:00:00Z"
    assert run.mark("orders") == "2026-11-20T11:00:00Z"


def test_a_stream_without_a_bookmark_begins_at_the_start_date():
    state = bookmarked("2026-11-20T11:00:00Z", ("orders",))
    run = Run(Platform(), state, streams=("orders", "refunds")).go()
    assert run.read(("orders", "refunds"))[0].start == at("2026-11-01")
    assert run.mark("refunds") == run.mark("orders") == "2026-11-20T11:59:50Z"


def test_only_selected_streams_are_read_and_a_pass_without_any_is_not_made():
    streams = {
        "customers": {"selected": False},
        "orders": {"selected": False},
        "refunds": {},
        "fulfillments": {"selected": False},
    }
    run = Run(Platform(), streams=streams).go("refunds")
    assert [asked for asked, _ in run.platform.windows] == [("refunds",)]
    assert run.platform.opened == [{"refunds": frozenset({"id"})}]
    assert set(run.state["bookmarks"]) == {"refunds"}


def test_what_may_not_be_read_is_refused_before_anything_is_written():
    class Strict(Platform):
        def permit(self, streams, start):
            if "orders" in streams:
                raise Misconfigured("start_date")

    run = Run(Strict())
    with pytest.raises(Misconfigured):
        run.go("customers")
    assert run.log == []
    assert run.platform.windows == []


def test_a_later_start_date_leaves_no_gap_behind_a_bookmark():
    run = Run(Platform(), bookmarked("2026-11-10T00:00:00Z"), start_date="2026-11-19T00:00:00Z").go("orders")
    assert run.read()[0].start == at("2026-11-09T23:00")


def test_a_poll_does_not_begin_before_the_start_date():
    run = Run(Platform(), bookmarked("2026-11-20T11:00:00Z"), start_date="2026-11-20T10:30:00Z").go("orders")
    assert run.read()[0].start == at("2026-11-20T10:30")


def test_a_full_table_in_the_catalog_begins_at_the_start_date():
    run = Run(
        Platform(), bookmarked("2026-11-20T11:00:00Z"), streams={"orders": {"method": "FULL_TABLE"}}
    ).go()
    assert run.read(("orders",))[0].start == at("2026-11-01")


def test_a_bookmark_ahead_of_the_shops_clock_is_none(caplog):
    """Nobody can have read so far; what lies before it would be lost."""
    state = bookmarked("2026-11-25T00:00:00Z")
    run = Run(Platform(), state).go("orders")
    assert run.read() == [Window(at("2026-11-01"), NOW - LAG)]
    assert run.mark("orders") == "2026-11-20T11:59:50Z"
    assert "ahead of the shop's clock" in caplog.text
    assert Run(Platform(), state).go("orders").read()[0].start == at("2026-11-20T10:59:50")


def test_two_servers_of_a_shop_may_disagree_by_seconds():
    run = Run(Platform(), bookmarked("2026-11-20T12:00:30Z")).go("orders")
    assert run.read()[0].start == at("2026-11-20T11:00:30")
    assert run.mark("orders") == "2026-11-20T12:00:30Z"


def test_a_clock_that_ran_ahead_when_the_pass_began_does_not_carry_the_bookmark_along():
    class Corrected(Platform):
        def read(self, streams, window):
            self._now = NOW
            return super().read(streams, window)

    run = Run(Corrected(now=NOW + timedelta(hours=3))).go("orders")
    assert run.mark("orders") == "2026-11-20T11:59:50Z"


def test_a_bookmark_that_is_no_instant_is_named():
    with pytest.raises(Misconfigured, match=r"state: bookmarks\.orders\.replication_key_value"):
        Run(Platform(), bookmarked("yesterday"), streams=("orders",)).go()


# Watermarks within a window


def test_old_pages_move_the_watermark_to_their_earliest_row():
    first, second = at("2026-11-02T06:00"), at("2026-11-03T06:00")
    pages = [
        page(*[first] * 50, *[second] * 60),
        page(*[second] * 60, at("2026-11-04")),
        Unavailable("gone"),
    ]
    run = Run(Platform(lambda streams, window: pages))
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders") == written(second)


def test_a_row_that_is_newer_than_its_place_in_the_index_does_not_move_it():
    settled, jumped = at("2026-11-02T06:00"), NOW - timedelta(seconds=5)
    pages = [page(jumped, *[settled] * 120, jumped), Unavailable("gone")]
    run = Run(Platform(lambda streams, window: pages))
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders") == written(settled)


def test_a_page_of_fresh_rows_moves_nothing_before_the_window_is_done():
    fresh = NOW - timedelta(minutes=30)
    pages = [page(*[fresh] * 200), Unavailable("gone")]
    run = Run(Platform(lambda streams, window: pages), bookmarked("2026-11-20T11:00:00Z"))
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders") == "2026-11-20T11:00:00Z"


def test_a_watermark_is_never_newer_than_its_window():
    run = Run(
        Platform(lambda streams, window: [page(*[at("2026-11-19")] * 200)] if window.start.day == 1 else []),
        window_days=2,
    )
    run.go("orders")
    states = [entry[1] for entry in run.log if entry[0] == "STATE"]
    assert states[0] == "2026-11-03T00:00:00Z"


def test_rows_from_before_the_window_do_not_pull_the_watermark_back():
    """A platform that filters by whole days brings some."""
    pages = [page(at("2026-10-31T20:00"), *[at("2026-11-01T09:00")] * 120), Unavailable("gone")]
    run = Run(Platform(lambda streams, window: pages))
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders") == "2026-11-01T00:00:00Z"


def test_a_state_follows_the_records_that_it_speaks_of():
    moments = [at("2026-11-02") + timedelta(hours=number) for number in range(6)]
    pages = [page(*[moment] * 60) for moment in moments]
    run = Run(Platform(lambda streams, window: pages)).go("orders")
    written_so_far, kinds = 0, []
    for entry in run.log:
        kinds.append(entry[0])
        if entry[0] == "RECORD":
            written_so_far += 1
        if entry[0] == "STATE" and entry[1] != "2026-11-20T11:59:50Z":
            done = sum(written(moment) <= entry[1] for moment in moments)
            assert written_so_far >= done * 60
    assert 2 < kinds.count("STATE") < 6


def test_an_interrupted_backfill_goes_on_where_it_was():
    moments = [at("2026-11-02") + timedelta(days=number) for number in range(10)]
    told = set()

    def pages(streams, window):
        for number, moment in enumerate(moments):
            if window.start <= moment < window.end:
                if number == 6 and "broken" not in told:
                    told.add("broken")
                    yield Unavailable("gone")
                told.add(number)
                yield page(*[moment] * 100)

    state = {}
    with pytest.raises(Unavailable):
        Run(Platform(pages), state).go("orders")
    again = Run(Platform(pages), state).go("orders")
    assert again.read()[0].start == moments[5] - timedelta(hours=1)
    assert told == {"broken", *range(10)}


# The second look


def test_once_a_day_a_poll_looks_back_a_month():
    state = bookmarked("2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:59:00Z")
    run = Run(Platform(), state, start_date="2026-01-01T00:00:00Z").go("orders")
    assert run.read()[0].start == at("2026-10-21T11:00")
    assert run.mark("orders") == "2026-11-20T11:59:50Z"
    assert run.mark("orders", "rechecked_at") == "2026-11-20T11:59:50Z"
    assert Run(Platform(), state).go("orders").read()[0].start == at("2026-11-20T10:59:50")


def test_it_does_not_look_back_twice_in_a_day():
    run = Run(Platform(), bookmarked("2026-11-20T11:00:00Z", rechecked_at="2026-11-19T12:00:01Z")).go(
        "orders"
    )
    assert run.read()[0].start == at("2026-11-20T10:00")


def test_a_first_run_has_nothing_to_look_at_again():
    state = {}
    Run(Platform(), state).go()
    assert Run(Platform(now=NOW + timedelta(hours=1)), state).go("orders").read()[0].start > at("2026-11-20")


def test_an_interrupted_second_look_goes_on_and_the_bookmark_stays():
    state = bookmarked("2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:59:00Z")
    pages = [page(*[at("2026-11-05")] * 100), Unavailable("gone")]
    run = Run(Platform(lambda streams, window: pages), state)
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders") == "2026-11-20T11:00:00Z"
    assert run.mark("orders", "recheck_reached") == "2026-11-05T00:00:00Z"
    again = Run(Platform(), state).go("orders")
    assert again.read()[0].start == at("2026-11-04T23:00")
    assert again.mark("orders", "recheck_reached") is None
    assert "recheck_reached" in state["bookmarks"]["orders"]


def test_a_second_look_that_is_interrupted_early_again_and_again_does_not_lose_ground():
    state = bookmarked(
        "2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:59:00Z", recheck_reached="2026-11-05T00:00:00Z"
    )

    def pages(streams, window):
        return [page(*[window.start + timedelta(minutes=1)] * 100), Unavailable("gone")]

    for _ in range(3):
        with pytest.raises(Unavailable):
            Run(Platform(pages), state).go("orders")
    assert state["bookmarks"]["orders"]["recheck_reached"] == "2026-11-05T00:00:00Z"


def test_a_second_look_at_a_time_to_come_is_none():
    state = bookmarked("2026-11-20T11:00:00Z", rechecked_at="2027-11-19T11:59:00Z")
    run = Run(Platform(), state, start_date="2026-01-01T00:00:00Z").go("orders")
    assert run.read()[0].start == at("2026-10-21T11:00")


def test_a_second_look_needs_no_more_rights_than_the_first():
    """It looks again at what was visible then; what is too old by now is documented as unknown."""
    state = bookmarked("2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:00:00Z")
    run = Run(Platform(), state, start_date="2026-01-01T00:00:00Z", recheck_days=90).go("orders")
    assert (ORDERS, at("2026-11-20T11:00")) in run.platform.permitted
    assert run.read()[0].start < at("2026-09-01")


def test_a_stream_selected_later_begins_with_the_rights_that_its_start_needs():
    state = bookmarked("2026-11-20T11:00:00Z", ("orders",), rechecked_at="2026-11-19T11:00:00Z")
    run = Run(Platform(), state, streams=("orders", "refunds")).go()
    assert run.platform.permitted == [(("orders", "refunds"), at("2026-11-01"))]


def test_the_second_look_can_be_switched_off():
    state = bookmarked("2026-11-20T11:00:00Z", rechecked_at="2020-01-01T00:00:00Z")
    assert Run(Platform(), state, recheck_days=0).go("orders").read()[0].start == at("2026-11-20T10:00")


def test_the_state_survives_a_merge_key_by_key():
    """Meltano merges the state of an unfinished run into the one before, key by key."""

    def merged(old, new):
        return {
            key: merged(old[key], value) if isinstance(value, dict) and key in old else value
            for key, value in {**old, **new}.items()
        }

    before = bookmarked(
        "2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:59:00Z", recheck_reached="2026-11-05T00:00:00Z"
    )
    after = bookmarked(
        "2026-11-20T11:00:00Z", rechecked_at="2026-11-19T11:59:00Z", recheck_reached="2026-11-05T00:00:00Z"
    )
    Run(Platform(), after).go()
    state = merged(before, after)
    assert state == after
    assert Run(Platform(now=NOW + timedelta(minutes=5)), state).go("orders").read()[0].start == at(
        "2026-11-20T10:59:50"
    )


# What is written


def test_records_carry_the_shops_time_of_their_answer():
    run = Run(Platform(lambda streams, window: [page(at("2026-11-02"))])).go("orders")
    assert ("RECORD", "orders", "0", "2026-11-20T12:00:00Z") in run.log


def test_records_are_written_in_the_order_in_which_they_came():
    told = at("2026-11-02")
    refund = Refund(
        platform="x",
        shop="acme",
        id="r",
        polled_at=written(told),
        order_id="0",
        subject="r",
        total=1,
        total_to_date=1,
        order_refunded_to_date=1,
        order=None,
    )
    mixed = [("orders", order(0, told)), ("refunds", refund), ("orders", order(1, told))]
    run = Run(Platform(lambda streams, window: [page(told, records=mixed)])).go("orders")
    assert [entry[1:3] for entry in run.log if entry[0] == "RECORD"] == [
        ("orders", "0"),
        ("refunds", "r"),
        ("orders", "1"),
    ]


def test_a_trial_writes_a_few_records_of_each_stream_and_moves_nothing():
    state = bookmarked("2026-11-20T11:00:00Z")
    before = bookmarked("2026-11-20T11:00:00Z")
    customer = Customer(platform="x", shop="acme", id="c", polled_at="2026-11-02T00:00:00Z")

    def pages(streams, window):
        if "customers" in streams:
            return [page(at("2026-11-02"), records=[("customers", customer)] * 9)] * 9
        return [page(*[at("2026-11-02")] * 9)] * 99

    limit = {name: {"limit": 2} for name in ("customers", *ORDERS)}
    run = Run(Platform(pages), state, streams=limit).go()
    counts = [entry[1] for entry in run.log if entry[0] == "RECORD"]
    assert (counts.count("customers"), counts.count("orders")) == (2, 2)
    assert state == before


def test_a_signal_ends_the_run_after_the_page_and_leaves_a_state_that_holds():
    pages = [page(*[at(f"2026-11-0{day}")] * 100) for day in range(2, 9)]
    run = Run(
        Platform(lambda streams, window: pages),
        stopped=lambda: len([entry for entry in run.log if entry[0] == "RECORD"]) >= 300,
    )
    with pytest.raises(Stopped):
        run.go("orders")
    assert len([entry for entry in run.log if entry[0] == "RECORD"]) == 300
    assert run.log[-1] == ("STATE", "2026-11-04T00:00:00Z")


def test_a_long_run_says_now_and_then_where_it_is(caplog):
    ticks = iter(range(0, 1000, 4))
    pages = [page(*[at(f"2026-11-0{day}")] * 10) for day in range(2, 9)]
    run = Run(Platform(lambda streams, window: pages))
    run.polling._clock = lambda: next(ticks)
    with caplog.at_level(logging.INFO):
        run.go("orders")
    said = [each.getMessage() for each in caplog.records]
    assert 2 <= len(said) <= 4
    assert said[0].startswith("orders, refunds, fulfillments: 30 records (2/s), at 2026-11-04T00:00:00Z")
    assert said[-1] == (
        "orders, refunds, fulfillments: 70 records from 2026-11-01T00:00:00Z to 2026-11-20T11:59:50Z"
    )


# Cutting and fetching ahead


def test_windows_leave_no_gap_and_do_not_overlap():
    found = list(windows(at("2026-01-01"), at("2026-03-05T01:02:03"), timedelta(days=30)))
    assert found[0].start == at("2026-01-01")
    assert found[-1].end == at("2026-03-05T01:02:03")
    assert all(one.end == next_.start for one, next_ in pairwise(found))
    assert all(each.start < each.end for each in found)


def test_there_is_no_window_where_there_is_no_time():
    assert list(windows(NOW, NOW, timedelta(days=30))) == []
    assert list(windows(NOW, NOW - timedelta(days=1), timedelta(days=30))) == []


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


def test_a_signal_is_heard_while_the_shop_does_not_answer_at_all():
    never = threading.Event()

    class Silent(Platform):
        def open(self, selection):
            never.wait(timeout=30)

    with pytest.raises(Stopped):
        Run(Silent(), stopped=lambda: True).go("orders")
    never.set()


def test_a_signal_is_heard_while_a_page_is_awaited():
    never = threading.Event()

    def pages():
        never.wait(timeout=30)
        yield 1

    with pytest.raises(Stopped):
        next(ahead(pages(), lambda: True))
    never.set()


def numbered(page, **cursors):
    return page._replace(cursors=cursors)


def test_the_passes_are_made_in_the_platforms_order_whichever_stream_is_wanted_first():
    """An order is told before its refunds, where they have passes of their own."""
    platform = Platform()
    platform.passes = (("customers",), ("orders",), ("refunds",), ("fulfillments",))
    run = Run(platform).go("customers")
    assert [streams for streams, _ in platform.windows] == [("customers",)]
    run.go("refunds", "fulfillments", "orders")
    assert [streams for streams, _ in platform.windows] == list(platform.passes)


def test_numbers_are_kept_beside_the_watermark_and_handed_back():
    pages = [numbered(page(at("2026-11-02")), histories=7), numbered(page(at("2026-11-03")), histories=9)]
    first = Run(Platform(lambda streams, window: pages if streams == ORDERS else [])).go()
    assert first.mark("refunds", "cursors") == first.mark("orders", "cursors") == {"histories": 9}
    assert first.mark("customers", "cursors") is None
    assert [window.cursors for window in first.read()] == [{}]
    again = Run(Platform(), json.loads(json.dumps(first.state))).go()
    assert [dict(window.cursors) for window in again.read()] == [{"histories": 9}]
    assert again.mark("orders", "cursors") == {"histories": 9}


def test_a_later_window_of_one_run_goes_on_from_the_numbers_of_the_earlier():
    run = Run(
        Platform(lambda streams, window: [numbered(page(window.start), histories=window.start.day)]),
        window_days=10,
    ).go("orders")
    assert [dict(window.cursors) for window in run.read()] == [{}, {"histories": 1}]


def test_numbers_only_grow():
    platform = Platform(lambda streams, window: [numbered(page(), histories=3)])
    state = bookmarked("2026-11-20T10:00:00Z", cursors={"histories": 9})
    run = Run(platform, state).go("orders")
    assert run.mark("orders", "cursors") == {"histories": 9}


def test_a_number_is_kept_only_after_the_records_before_it_are_written():
    def broken(streams, window):
        yield numbered(page(at("2026-11-02")), histories=7)
        yield Unavailable("away")

    run = Run(Platform(broken))
    with pytest.raises(Unavailable):
        run.go("orders")
    assert run.mark("orders", "cursors") == {"histories": 7}
    assert [entry[0] for entry in run.log if entry[0] == "RECORD"] == ["RECORD"]


def test_a_stream_that_begins_anew_takes_the_pass_back_before_all_numbers():
    state = bookmarked("2026-11-20T10:00:00Z", cursors={"histories": 9})
    del state["bookmarks"]["refunds"]
    run = Run(Platform(), state).go("orders")
    assert [dict(window.cursors) for window in run.read()] == [{}]
    full = bookmarked("2026-11-20T10:00:00Z", cursors={"histories": 9})
    run = Run(
        Platform(), full, streams={name: {"method": "FULL_TABLE"} for name in ("customers", *ORDERS)}
    ).go("orders")
    assert [dict(window.cursors) for window in run.read()] == [{}]


def test_streams_of_one_pass_go_on_from_where_the_last_of_them_stands():
    state = bookmarked("2026-11-20T10:00:00Z", cursors={"histories": 9, "more": 1})
    state["bookmarks"]["refunds"]["cursors"] = {"histories": 4}
    run = Run(Platform(), state).go("orders")
    assert [dict(window.cursors) for window in run.read()] == [{"histories": 4}]


def test_a_state_with_cursors_that_are_no_numbers_is_refused():
    state = bookmarked("2026-11-20T10:00:00Z", cursors={"histories": "9"})
    with pytest.raises(Misconfigured, match=r"bookmarks\.orders\.cursors"):
        Run(Platform(), state).go("orders")
