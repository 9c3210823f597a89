"""What is told of a state that changed: each listed fact, and nothing that was only read otherwise."""

import pytest

from tests.target_segment.world import (
    customer_of,
    day,
    fulfillment,
    names,
    open_order,
    order,
    raw,
    tracks,
)


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
