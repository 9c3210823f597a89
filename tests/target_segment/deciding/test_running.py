"""Refunds: a total that grows is told increase by increase, once, to the cent."""

from tests.target_segment.world import (
    CUT,
    SINCE,
    World,
    day,
    fulfillment,
    name_of,
    named,
    names,
    order,
    refund,
    summary,
    tracks,
)


def increases(events):
    """The money of each Order Refunded, in order."""
    return [event["properties"]["total"] for event in named(events, "Order Refunded")]


def slip(number, to_date, at, **fields):
    """A credit slip: one of several records whose subject is the order, each with the total as of itself."""
    return refund(number, subject="1", total_to_date=to_date, refunded_at=at, updated_at=at, **fields)


def test_a_refund_is_told_with_its_amount_when_its_money_moved(world):
    (_, told) = world.run(refund(total=10.5))
    assert told["event"] == "Order Refunded"
    assert told["timestamp"].startswith("2026-03-05")
    assert told["properties"]["total"] == 10.5
    assert world.run(refund(total=10.5)) == []


def test_a_pending_refund_is_remembered_and_told_when_it_settles(world):
    assert world.run(refund(total=0, refunded_at=None)) == []
    assert increases(world.run(refund(total=10, refunded_at=day(7)))) == [10]


def test_a_total_that_grows_is_told_by_its_increases_under_two_ids(world):
    world.run(refund(total=0, refunded_at=None))
    first = world.run(refund(total=10, refunded_at=day(6)))
    second = world.run(refund(total=30, refunded_at=day(8)))
    assert increases(first) + increases(second) == [10, 20]
    assert first[-1]["messageId"] != second[-1]["messageId"]
    assert second[-1]["timestamp"].startswith("2026-03-08")


def test_a_records_lines_go_with_its_first_increase_only(world):
    first = world.run(refund(total=10, refunded_at=day(6)))
    second = world.run(refund(total=30, refunded_at=day(8)))
    assert len(first[-1]["properties"]["products"]) == 1
    assert not second[-1]["properties"].get("products")


def test_several_records_of_one_subject_are_told_one_by_one_and_once(world):
    slips = [slip("s1", 10, day(5)), slip("s2", 30, day(7))]
    assert increases(world.run(*slips)) == [10, 20]
    assert world.run(*slips, sent_from="elsewhere") == []
    assert world.last.warnings == []


def test_a_record_that_joins_later_tells_the_rest_with_its_own_lines(world):
    world.run(slip("s1", 10, day(5)))
    told = world.run(slip("s1", 10, day(5)), slip("s2", 30, day(7)))
    assert increases(told) == [20]
    assert len(told[-1]["properties"]["products"]) == 1


def test_a_slip_and_a_state_that_name_the_same_money_are_told_once(world):
    assert increases(world.run(slip("s1", 20, day(5)))) == [20]
    assert increases(world.run(slip("s1", 20, day(5)), slip("state", 100, day(9), line_items=[]))) == [80]
    assert world.run(slip("s1", 20, day(5)), slip("state", 100, day(9), line_items=[]), sent_from="x") == []


def test_two_refunds_of_one_order_are_two_events(world):
    told = world.run(refund("r1", 10), refund("r2", 5, order_refunded_to_date=15, refunded_at=day(6)))
    assert increases(told) == [10, 5]


def test_an_amount_without_lines_is_told_too(world):
    assert increases(world.run(refund(line_items=[]))) == [10]


def test_a_refund_is_full_when_the_orders_total_is_reached_and_partial_before(world):
    told = world.run(refund("r1", 10), refund("r2", 20, order_refunded_to_date=30))
    assert [event["properties"]["refund_type"] for event in named(told, "Order Refunded")] == [
        "partial",
        "full",
    ]


def test_a_lower_total_tells_nothing_warns_and_lets_the_higher_stay(world):
    world.run(refund(total=30))
    assert world.run(refund(total=10, updated_at=day(8))) == []
    (warning,) = world.last.warnings
    assert "r1" in warning
    assert world.run(refund(total=30, updated_at=day(9))) == []
    assert increases(world.run(refund(total=31, updated_at=day(10)))) == [1]


def test_another_currency_than_the_one_remembered_is_malformed(world):
    world.run(refund())
    assert world.run(refund(total=20, currency="USD", updated_at=day(8))) == []
    assert world.rows("SELECT fate, subject FROM refused") == [("malformed", "r1")]
    assert increases(world.run(refund(total=20, updated_at=day(9)))) == [10]


