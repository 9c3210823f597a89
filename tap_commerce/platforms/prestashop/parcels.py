"""The pass over fulfillments: parcels of orders that changed, and of those whose tracking may have come since.

Neither a tracking number nor an entry that a module wrote by itself touches the order: once in a run they are looked for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tap_commerce.platforms import Page, Window
from tap_commerce.platforms.prestashop import raw, translating
from tap_commerce.platforms.prestashop.changes import Changes, oldest, within
from tap_commerce.platforms.prestashop.knowledge import Knowledge
from tap_commerce.platforms.prestashop.parts import Parts
from tap_commerce.platforms.prestashop.translating import Known
from tap_commerce.platforms.prestashop.webservice import Webservice
from tap_commerce.records import Polled

OVERLAP = 20
"""Entries of the history that are read again: one may be written after another with a higher id."""

ENTRIES = "order_histories"
"""The cursor: the id up to which the history was read."""


class Parcels:
    """The parcels of one shop; for `tracked` after an order was shipped its tracking number is looked for."""

    def __init__(
        self, service: Webservice, knowledge: Knowledge, parts: Parts, *, size: int, tracked: timedelta
    ) -> None:
        self._service = service
        self._knowledge = knowledge
        self._parts = parts
        self._changes = Changes(service)
        self._size = size
        self._tracked = tracked
        self._tracking_read = False

    def read(self, window: Window) -> Iterator[Page]:
        """Read the parcels of orders that changed; and, once in a run, of those whose tracking may have come since."""
        known = self._knowledge.of()
        states = frozenset(known.meanings.states("shipped"))
        reached = 0
        again = not self._tracking_read
        if again:
            reached = self._service.last_id(raw.History)
            if ENTRIES not in window.cursors:
                # All before is read by date, from now on: also if this reading breaks off.
                yield Page([], self._service.now(), None, {ENTRIES: max(0, reached - OVERLAP)})
        for part in self._changes.read(raw.Order, window, known, limit=self._size):
            rows = within(part.rows, window, known.clocks)
            records = self._told(rows, known)
            yield Page(records, part.asked_at, oldest(part.reached, known.clocks))
        if again:
            self._tracking_read = True
            asked_at = self._service.now()
            orders = self._shipped_lately(states, window, reached)
            for rows in self._parts.orders(orders):
                # What changed since the window began comes with its own window.
                old = [
                    each
                    for each in rows
                    if isinstance(each.date_upd, datetime)
                    and known.clocks.latest(each.date_upd) < window.start
                ]
                yield Page(self._told(old, known), asked_at, None)
            yield Page([], asked_at, None, {ENTRIES: max(0, reached - OVERLAP)})

    def _told(self, orders: list[raw.Order], known: Known) -> list[tuple[str, Polled]]:
        """Translate the parcels of those orders that have been shipped."""
        histories = self._parts.grouped(raw.History, orders)
        shipped = [each for each in orders if known.meanings.first(histories.get(each.id, ()), "shipped")]
        if not shipped:
            return []
        parcels = self._parts.grouped(raw.Parcel, shipped)
        families = self._parts.families(shipped, self._parts.wanted["fulfillments"], histories)
        known = self._knowledge.of("fulfillments")
        records: list[tuple[str, Polled]] = []
        for each in families:
            each.parcels = parcels.get(each.order.id, [])
            about = translating.summary(each, known)
            records += [
                ("fulfillments", record) for record in translating.fulfillment_records(each, about, known)
            ]
        return records

    def _shipped_lately(self, states: frozenset[int], window: Window, reached: int) -> list[int]:
        """List orders that entered a shipped state lately or behind the cursor, and have something to tell of their parcels now.

        Neither a tracking number nor an entry that a module wrote by itself touches the order.
        """
        if not states:
            return []
        now = self._service.now()
        found = (
            [
                order
                for _, order in self._changes.entered(
                    "shipped", Window(now - self._tracked, now), self._knowledge.of()
                )
            ]
            if self._tracked
            else []
        )
        parcels: dict[int, list[raw.Parcel]] = {}
        for each in self._service.of(raw.Parcel, "id_order", found):
            parcels.setdefault(each.id_order or 0, []).append(each)
        # One row without a number is as it was when the order was shipped.
        tracked = [
            order
            for order, rows in parcels.items()
            if len(rows) > 1 or any(row.tracking_number for row in rows)
        ]
        cursor = window.cursors.get(ENTRIES)
        if cursor is None or cursor > reached:
            # Never read; or the shop was restored from a copy, and counts anew.
            return tracked
        entries = self._service.every(
            raw.History, {"id_order_state": f"[{'|'.join(map(str, sorted(states)))}]"}, after=cursor
        )
        return tracked + [entry.id_order for entry in entries if entry.id_order]
