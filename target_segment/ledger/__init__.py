"""A location in, an open ledger out; today the location of a DuckDB file.

A ledger that is opened to be written to is brought up to date; one that is only read, or copied for a dry run, stays as it is.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from target_segment.errors import LedgerError
from target_segment.ledger import on_duckdb, versions
from target_segment.ledger.ledger import Ledger
from target_segment.ledger.reader import LedgerReader


def opened(
    location: str,
    source: str,
    *,
    wait_seconds: float = 0,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Ledger:
    """Open the ledger at a location, made if it is not there; raise `LedgerError` if it is locked, newer or damaged."""
    if _is_file(location):
        on_duckdb.expect_ledger(location)
    db = on_duckdb.locked(location, wait_seconds, sleep, monotonic)
    with _sound(db, location):
        versions.bring_up_to_date(db, location, now)
    return Ledger(db, source, now)


def opened_to_read(
    location: str,
    source: str,
    *,
    wait_seconds: float = 0,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> LedgerReader:
    """Open the ledger at a location for questions; raise `LedgerError` if there is none, or it is locked, newer or damaged.

    One of an older version is asked in a copy that is brought up to date, and gone when the reader is closed.
    """
    on_duckdb.expect_ledger(location, make=False)
    db = on_duckdb.locked(location, wait_seconds, sleep, monotonic, read_only=True)
    with _sound(db, location):
        version = versions.version_of(db, location)
    if version == versions.VERSION:
        return LedgerReader(db, source)
    db.close()
    folder = tempfile.TemporaryDirectory(prefix="target-segment-")
    try:
        copy = str(Path(folder.name) / "ledger.duckdb")
        copied(location, copy, wait_seconds=wait_seconds)
        opened(copy, source).close()
        db = on_duckdb.locked(copy, 0, sleep, monotonic, read_only=True)
    except LedgerError:
        folder.cleanup()
        raise
    db.when_closed(folder.cleanup)
    return LedgerReader(db, source)


def copied(location: str, copy: str, *, wait_seconds: float = 0) -> None:
    """Copy a ledger as it stands, whatever its version; raise `LedgerError` if another run holds it or it is none."""
    on_duckdb.expect_ledger(location)
    db = on_duckdb.locked(location, wait_seconds, time.sleep, time.monotonic)
    on_duckdb.copied(db, location, copy)


def rewritten(location: str) -> None:
    """Write a ledger anew, so that nothing is left of what was deleted from it."""
    if _is_file(location):
        on_duckdb.rewritten(location)


def _is_file(location: str) -> bool:
    return "://" not in location and location != ":memory:"


@contextmanager
def _sound(db: on_duckdb.Database, location: str) -> Iterator[None]:
    """Look at a ledger; close it and raise `LedgerError` if it is none that this program can use."""
    try:
        yield
    except on_duckdb.Failed as failed:
        db.close()
        raise LedgerError(
            f"the ledger {location} is damaged ({failed.said}): restore it from a copy, or move it away and run once with "
            "mode=baseline (setting `ledger`)"
        ) from failed
    except LedgerError:
        db.close()
        raise
