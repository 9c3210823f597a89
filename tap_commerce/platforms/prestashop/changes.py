"""What changed within a window, as the shop's own clocks show it: each list by its own trace.

No row that could lie in the window is dropped; what is newer comes with a later one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from tap_commerce.errors import Malformed
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.translating import Known
from tap_commerce.platforms.prestashop.webservice import BULK, Rows, Webservice

R = TypeVar("R", bound=raw.Raw)


class Changes:
    """The lists of one shop, by when their rows changed."""

    def __init__(self, service: Webservice) -> None:
        self._service = service

    def read(
        self, kind: type[R], window: Window, known: Known, *, limit: int, by: str = "date_upd", **filters: str
    ) -> Iterator[Rows]:
        """Read what changed while the shop's clocks may have shown a window."""
        first, last = known.clocks.span(window)
        return self._service.changed(
            kind, first, last, shown=known.clocks.shown, by=by, limit=limit, **filters
        )

    def entered(self, word: str, window: Window, known: Known) -> list[tuple[datetime, int]]:
        """List when orders entered a state that means a word, and which, within a window."""
        states = known.meanings.states(word)
        if not states:
            return []
        return [
            (each.date_add, each.id_order)
            for part in self.read(
                raw.History,
                window,
                known,
                by="date_add",
                limit=BULK,
                id_order_state=f"[{'|'.join(map(str, states))}]",
            )
            for each in part.rows
            if isinstance(each.date_add, datetime)
            and each.id_order
            and known.clocks.may_lie_in(window, each.date_add)
        ]


def within(rows: list[R], window: Window, clocks: Clocks) -> list[R]:
    """Keep the rows that may have changed within a window; what is newer comes with a later one."""
    return [each for each in rows if clocks.may_lie_in(window, changed(each))]


def changed(row: raw.Raw) -> datetime:
    """Return what the shop's clocks showed when a row changed."""
    found = getattr(row, "date_upd", None)
    if not isinstance(found, datetime):
        raise Malformed(f"PrestaShop: a row of {row.RESOURCE} (id {row.id}) has no date_upd")
    return found


def oldest(reached: datetime | None, clocks: Clocks) -> datetime | None:
    """Return the earliest instant that may be meant by how far a list was read."""
    return None if reached is None else clocks.earliest(reached)