def test_a_refund_that_comes_before_its_orders_record_is_told_and_the_order_later(world):
    assert tracks(world.run(refund())) == ["Order Refunded"]
    assert tracks(world.run(order(updated_at=day(5)))) == ["Order Completed"]


def test_a_refund_of_an_order_that_has_not_begun_waits(world):
    assert world.run(refund(order=summary(completed_at=None))) == []
    assert increases(world.run(refund(order=summary(completed_at=day(6))))) == [10]


def test_a_refund_follows_what_its_orders_own_record_proved(tmp_path):
    """Fulfilled by a word that the summary does not carry: the order was told, so its refund is."""
    world = World(tmp_path, order_completed_on="fulfilled")
    assert tracks(world.run(order(fulfillment_status="fulfilled"))) == ["Order Completed"]
    assert tracks(world.run(refund(), fulfillment())) == ["Order Refunded", "Fulfillment Created"]


def test_a_refund_before_since_is_remembered_and_only_what_grows_after_it_is_told(world):
    world.settings["since"] = day(6)
    assert world.run(refund(total=10)) == []
    (identified, told) = world.run(refund(total=30, refunded_at=day(8)))
    assert identified["type"] == "identify"
    assert told["properties"]["total"] == 20


def test_lowering_since_backfills_the_increase_before_it_also_after_a_later_one_was_told(world):
    slips = [slip("s1", 10, day(5)), slip("s2", 30, day(8))]
    assert increases(world.run(*slips, since=day(6))) == [20]
    assert increases(world.run(*slips, since=SINCE)) == [10]
    assert world.run(*slips, since=day(1, 1)) == []
    assert world.run(*slips, since=day(6)) == []


def test_lowering_since_backfills_the_increase_before_it_of_one_record(world):
    world.run(refund(total=10), since=day(6))
    world.run(refund(total=30, refunded_at=day(8)), since=day(6))
    (backfilled,) = named(world.run(refund(total=30, refunded_at=day(8)), since=SINCE), "Order Refunded")
    assert backfilled["properties"]["total"] == 10
    assert backfilled["timestamp"].startswith("2026-03-05")


def test_lowering_since_in_steps_backfills_in_steps(world):
    slips = [slip("s1", 5, day(2)), slip("s2", 10, day(4)), slip("s3", 30, day(8))]
    assert increases(world.run(*slips, since=day(6))) == [20]
    assert increases(world.run(*slips, since=day(3))) == [5]
    assert increases(world.run(*slips, since=SINCE)) == [5]
    assert world.run(*slips, since=day(1, 1)) == []


def test_a_backfilled_increase_has_the_id_that_it_would_have_had(tmp_path):
    (tmp_path / "at once").mkdir()
    at_once = World(tmp_path / "at once").run(slip("s1", 10, day(5)), slip("s2", 30, day(8)))
    world = World(tmp_path)
    later = [
        *world.run(slip("s1", 10, day(5)), slip("s2", 30, day(8)), since=day(6)),
        *world.run(slip("s1", 10, day(5)), slip("s2", 30, day(8))),
    ]
    ids = [{event["messageId"] for event in named(told, "Order Refunded")} for told in (at_once, later)]
    assert ids[0] == ids[1]


def test_the_increases_told_of_a_subject_add_up_whatever_was_read_when(world):
    """Read in any order and at any moment, the sum is the money."""
    readings = [
        [slip("s1", 10, day(5))],
        [slip("s1", 10, day(5)), slip("s2", 12.34, day(6))],
        [slip("s2", 12.34, day(6)), slip("s1", 10, day(5)), CUT, slip("s3", 30, day(7))],
        [slip("s3", 30, day(7))],
    ]
    told = [event for reading in readings for event in world.run(*reading)]
    assert round(sum(increases(told)), 2) == 30
    assert {name_of(event) for event in told} == {"identify", "Order Refunded"}


def test_a_filtered_orders_refunds_stay_filtered_when_they_grow(world):
    world.run(order(test=True))
    assert world.run(refund(total=10, order=summary(test=True))) == []
    assert world.run(refund(total=20, order=summary(test=True), updated_at=day(8))) == []
    assert names(world.run(refund(total=20, order=summary(test=False), updated_at=day(9)))) == []
