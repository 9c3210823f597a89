"""A ledger in a DuckDB file: opened, locked, copied, written anew; statements run by name. The only file that knows DuckDB.

Nothing of the file is changed before it is known to be a ledger, and one that somebody else holds is left alone.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from target_segment.errors import LedgerError
from target_segment.ledger.statements import named, text_of

STATEMENTS = named(text_of("duckdb.sql")) | named(text_of("versions.sql"))
TABLES = ("ledger", "memory", "receipts", "outbox", "refused", "watch", "runs")
MAKING = text_of("ledger.sql")
"""What makes the tables and the view, of the newest version."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Failed(LedgerError):
    """A statement failed; `said` is the first line of what DuckDB says."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"the ledger could not be used ({said}): is its disk full or gone? "
            "What was intended stays, the next run goes on (setting `ledger`)"
        )
        self.said = said


class Database:
    """An open file whose statements are run by name, from one thread; raises `Failed` if one cannot be."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._cleanups: list[Callable[[], None]] = []

    def ask(self, name: str, /, **values: Any) -> list[Any]:
        """Return the rows that a statement answers with."""
        try:
            return self.execute(STATEMENTS[name], values).fetchall()
        except duckdb.Error as error:
            raise Failed(_first_line(error)) from error

    def one(self, name: str, /, **values: Any) -> Any:
        """Return the only value that a statement answers with."""
        return self.ask(name, **values)[0][0]

    def do(self, name: str, /, **values: Any) -> None:
        """Run a statement."""
        self.execute(STATEMENTS[name], values)

    def execute(
        self, statement: str, values: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run what is not among the named statements."""
        try:
            return self._connection.execute(statement, values or None)
        except duckdb.Error as error:
            raise Failed(_first_line(error)) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done within, or nothing of it."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(Failed):
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def when_closed(self, do: Callable[[], None]) -> None:
        """Have something done once the file is closed."""
        self._cleanups.append(do)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        while self._cleanups:
            self._cleanups.pop()()


def instant(microseconds: int) -> datetime:
    """Return an instant that the file holds, asked for by `epoch_us`."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """Return an instant as a number, for a list of them."""
    return (at - _EPOCH) // _MICROSECOND


def naive(at: datetime) -> datetime:
    """Return an instant as DuckDB takes it for UTC."""
    return at.astimezone(UTC).replace(tzinfo=None)


def expect_ledger(path: str, *, make: bool = True) -> None:
    """Raise `LedgerError` for a path that cannot be a ledger: DuckDB would read other data files into memory, and forget.

    With `make` there may be nothing yet, and the folder is made for it.
    """
    place = Path(path)
    try:
        if make:
            place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            if _beginning(place)[8:] != b"DUCK":
                raise LedgerError(
                    f"{path} is no DuckDB file, so not a ledger (an empty or broken one: restore it from a copy, or move it away and "
                    "run once with mode=baseline); name another file in `ledger`"
                )
        elif not make:
            raise LedgerError(f"there is no ledger {path} yet: run once, or name another file in `ledger`")
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} cannot be used ({error.strerror}): name another file in `ledger`"
        ) from error


def locked(
    path: str,
    wait_seconds: float,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
    *,
    read_only: bool = False,
) -> Database:
    """Return a database that holds the file, once nobody else does."""
    until = monotonic() + wait_seconds
    while True:
        try:
            return Database(_attached(path, read_only=read_only))
        except duckdb.Error as error:
            if "could not set lock" not in str(error).lower():
                raise LedgerError(
                    f"the ledger {path} cannot be opened ({_first_line(error)}): restore it from a copy, or move it away "
                    "and run once with mode=baseline (setting `ledger`)"
                ) from error
            if monotonic() >= until:
                raise LedgerError(
                    f"the ledger {path} is in use by another run: wait for it, raise `lock_wait_seconds`, or name another file in `ledger`"
                ) from error
            sleep(0.5)


def copied(db: Database, path: str, copy: str) -> None:
    """Copy the file that is open as it stands, whatever its version, and close it."""
    try:
        # Another run may have left the last of it in the log beside the file.
        db.execute("CHECKPOINT ledger")
        shutil.copyfile(path, copy)
    except (Failed, OSError) as error:
        said = error.said if isinstance(error, Failed) else _first_line(error)
        raise LedgerError(
            f"the ledger {path} could not be copied for a dry run ({said}): is there room for it?"
        ) from error
    finally:
        db.close()


def rewritten(path: str) -> None:
    """Write a ledger's file anew: what was deleted stays in its free blocks until they are needed."""
    place = Path(path).resolve()
    fresh = place.with_name(place.name + ".new")
    fresh.unlink(missing_ok=True)
    db = _attached(str(place))
    try:
        db.execute(f"ATTACH {_quoted(str(fresh))} AS fresh (ROW_GROUP_SIZE 8192)")
        db.execute("USE fresh")
        db.execute(MAKING)
        for table in TABLES:
            # A table's name cannot be a parameter.
            db.execute(f"INSERT INTO fresh.{table} BY NAME SELECT * FROM ledger.{table}")  # noqa: S608 - our own names
        fresh.chmod(place.stat().st_mode & 0o777)
        # The old file stays locked until the new one is in its place.
        db.execute("CHECKPOINT fresh")
        db.execute("CHECKPOINT ledger")
        db.execute("USE memory")
        db.execute("DETACH fresh")
        fresh.replace(place)
    except (duckdb.Error, OSError) as error:
        raise LedgerError(
            f"the ledger {path} could not be written anew ({_first_line(error)}): nothing of it is lost, but its file may "
            "still hold what was deleted. Make room and do the same again"
        ) from error
    finally:
        db.close()


def _attached(path: str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Return a connection in which the file is the place of all tables."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": "1",
        "memory_limit": "32MB",
        "preserve_insertion_order": "false",
        "checkpoint_threshold": "16MB",
    }
    db = duckdb.connect(":memory:", config=config)
    try:
        # A checkpoint writes anew every row group that changed: small ones keep it short.
        sized = "" if "://" in path or read_only else " (ROW_GROUP_SIZE 8192)"
        # A file's name cannot be a parameter.
        db.execute(f"ATTACH {_quoted(path)} AS ledger{' (READ_ONLY)' if read_only else sized}")
        db.execute("USE ledger")
        db.execute(STATEMENTS["make_listed"])
    except duckdb.Error:
        db.close()
        raise
    return db


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200]


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)
