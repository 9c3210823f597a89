"""The table `runs`: what each run read, told, knew and waited for; one without an end was killed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from target_segment.ledger.on_duckdb import Database, naive


class RunsTable:
    """The runs of every source, numbered together."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def next(self) -> int:
        """Return the number of the next run."""
        return int(self._db.one("next_run"))

    def was_last_killed(self) -> bool:
        """Say whether the last run never ended."""
        return bool(self._db.one("was_last_run_killed"))

    # --- changed

    def begin(self, run: int, mode: str, at: datetime) -> None:
        """Note that a run began."""
        self._db.do("begin_run", run=run, source=self._source, mode=mode, started_at=naive(at))

    def end(self, run: int, outcome: str, counts: Mapping[str, Any], at: datetime) -> None:
        """Write what a run did."""
        self._db.do(
            "end_run",
            run=run,
            ended_at=naive(at),
            outcome=outcome,
            records=counts["records"],
            unchanged=counts["unchanged"],
            told=counts["told"],
            refused=counts["refused"],
            waited_seconds=counts["waited"],
            counts=msgspec.json.encode(counts["counts"]).decode(),
        )
