"""What is news: once and state transitions, `since`, intervals, filters, and what two reads of one shop may not tell twice."""

import pytest

from tests.target_segment.world import (
    CUT,
    SINCE,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    named,
    names,
    open_order,
    order,
    raw,
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

# --- the same unchanged shop


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


# --- once


def test_an_order_that_has_not_begun_tells_nothing_and_is_told_when_it_completes(world):
    assert world.run(open_order()) == []
    assert tracks(world.run(order(updated_at=day(2), completed_at=day(2)))) == ["Order Completed"]


def test_an_order_paid_and_cancelled_between_two_polls_was_completed_and_then_cancelled(world):
    told = world.run(order(cancelled_at=day(2), updated_at=day(2)))
    assert [(name, event["timestamp"][:10]) for name, event in zip(tracks(told), told[1:], strict=True)] == [
        ("Order Completed", "2026-03-01"),
        ("Order Cancelled", "2026-03-02"),
    ]


def test_an_order_cancelled_before_it_had_begun_tells_nothing(world):
    assert world.run(open_order(cancelled_at=day(2))) == []


def test_an_order_cancelled_by_a_word_alone_is_told_at_the_snapshot_that_shows_it(world):
    world.run(order(cancelled_at=None, status="open"), at=day(3))
    (cancelled,) = world.run(order(status="cancelled", updated_at=day(6)), at=day(7))
    assert cancelled["event"] == "Order Cancelled"
    assert cancelled["timestamp"].startswith("2026-03-06")


def test_coupons_are_told_with_the_order_and_again_when_one_is_added(world):
    world.run(order(coupons=[{"code": "A"}]), at=day(2))
    (added,) = world.run(order(coupons=[{"code": "A"}, {"code": "B"}], updated_at=day(4)), at=day(5))
    assert added["event"] == "Coupon Applied"
    assert added["timestamp"].startswith("2026-03-04")


def test_a_coupon_is_one_whatever_the_case_it_is_written_in(world):
    assert (
        tracks(world.run(order(coupons=[{"code": "Spring"}, {"code": "SPRING"}]))).count("Coupon Applied")
        == 1
    )
    assert world.run(order(coupons=[{"code": "spring"}], updated_at=day(4))) == []


def test_coupons_that_were_left_out_when_the_order_was_told_are_adopted(world):
    told = order()
    del told[1]["coupons"]
    world.run(told)
    assert world.run(order(coupons=[{"code": "A"}], updated_at=day(4))) == []


def test_a_coupon_that_was_adopted_stays_so_when_a_later_one_is_added(world):
    told = order()
    del told[1]["coupons"]
    world.run(told)
    world.run(order(coupons=[{"code": "A"}], updated_at=day(4)))
    assert tracks(world.run(order(coupons=[{"code": "A"}, {"code": "B"}], updated_at=day(5)))) == [
        "Coupon Applied"
    ]


def test_coupons_switched_on_later_are_told_from_since_on(world):
    """With an instant in `since` it does not matter when an event was switched on."""
    world.run(order(coupons=[{"code": "A"}]), events={"coupon_applied": False})
    assert tracks(world.run(order(coupons=[{"code": "A"}]))) == ["Coupon Applied"]


@pytest.mark.parametrize(
    ("off", "record", "changed"),
    [
        ("coupon_applied", order(coupons=[{"code": "X"}]), {"note": "n"}),
        ("customer_enabled", customer(state="enabled", verified_email=True), {"first_name": "Berta"}),
    ],
)
def test_what_is_off_is_read_again_and_again_and_counts_as_before(tmp_path, off, record, changed):
    """Since when it is told is known of what is on alone."""
    world = World(tmp_path, events={off: False})
    world.run(record)
    stream, fields = record
    world.run((stream, {**fields, **changed, "updated_at": day(3)}), at=day(11))
    assert world.last.pipeline.tally[off, "before"] == 1


def test_a_line_added_within_the_minutes_is_an_upsell_and_later_an_edit(tmp_path):
    world = World(tmp_path, events={"post_purchase_upsell": True})
    first = {"id": "l1", "quantity": 1, "price": 1}
    second, third = {**first, "id": "l2"}, {**first, "id": "l3"}
    world.run(order(line_items=[first]))
    soon, late = "2026-03-01T12:30:00Z", "2026-03-01T14:00:00Z"
    assert tracks(world.run(order(line_items=[first, second], updated_at=soon))) == [
        "Post Purchase Upsell",
        "Order Updated",
    ]
    assert tracks(world.run(order(line_items=[first, second, third], updated_at=late))) == ["Order Updated"]


def test_an_order_of_a_point_of_sale_is_told_instead_or_beside_as_set(tmp_path):
    world = World(tmp_path)
    assert tracks(world.run(order(source="pos"))) == ["POS Order Placed"]
    assert tracks(world.run(order("2", source="pos"), pos_orders="beside")) == [
        "Order Completed",
        "POS Order Placed",
    ]
    assert tracks(world.run(order("3", source="pos"), pos_orders="off")) == ["Order Completed"]


def test_an_order_told_as_of_a_point_of_sale_is_not_completed_again_when_its_source_is_left_out(world):
    """A deselected field is not news."""
    world.run(order(source="pos"))
    assert world.run(order(updated_at=day(2))) == []


def test_an_order_told_without_a_source_is_not_placed_again_when_the_source_comes(world):
    world.run(order())
    assert world.run(order(updated_at=day(2), source="pos")) == []


def test_checkout_started_is_told_where_the_record_carries_it(world):
    assert tracks(world.run(open_order(checkout_started_at=day(1)))) == ["Checkout Started"]
    assert tracks(world.run(order(checkout_started_at=day(1), completed_at=day(2), updated_at=day(2)))) == [
        "Order Completed"
    ]


def test_checkout_started_may_wait_for_the_authorization(tmp_path):
    world = World(tmp_path, checkout_started_on="authorized")
    assert tracks(world.run(open_order(checkout_started_at=day(1)))) == []
    (told,) = world.run(open_order(checkout_started_at=day(1), authorized_at=day(2), updated_at=day(2)))
    assert told["event"] == "Checkout Started"
    assert told["timestamp"].startswith("2026-03-02")


def test_another_condition_of_completion_tells_an_order_at_that_instant(tmp_path):
    world = World(tmp_path, order_completed_on="paid")
    assert world.run(order(paid_at=None)) == []
    (_, told) = world.run(order(paid_at=day(4), updated_at=day(4)))
    assert told["event"] == "Order Completed"
    assert told["timestamp"].startswith("2026-03-04")


def test_an_order_told_under_one_condition_is_not_told_again_under_another(world):
    world.run(order(paid_at=day(4), updated_at=day(4)))
    assert world.run(order(paid_at=day(4), updated_at=day(4)), order_completed_on="paid") == []


# --- state


def test_first_sight_is_not_a_change(world):
    assert "Order Updated" not in names(world.run(order(tags=["new"])))
    assert "Fulfillment Updated" not in names(world.run(fulfillment(tracking_numbers=["1"])))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "#2"},
        {"total": 31.00},
        {"total": None},
        {"tags": ["vip"]},
        {"note": "ring twice"},
        {"attributes": [{"name": "gift", "value": "yes"}]},
        {"email": "new@example.org"},
        {"shipping_address": {"city": "Rom"}},
        {"shipping_address": None},
        {"line_items": []},
        {"line_items": [{"id": "l1", "name": "Cup", "quantity": 2, "price": 30.00}]},
        {
            "line_items": [
                {"id": "l1", "name": "Cup", "quantity": 1, "price": 30.00},
                {"id": "l2", "name": "Pot", "quantity": 1, "price": 5},
            ]
        },
        {"test": True},
    ],
)
def test_each_listed_fact_that_changes_is_an_update(world, change):
    base = {"note": None, "email": "c7@example.org", "shipping_address": {"city": "Wien"}, "test": False}
    world.run(order(**base))
    assert tracks(world.run(order(updated_at=day(2), **{**base, **change}))) == ["Order Updated"]


