"""The ledger: one row a subject, what is written with what, and what people with SQL find."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from target_segment.batch import Receipt, sealed
from target_segment.deciding.rows import Rows
from target_segment.ledger import opened
from tests.target_segment.world import (
    SINCE,
    Crash,
    customer,
    day,
    order,
)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "state" / "ledger.duckdb")


# --- one row a subject


def test_one_row_is_left_of_each_subject_once_everything_is_receipted(world):
    for number in range(4):
        world.run(
            order(updated_at=day(2 + number), note=str(number)),
            customer(first_name=str(number), updated_at=day(2 + number)),
        )
    assert world.rows("SELECT stream, subject FROM memory GROUP BY ALL HAVING count(*) > 1") == []
    assert sorted(world.rows("SELECT stream, subject FROM memory")) == [
        ("customers", "7"),
        ("identify", "7"),
        ("orders", "1"),
    ]


def test_a_row_is_written_only_with_what_it_implied(world):
    world.run(order())
    (before,) = world.rows("SELECT batch_group FROM memory WHERE stream = 'orders'")
    world.run(order())
    assert world.rows("SELECT batch_group FROM memory WHERE stream = 'orders'") == [before]


# --- people with SQL


def test_the_view_of_fates_tells_what_counts_as_told_and_why(world):
    world.run(
        order(coupons=[{"code": "A"}], cancelled_at=day(9), updated_at=day(9)),
        order("2", test=True),
        since=SINCE,
    )
    rows = world.rows(
        "SELECT subject, transition, fate, occurred_at::VARCHAR FROM fates WHERE stream = 'orders' ORDER BY ALL"
    )
    assert rows == [
        ("1", "coupon_applied:a", "told", "2026-03-01 12:00:00"),
        ("1", "order_cancelled", "told", "2026-03-09 12:00:00"),
        ("1", "order_completed", "told", "2026-03-01 12:00:00"),
        ("2", "order_completed", "filtered", "2026-03-01 12:00:00"),
    ]


@pytest.mark.parametrize("count", [11_000, 30_000])
def test_as_many_receipts_as_come_at_once_fit_into_the_memory_that_there_is(path, count):
    """Small events, many deliveries in flight, and all of them land in one moment."""
    ledger = opened(path, "s")
    ledger.begin("send")
    ids = [str(uuid.UUID(int=number)) for number in range(count)]
    receipts = [
        Receipt(each, "shopify", "a-shop.myshopify.com", "order_completed", "Order Completed", each, each,
        datetime(2026, 3, 1, tzinfo=UTC), Decimal("12.50"), "EUR")
        for each in ids
    ]  # fmt: skip
    ledger.confirm(
        [
            sealed(first, [b"{}"], receipts[first : first + 1_000], frozenset())
            for first in range(0, count, 1_000)
        ]
    )
    kept = ledger._db.execute("SELECT message_id::VARCHAR FROM receipts").fetchall()
    ledger.close()
    assert sorted(each for (each,) in kept) == ids


def test_as_many_rows_as_a_chunk_changes_fit_into_the_memory_that_there_is(path):
    """What is remembered of an order with many coupons and lines is longer than its record."""
    ledger = opened(path, "s")
    ledger.begin("send")
    rows = Rows("s", ("shopify", "shop.test"), [])
    keys = [("orders", str(number)) for number in range(3_000)]
    for key in keys:
        rows[key].memory.parts["coupon_applied"] = [f"{key[1]}-{number}" for number in range(500)]
        rows[key].changed = True
        rows.keep()
    group = ledger.intend(("shopify", "shop.test"), rows.documents(), [], [])
    found = ledger.recall(("shopify", "shop.test"), keys[::100])
    ledger.close()
    assert group == 1
    assert {(each.stream, each.subject) for each in found} == set(keys[::100])


def test_amounts_are_decimals_and_times_are_utc(world):
    world.run(order(total=19.99))
    assert world.rows(
        "SELECT typeof(amount), typeof(told_at), amount::VARCHAR FROM receipts WHERE transition = 'order_completed'"
    ) == [("DECIMAL(24,6)", "TIMESTAMP", "19.990000")]


def test_each_run_is_numbered_and_a_killed_one_has_no_end(world):
    world.run(order())
    world.run(order("2"), crash=("after intent", 1), catch=(Crash,))
    assert world.rows("SELECT run, mode, ended_at IS NULL, outcome FROM runs ORDER BY run") == [
        (1, "send", False, "done"),
        (2, "send", True, None),
    ]
