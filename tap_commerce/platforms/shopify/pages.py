"""Page after page of orders or customers, in the order in which they changed, each row whole.

How large a page is follows from what the ones before it cost; a page with very many lines comes in parts.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tap_commerce.errors import Malformed
from tap_commerce.platforms import Window
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.admin import Admin
from tap_commerce.platforms.shopify.answers import Reply
from tap_commerce.platforms.shopify.nested import INLINE, Nested
from tap_commerce.platforms.shopify.operations import Customers, Orders, Rows
from tap_commerce.platforms.shopify.pacing import PageSize, until_affordable
from tap_commerce.platforms.shopify.rights import Rights

T = TypeVar("T")
R = TypeVar("R", bound=raw.Order | raw.Customer)

HEAVY = 2000
"""Orders and their lines that are translated and handed on at once."""


class Part(NamedTuple, Generic[T]):
    """Rows of one page, all of them or so many as are handed on at once."""

    rows: list[T]
    answered_at: datetime
    oldest: datetime | None
    """As in `Page`."""


class Pages:
    """The pages of one shop; `largest` is the most rows that one may hold."""

    def __init__(self, admin: Admin, rights: Rights, largest: int) -> None:
        self._admin = admin
        self._rights = rights
        self._orders = PageSize(first=25, largest=largest, inline=INLINE)
        self._customers = PageSize(first=50, largest=largest)
        self._nested = Nested(admin, rights, self._orders)

    def orders(self, search: str) -> Iterator[Part[raw.Order]]:
        """Read the orders that a search finds, each with its lists read to their ends."""
        return self._read("Orders", search, self._orders, Orders)

    def customers(self, search: str) -> Iterator[Part[raw.Customer]]:
        """Read the customers that a search finds."""
        return self._read("Customers", search, self._customers, Customers)

    def _read(self, operation: str, search: str, size: PageSize, kind: type[Rows[R]]) -> Iterator[Part[R]]:
        """Read page after page; a page with very many lines comes in parts, so that they need not fit in memory at once."""
        after: str | None = None
        while True:
            reply, asked = self._page(operation, search, after, size, kind)
            page = reply.data.found
            answered_at, rows, info = self._admin.wire.now(), page.nodes[::-1], page.page_info
            page.nodes.clear()
            if info and info.has_next_page and info.end_cursor in (None, after):
                raise Malformed(f"Shopify: a page of {operation} promises a next one but does not say where")
            overflowed: set[str] = set()
            found: list[R] = []
            oldest: datetime | None = None
            weight = 0
            while rows:
                row = rows.pop()
                changed = instant(row.updated_at)
                oldest = min(oldest or changed, changed)
                whole: Any = row
                if isinstance(row, raw.Order):
                    whole = self._nested.whole(row, asked, overflowed)
                if whole is not None:
                    found.append(whole)
                    weight += _weight(whole)
                if rows and weight >= HEAVY:
                    # The rows to come stand behind the page before; of the very first page nothing is known yet.
                    yield Part(found, answered_at, _bounded(oldest, after) if after else None)
                    found, weight = [], 0
            size.answered(reply.cost, overflowed, reply.seconds)
            if not (info and info.has_next_page):
                yield Part(found, answered_at, oldest)
                return
            after = info.end_cursor
            yield Part(found, answered_at, _bounded(oldest, after))

    def _page(
        self, operation: str, search: str, after: str | None, size: PageSize, kind: type[T]
    ) -> tuple[Reply[T], Mapping[str, int]]:
        asked: dict[str, int] = {}

        def variables() -> dict[str, Any]:
            asked.clear()
            asked.update(size.inline)
            page = {"query": search, "after": after, "first": size.first, **self._rights.of_customers()}
            return page | (self._rights.of_orders(asked) if size is self._orders else {})

        reply = until_affordable(
            lambda: self._rights.ask(
                operation, variables, kind, expected=size.expected, on_server_error=size.failed
            ),
            size.refused,
        )
        return reply, asked


def search(window: Window) -> str:
    """Write a window as Shopify's search wants it."""
    return f"updated_at:>='{_written(window.start)}' AND updated_at:<'{_written(window.end)}'"


def instant(value: Any) -> datetime:
    """Read when a row was updated."""
    if not isinstance(value, str):
        raise Malformed("Shopify: a row does not say when it was updated")
    return datetime.fromisoformat(value).astimezone(UTC)


def _weight(row: object) -> int:
    """Reckon how much of the memory a row takes."""
    return 1 + len(row.line_items.nodes) if isinstance(row, raw.Order) and row.line_items else 1


def _bounded(oldest: datetime | None, cursor: str | None) -> datetime | None:
    """Bound what is known of the rows to come by a cursor before them, if it tells its place in the index.

    A row may show something newer than its place: a tag set an hour ago on a thousand orders of last year, while the index
    is late. Cursors are opaque, so nothing relies on them: at worst they hold the watermark back.
    """
    place = _place(cursor)
    return min(oldest, place) if oldest and place else oldest


def _place(cursor: str | None) -> datetime | None:
    try:
        value = msgspec.json.decode(b64decode(cursor or ""))["last_value"]
        if str(value).isdigit():
            return datetime.fromtimestamp(int(value) // 1000, UTC)
        place = datetime.fromisoformat(value).replace(microsecond=0)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, msgspec.DecodeError):
        return None
    return place if place.tzinfo else place.replace(tzinfo=UTC)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
