"""Lists that can be filtered by when their rows changed, read whole while nothing in them moves.

What moves while it is read is read again, in smaller stretches of time; and a filter is believed only once it was seen to do
what its documentation says.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tap_commerce.errors import Malformed, Unavailable
from tap_commerce.platforms import Window
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.api import Api
from tap_commerce.platforms.elasticpath.pacing import side_by_side
from tap_commerce.platforms.elasticpath.translating import moment

LARGEST = 100
"""The most rows that a page may hold: https://elasticpath.dev/guides/Getting-Started/pagination."""

AT_LEAST = 2
"""The least, so that a page can begin with the last row of the one before it."""

STRETCH = 2500
"""The most rows that are read before the first is handed on; a window that holds more is cut."""

REACH = 10_000
"""No list of orders can be read further than that, however it is paged."""

TRIES = 4
"""How often something is read that changes while it is read."""

MOMENT = timedelta(milliseconds=1)
"""The shortest window: instants are kept to the millisecond."""

SECOND = timedelta(seconds=1)

SETTLED = timedelta(hours=1)
"""How long ago a row must have changed to be surely found where it is, when the filter is tried out."""

LATE = timedelta(minutes=5)
"""How long before a list is asked for its rows may have changed, and still be found where they were."""

SPELLINGS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f'"{_written(at)}"',
    lambda at: f"{_written(at)}",
    lambda at: str(round(at.timestamp() * 1000)),
)
"""How a filter may spell an instant. Quotes wake the newer of two parsers; which endpoint has which is not documented for all."""


class Listing(NamedTuple):
    """A list that can be filtered by when its rows changed."""

    path: str
    kind: Any
    changed: Callable[[Any], datetime]
    identity: Callable[[Any], str]
    largest: int
    parameters: Mapping[str, str | int]


class Stretch(NamedTuple):
    """Rows of a list, oldest first, that were read while nothing moved; with what came along."""

    rows: list[Any]
    items: dict[str, raw.Item]
    asked_at: datetime