@pytest.mark.parametrize(
    "change",
    [
        {"updated_at": day(9)},
        {"financial_status": "refunded", "fulfillment_status": "fulfilled", "return_status": "returned"},
        {"paid_at": day(3), "fulfilled_at": day(4), "closed_at": day(4)},
        {"total_refunded": 10, "current_total": 20},
        {"customer": customer_of(order_count=5, lifetime_spend=900)},
    ],
)
def test_what_another_transition_tells_or_other_orders_move_is_no_update(world, change):
    """A counter in an order's summary is no news of the person either: it is dated by the order."""
    world.run(order(financial_status="paid", customer=customer_of(order_count=1, lifetime_spend=30)))
    assert world.run(order(**{"updated_at": day(2), **change})) == []


@pytest.mark.parametrize(
    "same",
    [
        {"total": 30},
        {"total": 30.0},
        {"tags": ["b", "a"]},
        {"line_items": [{"id": "l2", "quantity": 1, "price": 5.0}, {"id": "l1", "quantity": 1, "price": 30}]},
        {"discount": -0.0},
    ],
)
def test_a_fact_written_in_another_way_is_no_change(world, same):
    base = {
        "total": 30.00,
        "discount": 0.00,
        "tags": ["a", "b"],
        "line_items": [{"id": "l1", "quantity": 1, "price": 30.00}, {"id": "l2", "quantity": 1, "price": 5}],
    }
    world.run(order(**base))
    text = dict(order(updated_at=day(2), **{**base, **same})[1])
    assert world.run(("orders", text)) == []


