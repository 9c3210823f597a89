"""Ledgers of older programs: brought up to date with nothing lost, nothing told again; left alone by whoever only looks."""

import duckdb

from target_segment.ledger import copied
from tests.target_segment.world import customer_of, day, order


def test_a_ledger_of_version_1_is_brought_up_to_date(world):
    """What it remembers stays remembered: reading the shop again tells nothing."""
    records = [order(str(number), customer=customer_of(str(number))) for number in range(5)]
    assert len(world.run(*records)) == 10
    with duckdb.connect(world.path) as db:
        db.execute(
            "DROP VIEW fates; CREATE TABLE older AS SELECT * EXCLUDE (key, seen_before) REPLACE (remembered::JSON AS remembered) FROM memory"
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
