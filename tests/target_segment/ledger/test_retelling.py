"""What is told once more: a transition by name under other ids, what was rejected under its own, and nothing beside."""

import pytest

from target_segment.transitions.table import TABLE
from tests.target_segment.world import (
    customer,
    customer_of,
    day,
    fulfillment,
    named,
    names,
    order,
    refund,
    refusing,
    tracks,
)


def retold(world, *transitions):
    ledger = world.ledger()
    count = ledger.retell(transitions)
    ledger.close()
    return count


def test_what_is_retold_is_told_again_under_other_ids_and_the_rest_is_not(world):
    said = order(coupons=[{"code": "A"}]), refund(), fulfillment(), customer()
    first = world.run(*said)
    assert retold(world, "order_completed", "coupon_applied", "order_refunded") == 3
    again = world.run(*said)
    assert sorted(names(again)) == ["Coupon Applied", "Order Completed", "Order Refunded"]
    assert not {event["messageId"] for event in again} & {event["messageId"] for event in first}
    assert world.run(*said, sent_from="x") == []


def test_retelling_everything_tells_everything_that_was_told(world):
    said = (
        order(coupons=[{"code": "A"}], cancelled_at=day(8), updated_at=day(8)),
        refund(),
        fulfillment(),
        customer(state="enabled", verified_email=True),
    )
    first = world.run(*said)
    retold(world, *TABLE)
    again = world.run(*said)
    assert set(names(again)) == set(names(first))
    assert sorted(tracks(again)) == sorted(tracks(first))
    assert world.run(*said, sent_from="x") == []


def test_a_change_that_was_told_is_retold_as_it_is_now(world):
    world.run(order(note="a"), since=day(2), at=day(3))
    world.run(order(note="b", updated_at=day(4)), since=day(2), at=day(5))
    retold(world, *TABLE)
    told = world.run(order(note="b", updated_at=day(4)), since=day(2), at=day(6))
    assert tracks(told) == ["Order Updated"]
    assert world.run(order(note="b", updated_at=day(4)), since=day(2), at=day(7), sent_from="x") == []


def test_a_person_of_before_since_who_was_told_is_retold(world):
    world.run(customer(), since=day(2), at=day(3))
    assert names(world.run(customer(first_name="B", updated_at=day(4)), since=day(2), at=day(5))) == [
        "identify"
    ]
    retold(world, *TABLE)
    assert names(world.run(customer(first_name="B", updated_at=day(4)), since=day(2), at=day(6))) == [
        "identify"
    ]


def test_what_lay_before_since_is_not_retold(world):
    """An account enabled long ago was not told, and its last reading is no reason to tell it now."""
    old = customer(created_at=day(1, 1), updated_at=day(1, 1), state="enabled", verified_email=True)
    word = order(created_at=day(1, 1), status="cancelled")
    said = old, word, refund(refunded_at=day(1, 1))
    assert world.run(*said, since=day(2), at=day(3)) == []
    retold(world, *TABLE)
    assert world.run(*said, since=day(2), at=day(4)) == []


def test_what_a_baseline_knew_is_not_retold(world):
    said = order(coupons=[{"code": "A"}]), refund(total=10), customer(state="enabled", verified_email=True)
    world.run(*said, mode="baseline")
    told = world.run(refund(total=30, refunded_at=day(8)))
    assert [event["properties"]["total"] for event in named(told, "Order Refunded")] == [20]
    retold(world, *TABLE)
    again = world.run(*said, refund(total=30, refunded_at=day(8)))
    assert [event["properties"]["total"] for event in named(again, "Order Refunded")] == [20]
    assert tracks(again) == ["Order Refunded"]


def test_a_filtered_order_is_not_retold(world):
    world.run(order(test=True))
    retold(world, *TABLE)
    assert world.run(order(test=True)) == []


def test_receipts_of_what_is_retold_are_forgotten_and_the_others_stay(world):
    world.run(order(), refund())
    retold(world, "order_completed")
    assert world.rows("SELECT transition FROM receipts ORDER BY ALL") == [("identify",), ("order_refunded",)]


# --- rejected, and told after all


def retried(world):
    ledger = world.ledger()
    count = ledger.retry()
    ledger.close()
    return count


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ((order(),), "Order Completed"),
        ((order(coupons=[{"code": "A"}]),), "Coupon Applied"),
        ((fulfillment(),), "Fulfillment Created"),
        ((customer(),), "Customer Created"),
        ((customer(),), "identify"),
    ],
)
def test_a_rejected_event_is_retried_under_the_same_id(world, said, name):
    world.run(order("first", customer=customer_of("first")))
    world.courier.answer = refusing(name)
    world.run(*said)
    ((refused,),) = world.rows("SELECT message_id::VARCHAR FROM refused")
    world.courier.answer = lambda events: None
    assert retried(world) == 1
    (told,) = world.run(*said)
    assert (name in names([told]), told["messageId"]) == (True, refused)
    assert world.run(*said, sent_from="x") == []


def test_a_rejected_increase_stays_rejected_for_which_part_it_was_is_not_remembered(world):
    world.run(refund(total=10))
    world.courier.answer = refusing("Order Refunded")
    world.run(refund(total=30, refunded_at=day(8)))
    world.courier.answer = lambda events: None
    assert retried(world) == 0
    assert world.run(refund(total=30, refunded_at=day(8)), sent_from="x") == []


def test_a_retried_coupon_leaves_the_others_of_its_order_told(world):
    world.run(order(coupons=[{"code": "A"}]))
    world.courier.answer = refusing("Coupon Applied")
    both = order(coupons=[{"code": "A"}, {"code": "B"}], updated_at=day(4))
    world.run(both)
    world.courier.answer = lambda events: None
    assert retried(world) == 1
    assert tracks(world.run(both)) == ["Coupon Applied"]


def test_a_retried_update_is_told_with_its_id(world):
    world.run(order(note="a"))
    world.courier.answer = refusing("Order Updated")
    world.run(order(note="b", updated_at=day(4)))
    ((refused,),) = world.rows("SELECT message_id::VARCHAR FROM refused")
    world.courier.answer = lambda events: None
    retried(world)
    (told,) = world.run(order(note="b", updated_at=day(4)))
    assert told["messageId"] == refused


def test_a_rejected_event_is_retried_also_where_its_fate_was_written_anew_meanwhile(world):
    """A record of the same order that was under way when Segment refused knows nothing of the refusal."""
    world.run(order("first", customer=customer_of("first")))
    world.courier.answer = refusing("Order Completed")
    world.run(order())
    ledger = world.ledger()
    ledger._db.execute("UPDATE memory SET remembered = replace(remembered::VARCHAR, 'rejected', 'told')")
    ledger.close()
    world.courier.answer = lambda events: None
    assert retried(world) == 1
    assert tracks(world.run(order())) == ["Order Completed"]