class Stretches:
    """The lists of one store; which spelling of instants each of them understands is learnt."""

    def __init__(self, api: Api, workers: int, page_size: int) -> None:
        self._api = api
        self._workers = workers
        self._page_size = page_size
        self._spelled: dict[str, int] = {}

    def read(self, listing: Listing, window: Window) -> Iterator[Stretch]:
        """Read the rows of a window, oldest first, cutting it where it holds too many or where they do not stand still."""
        todo = [(window.start, window.end)]
        while todo:
            start, end = todo.pop()
            stretch = self._stretch(listing, start, end)
            if stretch is None:
                middle = start + (end - start) / 2
                middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
                todo += [(middle, end), (start, middle)]
            elif stretch.rows:
                yield stretch

    def probe(self, listing: Listing) -> Any:
        """See whether a list may be read, and whether its filter finds what it should; return a row, if there is one.

        A filter that finds nothing would look like a store in which nothing happens. Never without any filter first: that is an error
        where there are 10,000 orders (https://elasticpath.dev/docs/api/carts/get-customer-orders).
        """
        while True:
            spelling = self._spelled.get(listing.path, 0)
            for _ in range(TRIES):
                # Rows that changed lately may not be everywhere yet.
                settled = (self._api.wire.now() - SETTLED).replace(microsecond=0)
                found = self._filtered(listing, {"lt": settled}, 1).data
                if found and (at := listing.changed(found[0]).replace(microsecond=0)) <= settled:
                    if self._filtered(listing, {"ge": at, "lt": at + SECOND}, 1).data:
                        return found[0]
                elif not found:
                    with suppress(Malformed):
                        newest = self._api.ask(listing.path, listing.kind, {"page[limit]": 1}).data
                        if not newest or listing.changed(newest[0]) >= settled:
                            return newest[0] if newest else None
                if self._spelled.get(listing.path, 0) != spelling:
                    break
            else:
                if not self._spell_otherwise(listing, spelling):
                    raise Malformed(
                        f"Elastic Path: the filter of {listing.path} does not find what changed before {_written(settled)}: it does "
                        "not do what its documentation says"
                    )

    def page(self, listing: Listing, start: datetime, end: datetime, offset: int = 0) -> raw.Page[Any]:
        """Ask for one page of what changed between two instants."""
        limit = max(AT_LEAST, min(self._page_size, listing.largest))
        return self._filtered(listing, {"ge": start, "lt": end}, limit, offset)

    def _stretch(self, listing: Listing, start: datetime, end: datetime) -> Stretch | None:
        """Read the rows that changed between two instants; None where that has to be cut."""
        cuttable = end - start > MOMENT
        most = STRETCH if cuttable else REACH
        for _ in range(TRIES):
            asked_at = self._api.wire.now()
            first = self.page(listing, start, end)
            pages = [first]
            if first.total is None:
                stands = self._follow(listing, start, end, pages, most)
            elif first.total <= most:
                stands = self._fetch(listing, start, end, pages)
            rows = {listing.identity(row): row for page in pages for row in page.data}
            if (first.total or len(rows)) > most:
                if cuttable:
                    return None
                raise Malformed(
                    f"Elastic Path: {first.total or 'more'} rows of {listing.path} changed in one and the same millisecond "
                    f"({_written(start)}), and no more than {REACH} can be read"
                )
            if stands:
                found = sorted(rows.values(), key=lambda row: (listing.changed(row), listing.identity(row)))
                stretch = Stretch(found, by_id(*(page.included for page in pages)), asked_at)
                if self._understood(listing, stretch, start, end):
                    return stretch
        if cuttable:
            return None
        counted = "other" if first.total is None else first.total
        raise Unavailable(
            f"Elastic Path: {listing.path} does not stand still: it says that {counted} rows changed at {_written(start)} and "
            f"shows {len(rows)}; poll again later"
        )

    def _fetch(self, listing: Listing, start: datetime, end: datetime, pages: list[raw.Page[Any]]) -> bool:
        """Read the pages after the first side by side, and say whether nothing moved meanwhile.

        A row that leaves a window lets another one slip between two pages: then there are fewer than at first.
        """
        total, size = pages[0].total or 0, len(pages[0].data)
        pages += side_by_side(
            lambda offset: self.page(listing, start, end, offset),
            range(size, total, size) if size else (),
            self._workers,
        )
        shown = {listing.identity(row) for page in pages for row in page.data}
        return len(shown) >= total and all(page.total == total for page in pages)

    def _follow(
        self, listing: Listing, start: datetime, end: datetime, pages: list[raw.Page[Any]], most: int
    ) -> bool:
        """Read the pages after the first one by one, where nobody says how many they are, and say whether nothing moved meanwhile.

        Each begins with the last row of the one before it; if it does not, a row has left, and another one has slipped between the two.
        """
        offset = 0
        while len(pages[-1].data) >= AT_LEAST and offset <= most:
            last = listing.identity(pages[-1].data[-1])
            offset += len(pages[-1].data) - 1
            pages.append(self.page(listing, start, end, offset))
            if not pages[-1].data or listing.identity(pages[-1].data[0]) != last:
                return False
        return True

    def _understood(self, listing: Listing, stretch: Stretch, start: datetime, end: datetime) -> bool:
        """Say whether a filter did what it should; rows that it should have kept out say that it was not understood.

        A row may have changed while it was read, and nobody says how exactly instants are compared.
        """
        for row in stretch.rows:
            at = listing.changed(row)
            if at < start - SECOND or (at >= end + SECOND and at < stretch.asked_at - LATE):
                if self._spell_otherwise(listing, self._spelled.get(listing.path, 0)):
                    return False
                raise Malformed(
                    f"Elastic Path: {listing.path} answered a row that changed at {_written(at)} when asked for "
                    f"{_written(start)} to {_written(end)}: its filter does not do what its documentation says"
                )
        return True

    def _filtered(
        self, listing: Listing, bounds: Mapping[str, datetime], limit: int, offset: int = 0
    ) -> raw.Page[Any]:
        while True:
            spelling = self._spelled.get(listing.path, 0)
            terms = (f"{how}(updated_at,{SPELLINGS[spelling](at)})" for how, at in bounds.items())
            parameters = {
                **listing.parameters,
                "filter": ":".join(terms),
                "page[limit]": limit,
                "page[offset]": offset,
            }
            try:
                page: raw.Page[Any] = self._api.ask(listing.path, listing.kind, parameters)
            except Malformed as error:
                if not error.body or not self._spell_otherwise(listing, spelling):
                    raise
                continue
            return page

    def _spell_otherwise(self, listing: Listing, spelling: int) -> bool:
        """Give a spelling of instants up that a list does not understand, and say whether there is another one."""
        self._spelled[listing.path] = min(
            max(spelling + 1, self._spelled.get(listing.path, 0)), len(SPELLINGS) - 1
        )
        return spelling + 1 < len(SPELLINGS)


def by_id(*included: raw.Maybe[raw.Included]) -> dict[str, raw.Item]:
    """Return the items that came along with some pages, by their ids."""
    return {item.id: item for each in included if each for item in each.items or ()}


def updated(value: Any) -> datetime:
    """Read when a row was updated."""
    try:
        return moment(value)
    except TypeError as error:
        raise Malformed("Elastic Path: a row does not say when it was updated") from error


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
