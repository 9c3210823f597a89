"""The pass over customers: those that changed, and those of whom an address changed, which does not touch its customer.

Whoever stands for the people that were erased is left out: nobody is that person.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import UNSET

from tap_commerce.platforms import Page, Window
from tap_commerce.platforms.prestashop import raw, translating
from tap_commerce.platforms.prestashop.changes import Changes, oldest, within
from tap_commerce.platforms.prestashop.knowledge import Knowledge
from tap_commerce.platforms.prestashop.webservice import BULK, Webservice, cut
from tap_commerce.records import Polled


class People:
    """The customers of one shop, `size` of them at a time."""

    def __init__(self, service: Webservice, knowledge: Knowledge, *, size: int) -> None:
        self._service = service
        self._knowledge = knowledge
        self._changes = Changes(service)
        self._size = size

    def read(self, window: Window, *, addressed: bool) -> Iterator[Page]:
        """Read the customers that changed and, with their addresses, those of whom an address changed."""
        known = self._knowledge.of()
        moved = deque(self._moved(window) if addressed else [])
        for part in self._changes.read(raw.Customer, window, known, limit=self._size):
            rows = self._people(within(part.rows, window, known.clocks))
            owners = {each.id for each in rows}
            others = []
            while moved and (part.reached is None or moved[0][0] <= part.reached):
                others.append(moved.popleft()[1])
            late = sorted({each for each in others if each not in owners})
            for batch in filter(None, (rows, *self._customers(late))):
                known = self._knowledge.of("customers")
                addresses = self._owned([each.id for each in batch]) if addressed else UNSET
                records: list[tuple[str, Polled]] = [
                    (
                        "customers",
                        translating.customer_record(
                            each, UNSET if addresses is UNSET else addresses.get(each.id, []), known
                        ),
                    )
                    for each in batch
                ]
                yield Page(records, part.asked_at, None)
            yield Page([], part.asked_at, oldest(part.reached, known.clocks))

    def _moved(self, window: Window) -> list[tuple[datetime, int]]:
        """List when addresses changed, and whose."""
        known = self._knowledge.of()
        return [
            (each.date_upd, each.id_customer)
            for part in self._changes.read(raw.Moved, window, known, limit=BULK)
            for each in within(part.rows, window, known.clocks)
            if isinstance(each.date_upd, datetime) and each.id_customer
        ]

    def _customers(self, ids: list[int]) -> Iterator[list[raw.Customer]]:
        for part in cut(ids, self._size):
            yield self._people(self._service.of(raw.Customer, "id", part))

    def _people(self, customers: Iterable[raw.Customer]) -> list[raw.Customer]:
        return [each for each in customers if not self._knowledge.is_nobody(each)]

    def _owned(self, customers: list[int]) -> dict[int, list[raw.Address]]:
        found: dict[int, list[raw.Address]] = {}
        for each in self._service.of(raw.Address, "id_customer", customers):
            if each.id_customer:
                found.setdefault(each.id_customer, []).append(each)
        return found
