"""What becomes of what is proved: `since`, filters that judge once, and the ids under which it is told."""

import pytest

from tests.target_segment.world import (
    SINCE,
    World,
    customer,
    day,
    fulfillment,
    named,
    names,
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


# --- since


def test_what_lies_before_since_is_remembered_and_not_told(world):
    world.settings["since"] = day(2)
    assert world.run(order(), customer()) == []
    assert tracks(world.run(order(updated_at=day(9), note="x"), at=day(9))) == []
    assert world.last.pipeline.tally["order_completed", "before"] == 1


def test_an_old_order_that_is_tagged_today_is_updated_and_not_completed(world):
    """StreamMapping its completion now would trigger mails and bills downstream."""
    world.run(order(created_at=day(1, 1)), since=day(1, 2), at=day(2, 2))
    told = world.run(order(created_at=day(1, 1), updated_at=day(9), tags=["vip"]), since=day(1, 2), at=day(9))
    assert names(told) == ["identify", "Order Updated"]


def test_now_is_the_time_of_the_first_record_and_is_remembered(world):
    world.settings["since"] = "now"
    assert world.run(order(created_at=day(4)), at=day(5)) == []
    assert tracks(world.run(order("2", created_at=day(6)), order("3", created_at=day(4)), at=day(10))) == [
        "Order Completed"
    ]


def test_now_is_the_first_records_even_if_later_ones_are_older(world):
    world.settings["since"] = "now"
    early, late = (*order(created_at=day(6)), day(7)), (*order("2", created_at=day(6)), day(5))
    assert world.run(late, early) != []


def test_an_event_switched_on_later_under_now_floods_nothing(tmp_path):
    world = World(tmp_path, since="now", events={"order_cancelled": False, "customer_enabled": False})
    old = [
        order(created_at=day(6), cancelled_at=day(7), updated_at=day(7)),
        customer(created_at=day(6), updated_at=day(6), state="enabled", verified_email=True),
    ]
    world.run(order("0", created_at=day(1)), customer("0", created_at=day(1)), at=day(5))
    assert tracks(world.run(*old, at=day(8))) == ["Order Completed", "Customer Created"]
    world.settings["events"] = {}
    assert tracks(world.run(*old, at=day(9))) == []
    fresh = order("2", created_at=day(6), cancelled_at=day(10), updated_at=day(10))
    assert "Order Cancelled" in tracks(world.run(fresh, at=day(11)))


def test_a_changed_condition_under_now_floods_nothing(tmp_path):
    world = World(tmp_path, since="now", order_completed_on="fulfilled")
    waiting = order(created_at=day(6), fulfilled_at=None, paid_at=day(6))
    world.run(order("0", created_at=day(1)), at=day(5))
    assert world.run(waiting, at=day(7)) == []
    assert tracks(world.run(waiting, at=day(8), order_completed_on="paid")) == []
    assert tracks(
        world.run(order("2", paid_at=day(9), fulfilled_at=None), at=day(10), order_completed_on="paid")
    ) == ["Order Completed"]


def test_an_interval_event_switched_on_later_is_not_told_of_what_was_so_already(tmp_path):
    """Nobody knows when the account was enabled, but it was when it was last read: only its creation bounds it."""
    world = World(tmp_path, events={"customer_enabled": False})
    enabled = customer(created_at=day(1, 1), updated_at=day(1, 1), state="enabled", verified_email=True)
    world.settings["since"] = day(1, 2)
    world.run(enabled, at=day(1))
    world.settings["events"] = {}
    assert world.run(enabled, at=day(2)) == []


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([order()], ["identify", "Order Completed"]),
        ([order(cancelled_at=day(2), updated_at=day(2))], ["identify", "Order Completed", "Order Cancelled"]),
        ([order(coupons=[{"code": "A"}])], ["identify", "Order Completed", "Coupon Applied"]),
        ([refund()], ["identify", "Order Refunded"]),
        ([fulfillment()], ["identify", "Fulfillment Created"]),
        (
            [customer(state="enabled", verified_email=True)],
            ["identify", "Customer Created", "Customer Enabled"],
        ),
    ],
)
def test_lowering_since_backfills_exactly_what_lay_before_it(world, before, told):
    assert world.run(*before, since=day(15)) == []
    assert names(world.run(*before, since=SINCE)) == told
    assert world.run(*before, since=day(1, 1)) == []
    assert world.run(*before, since=day(15)) == []


