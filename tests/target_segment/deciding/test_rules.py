"""What two reads of one shop may not tell twice, in whatever order; what is older, or has not begun."""

import pytest

from tests.target_segment.world import (
    CUT,
    World,
    customer,
    day,
    fulfillment,
    names,
    open_order,
    order,
    refund,
    summary,
    tracks,
)

EVERYTHING = (
    order(updated_at=day(6), cancelled_at=day(6), coupons=[{"code": "SPRING"}], tags=["vip"]),
    refund(),
    fulfillment(),
    customer(state="enabled", verified_email=True, order_count=1),
)

ORDERS = [(0, 1, 2, 3), (3, 2, 1, 0), (3, 0, 1, 2), (1, 0, 2, 3), (2, 1, 3, 0), (1, 3, 0, 2)]
"""Orders in which the four may come."""


def test_a_transition_is_told_once_and_then_never_again(world):
    assert names(world.run(order())) == ["identify", "Order Completed"]
    assert world.run(order()) == []


def test_the_same_record_twice_in_one_run_is_told_once(world):
    assert tracks(world.run(order(), order(), CUT, order())) == ["Order Completed"]


@pytest.mark.parametrize("again", ORDERS)
def test_reading_the_unchanged_shop_again_in_any_order_of_streams_tells_nothing(world, again):
    """Also where the shortcut for unchanged records does not help, because a setting changed its key."""
    told = world.run(*EVERYTHING)
    assert sorted(names(told)) == [
        *("Coupon Applied", "Customer Created", "Customer Enabled", "Fulfillment Created"),
        *("Order Cancelled", "Order Completed", "Order Refunded", "identify", "identify"),
    ]
    assert world.run(*[EVERYTHING[place] for place in again], at=day(11), sent_from="elsewhere") == []
    assert world.run(*[EVERYTHING[place] for place in again], at=day(12)) == []


@pytest.mark.parametrize("first", ORDERS)
def test_whichever_stream_speaks_first_the_second_read_tells_nothing(world, first):
    world.run(*[EVERYTHING[place] for place in first])
    assert world.run(*EVERYTHING, at=day(11), sent_from="elsewhere") == []


def test_every_event_of_an_unchanged_shop_is_told_whatever_comes_first(tmp_path):
    told = []
    for number, places in enumerate(ORDERS):
        folder = tmp_path / str(number)
        folder.mkdir()
        told.append(sorted(tracks(World(folder).run(*[EVERYTHING[place] for place in places]))))
    assert all(each == told[0] for each in told)


# --- older, or not begun


def test_an_order_that_has_not_begun_tells_nothing_and_is_told_when_it_completes(world):
    assert world.run(open_order()) == []
    assert tracks(world.run(order(updated_at=day(2), completed_at=day(2)))) == ["Order Completed"]


def test_an_order_cancelled_before_it_had_begun_tells_nothing(world):
    assert world.run(open_order(cancelled_at=day(2))) == []


def test_a_snapshot_older_than_the_newest_changes_nothing(world):
    world.run(order(note="new", updated_at=day(5)))
    assert world.run(order(note="old", updated_at=day(2), cancelled_at=day(2), coupons=[{"code": "X"}])) == []
    assert world.run(order(note="new", updated_at=day(5)), sent_from="elsewhere") == []


def test_a_parcel_of_an_order_that_has_not_begun_waits_until_it_has(world):
    assert world.run(fulfillment(order=summary(completed_at=None))) == []
    assert tracks(world.run(fulfillment(order=summary(completed_at=day(2))))) == ["Fulfillment Created"]


def test_a_record_of_another_stream_never_adopts_what_the_order_said(world):
    """Adoption and staleness hold within one stream: a parcel may be older than its order's last edit."""
    world.run(order(updated_at=day(9)))
    assert tracks(world.run(fulfillment(updated_at=day(3)))) == ["Fulfillment Created"]
