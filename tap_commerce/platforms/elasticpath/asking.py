"""Asking Elastic Path for what changed: one pass over orders feeds orders, refunds and fulfillments.

A list is read whole, while nothing in it moves, before its first row is handed on; what nobody selected is not asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from tap_commerce.errors import Denied, Malformed, Misconfigured, Missing, Unauthorized, Unavailable
from tap_commerce.http import Wire, base_url
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.elasticpath import raw, translating
from tap_commerce.platforms.elasticpath.api import Api, Credentials
from tap_commerce.platforms.elasticpath.pacing import Pace, side_by_side
from tap_commerce.platforms.elasticpath.translating import Coins, moment
from tap_commerce.records import Polled

T = TypeVar("T")
Fields = dict[str, Any]

LARGEST = 100
"""The most rows that a page may hold: https://elasticpath.dev/guides/Getting-Started/pagination."""

WITH_ITEMS = 25
"""The most orders that are asked for with their items: the guide advises against more than a hundred entities that come along."""

AT_LEAST = 2
"""The least, so that a page can begin with the last row of the one before it."""

STRETCH = 2500
"""The most rows that are read before the first is handed on; a window that holds more is cut."""

REACH = 10_000
"""No list of orders can be read further than that, however it is paged."""

HANDED = 50
"""Orders that are handed on at once, with all that belongs to them."""

TRIES = 4
"""How often something is read that changes while it is read."""

MOMENT = timedelta(milliseconds=1)
"""The shortest window: instants are kept to the millisecond."""

SECOND = timedelta(seconds=1)

SETTLED = timedelta(hours=1)
"""How long ago a row must have changed to be surely found where it is, when the filter is tried out."""

LATE = timedelta(minutes=5)
"""How long before a list is asked for its rows may have changed, and still be found where they were."""

CALLS = {"orders": 2065.0, "customers": 10.0}
"""Questions for each 1,000 changed rows, everything selected: see docs/elasticpath.md."""

SOURCES = {"customers": "customers", "accounts": "accounts", "account_members": "account-members"}
"""Where each list of people is."""

ERASED = {"customers": "customer", "accounts": "account", "account_members": "account-member"}
"""What each kind of people is called by who wants to be forgotten."""

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