def test_lowering_since_backfills_a_change_that_lay_before_it(world):
    world.run(order(note="a"), since=SINCE, at=day(2))
    world.run(order(note="b", updated_at=day(3)), since=day(6), at=day(4))
    assert world.run(order(note="b", updated_at=day(3)), since=day(6), at=day(5)) == []
    assert tracks(world.run(order(note="b", updated_at=day(3)), since=SINCE, at=day(7))) == ["Order Updated"]
    assert world.run(order(note="b", updated_at=day(3)), since=SINCE, at=day(8)) == []


def test_a_change_there_and_back_before_since_is_none_to_backfill(world):
    world.run(order(note="a"), since=SINCE, at=day(2))
    world.run(order(note="b", updated_at=day(3)), since=day(9), at=day(4))
    world.run(order(note="a", updated_at=day(5)), since=day(9), at=day(6))
    assert world.run(order(note="a", updated_at=day(5)), since=SINCE, at=day(10)) == []


def test_a_coupon_added_before_since_is_backfilled_at_its_time(world):
    world.run(order(), since=SINCE, at=day(2))
    world.run(order(coupons=[{"code": "B"}], updated_at=day(4)), since=day(9), at=day(5))
    (told,) = world.run(order(coupons=[{"code": "B"}], updated_at=day(4)), since=SINCE, at=day(10))
    assert told["event"] == "Coupon Applied"
    assert told["timestamp"].startswith("2026-03-04")


def test_raising_since_takes_back_nothing_and_tells_nothing(world):
    world.run(order())
    assert world.run(order(), since=day(15)) == []
    assert world.run(order(), since=SINCE) == []


# --- filters


def test_a_test_order_is_not_told_and_its_children_follow(world):
    assert world.run(order(test=True, cancelled_at=day(2), coupons=[{"code": "A"}])) == []
    assert world.run(fulfillment(order=summary(test=True)), refund(order=summary(test=True))) == []


def test_an_order_is_judged_once_when_its_first_transition_falls_due(world):
    world.run(order(test=True))
    assert world.run(order(test=False, updated_at=day(2), note="x", cancelled_at=day(2))) == []
    assert world.run(fulfillment(order=summary(test=False))) == []


def test_children_that_come_before_their_order_judge_it(world):
    world.run(fulfillment(order=summary(test=True)))
    assert world.run(order(test=False)) == []


def test_an_order_kept_once_is_kept(world):
    world.run(order(test=False))
    told = world.run(order(test=True, cancelled_at=day(2), updated_at=day(2)))
    assert tracks(told) == ["Order Updated", "Order Cancelled"]


def test_test_orders_are_told_where_the_setting_says_so(tmp_path):
    assert tracks(World(tmp_path, include_test_orders=True).run(order(test=True))) == ["Order Completed"]


def test_the_person_of_a_filtered_order_is_not_told(world):
    assert world.run(order(test=True), refund(order=summary(test=True))) == []


# --- ids


def test_a_message_id_is_a_uuid_of_its_key_and_no_two_events_share_one(world):
    told = world.run(*EVERYTHING)
    ids = [event["messageId"] for event in told]
    assert len(set(ids)) == len(ids)
    assert all(each[14] == "5" for each in ids)


def test_the_same_order_in_two_shops_has_two_ids(world):
    here, there = order(), order()
    there[1]["shop"] = "other.test"
    told = named(world.run(here, there), "Order Completed")
    assert len({event["messageId"] for event in told}) == 2


def test_the_same_order_told_to_two_segment_sources_has_two_ids(tmp_path):
    ids = set()
    for source in ("live", "test"):
        (tmp_path / source).mkdir()
        told = World(tmp_path / source, segment_source=source).run(order())
        ids |= {event["messageId"] for event in named(told, "Order Completed")}
    assert len(ids) == 2