def test_the_digits_of_an_amount_do_not_count_only_its_value(world):
    stream, record = order()
    text = raw(record)
    world.run((stream, bytes(text).replace(b'"total": 30.0', b'"total": 24.0')))
    assert (
        world.run(
            (stream, bytes(text).replace(b'"total": 30.0', b'"total": 24.00').replace(b"01T12", b"02T12"))
        )
        == []
    )


@pytest.mark.parametrize(
    "fact",
    [
        {"note": "gift"},
        {"attributes": [{"name": "a", "value": "b"}]},
        {"shipping_address": {"city": "Wien"}},
        {"market": "AT"},
    ],
)
def test_a_fact_that_was_left_out_is_adopted_when_it_first_appears(world, fact):
    stream, record = order()
    record = {name: value for name, value in record.items() if name not in fact}
    world.run((stream, record))
    assert world.run(order(updated_at=day(2), **fact)) == []
    (changed,) = fact
    assert tracks(world.run(order(updated_at=day(3), **{changed: None}))) == ["Order Updated"]


def test_a_part_of_a_fact_that_was_left_out_is_adopted(world):
    world.run(order(shipping_address={"city": "Wien"}))
    assert world.run(order(shipping_address={"city": "Wien", "phone": "1"}, updated_at=day(2))) == []
    assert tracks(world.run(order(shipping_address={"city": "Wien", "phone": "2"}, updated_at=day(3)))) == [
        "Order Updated"
    ]


def test_a_fact_that_is_left_out_for_a_while_is_compared_with_what_it_was(world):
    world.run(order(note="a"))
    assert world.run(order(updated_at=day(2))) == []
    assert world.run(order(updated_at=day(3), note="a")) == []
    assert tracks(world.run(order(updated_at=day(4), note="b"))) == ["Order Updated"]


def test_there_and_back_again_are_two_updates_with_two_ids(world):
    world.run(order(note="a"))
    there = world.run(order(note="b", updated_at=day(2)))
    back = world.run(order(note="a", updated_at=day(3)))
    there_again = world.run(order(note="b", updated_at=day(4)))
    ids = {event["messageId"] for event in [*there, *back, *there_again]}
    assert names([*there, *back, *there_again]) == ["Order Updated"] * 3
    assert len(ids) == 3


def test_a_change_within_one_run_is_told_for_each_snapshot(world):
    told = world.run(order(note="a"), order(note="b", updated_at=day(2)), order(note="a", updated_at=day(3)))
    assert tracks(told) == ["Order Completed", "Order Updated", "Order Updated"]


def test_a_snapshot_older_than_the_newest_changes_nothing(world):
    world.run(order(note="new", updated_at=day(5)))
    assert world.run(order(note="old", updated_at=day(2), cancelled_at=day(2), coupons=[{"code": "X"}])) == []
    assert world.run(order(note="new", updated_at=day(5)), sent_from="elsewhere") == []