class ElasticPath:
    """A store on Elastic Path Commerce Cloud, as the `Platform` protocol wants it."""

    name = translating.PLATFORM
    # https://elasticpath.dev/guides/Getting-Started/pagination: at busy times a row may be missing for up to a minute.
    lag = timedelta(seconds=60)
    passes = (("customers",), ("orders", "refunds", "fulfillments"))

    def __init__(self, settings: Settings, wire: Wire) -> None:
        base = base_url(settings.get("api_url") or "")
        self.shop = settings.get("shop") or urlsplit(base).hostname or base
        self._source = settings.get("customer_source") or "customers"
        if self._source not in SOURCES:
            raise Misconfigured(f"customer_source: must be one of {', '.join(SOURCES)}")
        self._named = tuple(settings.get("customer_metafields") or ())
        self._workers = int(settings.get("concurrency") or 8)
        self._page_size = int(settings.get("page_size") or LARGEST)
        # One for each worker and for whoever reads ahead.
        wire.widen(base, self._workers + 2)
        pace = Pace(float(settings.get("requests_per_second") or 20), clock=wire.clock, sleep=wire.sleep)
        self._api = Api(wire, base, _credentials(settings, wire, base), pace)
        self._coins = Coins({})
        self._parts: dict[str, bool] = {}
        self._spelled: dict[str, int] = {}
        self._members: tuple[datetime, datetime, list[Fields]] | None = None
        self._gone: list[raw.Erasure] | None = None

    def open(self, selection: Selection) -> None:
        """Check the credentials and what they may read, and learn how many decimal places the currencies have."""
        self._parts = _parts(selection)
        if selection.keys() & {"orders", "refunds", "fulfillments"}:
            currencies = self._allowed(
                "currencies", lambda: self._api.rows("/v2/currencies", raw.Currency, {"page[limit]": LARGEST})
            )
            self._coins = Coins(
                {
                    each.code: each.decimal_places
                    for each in currencies
                    if isinstance(each.decimal_places, int)
                }
            )
            self._probe_orders()
        if "customers" in selection:
            self._allowed(self._source, self._probe_people)
        if not self._api.wire.knows_the_time:
            self._api.warn_once(
                "Elastic Path's answers carry no Date: this machine's clock must be right instead"
            )

    def now(self) -> datetime:
        """Tell the shop's time."""
        return self._api.wire.now()

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Allow all: whoever may read orders may read old ones."""

    def read(self, streams: tuple[str, ...], window: Window) -> Iterator[Page]:
        """Read what changed within the window."""
        if "customers" in streams:
            return self._read_customers(window)
        return self._read_orders(window, streams)

    def estimate(self, streams: tuple[str, ...], window: Window) -> Estimate:
        """Take the count that a list's page carries."""
        if "customers" in streams:
            if self._source == "account_members":
                return Estimate(None, CALLS["customers"], "account members")
            listing = Listing(
                f"/v2/{SOURCES[self._source]}", raw.Page[Fields], _person_changed, _identity, AT_LEAST, {}
            )
            of = SOURCES[self._source]
        else:
            listing = Listing("/v2/orders", raw.Page[Fields], _person_changed, _identity, AT_LEAST, {})
            of = "orders"
        deep = self._parts["transactions"] or self._parts["groups"]
        calls = CALLS["customers"] if "customers" in streams or not deep else CALLS["orders"]
        return Estimate(self._page_of(listing, window.start, window.end, 0).total, calls, of)

    # Orders

    def _read_orders(self, window: Window, streams: tuple[str, ...]) -> Iterator[Page]:
        wanted = {name: name in streams for name in ("orders", "refunds", "fulfillments")}
        lines = self._parts["lines"]
        listing = Listing(
            "/v2/orders",
            raw.Page[raw.Order],
            _changed,
            lambda row: str(row.id),
            WITH_ITEMS if lines else LARGEST,
            # By default the rows come by updated_at, newest first; no other order by it is documented.
            {"include": "items"} if lines else {},
        )
        for stretch in self._stretches(listing, window):
            for first in range(0, len(stretch.rows), HANDED):
                rows: list[raw.Order] = stretch.rows[first : first + HANDED]
                families = self._families(rows, stretch.items)
                yield Page(
                    [
                        record
                        for each in families
                        for record in translating.family(each, self.shop, self._coins, self._source, **wanted)
                    ],
                    stretch.asked_at,
                    _changed(rows[0]),
                )

    def _families(self, rows: Sequence[raw.Order], items: Mapping[str, raw.Item]) -> list[raw.Family]:
        if not (self._parts["transactions"] or self._parts["groups"]):
            return [self._family(each, items) for each in rows]
        found = side_by_side(lambda each: self._whole(each, items), rows, self._workers)
        return [each for each in found if each]

    def _whole(self, order: raw.Order, items: Mapping[str, raw.Item]) -> raw.Family | None:
        """Read what belongs to an order, as of the order's own version where that can be seen; None if it is gone."""
        family = self._family(order, items)
        try:
            for _ in range(TRIES):
                self._complete(family)
                if not _is_newer(family):
                    break
                # Something moved since the list was read; or payments do not touch their orders, then it is as it was.
                again = self._one(order.id)
                if _changed(again.order) == _changed(family.order):
                    break
                family = again
            else:
                self._complete(family)
        except Missing:
            if self._is_there(order.id):
                raise
            self._api.warn_once(f"Elastic Path: order {order.id} was deleted while it was read")
            return None
        return family

    def _complete(self, family: raw.Family) -> None:
        path = f"/v2/orders/{family.order.id}"
        if self._parts["transactions"]:
            family.transactions = self._allowed(
                "transactions", lambda: self._api.rows(f"{path}/transactions", raw.Transaction)
            )
        if self._parts["groups"]:
            family.groups = self._allowed("shipping groups", lambda: self._groups(path))

    def _groups(self, path: str) -> list[raw.Group]:
        try:
            return self._api.rows(f"{path}/shipping-groups", raw.Group)
        except Missing:
            # Not proven: a store that never had shipping groups might not know the address at all.
            if self._is_there(path.rpartition("/")[2]):
                return []
            raise

    def _one(self, identity: str) -> raw.Family:
        lines = self._parts["lines"]
        said = self._api.ask(
            f"/v2/orders/{identity}", raw.Entity[raw.Order], {"include": "items"} if lines else {}
        )
        return self._family(said.data, _by_id(said.included))

    def _family(self, order: raw.Order, items: Mapping[str, raw.Item]) -> raw.Family:
        if not self._parts["lines"]:
            return raw.Family(order)
        related = order.relationships.items if order.relationships else None
        named = related.data if related else None
        identities = [each.id for each in named] if isinstance(named, list) else None
        if identities is None or any(each not in items for each in identities):
            # An order that does not say what it holds, or a list that holds less than it says.
            return raw.Family(order, self._api.rows(f"/v2/orders/{order.id}/items", raw.Item))
        return raw.Family(order, [items[each] for each in identities if each])

    def _is_there(self, identity: str) -> bool:
        try:
            self._api.ask(f"/v2/orders/{identity}", raw.Entity[raw.Order])
        except Missing:
            return False
        return True

    def _probe_orders(self) -> None:
        """See whether all that is needed of orders may be read, before the first record."""
        listing = Listing("/v2/orders", raw.Page[raw.Order], _changed, lambda row: str(row.id), 1, {})
        if row := self._allowed("orders", lambda: self._probe(listing)):
            with suppress(Missing):
                self._complete(raw.Family(row))

    def _probe_people(self) -> None:
        path = f"/v2/{SOURCES[self._source]}"
        try:
            if self._source == "account_members":
                self._api.ask(path, raw.Page[Fields], {"page[limit]": 1})
            else:
                self._probe(Listing(path, raw.Page[Fields], _person_changed, _identity, 1, {}))
        except Missing as error:
            raise Misconfigured(
                f"Elastic Path: there is no {path} (404); check api_url, and customer_source: {self._source}"
            ) from error

    # Customers

    def _read_customers(self, window: Window) -> Iterator[Page]:
        erased = self._erased(window)
        if erased:
            # First: nobody knows where among the others they belong.
            yield Page([("customers", each) for each in erased], self.now(), window.start)
        for stretch in self._people(window):
            for first in range(0, len(stretch.rows), LARGEST):
                rows = stretch.rows[first : first + LARGEST]
                told = (self._person(each) for each in rows)
                yield Page(
                    [("customers", each) for each in told if each], stretch.asked_at, _person_changed(rows[0])
                )

    def _person(self, fields: Fields) -> Polled | None:
        try:
            each = msgspec.convert(fields, raw.Person)
        except msgspec.ValidationError as error:
            raise Malformed(f"Elastic Path: a row of {self._source} is not as documented: {error}") from error
        return translating.customer_record(each, self.shop, fields, self._named)

    def _people(self, window: Window) -> Iterator[Stretch]:
        if self._source == "account_members":
            yield self._members_of(window)
            return
        listing = Listing(
            f"/v2/{SOURCES[self._source]}",
            raw.Page[Fields],
            _person_changed,
            _identity,
            LARGEST,
            {"sort": "updated_at"},
        )
        yield from self._stretches(listing, window)

    def _members_of(self, window: Window) -> Stretch:
        """Cut a window out of the account members: they cannot be filtered by when they changed, so they are read down to it, once a run."""
        if self._members is None or window.start < self._members[0]:
            asked_at = self.now()
            self._members = (window.start, asked_at, self._read_members(window.start))
        _, asked_at, rows = self._members
        there = [each for each in rows if window.start <= _person_changed(each) < window.end]
        return Stretch(sorted(there, key=_by_change), {}, asked_at)

    def _read_members(self, since: datetime) -> list[Fields]:
        for _ in range(TRIES):
            found: dict[str, Fields] = {}
            offset, sorts = 0, True
            while True:
                page = self._api.ask(
                    "/v2/account-members",
                    raw.Page[Fields],
                    {
                        "sort": "-updated_at",
                        # Each page but the first begins with the last row of the one before it.
                        "page[limit]": max(AT_LEAST, min(self._page_size, LARGEST)),
                        "page[offset]": offset,
                    },
                )
                if offset and (not page.data or str(page.data[0]["id"]) not in found):
                    # Some were deleted meanwhile, or many changed: what was to come may have slipped by.
                    break
                for each in page.data:
                    found.setdefault(str(each["id"]), each)
                changes = [_person_changed(each) for each in page.data]
                # Whoever sorts otherwise may have anyone further on.
                sorts = sorts and changes == sorted(changes, reverse=True)
                if len(page.data) < AT_LEAST or (sorts and changes[-1] < since):
                    return list(found.values())
                offset += len(page.data) - 1
        raise Unavailable(
            "Elastic Path: account members are deleted faster than they can be read; poll again later"
        )

    def _erased(self, window: Window) -> list[Polled]:
        """List whose erasure was carried out within the window."""
        if not self._parts["erasures"]:
            return []
        if self._gone is None:
            self._gone = self._erasures()
        return [
            record
            for each in self._gone
            if each.status == "SUCCESS"
            and (each.resource_type or "").replace("_", "-") == ERASED[self._source]
            and each.resource_id
            and (record := translating.erased_record(each, self.shop)).deleted_at
            and window.start <= moment(record.polled_at) < window.end
        ]

    def _erasures(self) -> list[raw.Erasure]:
        """Read who wanted to be forgotten; the documents disagree on whether they can be listed at all."""
        try:
            return self._api.rows("/v2/personal-data/erasure-requests", raw.Erasure, {"page[limit]": LARGEST})
        except (Denied, Malformed, Missing):
            self._api.warn_once(
                "Elastic Path does not list erasure requests to this application key: customers that were erased are not told as deleted"
            )
            return []

    # Lists

    def _stretches(self, listing: Listing, window: Window) -> Iterator[Stretch]:
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

    def _stretch(self, listing: Listing, start: datetime, end: datetime) -> Stretch | None:
        """Read the rows that changed between two instants; None where that has to be cut."""
        cuttable = end - start > MOMENT
        most = STRETCH if cuttable else REACH
        for _ in range(TRIES):
            asked_at = self.now()
            first = self._page_of(listing, start, end, 0)
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
                stretch = Stretch(found, _by_id(*(page.included for page in pages)), asked_at)
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
            lambda offset: self._page_of(listing, start, end, offset),
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
            pages.append(self._page_of(listing, start, end, offset))
            if not pages[-1].data or listing.identity(pages[-1].data[0]) != last:
                return False
        return True

    def _page_of(self, listing: Listing, start: datetime, end: datetime, offset: int) -> raw.Page[Any]:
        limit = max(AT_LEAST, min(self._page_size, listing.largest))
        return self._filtered(listing, {"ge": start, "lt": end}, limit, offset)

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

    def _probe(self, listing: Listing) -> Any:
        """See whether a list may be read, and whether its filter finds what it should; return a row, if there is one.

        A filter that finds nothing would look like a store in which nothing happens. Never without any filter first: that is an error
        where there are 10,000 orders (https://elasticpath.dev/docs/api/carts/get-customer-orders).
        """
        while True:
            spelling = self._spelled.get(listing.path, 0)
            for _ in range(TRIES):
                # Rows that changed lately may not be everywhere yet.
                settled = (self.now() - SETTLED).replace(microsecond=0)
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

    def _allowed(self, what: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Unauthorized:
            raise
        except Denied as error:
            raise Denied(
                f"{error}. The application key behind client_id may not read {what}: give it that permission, or deselect the "
                "streams that need it"
            ) from error


def _credentials(settings: Settings, wire: Wire, base: str) -> Credentials:
    for name in ("client_id", "client_secret"):
        if not settings.get(name):
            raise Misconfigured(
                f"{name}: must be set: client_id and client_secret are those of an application key"
            )
    return Credentials(wire, base, settings["client_id"], settings["client_secret"])


def _parts(selection: Selection) -> dict[str, bool]:
    def wants(stream: str, *fields: str) -> bool:
        return bool(selection.get(stream, frozenset()) & set(fields))

    children = wants("refunds", "order") or wants("fulfillments", "order")
    paid = ("authorized_at", "paid_at", "completed_at", "completed", "total_refunded", "payment_methods")
    priced = ("line_items", "coupons", "subtotal", "shipping", "taxes_included")
    return {
        "lines": wants("orders", *priced) or wants("fulfillments", "line_items"),
        "transactions": "refunds" in selection or wants("orders", *paid) or children,
        "groups": "fulfillments" in selection or wants("orders", "coupons", "shipping_method", "cart_id"),
        "erasures": wants("customers", "deleted_at"),
    }


def _is_newer(family: raw.Family) -> bool:
    """Say whether a transaction changed after its order was read; transactions are dated to the second."""
    if family.transactions is UNSET:
        return False
    ordered = _changed(family.order).replace(microsecond=0)
    changed = (
        each.meta.timestamps.updated_at for each in family.transactions if each.meta and each.meta.timestamps
    )
    return any(moment(at).replace(microsecond=0) > ordered for at in changed if at)


def _by_id(*included: raw.Maybe[raw.Included]) -> dict[str, raw.Item]:
    return {item.id: item for each in included if each for item in each.items or ()}


def _identity(row: Fields) -> str:
    return str(row["id"])


def _changed(row: raw.Order) -> datetime:
    return _moment(row.meta.timestamps.updated_at)


def _person_changed(row: Fields) -> datetime:
    try:
        return _moment(row["meta"]["timestamps"]["updated_at"])
    except (KeyError, TypeError) as error:
        raise Malformed("Elastic Path: a row does not say when it was updated") from error


def _by_change(row: Fields) -> tuple[datetime, str]:
    return _person_changed(row), str(row["id"])


def _moment(value: Any) -> datetime:
    try:
        return moment(value)
    except TypeError as error:
        raise Malformed("Elastic Path: a row does not say when it was updated") from error


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
