"""Asking Shopify for what changed: one pass over orders feeds orders, refunds and fulfillments.

Every nested list is read to its end before its order is translated; what nobody selected is not asked for.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from tap_commerce.errors import Denied, Malformed, Misconfigured
from tap_commerce.http import Wire, base_url, is_header
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.shopify import raw, translating
from tap_commerce.platforms.shopify.admin import VERSIONS, Admin, ClientCredentials, Said, StaticToken, Token
from tap_commerce.platforms.shopify.pacing import Appetite, TooCostly

T = TypeVar("T")
N = TypeVar("N", bound="_Of")
R = TypeVar("R", bound=raw.Order | raw.Customer)

TRIES = 4
"""How often an order is read that changes while it is read."""

HEAVY = 2000
"""Orders and their lines that are translated and handed on at once."""

CALLS = {"orders": 27.0, "customers": 12.0}
"""Questions for each 1,000 changed rows, everything selected, measured over the sandbox: pages grow from a small beginning."""

LONGEST = 250
"""The most that Shopify gives of a list at once."""

VISIBLE = timedelta(days=60)
"""How old the orders are that an app sees without `read_all_orders`."""

INLINE = {
    "linesFirst": (5, 100),
    "shippingFirst": (2, 10),
    "paymentsFirst": (5, 50),
    "refundsFirst": (2, 20),
    "refundPartsFirst": (3, 30),
    "fulfillmentsFirst": (2, 20),
    "fulfillmentLinesFirst": (5, 50),
    "trackingFirst": (2, 10),
}
"""The lists that come inline with an order: how much of each is asked for at first, and at most."""

PART_OF = {
    "product": "products",
    "variant": "products",
    "customer": "customer",
    "retailLocation": "places",
    "location": "places",
    "return": "returns",
    "customerJourneySummary": "journey",
    "metafields": "metafields",
}
"""Fields that need a right of their own: once refused, their part is no longer asked for."""


class Shopify:
    """A shop on Shopify, as the `Platform` protocol wants it."""

    name = translating.PLATFORM
    lag = timedelta(seconds=10)
    passes = (("customers",), ("orders", "refunds", "fulfillments"))

    def __init__(self, settings: Settings, wire: Wire) -> None:
        base = base_url(settings.get("api_url") or "")
        version = settings.get("api_version") or VERSIONS[-1]
        if version not in VERSIONS:
            raise Misconfigured(f"api_version: must be one of {', '.join(VERSIONS)}")
        self.shop = settings.get("shop") or urlsplit(base).hostname or base
        self._accepts_recent_only = bool(settings.get("accept_recent_orders_only"))
        self._metafields = _metafields(settings.get("customer_metafields") or [])
        self._admin = Admin(wire, base, version, _token(settings, wire, base))
        largest = int(settings.get("page_size") or LONGEST)
        if not 1 <= largest <= LONGEST:
            raise Misconfigured(f"page_size: must be between 1 and {LONGEST}")
        self._orders = Appetite(first=25, largest=largest, inline=INLINE)
        self._customers = Appetite(first=50, largest=largest)
        self._rest = LONGEST
        self._longest: dict[str, int] = {}
        self._scopes: frozenset[str] = frozenset()
        self._parts: dict[str, bool] = {}

    def open(self, selection: Selection) -> None:
        """Check the token and its scopes."""
        said = self._ask("Scopes", dict, _Scopes)
        self._scopes = frozenset(each.handle for each in said.data.current_app_installation.access_scopes)
        if not self._admin.wire.knows_the_time:
            self._admin.warn_once(
                "Shopify's answers carry no Date: this machine's clock must be right instead"
            )
        self._parts = _parts(selection, bool(self._metafields))
        if selection.keys() & {"orders", "refunds", "fulfillments"}:
            self._require("orders")
        if "customers" in selection:
            self._require("customers")
        elif self._parts["customer"] and not self._has("customers"):
            self._parts["customer"] = False
            self._admin.warn_once(
                "Shopify: without the scope read_customers orders are read without their customer"
            )

    def now(self) -> datetime:
        """Tell the shop's time."""
        return self._admin.wire.now()

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Refuse to read orders from before what the app may see: they would be missing without a word.

        https://shopify.dev/docs/api/admin-graphql/latest/objects/Order
        """
        if "customers" in streams or "read_all_orders" in self._scopes or self._accepts_recent_only:
            return
        if start < self.now() - VISIBLE:
            raise Denied(
                "start_date: without the scope read_all_orders Shopify hides orders older than 60 days; have it granted "
                "to the app, or choose a later start_date, or set accept_recent_orders_only to true"
            )

    def read(self, streams: tuple[str, ...], window: Window) -> Iterator[Page]:
        """Read what changed within the window."""
        if "customers" in streams:
            return self._read_customers(window)
        return self._read_orders(window, streams)

    def estimate(self, streams: tuple[str, ...], window: Window) -> Estimate:
        """Count the orders or customers that changed within the window."""
        if "customers" in streams:
            counted = self._ask(
                "CustomersCount", lambda: {"query": _search(window)}, _CustomersCount
            ).data.count
            return Estimate(counted.count, CALLS["customers"], "customers")
        counted = self._ask("OrdersCount", lambda: {"query": _search(window)}, _OrdersCount).data.count
        return Estimate(counted.count, CALLS["orders"], "orders")

    def _read_customers(self, window: Window) -> Iterator[Page]:
        # Shopify documents this filter as matching whole days. So what is asked for reaches a day further, lest the last
        # day be left out; and what is older than the window was read before. What is newer is kept: a row of the index
        # may be newer than the window that found it.
        search = _search(Window(window.start, window.end + timedelta(days=1)))
        for part in self._parts_of_pages("Customers", search, self._customers, _Customers):
            yield Page(
                [
                    ("customers", translating.customer_record(each, self.shop))
                    for each in part.rows
                    if _instant(each.updated_at) >= window.start
                ],
                part.answered_at,
                part.oldest,
            )

    def _read_orders(self, window: Window, streams: tuple[str, ...]) -> Iterator[Page]:
        wanted = {name: name in streams for name in ("orders", "refunds", "fulfillments")}
        for part in self._parts_of_pages("Orders", _search(window), self._orders, _Orders):
            yield Page(
                [record for each in part.rows for record in translating.family(each, self.shop, **wanted)],
                part.answered_at,
                part.oldest,
            )

    def _parts_of_pages(
        self, operation: str, search: str, appetite: Appetite, kind: "type[_Rows[R]]"
    ) -> "Iterator[_Part[R]]":
        """Read page after page; a page with very many lines comes in parts, so that they need not fit in memory at once."""
        after: str | None = None
        while True:
            said, asked = self._page(operation, search, after, appetite, kind)
            answered_at, rows, info = self.now(), said.data.found.nodes[::-1], said.data.found.page_info
            said.data.found.nodes.clear()
            if info and info.has_next_page and info.end_cursor in (None, after):
                raise Malformed(f"Shopify: a page of {operation} promises a next one but does not say where")
            overflowed: set[str] = set()
            found: list[R] = []
            oldest: datetime | None = None
            weight = 0
            while rows:
                row = rows.pop()
                changed = _instant(row.updated_at)
                oldest = min(oldest or changed, changed)
                whole: Any = row
                if isinstance(row, raw.Order):
                    whole = self._whole(row, asked, overflowed)
                if whole is not None:
                    found.append(whole)
                    weight += _weight(whole)
                if rows and weight >= HEAVY:
                    # The rows to come stand behind the page before; of the very first page nothing is known yet.
                    yield _Part(found, answered_at, _bounded(oldest, after) if after else None)
                    found, weight = [], 0
            appetite.answered(said.cost, overflowed, said.seconds)
            if not (info and info.has_next_page):
                yield _Part(found, answered_at, oldest)
                return
            after = info.end_cursor
            yield _Part(found, answered_at, _bounded(oldest, after))

    def _page(
        self, operation: str, search: str, after: str | None, appetite: Appetite, kind: type[T]
    ) -> "tuple[Said[T], Mapping[str, int]]":
        asked: dict[str, int] = {}

        def variables() -> dict[str, Any]:
            asked.clear()
            asked.update(appetite.inline)
            page = {"query": search, "after": after, "first": appetite.first, **self._custom()}
            return page | (self._of_orders(asked) if appetite is self._orders else {})

        while True:
            try:
                said = self._admin.ask(
                    operation, variables, kind, expected=appetite.expected, troubled=appetite.failed
                )
            except TooCostly as error:
                appetite.refused(error)
                continue
            self._note(said.refused)
            return said, asked

    def _whole(self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]) -> raw.Order | None:
        """Read an order's lists to their end, all as of one moment; `None` if it is gone, or will be polled again."""
        gone = ""
        for _ in range(TRIES):
            try:
                self._complete(order, asked, overflowed)
            except _MovedOn as error:
                gone = error.gone
                variables = {"id": order.id, **self._custom(), **self._of_orders(asked)}
                again = self._ask("OneOrder", lambda: variables, _One[raw.Order]).data.node  # noqa: B023
                if again is None:
                    self._admin.warn_once(f"Shopify: order {order.name} was deleted while it was read")
                    return None
                order = again
            else:
                return order
        if gone:
            raise Malformed(f"Shopify: {gone} of order {order.name} is listed but cannot be read")
        # It changed after this window ended, so a later one will bring it.
        self._admin.warn_once(
            f"Shopify: order {order.name} changes faster than it can be read; the next poll tries again"
        )
        return None

    def _complete(self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]) -> None:
        """Read on what was longer than its place in the page."""
        if order.line_items and _goes_on(order.line_items):
            overflowed.add("linesFirst")
            products = self._parts["products"]
            self._read_on(
                "OrderLines", order, order.id, order.line_items, _Paged[raw.Line], products=products
            )
        if order.shipping_lines and _goes_on(order.shipping_lines):
            overflowed.add("shippingFirst")
            self._read_on("OrderShipping", order, order.id, order.shipping_lines, _Paged[raw.ShippingLine])
        if isinstance(order.transactions, list) and len(order.transactions) >= asked["paymentsFirst"]:
            overflowed.add("paymentsFirst")
            order.transactions = self._payments(order)
        if isinstance(order.refunds, list):
            if len(order.refunds) >= asked["refundsFirst"]:
                overflowed.add("refundsFirst")
                order.refunds = self._refunds(order)
        elif order.edited and order.line_items:
            # Which units an edit took away, and which came back, only the refunds can tell.
            order.refunds = self._refunds(order)
        for refund in order.refunds or ():
            self._complete_refund(order, refund, overflowed)
        if isinstance(order.fulfillments, list):
            if len(order.fulfillments) >= asked["fulfillmentsFirst"]:
                overflowed.add("fulfillmentsFirst")
                order.fulfillments = self._fulfillments(order)
            for fulfillment in order.fulfillments:
                self._complete_fulfillment(order, fulfillment, asked, overflowed)

    def _complete_refund(self, order: raw.Order, refund: raw.Refund, overflowed: set[str]) -> None:
        for operation, connection, kind in (
            ("RefundLines", refund.refund_line_items, _Paged[raw.RefundedLine]),
            ("RefundShipping", refund.refund_shipping_lines, _Paged[raw.RefundedShipping]),
            ("RefundAdjustments", refund.order_adjustments, _Paged[raw.Adjustment]),
            ("RefundPayments", refund.transactions, _Paged[raw.Payment]),
        ):
            if _goes_on(connection):
                overflowed.add("refundPartsFirst")
                self._read_on(operation, order, refund.id, connection, kind)

    def _complete_fulfillment(
        self,
        order: raw.Order,
        fulfillment: raw.Fulfillment,
        asked: Mapping[str, int],
        overflowed: set[str],
    ) -> None:
        lines, tracking = fulfillment.fulfillment_line_items, fulfillment.tracking_info
        if lines and _goes_on(lines):
            overflowed.add("fulfillmentLinesFirst")
            self._read_on("FulfillmentLines", order, fulfillment.id, lines, _Paged[raw.FulfilledLine])
        if tracking and len(tracking) >= asked["trackingFirst"]:
            overflowed.add("trackingFirst")
            found = self._list("FulfillmentTracking", order, fulfillment.id, _Listed[raw.Tracking])
            fulfillment.tracking_info = _whole(found, "tracking numbers", fulfillment.id)

    def _payments(self, order: raw.Order) -> Any:
        found = self._list("OrderPayments", order, order.id, _Listed[raw.Payment])
        if found is not None and len(found) < LONGEST:
            return found
        self._admin.warn_once(
            f"Shopify: order {order.name} has {LONGEST} payments or more; when it was authorized and paid is left out"
        )
        return UNSET

    def _refunds(self, order: raw.Order) -> list[raw.Refund]:
        sizes = {
            "refundPartsFirst": self._orders.inline["refundPartsFirst"],
            "returns": self._parts["returns"],
        }
        found = self._list("OrderRefunds", order, order.id, _Listed[raw.Refund], **sizes)
        if found is None:
            found = [
                self._one("OneRefund", order, each.id, _One[raw.Refund], "refundPartsFirst", **sizes)
                for each in self._ids("OrderRefundIds", order)
            ]
        return _whole(found, "refunds", order.name)

    def _fulfillments(self, order: raw.Order) -> list[raw.Fulfillment]:
        inline = self._orders.inline
        sizes = {
            "places": self._parts["places"],
            "trackingFirst": inline["trackingFirst"],
            "fulfillmentLinesFirst": inline["fulfillmentLinesFirst"],
        }
        selected = {"fulfillments": self._parts["fulfillments"]}
        found = self._list(
            "OrderFulfillments", order, order.id, _Listed[raw.Fulfillment], **selected, **sizes
        )
        if found is None:
            found = [
                self._one(
                    "OneFulfillment", order, each.id, _One[raw.Fulfillment], "fulfillmentLinesFirst", **sizes
                )
                for each in self._ids("OrderFulfillmentIds", order)
            ]
        return _whole(found, "fulfillments", order.name)

    def _ids(self, operation: str, order: raw.Order) -> list[raw.Reference]:
        return _whole(
            self._list(operation, order, order.id, _Listed[raw.Reference]),
            "refunds or fulfillments",
            order.name,
        )

    def _read_on(
        self,
        operation: str,
        order: raw.Order,
        gid: str,
        connection: raw.Connection[Any],
        kind: "type[_Paged[Any]]",
        **variables: bool,
    ) -> None:
        """Read a connection to its end, from where its first page left off."""

        def fewer() -> None:
            self._rest = max(1, self._rest // 2)

        while connection.page_info and connection.page_info.has_next_page:
            after = connection.page_info.end_cursor
            wanted = {"id": gid, "after": after, **variables}
            try:
                said = self._ask(operation, lambda: {**wanted, "first": self._rest}, kind, fewer)  # noqa: B023
            except TooCostly as error:
                if self._rest == 1:
                    raise
                self._rest = max(1, min(self._rest // 2, _affordable(self._rest, error)))
                continue
            page = _same(order, gid, said.data.node).page
            if after is None or (
                page.page_info and page.page_info.has_next_page and page.page_info.end_cursor == after
            ):
                raise Malformed(f"Shopify: {operation} of {gid} does not go on")
            connection.nodes += page.nodes
            connection.page_info = page.page_info

    def _list(
        self, operation: str, order: raw.Order, gid: str, kind: "type[_Listed[T]]", **variables: Any
    ) -> list[T] | None:
        """Read a plain list again, as long as Shopify gives it; `None` if it is longer than what may be asked for."""
        while True:
            first = self._longest.get(operation, LONGEST)
            wanted = {"id": gid, "first": first, **variables}
            try:
                said = self._ask(operation, lambda: wanted, kind)  # noqa: B023
            except TooCostly as error:
                if first == 1:
                    return None
                self._longest[operation] = max(1, min(first // 2, _affordable(first, error)))
                continue
            found = _same(order, gid, said.data.node).list
            return found if len(found) < first or first == LONGEST else None

    def _one(
        self, operation: str, order: raw.Order, gid: str, kind: "type[_One[N]]", size: str, **variables: Any
    ) -> N:
        """Read one member of a list whose members together cost too much."""
        while True:
            try:
                said = self._ask(operation, lambda: {"id": gid, **variables}, kind)
            except TooCostly:
                if variables[size] == 1:
                    raise
                variables[size] = max(1, variables[size] // 2)
                continue
            return _same(order, gid, said.data.node)

    def _ask(
        self,
        operation: str,
        variables: Callable[[], Mapping[str, Any]],
        kind: type[T],
        troubled: Callable[[], None] = lambda: None,
    ) -> Said[T]:
        said = self._admin.ask(operation, variables, kind, troubled=troubled)
        self._note(said.refused)
        return said

    def _note(self, refused: Iterable[str]) -> None:
        for path in refused:
            name = path.replace(".nodes", "")
            self._admin.warn_once(
                f"Shopify refuses the field {name} (missing scope or protected customer data): it is left out"
            )
            last = path.rpartition(".")[2]
            if last in ("refunds", "fulfillments") and self._parts.get(last):
                # A selected stream that stays empty without a word would be a loss.
                raise Denied(f"Shopify refuses {name}: grant the app the scopes for it, or deselect {last}")
            part = PART_OF.get(last)
            if part:
                self._parts[part] = False

    def _of_orders(self, sizes: Mapping[str, int]) -> dict[str, bool | int]:
        return {name: on for name, on in self._parts.items() if name != "metafields"} | dict(sizes)

    def _custom(self) -> dict[str, Any]:
        return {
            "metafields": bool(self._metafields) and self._parts["metafields"],
            "metafieldKeys": self._metafields,
            "metafieldsFirst": max(1, len(self._metafields)),
        }

    def _has(self, what: str) -> bool:
        return bool(self._scopes & {f"read_{what}", f"write_{what}"})

    def _require(self, what: str) -> None:
        if not self._has(what):
            raise Denied(
                f"Shopify: the app lacks the scope read_{what}; grant it and install the app again, or deselect the "
                f"streams that need it"
            )


class _Scope(Struct, gc=False):
    handle: str


class _Installation(Struct, rename="camel"):
    access_scopes: list[_Scope]


class _Scopes(Struct, rename="camel"):
    current_app_installation: _Installation


class _Count(Struct):
    count: int


class _OrdersCount(Struct):
    count: _Count = field(name="ordersCount")


class _CustomersCount(Struct):
    count: _Count = field(name="customersCount")


class _Rows(Protocol[T]):
    @property
    def found(self) -> raw.Connection[T]: ...


class _Of(Protocol):
    """A part of an order, which says as of when: by itself, or by its order."""

    updated_at: Any
    order: Any


class _Part(NamedTuple, Generic[T]):
    rows: list[T]
    answered_at: datetime
    oldest: datetime | None


class _MovedOn(Exception):
    """An order changed between its page and the rest of its lists: they do not fit together. `gone` names a missing part."""

    def __init__(self, gone: str = "") -> None:
        super().__init__()
        self.gone = gone


class _Orders(Struct):
    found: raw.Connection[raw.Order] = field(name="orders")


class _Customers(Struct):
    found: raw.Connection[raw.Customer] = field(name="customers")


class _Node(Struct, Generic[T], rename="camel"):
    page: raw.Connection[T]
    updated_at: str | UnsetType = UNSET
    order: raw.Maybe[raw.Parent] = UNSET


class _Paged(Struct, Generic[T]):
    node: _Node[T] | None


class _List(Struct, Generic[T], rename="camel"):
    list: list[T]
    updated_at: str | UnsetType = UNSET
    order: raw.Maybe[raw.Parent] = UNSET


class _Listed(Struct, Generic[T]):
    node: _List[T] | None


class _One(Struct, Generic[T]):
    node: T | None


def _token(settings: Settings, wire: Wire, base: str) -> Token:
    token, identity, secret = (settings.get(name) for name in ("access_token", "client_id", "client_secret"))
    if token and (identity or secret):
        raise Misconfigured("access_token: set either it, or client_id and client_secret, not both")
    if token:
        if not is_header(token):
            raise Misconfigured(
                "access_token: must be plain ASCII characters (is there a line break at its end?)"
            )
        return StaticToken(token)
    if identity and secret:
        return ClientCredentials(wire, base, identity, secret)
    if identity or secret:
        raise Misconfigured(
            f"{'client_secret' if identity else 'client_id'}: must be set too: client_id and client_secret go together"
        )
    raise Misconfigured("access_token: must be set, or client_id and client_secret instead")


def _parts(selection: Selection, metafields: bool) -> dict[str, bool]:
    def wants(stream: str, *fields: str) -> bool:
        return bool(selection.get(stream, frozenset()) & set(fields))

    children = wants("refunds", "order") or wants("fulfillments", "order")
    lines = any(wants(each, "line_items") for each in ("orders", "refunds", "fulfillments"))
    return {
        "orders": "orders" in selection,
        "lines": lines,
        "products": lines,
        "customer": wants("orders", "customer") or children,
        "metafields": metafields,
        "journey": wants("orders", "landing_page", "referrer", "campaign"),
        "places": wants("orders", "location_id", "location_name")
        or wants("fulfillments", "location_id", "location_name"),
        "payments": wants("orders", "authorized_at", "paid_at") or children,
        "refunds": "refunds" in selection,
        "returns": wants("refunds", "return_id"),
        "fulfillments": "fulfillments" in selection,
    }


def _metafields(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(
        isinstance(each, str) and each.count(".") >= 1 for each in names
    ):
        raise Misconfigured('customer_metafields: must be a list of names such as "custom.member_since"')
    if len(names) > LONGEST:
        raise Misconfigured(f"customer_metafields: must not name more than {LONGEST}")
    return names


def _search(window: Window) -> str:
    return f"updated_at:>='{_written(window.start)}' AND updated_at:<'{_written(window.end)}'"


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


def _same(order: raw.Order, gid: str, node: N | None) -> N:
    """Make sure that a part of an order is of the same version as the rest."""
    if node is None:
        raise _MovedOn("" if gid == order.id else gid)
    if (node.order.updated_at if node.order else node.updated_at) != order.updated_at:
        raise _MovedOn
    return node


def _goes_on(connection: raw.Connection[Any]) -> bool:
    return connection.page_info is not None and connection.page_info.has_next_page


def _whole(found: list[T] | None, what: str, whose: Any) -> list[T]:
    if found is None or len(found) >= LONGEST:
        raise Malformed(
            f"Shopify: {whose} has {LONGEST} {what} or more, and Shopify does not show the rest; the tap stops rather than "
            "lose them"
        )
    return found


def _affordable(first: int, error: TooCostly) -> int:
    return int(first * 0.8 * error.cap / error.cost) if error.cost and error.cap else first // 2


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Malformed("Shopify: a row does not say when it was updated")
    return datetime.fromisoformat(value).astimezone(UTC)
