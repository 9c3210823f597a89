"""Ledgers of older programs: brought up to date with nothing lost, nothing told again; left alone by whoever only looks.

The files in tests/samples/ledger were written by the programs themselves; its README says how.
"""

import json
import lzma
from pathlib import Path

import duckdb
import pytest

from target_segment.errors import LedgerError
from target_segment.ledger import copied, opened, opened_to_read
from target_segment.ledger.versions import VERSION
from tests.target_segment.world import (
    SHOP,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    guest,
    names,
    order,
    refund,
)

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "ledger"
VERSIONS = sorted(path.name.partition(".")[0] for path in SAMPLES.glob("*.duckdb.xz"))

SAID = [
    order("0", created_at=day(1, 1), customer=customer_of("70")),
    customer(),
    order(coupons=[{"code": "A"}], cancelled_at=day(4), updated_at=day(4)),
    refund(),
    fulfillment(),
    order("2", note="b", updated_at=day(6), **guest()),
    order("3", test=True),
    order("5", customer=customer_of("75"), coupons=[{"code": "SPRING"}]),
    ("orders", {**SHOP, "id": "6", "total": "much"}),
    order("4", customer=customer_of("9")),
]
"""All that the older program had read."""


class Older:
    """A world in which an older program told a story, and what it would have told next."""

    def __init__(self, folder, version):
        self.world = World(folder, since="now")
        self.path = Path(self.world.path)
        self.path.write_bytes(lzma.decompress((SAMPLES / f"{version}.duckdb.xz").read_bytes()))
        self.expected = json.loads((SAMPLES / f"{version}.json").read_text())


@pytest.fixture(params=VERSIONS)
def older(request, tmp_path):
    return Older(tmp_path, request.param)


def test_there_is_a_file_of_every_version_that_was_released():
    assert VERSIONS == ["version_1", "version_2", "version_2_first"]


def test_what_an_older_program_intended_is_delivered_in_its_own_bytes(older):
    older.world.run()
    bodies = [body.decode() for each in older.world.courier.bodies.values() for body in each]
    assert bodies == older.expected["intended"]
    assert older.world.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert older.world.rows("SELECT count(*) FROM receipts WHERE person = '9'") == [(2,)]


def test_what_an_older_program_told_is_not_told_again(older):
    assert names(older.world.run(*SAID)) == ["identify", "Order Completed"], "only what was intended"
    assert older.world.run(*SAID) == []
    assert older.world.run(*SAID, sent_from="looked at anew") == []
    assert older.world.rows("SELECT subject FROM refused WHERE fate = 'rejected'") == [("5:spring",)]


def test_what_changed_is_told_under_the_ids_that_the_older_program_had_given(older):
    """Version, running total and generation go on where it left them."""
    older.world.run()
    told = older.world.run(
        order("2", note="c", updated_at=day(8), **guest()),
        refund(total=25.00, updated_at=day(9), refunded_at=day(9)),
        order("8", cancelled_at=day(9), updated_at=day(9)),
    )
    said = [[event.get("event") or event["type"], event["messageId"]] for event in told]
    assert said == older.expected["told_next"]


def test_since_when_everything_is_told_does_not_move(older):
    with duckdb.connect(str(older.path), read_only=True) as db:
        before = dict(db.execute("SELECT transition, (since, generation) FROM watch").fetchall())
    older.world.run(*SAID)
    assert before["order_cancelled"][1] == 1
    after = dict(older.world.rows("SELECT transition, (since, generation) FROM watch"))
    assert {name: after[name] for name in before} == before


def test_a_rejected_event_of_an_older_program_is_retried(older):
    older.world.run()
    ledger = older.world.ledger()
    assert ledger.retry() == 1
    ledger.close()
    assert names(older.world.run(*SAID)) == ["Coupon Applied"]


def test_a_ledger_brought_up_to_date_has_the_tables_of_a_new_one(older, tmp_path):
    opened(str(tmp_path / "new.duckdb"), "s").close()
    opened(str(older.path), "s").close()
    assert columns(older.path) == columns(tmp_path / "new.duckdb")
    with duckdb.connect(str(older.path), read_only=True) as db:
        assert db.execute("SELECT version FROM ledger").fetchall() == [(VERSION,)]
        assert db.execute(
            "SELECT count(*) FROM fates WHERE started_at IS NULL OR occurred_at IS NULL"
        ).fetchall() == [(0,)]


