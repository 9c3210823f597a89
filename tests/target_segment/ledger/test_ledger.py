"""The ledger: one file, one writer, one row a subject; and what it says when it cannot be used."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from target_segment.batch import Receipt, sealed
from target_segment.deciding.rows import Rows
from target_segment.errors import LedgerError
from target_segment.ledger.ledger import copied, opened
from target_segment.transitions.table import TABLE
from tests.target_segment.world import (
    SINCE,
    Crash,
    World,
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

HOLD = """
import sys, duckdb
db = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "state" / "ledger.duckdb")


@pytest.fixture
def held(path):
    """Another process holds the ledger; call to let it go."""
    opened(path, "s").close()
    other = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"

    def let_go():
        other.stdin.close()
        other.wait(10)

    yield let_go
    if other.poll() is None:
        let_go()
    other.stdout.close()


# --- opening


def test_a_ledger_is_made_where_there_is_none(path):
    ledger = opened(path, "s")
    assert ledger.outbox_is_empty()
    assert not ledger.has_receipts()
    ledger.close()


def test_a_ledger_that_another_process_holds_is_named_with_what_to_do(path, held):
    with pytest.raises(LedgerError, match="lock_wait_seconds"):
        opened(path, "s")


def test_a_held_ledger_is_waited_for_as_long_as_set(path, held):
    slept = []
    with pytest.raises(LedgerError, match="in use"):
        opened(path, "s", wait_seconds=2, sleep=slept.append, monotonic=lambda: len(slept) * 0.5)
    assert slept == [0.5] * 4


def test_a_ledger_that_is_let_go_meanwhile_is_opened(path, held):
    opened(path, "s", wait_seconds=60, sleep=lambda _: held(), monotonic=lambda: 0).close()


def test_a_ledger_of_a_newer_program_is_not_touched(path):
    opened(path, "s").close()
    with duckdb.connect(path) as db:
        db.execute("UPDATE ledger SET version = 99")
    with pytest.raises(LedgerError, match="version 99"):
        opened(path, "s")


def test_a_ledger_of_version_1_is_brought_up_to_date(world):
    """What it remembers stays remembered: reading the shop again tells nothing."""
    records = [order(str(number), customer=customer_of(str(number))) for number in range(5)]
    assert len(world.run(*records)) == 10
    with duckdb.connect(world.path) as db:
        db.execute(
            "DROP VIEW fates; CREATE TABLE older AS SELECT * EXCLUDE (key) REPLACE (remembered::JSON AS remembered) FROM memory"
        )
        db.execute(
            "UPDATE older SET form = NULL; DROP TABLE memory; ALTER TABLE older RENAME TO memory; UPDATE ledger SET version = 1"
        )
        db.execute("CREATE VIEW fates AS SELECT * FROM memory")
    assert world.run(*records) == []
    assert world.rows("SELECT version FROM ledger") == [(2,)]
    assert world.rows("SELECT count(*) FROM fates WHERE fate = 'told'") == [(10,)]
    assert len(world.run(order("0", customer=customer_of("0"), tags=["new"], updated_at=day(9)))) == 1


def test_a_ledger_of_the_first_days_of_version_2_gets_what_it_lacks(world):
    records = [order(str(number), customer=customer_of(str(number))) for number in range(5)]
    assert len(world.run(*records)) == 10
    with duckdb.connect(world.path) as db:
        db.execute("DROP VIEW fates; ALTER TABLE memory DROP COLUMN seen_before")
    assert world.run(*records, order("9"), sent_from="anew") != []
    assert world.run(*records, order("9")) == []


def test_a_copy_for_a_dry_run_changes_no_version(world, tmp_path):
    """A newer program that is only tried leaves the older one its ledger."""
    world.run(order())
    with duckdb.connect(world.path) as db:
        db.execute("UPDATE ledger SET version = 1")
        before = db.execute("DESCRIBE memory").fetchall()
    copied(world.path, str(tmp_path / "copy.duckdb"))
    with duckdb.connect(world.path) as db:
        assert db.execute("SELECT version FROM ledger").fetchall() == [(1,)]
        assert db.execute("DESCRIBE memory").fetchall() == before


@pytest.mark.parametrize("content", [b"no database at all", b"x" * 100_000])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content):
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(content)
    with pytest.raises(LedgerError, match="restore it from a copy"):
        opened(str(broken), "s")
    assert broken.read_bytes() == content


def test_a_ledger_with_a_damaged_middle_is_no_ledger(tmp_path):
    """Half of the file overwritten: opening or asking fails, with one line."""
    world = World(tmp_path)
    world.run(*[order(str(number), customer=customer_of(str(number))) for number in range(50)])
    file = Path(world.path)
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match="restore it from a copy"):
        opened(world.path, "s")


def test_a_duckdb_file_of_someone_else_is_not_written_to(path, tmp_path):
    other = str(tmp_path / "other.duckdb")
    with duckdb.connect(other) as db:
        db.execute("CREATE TABLE sales (amount INTEGER)")
    with pytest.raises(LedgerError, match="not a ledger"):
        opened(other, "s")
    with duckdb.connect(other) as db:
        assert db.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("sales",)]


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
        "SELECT subject, transition, fate, occurred::VARCHAR FROM fates WHERE stream = 'orders' ORDER BY ALL"
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
        "SELECT typeof(amount), typeof(told), amount::VARCHAR FROM receipts WHERE transition = 'order_completed'"
    ) == [("DECIMAL(24,6)", "TIMESTAMP", "19.990000")]


def test_each_run_is_numbered_and_a_killed_one_has_no_end(world):
    world.run(order())
    world.run(order("2"), crash=("after intent", 1), catch=(Crash,))
    assert world.rows("SELECT run, mode, ended IS NULL, outcome FROM runs ORDER BY run") == [
        (1, "send", False, "done"),
        (2, "send", True, None),
    ]


# --- retell


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


# --- what is no ledger


@pytest.mark.parametrize("name", ["data.json", "table.csv", "ledger.duckdb"])
def test_a_file_that_duckdb_would_read_into_memory_is_no_ledger(tmp_path, name):
    """It would be taken, and all that was told forgotten with the process."""
    path = tmp_path / name
    path.write_text('{"a": 1}\n')
    with pytest.raises(LedgerError, match="is no DuckDB file"):
        opened(str(path), "source")
    assert path.read_text() == '{"a": 1}\n'


def test_a_path_that_cannot_be_names_the_setting():
    with pytest.raises(LedgerError, match="name another file in `ledger`"):
        opened("/dev/null/ledger.duckdb", "source")


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


# --- a disk that is full


def test_a_database_that_fails_in_the_middle_is_one_clear_error(world):
    ledger = world.ledger()
    ledger._db.close()
    with pytest.raises(LedgerError, match="the ledger could not be used"):
        ledger.has_receipts()


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
