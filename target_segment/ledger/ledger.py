"""The ledger: what was told, what is remembered, what is intended; each change over several tables is one transaction.

A transition counts as told once its intent is committed, and its receipt follows Segment's answer, never the other way
round: "performing deduplication … voids any at-least-once guarantees" of a sink whose deliveries can fail after the note
was taken (https://github.com/redpanda-data/benthos, processor_dedupe.go).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from target_segment.batch import Batch
from target_segment.ledger import forgetting, retelling
from target_segment.ledger.forgetting import Forgotten, Holds, Names
from target_segment.ledger.on_duckdb import Database
from target_segment.ledger.reader import LedgerReader
from target_segment.ledger.watch import since_when
from target_segment.remembered import Key, Refusal, Scope, Watch


class Ledger(LedgerReader):
    """One open ledger, to be written to. Made by `opened`; every method is called from one thread."""

    def __init__(self, db: Database, source: str, now: Callable[[], datetime]) -> None:
        super().__init__(db, source)
        self._now = now
        self.run = 0
        self._group = 0
        self._batches = count(1)

    # --- a run

    def begin(self, mode: str) -> None:
        """Begin a run: give it a number, and go on with the numbers of groups and batches."""
        self.run = self._runs.next()
        if self._runs.was_last_killed():
            # Perhaps between a receipt and what it let go of.
            self.settle_all()
        self._group = max(self._memory.newest_group(), self._outbox.newest_group())
        self._batches = count(self._outbox.next_batch())
        self._runs.begin(self.run, mode, self._now())

    def end(self, outcome: str, counts: Mapping[str, Any]) -> None:
        """Write what this run read, told, knew and waited for."""
        self._runs.end(self.run, outcome, counts, self._now())

    def since(
        self,
        scope: Scope,
        first_read_at: datetime,
        on: Iterable[str],
        conditions: Mapping[str, str],
        since: datetime | None,
    ) -> dict[str, Watch]:
        """Return since when each transition of a shop is told, and remember it: as set, or (None) since it was first on."""
        known = self.watched(scope)
        watched = since_when(known, first_read_at, on, conditions, since)
        fresh = {name: each for name, each in watched.items() if known.get(name) != each}
        if fresh:
            self._watch.keep(scope, fresh)
        return watched

    def unchanged(self, read: Mapping[str, datetime]) -> set[str]:
        """Return which raw records, read at these instants, were seen in exactly this form; note that they were seen again."""
        if not read:
            return set()
        seen = self.seen_so(read)
        if seen:
            self.note_seen({raw_hash: read[raw_hash] for raw_hash in seen})
        return seen

    def note_seen(self, read: Mapping[str, datetime]) -> None:
        """Note that raw records were read again, in the form they had, at these instants."""
        self._memory.note_seen(read)

    # --- intent, receipt

    def next_batch(self) -> int:
        """Return the number of the next batch; the one method that any thread may call."""
        return next(self._batches)

    def intend(
        self, scope: Scope, rows: Iterable[bytes], batches: Sequence[Batch], refusals: Sequence[Refusal]
    ) -> int:
        """Commit what is about to be told, as if it were told, with the batches' own bytes; return the group's number.

        `rows` are documents that hold the rows of memory as they then are (see `deciding.rows.Rows`).
        """
        self._group += 1
        with self._db.transaction():
            for document in rows:
                self._memory.remember(scope, self._group, document)
            for batch in batches:
                self._put_out(batch, self._group)
            self._refused.add(refusals, refused_at=self._now(), run=self.run)
        return self._group

    def confirm(self, batches: Sequence[Batch]) -> None:
        """Commit the receipts of acknowledged batches and let their bytes go."""
        if not batches:
            return
        with self._db.transaction():
            self._receipts.write(batches, told_at=self._now(), run=self.run)
            self._outbox.let_go(batches)

    def settle(self, scope: Scope, group: int, replaced: Iterable[Key]) -> None:
        """Let go of what a group replaced in memory, now that all of it has its receipt."""
        self._memory.settle(scope, group, replaced)

    def settle_all(self) -> None:
        """Let go of every row of memory that a newer one replaces, unless something intended may yet be taken back."""
        if self.outbox_is_empty():
            self._memory.settle_all()

    def split(self, batch: Batch, halves: Sequence[Batch]) -> None:
        """Replace a refused batch in the outbox by its halves, so that each has its own receipt at once."""
        with self._db.transaction():
            group = self._outbox.group_of(batch)
            self._outbox.let_go([batch])
            for half in halves:
                self._put_out(half, group)

    def reject(self, batch: Batch, refusal: Refusal) -> None:
        """Commit that the one event of a batch was refused: a row with payload and reason instead of a receipt."""
        with self._db.transaction():
            self._refused.add([refusal], refused_at=self._now(), run=self.run)
            self._outbox.let_go([batch])
            retelling.mark_rejected(self._memory, refusal, self._now())

    def take_back(self) -> None:
        """Forget every intent that has no receipt: the refusal was not the events'."""
        with self._db.transaction():
            self._memory.take_back()
            self._outbox.empty()
            if self._memory.is_empty():
                self._watch.forget()

    def _put_out(self, batch: Batch, group: int) -> None:
        self._outbox.put(batch, group, intended_at=self._now(), run=self.run)

    # --- by hand

    def retell(self, transitions: Sequence[str]) -> int:
        """Forget that these transitions of this source were told, raise their generation; return how many fates were forgotten."""
        return retelling.retell(self._db, self._source, transitions)

    def retry(self) -> int:
        """Let rejected transitions be decided anew when they are next read; return how many there were.

        Not those of a running total: which part of it was rejected is not remembered.
        """
        return retelling.retry(self._db, self._source)

    def forget(self, names: Names, holds: Holds) -> Forgotten:
        """Forget a person under every source that knows these shops; return by which names they were known, and what went.

        What decides whether something is news stays, without a name (see `remembered.tombstone`); the account keeps its
        amounts. `holds` says whether the payload of something refused is about them. Raises `LedgerError` while something
        is intended.
        """
        return forgetting.forget(self._db, self._source, names, holds, self._now())
