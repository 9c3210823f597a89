"""Who only asks: answered as the ledger would, and unable to change it."""

import pytest

from target_segment.errors import LedgerError
from target_segment.ledger import opened_to_read
from target_segment.ledger.ledger import Ledger
from target_segment.ledger.reader import LedgerReader
from tests.target_segment.world import Crash, customer, order, refusing

SHOP = ("shopify", "shop.test")


@pytest.fixture
def reader(world):
    """Return what opens the world's ledger for reading, and closes it in the end."""
    readers = []

    def opened():
        readers.append(opened_to_read(world.path, source(world)))
        return readers[-1]

    yield opened
    for each in readers:
        each.close()


def source(world):
    ledger = world.ledger()
    ledger.close()
    return ledger._source


def test_a_reader_answers_as_the_ledger_does(world, reader):
    world.courier.answer = refusing("Customer Created")
    world.run(order(), order("2"))
    world.run(customer())
    world.courier.answer = lambda events: None
    world.run(order("3"), crash=("after intent", 1), catch=(Crash,))
    ((refused,),) = world.rows("SELECT message_id::VARCHAR FROM refused")
    ((raw_hash,),) = world.rows("SELECT replace(raw_hash::VARCHAR, '-', '') FROM memory WHERE subject = '2'")
    ledger = world.ledger()
    keys = [("orders", "1"), ("orders", "3"), ("identify", "7"), ("orders", "none")]

    def answers(asked):
        return (
            asked.scopes(),
            asked.watched(SHOP),
            asked.recall(SHOP, keys),
            asked.seen_so([raw_hash, "0" * 32]),
            list(asked.outbox()),
            asked.outbox_is_empty(),
            asked.has_receipts(),
            asked.knows_refused(refused),
        )

    expected = answers(ledger)
    ledger.close()
    asked = reader()
    assert answers(asked) == expected
    assert (expected[3], expected[5], expected[6], expected[7]) == ({raw_hash}, False, True, True)
    assert len(expected[2]) == 3


def test_what_is_seen_so_is_not_noted_as_seen_by_a_reader(world, reader):
    world.run(order())
    before = world.rows("SELECT seen_at, seen_before_at, raw_hash FROM memory ORDER BY ALL")
    asked = reader()
    asked.seen_so(["0" * 32])
    asked.recall(SHOP, [("orders", "1")])
    asked.close()
    assert world.rows("SELECT seen_at, seen_before_at, raw_hash FROM memory ORDER BY ALL") == before


def test_the_file_of_a_reader_takes_no_change(world, reader):
    """Also where somebody finds a way to ask for one."""
    world.run(order())
    with pytest.raises(LedgerError, match="read-only"):
        reader()._db.do("settle_all")


def test_a_reader_has_no_method_that_changes():
    asked = {name for name in vars(LedgerReader) if not name.startswith("_")}
    changes = {name for name in vars(Ledger) if not name.startswith("_")}
    assert asked & changes == set()


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(LedgerError, match=r"there is no ledger .* yet"):
        opened_to_read(str(tmp_path / "state" / "ledger.duckdb"), "s")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_is_not_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(LedgerError, match="is no DuckDB file"):
        opened_to_read(str(path), "s")


def test_what_a_killed_run_left_in_the_log_beside_the_file_is_read(world, reader, tmp_path):
    """The log of a run that was killed is not yet in the file."""
    world.run(order())
    ledger = world.ledger()
    ledger.begin("send")
    taken = tmp_path / "taken.duckdb"
    for suffix in ("", ".wal"):
        (tmp_path / f"taken.duckdb{suffix}").write_bytes((tmp_path / f"ledger.duckdb{suffix}").read_bytes())
    ledger.close()
    asked = opened_to_read(str(taken), "s")
    rows = asked._db.execute("SELECT run, ended_at IS NULL FROM runs ORDER BY run").fetchall()
    asked.close()
    assert rows == [(1, False), (2, True)]
