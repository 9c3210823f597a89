"""The table `outbox`: batches that are intended and have no receipt yet, in the very bytes in which they are sent."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from isal import isal_zlib

from target_segment.batch import Batch
from target_segment.ledger.on_duckdb import Database, instant, naive


class OutboxTable:
    """What one source intends to tell."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def is_empty(self) -> bool:
        """Say whether nothing is intended and without a receipt."""
        return not self._db.ask("is_anything_intended", source=self._source)

    def batches(self) -> Iterator[tuple[Batch, datetime]]:
        """Yield the batches, oldest first, and when they were intended; one at a time, for they are large."""
        for (number,) in self._db.ask("intended_ids", source=self._source):
            (row,) = self._db.ask("intended_batch", id=number)
            count, people, deflated, size, crc, about, intended_at = row
            yield (
                Batch(
                    id=number, count=count, people=frozenset(people), deflated=bytes(deflated), size=size, crc=crc,
                    about=isal_zlib.decompress(bytes(about)),
                ),
                instant(intended_at),
            )  # fmt: skip

    def group_of(self, batch: Batch) -> int:
        """Return the group that a batch is of."""
        return int(self._db.one("group_of_batch", id=batch.id))

    def newest_group(self) -> int:
        """Return the number of the newest group, of any source."""
        return int(self._db.one("newest_group_intended"))

    def next_batch(self) -> int:
        """Return a number that no batch has, of any source."""
        return int(self._db.one("next_batch_intended"))

    # --- changed

    def put(self, batch: Batch, group: int, *, intended_at: datetime, run: int) -> None:
        """Put a batch in."""
        self._db.do(
            "intend_batch",
            id=batch.id,
            source=self._source,
            batch_group=group,
            events=batch.count,
            people=sorted(batch.people),
            deflated=batch.deflated,
            size=batch.size,
            crc=batch.crc,
            about=isal_zlib.compress(batch.about, 1),
            intended_at=naive(intended_at),
            run=run,
        )

    def let_go(self, batches: Iterable[Batch]) -> None:
        """Take these batches out."""
        self._db.do("let_batches_go", ids=[batch.id for batch in batches])

    def empty(self) -> None:
        """Take all out."""
        self._db.do("empty_outbox", source=self._source)
