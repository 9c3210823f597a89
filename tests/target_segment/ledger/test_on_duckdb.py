"""The file: made, locked, waited for; and what is said when it cannot be used."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from target_segment.errors import LedgerError
from target_segment.ledger import opened
from tests.target_segment.world import World, customer_of, order

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


# --- what is no ledger


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


# --- a disk that is full


def test_a_database_that_fails_in_the_middle_is_one_clear_error(world):
    ledger = world.ledger()
    ledger._db.close()
    with pytest.raises(LedgerError, match="the ledger could not be used"):
        ledger.has_receipts()
