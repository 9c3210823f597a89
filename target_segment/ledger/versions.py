"""The versions of the tables: one function brings those of one version to the next; what a released one did stays as it is.

A ledger is brought up to date in one transaction, so that a program that is killed meanwhile leaves it as it was; one of a newer
program, and a file that is none, are not touched.
"""

from collections.abc import Callable
from datetime import datetime

from target_segment.errors import LedgerError
from target_segment.ledger.on_duckdb import MAKING, Database, naive
from target_segment.remembered import row_key

VERSION = 3
_AT_ONCE = 20_000
"""Rows of memory that move together: all of them do not fit into the memory that there is."""


def version_of(db: Database, path: str) -> int | None:
    """Return of which version the tables are, None where there are none; raise `LedgerError` if this program cannot know them."""
    tables = {name for (name,) in db.ask("tables")}
    if not tables:
        return None
    if "ledger" not in tables:
        raise LedgerError(f"{path} is a DuckDB file, but not a ledger: name another file in `ledger`")
    version = db.one("version")
    if version != VERSION and version not in _STEPS:
        raise LedgerError(
            f"the ledger {path} is of version {version}, this program knows {VERSION}: install the newer program, or name another file in `ledger`"
        )
    return int(version)


def bring_up_to_date(db: Database, path: str, now: Callable[[], datetime]) -> None:
    """Make the tables where there are none, and those of an older version into what they are now."""
    version = version_of(db, path)
    if version is None:
        with db.transaction():
            db.execute(MAKING)
            db.do("note_version", version=VERSION, made_at=naive(now()))
    elif version < VERSION:
        with db.transaction():
            db.do("drop_fates")
            for older in range(version, VERSION):
                _STEPS[older](db)
            db.execute(MAKING[MAKING.index("CREATE VIEW") :])
            db.do("raise_version", version=VERSION)


def _give_keys(db: Database) -> None:
    """1 → 2: rows of memory get the hash by which they are looked up."""
    db.do("v2_set_aside_memory")
    db.do("v2_make_memory")
    for first in range(0, db.one("v2_last_place") + 1, _AT_ONCE):
        rows = db.ask("v2_rows", first=first, beyond=first + _AT_ONCE)
        keys = [
            row_key(source, (platform, shop), (stream, subject))
            for _, source, platform, shop, stream, subject in rows
        ]
        db.do(
            "v2_move_rows",
            first=first,
            beyond=first + _AT_ONCE,
            places=[place for place, *_ in rows],
            keys=keys,
        )
    db.do("v2_drop_older")


def _name_instants(db: Database) -> None:
    """2 → 3: instants are called `…_at`, and the hash of a raw record what it is."""
    db.do("v3_add_seen_before")
    db.do("v3_changed_at")
    db.do("v3_seen_before_at")
    db.do("v3_raw_hash")
    db.do("v3_receipts_occurred_at")
    db.do("v3_told_at")
    db.do("v3_intended_at")
    db.do("v3_refused_occurred_at")
    db.do("v3_started_at")
    db.do("v3_ended_at")


_STEPS: dict[int, Callable[[Database], None]] = {1: _give_keys, 2: _name_instants}
"""What to do with the tables of a version to make them of the next."""