def columns(path):
    with duckdb.connect(str(path), read_only=True) as db:
        return db.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()"
            " WHERE NOT internal ORDER BY ALL"
        ).fetchall()


def test_who_only_asks_changes_nothing_and_is_answered(older):
    content = older.path.read_bytes()
    reader = opened_to_read(str(older.path), "de7ddb296c1f0251")
    assert reader.scopes() == [("shopify", "shop.test")]
    assert [batch.count for batch, _ in reader.outbox()] == [2]
    assert len(reader.recall(("shopify", "shop.test"), [("orders", "1"), ("orders", "x")])) == 1
    reader.close()
    assert older.path.read_bytes() == content
    assert [path.name for path in older.path.parent.iterdir()] == [older.path.name]


def test_a_copy_of_an_older_ledger_is_brought_up_to_date_and_the_ledger_is_not(older, tmp_path):
    """A newer program that is only tried leaves the older one its ledger."""
    content = older.path.read_bytes()
    older.world.run(order("9"), mode="dry_run")
    copied(str(older.path), str(tmp_path / "copy.duckdb"))
    assert older.path.read_bytes() == content


def test_a_ledger_that_cannot_be_brought_up_to_date_is_left_as_it_was(older):
    with duckdb.connect(str(older.path)) as db:
        db.execute("ALTER TABLE runs ADD COLUMN ended_at TIMESTAMP")
        before = db.execute("SELECT version FROM ledger").fetchall()
    was = columns(older.path)
    with pytest.raises(LedgerError, match=r"is damaged .*ended_at"):
        opened(str(older.path), "s")
    assert columns(older.path) == was
    with duckdb.connect(str(older.path), read_only=True) as db:
        assert db.execute("SELECT version FROM ledger").fetchall() == before


AS_VERSION_2 = """
    DROP VIEW fates;
    ALTER TABLE memory RENAME changed_at TO instant;
    ALTER TABLE memory RENAME seen_before_at TO seen_before;
    ALTER TABLE memory RENAME raw_hash TO form;
    ALTER TABLE receipts RENAME occurred_at TO occurred;
    ALTER TABLE receipts RENAME told_at TO told;
    ALTER TABLE outbox RENAME intended_at TO intended;
    ALTER TABLE refused RENAME occurred_at TO occurred;
    ALTER TABLE runs RENAME started_at TO started;
    ALTER TABLE runs RENAME ended_at TO ended;
    UPDATE ledger SET version = 2;
    CREATE VIEW fates AS SELECT instant FROM memory;
"""


def test_a_ledger_of_version_1_is_brought_up_to_date(world):
    """What it remembers stays remembered: reading the shop again tells nothing."""
    records = [order(str(number), customer=customer_of(str(number))) for number in range(5)]
    assert len(world.run(*records)) == 10
    with duckdb.connect(world.path) as db:
        db.execute(AS_VERSION_2)
        db.execute(
            "DROP VIEW fates; CREATE TABLE older AS SELECT * EXCLUDE (key, seen_before) REPLACE (remembered::JSON AS remembered) FROM memory"
        )
        db.execute(
            "UPDATE older SET form = NULL; DROP TABLE memory; ALTER TABLE older RENAME TO memory; UPDATE ledger SET version = 1"
        )
        db.execute("CREATE VIEW fates AS SELECT * FROM memory")
    assert world.run(*records) == []
    assert world.rows("SELECT version FROM ledger") == [(VERSION,)]
    assert world.rows("SELECT count(*) FROM fates WHERE fate = 'told'") == [(10,)]
    assert len(world.run(order("0", customer=customer_of("0"), tags=["new"], updated_at=day(9)))) == 1


def test_a_ledger_of_the_first_days_of_version_2_gets_what_it_lacks(world):
    records = [order(str(number), customer=customer_of(str(number))) for number in range(5)]
    assert len(world.run(*records)) == 10
    with duckdb.connect(world.path) as db:
        db.execute(AS_VERSION_2)
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
