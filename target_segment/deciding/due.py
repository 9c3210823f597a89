"""What becomes of a transition that is proved now: told, or it lies before `since`, is filtered, is known; and how it is told.

The messageId is derived from what happened alone: the same happening is the same id in every run.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from target_segment.deciding.case import Case
from target_segment.deciding.filters import KeepsOrder
from target_segment.identity import uuid5
from target_segment.remembered import BEFORE, FILTERED, KEPT, KNOWN, TOLD, Row, Watch
from target_segment.snapshots import OrderSummary
from target_segment.transitions.proofs import AGES_AGO, News, Transition
from target_segment.transitions.table import Entry

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://segment.com/docs/connections/spec/common/#message-id")
message_id = uuid5(NAMESPACE)
"""From the key of a telling to its messageId."""


class Due:
    """Says what is due of one shop, and tells it.

    `watched` says since when each transition of the `table` that is `on` is told, and which retelling of it this is.
    `keeps_order` is the filter over orders, judged once; `baseline` counts everything as known. `tally` counts what was decided,
    per transition and fate.
    """

    def __init__(
        self,
        *,
        source: str,
        watched: Mapping[str, Watch],
        table: Mapping[str, Entry],
        on: frozenset[str],
        keeps_order: KeepsOrder,
        baseline: bool,
        warn: Callable[[str], None],
    ) -> None:
        self._source, self._watched, self._keeps_order = source, watched, keeps_order
        self.table, self.on, self.baseline, self.warn = table, on, baseline, warn
        self.tally: Counter[tuple[str, str]] = Counter()

    def since(self, name: str) -> datetime:
        """Return from when on a transition is told; a baseline knows all, also what lay before."""
        return AGES_AGO if self.baseline else self._watched[name].since

    def fate(self, name: str, start: datetime, case: Case) -> str:
        """Return the fate that a transition now gets, and count it."""
        fate = self._fate(name, start, case)
        self.tally[name, fate] += 1
        return fate

    def keeps(self, order_row: Row, order: OrderSummary) -> bool:
        """Say whether the filter keeps an order, as it was judged, else as it would be."""
        verdict = order_row.memory.verdict
        return self._keeps_order(order) if verdict is None else verdict == KEPT

    def tell(
        self,
        transition: Transition,
        case: Case,
        subject: str,
        at: datetime,
        *more: str,
        total_before: Decimal | None = None,
        first: bool = True,
    ) -> News:
        """Return what is told; `more` tells apart what can be told of a subject several times."""
        snapshot, identity, name = case.proof.snapshot, case.identity, transition.name
        key = (
            self._source,
            snapshot.platform,
            snapshot.shop,
            name,
            subject,
            str(self._watched[name].generation),
            *more,
        )
        return News(
            entry=self.table[name],
            message_id=message_id("\x1f".join(key)),
            subject=subject,
            at=at,
            user_id=identity.user_id,
            anonymous_id=identity.anonymous_id,
            snapshot=snapshot,
            total_before=total_before,
            total=transition.total,
            first=first,
            detail=transition.detail,
        )

    def _fate(self, name: str, start: datetime, case: Case) -> str:
        if self.baseline:
            return KNOWN
        if start < self.since(name):
            return BEFORE
        order_row, order = case.order_row, case.proof.order
        if order_row and order:
            if order_row.memory.verdict is None:
                order_row.memory.verdict = KEPT if not case.barred and self._keeps_order(order) else FILTERED
                order_row.changed = True
            if order_row.memory.verdict == FILTERED:
                return FILTERED
        return FILTERED if case.barred else TOLD
