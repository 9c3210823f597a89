"""What can be asked of a ledger. Nothing here changes it: who only asks is handed a reader, and a file opened so takes no change."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from target_segment.batch import Batch
from target_segment.ledger.memory import MemoryTable
from target_segment.ledger.on_duckdb import Database
from target_segment.ledger.outbox import OutboxTable
from target_segment.ledger.receipts import ReceiptsTable
from target_segment.ledger.refused import RefusedTable
from target_segment.ledger.runs import RunsTable
from target_segment.ledger.watch import WatchTable
from target_segment.remembered import Found, Key, Scope, Watch


class LedgerReader:
    """One open ledger, as one source sees it. Made by `opened_to_read`; every method is called from one thread."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source
        self._memory = MemoryTable(db, source)
        self._receipts = ReceiptsTable(db, source)
        self._outbox = OutboxTable(db, source)
        self._refused = RefusedTable(db, source)
        self._watch = WatchTable(db, source)
        self._runs = RunsTable(db, source)

    def scopes(self) -> list[Scope]:
        """Return the shops that this source knows."""
        return self._memory.scopes()

    def expect_source(self, scope: Scope, *, named: bool) -> None:
        """Raise `Misconfigured` if this ledger knows a shop only under another segment source and none was named."""
        self._watch.expect_source(scope, named=named)

    def watched(self, scope: Scope) -> dict[str, Watch]:
        """Return since when each transition of a shop is told."""
        return self._watch.of(scope)

    def seen_so(self, raw_hashes: Iterable[str]) -> set[str]:
        """Return which raw records were seen in exactly this form."""
        return self._memory.seen_so(raw_hashes)

    def recall(self, scope: Scope, keys: Iterable[Key]) -> list[Found]:
        """Return what is remembered under these keys, older before newer."""
        return self._memory.recall(scope, keys)

    def outbox(self) -> Iterator[tuple[Batch, datetime]]:
        """Yield the batches of this source that were intended and not receipted, oldest first, and when they were intended."""
        return self._outbox.batches()

    def outbox_is_empty(self) -> bool:
        """Say whether nothing of this source is intended and without a receipt."""
        return self._outbox.is_empty()

    def has_receipts(self) -> bool:
        """Say whether Segment has ever acknowledged anything of this source."""
        return not self._receipts.is_empty()

    def knows_refused(self, raw_hash: str) -> bool:
        """Say whether this very record was set aside before."""
        return self._refused.knows(raw_hash)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
