"""The table `refused`: what could not be told, with payload and reason; a row for each, and none is told as if it were well."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from target_segment.ledger.on_duckdb import Database, naive
from target_segment.remembered import FORGOTTEN, REJECTED, Refusal


class RefusedTable:
    """What of one source was set aside."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def knows(self, message_id: str) -> bool:
        """Say whether this very event or record was set aside before."""
        return bool(self._db.ask("is_refused", source=self._source, message_id=message_id))

    def all(self) -> list[Any]:
        """Return where each row lies, its platform, shop, fate, stream, transition, subject, reason and payload."""
        return self._db.ask("all_refused", source=self._source)

    # --- changed

    def add(self, refusals: Iterable[Refusal], *, refused_at: datetime, run: int) -> None:
        """Set something aside."""
        for each in refusals:
            self._db.do(
                "refuse",
                source=self._source,
                platform=each.platform,
                shop=each.shop,
                fate=each.fate,
                stream=each.stream,
                transition=each.transition,
                subject=each.subject,
                message_id=each.message_id,
                reason=each.reason,
                payload=each.payload.decode("utf-8", "replace") if each.payload is not None else None,
                occurred_at=naive(each.occurred) if each.occurred else None,
                refused_at=naive(refused_at),
                run=run,
            )

    def take_rejected(self) -> list[tuple[str, str, str, str, str]]:
        """Take the rejected transitions out, as platform, shop, stream, transition and subject.

        Not those of a running total: which part of it was rejected is not remembered.
        """
        return self._db.ask("take_rejected", source=self._source, fate=REJECTED)

    def forget(self, places: Sequence[int]) -> None:
        """Let go of what lies at these places."""
        self._db.do("forget_refused", places=places)

    def empty(self, places: Sequence[int], nameless: Sequence[int]) -> None:
        """Take payload and reason from what lies at these places, and at the nameless ones also the subject."""
        self._db.do("empty_refused", places=[*places, *nameless], nameless=nameless, forgotten=FORGOTTEN)