def test_the_snapshot_that_tells_completion_is_adopted_as_the_orders_state(world):
    world.run(open_order(checkout_started_at=day(1), note="a"))
    told = world.run(order(checkout_started_at=day(1), completed_at=day(2), updated_at=day(2), note="b"))
    assert tracks(told) == ["Order Completed"]
    assert tracks(
        world.run(order(checkout_started_at=day(1), completed_at=day(2), updated_at=day(3), note="c"))
    ) == ["Order Updated"]


def test_a_parcels_status_and_tracking_are_told_as_updates(world):
    world.run(fulfillment())
    told = [
        *world.run(fulfillment(tracking_numbers=["1Z"], updated_at=day(4))),
        *world.run(fulfillment(tracking_numbers=["1Z"], carrier_status="delivered", updated_at=day(5))),
    ]
    # A carrier's word that was left out before is adopted: the tap says null where there is none.
    assert names(told) == ["Fulfillment Updated"]
    assert names(
        world.run(fulfillment(tracking_numbers=["1Z"], carrier_status="lost", updated_at=day(6)))
    ) == ["Fulfillment Updated"]


def test_a_parcel_of_an_order_that_has_not_begun_waits_until_it_has(world):
    assert world.run(fulfillment(order=summary(completed_at=None))) == []
    assert tracks(world.run(fulfillment(order=summary(completed_at=day(2))))) == ["Fulfillment Created"]


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


# --- intervals


def test_an_account_that_is_enabled_when_first_seen_is_dated_from_its_creation(world):
    enabled = customer(created_at=day(1, 2), updated_at=day(9), state="enabled", verified_email=True)
    assert world.run(enabled, since=day(5)) == []
    assert "Customer Enabled" in tracks(world.run(enabled, since=SINCE))


def test_an_account_enabled_between_two_reads_is_told_if_the_first_of_them_was_after_since(world):
    asleep = customer(created_at=day(1, 1), updated_at=day(1, 1), state="disabled", verified_email=False)
    awake = customer(created_at=day(1, 1), updated_at=day(9), state="enabled", verified_email=True)
    world.settings["since"] = day(5)
    assert world.run(asleep, at=day(6)) == []
    told = world.run(awake, at=day(10))
    assert "Customer Enabled" in tracks(told)
    assert named(told, "Customer Enabled")[0]["timestamp"].startswith("2026-03-09")


def test_the_interval_starts_at_the_last_read_also_if_that_read_was_skipped_as_unchanged(world):
    """Seen before `since`, seen again in exactly the same form after it: then it was enabled after `since`."""
    asleep = customer(created_at=day(1, 1), updated_at=day(1, 1), state="disabled", verified_email=False)
    awake = customer(created_at=day(1, 1), updated_at=day(9), state="enabled", verified_email=True)
    world.settings["since"] = day(5)
    world.run(asleep, at=day(4))
    world.run(asleep, at=day(6))
    assert world.last.pipeline.counts["unchanged"] == 1
    assert "Customer Enabled" in tracks(world.run(awake, at=day(10)))


def test_an_account_last_seen_asleep_before_since_may_have_been_enabled_before_it(world):
    asleep = customer(created_at=day(1, 1), updated_at=day(1, 1), state="disabled", verified_email=False)
    awake = customer(created_at=day(1, 1), updated_at=day(9), state="enabled", verified_email=True)
    world.settings["since"] = day(5)
    world.run(asleep, at=day(4))
    assert "Customer Enabled" not in tracks(world.run(awake, at=day(10)))


def test_a_skipped_record_is_dated_by_its_own_reading_not_by_a_later_one_of_its_chunk(world):
    asleep = customer(created_at=day(1, 1), updated_at=day(1, 1), state="disabled", verified_email=False)
    awake = customer(created_at=day(1, 1), updated_at=day(9), state="enabled", verified_email=True)
    world.settings["since"] = day(5)
    world.run(asleep, at=day(2))
    world.run((*asleep, day(4)), (*customer("8"), day(6)))
    assert "Customer Enabled" not in tracks(world.run(awake, at=day(10)))


def test_an_old_file_read_again_does_not_move_the_last_reading_back(world):
    asleep = customer(created_at=day(1, 1), updated_at=day(1, 1), state="disabled", verified_email=False)
    awake = customer(created_at=day(1, 1), updated_at=day(9), state="enabled", verified_email=True)
    world.settings["since"] = day(5)
    world.run(asleep, at=day(6))
    world.run(asleep, at=day(3), sent_from="elsewhere")
    assert "Customer Enabled" in tracks(world.run(awake, at=day(10), sent_from="elsewhere"))


