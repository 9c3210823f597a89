"""What happens at most once to its subject: when, under which condition, and since when it may have been so."""

import pytest

from tests.target_segment.world import (
    SINCE,
    World,
    customer,
    day,
    fulfillment,
    named,
    names,
    open_order,
    order,
    tracks,
)

# --- once


def test_an_order_paid_and_cancelled_between_two_polls_was_completed_and_then_cancelled(world):
    told = world.run(order(cancelled_at=day(2), updated_at=day(2)))
    assert [(name, event["timestamp"][:10]) for name, event in zip(tracks(told), told[1:], strict=True)] == [
        ("Order Completed", "2026-03-01"),
        ("Order Cancelled", "2026-03-02"),
    ]


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


# --- where the platform keeps no instant


UNDATED = {"fulfilled_at": None, "created_at": None, "updated_at": day(8)}


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
