"""Where a pass begins, how its watermark moves, and the second look."""

import json
from datetime import timedelta

import pytest

from tap_commerce.errors import Misconfigured, Unavailable
from tap_commerce.platforms import Window
from tests.tap_commerce.runs import LAG, NOW, ORDERS, Platform, Run, at, bookmarked, page, written


def test_a_poll_begins_before_its_bookmark_and_the_state_does_not_say_so():
    run = Run(Platform(), bookmarked("2026-11-20T11:00:00Z")).go("orders")
    assert run.read() == [Window(at("2026-11-20T10:00"), NOW - LAG)]
    assert run.mark("orders") == "2026-11-20T11:59:50Z"


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


# How far was read by number


def numbered(page, **cursors):
    return page._replace(cursors=cursors)


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
