"""The table `receipts`: one row for each event that Segment acknowledged, only ever added to.

But for `retell`, which forgets that something was told, and `forget`, which takes the names out and leaves the amounts.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from target_segment.batch import Batch
from target_segment.ledger.on_duckdb import Database, naive
from target_segment.remembered import FORGOTTEN, Key, Scope, documents

_BETWEEN = chr(31)
"""Stands between the parts of a key that are compared as one text."""


class ReceiptsTable:
    """What Segment acknowledged of one source."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def is_empty(self) -> bool:
        """Say whether Segment has never acknowledged anything."""
        return not self._db.ask("is_anything_receipted", source=self._source)

    def told_of(self, people: Sequence[str]) -> list[tuple[str, str, str, str | None]]:
        """Return of whom of these people anything was told in which shop, and under which customer's number."""
        return self._db.ask("told_of_people", source=self._source, people=people)

    def subjects_told_of(self, people: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """Return what was told of these people, as platform, shop, transition and subject."""
        return self._db.ask("subjects_told_of_people", source=self._source, people=people)

    # --- changed

    def write(self, batches: Iterable[Batch], *, told_at: datetime, run: int) -> None:
        """Write the receipts of acknowledged batches."""
        at = naive(told_at)
        for about in documents(batch.about[1:-1] for batch in batches):
            self._db.do("write_receipts", source=self._source, told_at=at, run=run, document=about.decode())

    def forget_transitions(self, transitions: Iterable[str]) -> None:
        """Forget that these transitions were told."""
        self._db.do("forget_receipts", source=self._source, transitions=list(transitions))

    def forget_people(self, people: Sequence[str], customers: Iterable[tuple[str, str, str]]) -> int:
        """Take people's names out, and those of customers by platform, shop and number; return in how many rows there was one."""
        rows = self._db.ask(
            "forget_people_in_receipts",
            source=self._source,
            people=people,
            forgotten=FORGOTTEN,
            customers=[_BETWEEN.join(each) for each in customers],
        )
        return len(rows)

    def forget_keys(self, keys: Iterable[tuple[Scope, Key]]) -> None:
        """Take these keys of other taps' records out."""
        self._db.do(
            "forget_foreign_keys_in_receipts",
            source=self._source,
            forgotten=FORGOTTEN,
            keys=[_BETWEEN.join((*scope, *key)) for scope, key in keys],
        )
