"""Passes and windows, with a platform that only remembers."""

import logging
import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from tap_commerce.errors import Misconfigured, Stopped
from tap_commerce.platforms import Window
from tap_commerce.polling import windows
from tap_commerce.records import Customer, Refund
from tests.tap_commerce.runs import LAG, NOW, ORDERS, Platform, Run, at, bookmarked, order, page, written


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


def test_one_pass_feeds_all_its_streams_once():
    run = Run(Platform()).go("fulfillments", "orders", "refunds")
    assert len(run.read()) == 1
    assert [entry for entry in run.log if entry[0] == "SCHEMA"] == [
        ("SCHEMA", "orders"),
        ("SCHEMA", "refunds"),
        ("SCHEMA", "fulfillments"),
    ]
    assert len(run.platform.opened) == 1


def test_the_passes_are_made_in_the_platforms_order_whichever_stream_is_wanted_first():
    """An order is told before its refunds, where they have passes of their own."""
    platform = Platform()
    platform.passes = (("customers",), ("orders",), ("refunds",), ("fulfillments",))
    run = Run(platform).go("customers")
    assert [streams for streams, _ in platform.windows] == [("customers",)]
    run.go("refunds", "fulfillments", "orders")
    assert [streams for streams, _ in platform.windows] == list(platform.passes)


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


def test_a_signal_is_heard_while_the_shop_does_not_answer_at_all():
    never = threading.Event()

    class Silent(Platform):
        def open(self, selection):
            never.wait(timeout=30)

    with pytest.raises(Stopped):
        Run(Silent(), stopped=lambda: True).go("orders")
    never.set()


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


def test_windows_leave_no_gap_and_do_not_overlap():
    found = list(windows(at("2026-01-01"), at("2026-03-05T01:02:03"), timedelta(days=30)))
    assert found[0].start == at("2026-01-01")
    assert found[-1].end == at("2026-03-05T01:02:03")
    assert all(one.end == next_.start for one, next_ in pairwise(found))
    assert all(each.start < each.end for each in found)


def test_there_is_no_window_where_there_is_no_time():
    assert list(windows(NOW, NOW, timedelta(days=30))) == []
    assert list(windows(NOW, NOW - timedelta(days=1), timedelta(days=30))) == []