def test_a_customer_without_a_date_of_creation_may_be_as_old_as_the_shop(world):
    """`updated_at` is never a start: a change of address is no creation."""
    stream, record = customer(updated_at=day(9))
    del record["created_at"]
    assert "Customer Created" not in tracks(world.run((stream, record), at=day(10)))


def test_a_coupon_added_to_an_old_order_since_it_was_last_seen_is_told(world):
    world.settings["since"] = day(5)
    world.run(order(), at=day(6))
    told = world.run(order(coupons=[{"code": "LATE"}], updated_at=day(8)), at=day(9))
    assert tracks(told) == ["Coupon Applied"]
    assert names(told)[0] == "identify"


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


def test_a_record_of_another_stream_never_adopts_what_the_order_said(world):
    """Adoption and staleness hold within one stream: a parcel may be older than its order's last edit."""
    world.run(order(updated_at=day(9)))
    assert tracks(world.run(fulfillment(updated_at=day(3)))) == ["Fulfillment Created"]


# --- where the platform keeps no instant


def test_an_order_completed_by_word_was_so_since_it_was_last_seen_otherwise(world):
    world.settings["since"] = day(5)
    before = order(completed_at=None, completed=False)
    after = order(completed_at=None, completed=True, updated_at=day(8))
    assert tracks(world.run(before, at=day(6))) == []
    (completed,) = [each for each in world.run(after, at=day(9)) if each["type"] == "track"]
    assert (completed["event"], completed["timestamp"]) == ("Order Completed", day(8))
    assert world.run(after, at=day(10), sent_from="elsewhere") == []


def test_an_order_completed_by_word_may_be_as_old_as_its_creation(world):
    world.settings["since"] = day(5)
    assert tracks(world.run(order(completed_at=None, completed=True, updated_at=day(8)), at=day(9))) == []


UNDATED = {"fulfilled_at": None, "created_at": None, "updated_at": day(8)}


def test_a_parcel_without_an_instant_left_since_its_order_was_last_read_without_it(world):
    world.settings["since"] = day(5)
    world.run(order(), at=day(6))
    told = world.run(order(updated_at=day(8)), fulfillment(**UNDATED), at=day(9))
    (left,) = [each for each in told if each.get("event") == "Fulfillment Created"]
    assert left["timestamp"] == day(8)


def test_a_parcel_without_an_instant_may_have_left_before_since(world):
    world.settings["since"] = day(5)
    world.run(order(), at=day(4))
    assert "Fulfillment Created" not in tracks(
        world.run(order(updated_at=day(8)), fulfillment(**UNDATED), at=day(9))
    )


def test_an_order_read_again_unchanged_had_no_parcel_until_then(world):
    """Its own record is skipped both times: what counts is the reading before the one that brought the parcel."""
    world.settings["since"] = day(5)
    world.run(order(), at=day(4))
    world.run(order(), at=day(6))
    assert "Fulfillment Created" in tracks(world.run(order(), fulfillment(**UNDATED), at=day(9)))


def test_a_parcel_that_comes_with_the_first_sight_of_its_order_is_as_old_as_the_order(world):
    world.settings["since"] = day(5)
    assert "Fulfillment Created" not in tracks(world.run(order(), fulfillment(**UNDATED), at=day(9)))


# --- an order's customer as it was then


def test_what_an_order_says_of_its_customer_does_not_undo_what_the_customer_said(world):
    """The customers stream has spoken before `since`; an order that was placed under the old address forces an identify."""
    world.settings["since"] = day(5)
    world.run(customer(email="new@example.org"), at=day(4))
    told = world.run(order(created_at=day(6), customer=customer_of(email="old@example.org")), at=day(7))
    (identify,) = [each for each in told if each["type"] == "identify"]
    assert identify["userId"] == "7"
    assert "old@example.org" not in str(identify)


def test_what_an_order_says_of_its_customer_goes_along_where_nothing_contradicts(world):
    world.settings["since"] = day(5)
    world.run(customer(), at=day(4))
    (identify, *_) = world.run(order(created_at=day(6)), at=day(7))
    assert identify["traits"]["email"] == "c7@example.org"
