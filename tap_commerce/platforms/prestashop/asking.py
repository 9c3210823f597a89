"""Asking PrestaShop for what changed: orders, refunds, fulfillments and customers, each by its own trace.

A credit slip leaves its order untouched, a tracking number leaves no trace at all, an address does not touch its customer:
so each stream has its own pass. What belongs to many rows is read for all of them at once; what nobody selected is not asked for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from tap_commerce.errors import Denied, Malformed, Misconfigured
from tap_commerce.http import Wire, base_url, is_header
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.prestashop import raw, translating
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.meanings import CONFIGURED, EXPECTED, Meanings, override
from tap_commerce.platforms.prestashop.translating import Family, Known
from tap_commerce.platforms.prestashop.webservice import ALL, BULK, NotGranted, Rows, Webservice
from tap_commerce.records import Polled

R = TypeVar("R", bound=raw.Raw)

LARGEST = 100
"""Orders or customers that are asked for at once: PrestaShop loads each of them by itself."""

CALLS = {"customers": 32.0, "orders": 110.0, "refunds": 50.0, "fulfillments": 55.0}
"""Questions for each 1,000 changed rows, everything selected: see docs/prestashop.md."""

OVERLAP = 20
"""Entries of the history that are read again: one may be written after another with a higher id."""

BEING_WRITTEN = timedelta(minutes=10)
"""For how long an order without a state may still be on its way into the tables.

https://github.com/PrestaShop/PrestaShop/blob/9.0.x/classes/PaymentModule.php (validateOrder)
"""

NOBODY = "PSGDPR_ANONYMOUS_CUSTOMER"
"""Names the customer that PrestaShop's privacy module makes up, to be whose what erased people leave behind.

https://github.com/PrestaShop/psgdpr/blob/dev/psgdpr.php
"""

NOBODYS = frozenset({"anonymous@psgdpr.com", "anonymous@anonymous.com"})
"""The e-mails that the module gives that customer."""

ENTRIES = "order_histories"
"""The cursor: the id up to which the history was read."""


class Part(NamedTuple):
    """Something that is read beside a stream's own rows: of what, for which fields, and whether it can be done without."""

    kind: type[raw.Raw]
    streams: dict[str, frozenset[str]]
    needed: bool = True


CHILD = frozenset({"order"})
PARTS = (
    Part(raw.Customer, {"orders": frozenset({"customer"}), "refunds": CHILD, "fulfillments": CHILD}),
    Part(raw.Detail, dict.fromkeys(("orders", "refunds", "fulfillments"), frozenset({"line_items"}))),
    Part(
        raw.Address,
        {
            "orders": frozenset({"billing_address", "shipping_address", "phone"}),
            "customers": frozenset({"default_address", "phone"}),
        },
        needed=False,
    ),
    Part(
        raw.Slip,
        {"orders": frozenset({"financial_status", "total_refunded", "current_total"})},
        needed=False,
    ),
    Part(raw.Payment, {"orders": frozenset({"payment_methods"})}, needed=False),
    Part(
        raw.OrderRule,
        {"orders": frozenset({"coupons", "subtotal", "shipping", "line_items"})},
        needed=False,
    ),
    Part(raw.Rule, {"orders": frozenset({"coupons"})}, needed=False),
)

OWN: dict[str, tuple[type[raw.Raw], ...]] = {
    "orders": (raw.Order, raw.History),
    "refunds": (raw.Slip, raw.Order, raw.History),
    "fulfillments": (raw.Parcel, raw.Order, raw.History),
    "customers": (raw.Customer,),
}
"""What a stream cannot do without."""


LISTS: dict[str, tuple[type[raw.Raw], frozenset[str]]] = {
    "carriers": (raw.Carrier, frozenset({"orders", "fulfillments"})),
    "countries": (raw.Country, frozenset({"orders", "customers"})),
    "regions": (raw.Region, frozenset({"orders", "customers"})),
    "languages": (raw.Language, frozenset({"orders", "refunds", "fulfillments", "customers"})),
}
"""The shop's own lists, and the streams whose records they help to read."""


class PrestaShop:
    """A shop on PrestaShop, as the `Platform` protocol wants it."""

    name = translating.PLATFORM
    lag = timedelta(seconds=5)
    # Children after their orders: what is told of them asks whether their order was told.
    passes = (("customers",), ("orders",), ("refunds",), ("fulfillments",))

    def __init__(self, settings: Settings, wire: Wire) -> None:
        base = base_url(settings.get("api_url") or "")
        self.shop = settings.get("shop") or urlsplit(base).hostname or base
        key = settings.get("webservice_key") or ""
        if not key:
            raise Misconfigured(
                "webservice_key: must be set: make a key in Advanced Parameters > Webservice of the shop"
            )
        if not is_header(key):
            raise Misconfigured(
                "webservice_key: must be plain ASCII characters (is there a line break at its end?)"
            )
        self._fields = _fields(settings.get("customer_metafields") or [])
        self._service = Webservice(
            wire,
            base,
            key,
            in_query=bool(settings.get("auth_in_query")),
            rewritten=not settings.get("without_rewrite"),
            id_shop=settings.get("id_shop"),
            without={raw.Customer.RESOURCE: frozenset(raw.BY_NAME) - frozenset(self._fields)},
        )
        self._zone = settings.get("timezone")
        if self._zone:
            Clocks(self._zone)
        self._override = override(settings.get("order_states") or [])
        self._size = min(int(settings.get("page_size") or LARGEST), LARGEST)
        self._tracked = timedelta(days=float(settings.get("tracking_days") or 0))
        tests = settings.get("test_payment_modules")
        self._tests: frozenset[str] | UnsetType = UNSET if tests is None else frozenset(tests)
        self._parts: dict[str, set[type[raw.Raw]]] = {}
        self._states: list[raw.State] = []
        self._configuration: dict[str, str] = {}
        self._currencies: dict[int, raw.Currency] = {}
        self._lists: dict[type[raw.Raw], Any] = {}
        self._tracking_read = False

    def open(self, selection: Selection) -> None:
        """Check the key and its rights for what is selected, and learn the shop's clock, its zone and its states."""
        lacking: dict[str, NotGranted] = {}
        needed, wanted = self._wanted(selection)
        for kind in needed:
            if (refusal := self._refusal(kind)) is not None:
                lacking[refusal.resource] = refusal
        self._configure(lacking, of_orders=bool(selection.keys() - {"customers"}))
        if lacking:
            raise Denied(
                f"PrestaShop: webservice_key may not read {', '.join(sorted(lacking))}: tick GET for each in Advanced "
                "Parameters > Webservice, or deselect the streams or fields that need it"
                if len(lacking) > 1
                else str(next(iter(lacking.values())))
            )
        for kind in wanted:
            if self._refusal(kind) is not None:
                self._lack(kind)
                for parts in self._parts.values():
                    parts.discard(kind)
        if not self._service.tells_the_time:
            self._service.warn_once(
                "PrestaShop's answers carry neither Access-Time nor Date: this machine's clock must be right instead"
            )

    def now(self) -> datetime:
        """Tell the shop's time."""
        return self._service.now()

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Nothing to refuse: a key that may read a list may read all of it."""

    def estimate(self, streams: tuple[str, ...], window: Window) -> Estimate:  # noqa: ARG002
        """Say what is known without asking: PrestaShop's webservice counts nothing."""
        (stream,) = streams
        return Estimate(None, CALLS[stream], stream)

    def read(self, streams: tuple[str, ...], window: Window) -> Iterator[Page]:
        """Read what changed within the window."""
        (stream,) = streams
        reading = {
            "customers": self._read_customers,
            "orders": self._read_orders,
            "refunds": self._read_refunds,
            "fulfillments": self._read_fulfillments,
        }
        return reading[stream](window)

    # Orders

    def _read_orders(self, window: Window) -> Iterator[Page]:
        known = self._knowing()
        for part in self._changed(raw.Order, window, known, limit=self._size):
            rows = _within(part.rows, window, known.clocks)
            families = self._unmoved(self._families(self._written(rows, known), self._parts["orders"]))
            known = self._knowing("orders") if families else known
            records: list[tuple[str, Polled]] = [
                ("orders", translating.order_record(each, known)) for each in families
            ]
            yield Page(records, part.asked_at, _oldest(part.reached, known.clocks))

    def _written(self, orders: list[raw.Order], known: Known) -> list[raw.Order]:
        """Leave orders that are still being written to the next poll: without a state yet, perhaps without all of their lines.

        Their first state changes them. Where that never comes, because a module broke off, they are read once they are old enough.
        """
        lately = self.now() - BEING_WRITTEN
        return [
            each
            for each in orders
            if each.current_state != 0 or known.clocks.latest(_changed(each)) <= lately
        ]

    def _unmoved(self, families: list[Family]) -> list[Family]:
        """Return the orders that did not change while their parts were read; the others will be polled again.

        A record must not mix two versions of an order, which would be a state that never was.
        """
        if not families:
            return []
        found = {
            each.id: each.date_upd
            for each in self._service.of(raw.Changed, "id", [each.order.id for each in families])
        }
        return [each for each in families if found.get(each.order.id) == each.order.date_upd]

    # Refunds

    def _read_refunds(self, window: Window) -> Iterator[Page]:
        """Read the orders of credit slips that changed, and of entries into a state that means refunded."""
        known = self._knowing()
        entered = deque(self._entered("refunded", window))
        for part in self._changed(raw.Slip, window, known, limit=self._size):
            orders = [each.id_order for each in _within(part.rows, window, known.clocks)]
            while entered and (part.reached is None or entered[0][0] <= part.reached):
                orders.append(entered.popleft()[1])
            for families in self._of_orders(orders, self._parts["refunds"]):
                known = self._knowing("refunds")
                records: list[tuple[str, Polled]] = [
                    ("refunds", record)
                    for each in families
                    for record in translating.refund_records(each, translating.summary(each, known), known)
                ]
                yield Page(records, part.asked_at, None)
            yield Page([], part.asked_at, _oldest(part.reached, known.clocks))

    def _entered(self, word: str, window: Window) -> list[tuple[datetime, int]]:
        """List when orders entered a state that means a word, and which, within a window."""
        known = self._knowing()
        states = known.meanings.states(word)
        if not states:
            return []
        return [
            (each.date_add, each.id_order)
            for part in self._changed(
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

    # Fulfillments

    def _read_fulfillments(self, window: Window) -> Iterator[Page]:
        """Read the parcels of orders that changed; and, once in a run, of those whose tracking may have come since."""
        known = self._knowing()
        states = frozenset(known.meanings.states("shipped"))
        reached = 0
        again = not self._tracking_read
        if again:
            reached = self._service.last_id(raw.History)
            if ENTRIES not in window.cursors:
                # All before is read by date, from now on: also if this reading breaks off.
                yield Page([], self.now(), None, {ENTRIES: max(0, reached - OVERLAP)})
        for part in self._changed(raw.Order, window, known, limit=self._size):
            rows = _within(part.rows, window, known.clocks)
            records = self._parcels(rows, known)
            yield Page(records, part.asked_at, _oldest(part.reached, known.clocks))
        if again:
            self._tracking_read = True
            asked_at = self.now()
            orders = self._shipped_lately(states, window, reached)
            for rows in self._orders(orders):
                # What changed since the window began comes with its own window.
                old = [
                    each
                    for each in rows
                    if isinstance(each.date_upd, datetime)
                    and known.clocks.latest(each.date_upd) < window.start
                ]
                yield Page(self._parcels(old, known), asked_at, None)
            yield Page([], asked_at, None, {ENTRIES: max(0, reached - OVERLAP)})

    def _parcels(self, orders: list[raw.Order], known: Known) -> list[tuple[str, Polled]]:
        """Translate the parcels of those orders that have been shipped."""
        histories = self._grouped(raw.History, orders)
        shipped = [each for each in orders if known.meanings.first(histories.get(each.id, ()), "shipped")]
        if not shipped:
            return []
        parcels = self._grouped(raw.Parcel, shipped)
        families = self._families(shipped, self._parts["fulfillments"], histories)
        known = self._knowing("fulfillments")
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
        now = self.now()
        found = (
            [order for _, order in self._entered("shipped", Window(now - self._tracked, now))]
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

    # Customers

    def _read_customers(self, window: Window) -> Iterator[Page]:
        """Read the customers that changed, and those of whom an address changed."""
        known = self._knowing()
        addressed = raw.Address in self._parts["customers"]
        moved = deque(self._moved(window) if addressed else [])
        for part in self._changed(raw.Customer, window, known, limit=self._size):
            rows = self._people(_within(part.rows, window, known.clocks))
            owners = {each.id for each in rows}
            others = []
            while moved and (part.reached is None or moved[0][0] <= part.reached):
                others.append(moved.popleft()[1])
            late = sorted({each for each in others if each not in owners})
            for batch in filter(None, (rows, *self._customers(late))):
                known = self._knowing("customers")
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
            yield Page([], part.asked_at, _oldest(part.reached, known.clocks))

    def _moved(self, window: Window) -> list[tuple[datetime, int]]:
        """List when addresses changed, and whose."""
        known = self._knowing()
        return [
            (each.date_upd, each.id_customer)
            for part in self._changed(raw.Moved, window, known, limit=BULK)
            for each in _within(part.rows, window, known.clocks)
            if isinstance(each.date_upd, datetime) and each.id_customer
        ]

    def _customers(self, ids: list[int]) -> Iterator[list[raw.Customer]]:
        for part in _cut(ids, self._size):
            yield self._people(self._service.of(raw.Customer, "id", part))

    def _people(self, customers: Iterable[raw.Customer]) -> list[raw.Customer]:
        """Leave out the customer who stands for those that were erased: nobody is that person."""
        return [each for each in customers if not self._is_nobody(each)]

    def _is_nobody(self, customer: raw.Customer) -> bool:
        return str(customer.id) == self._configuration.get(NOBODY) or customer.email in NOBODYS

    def _owned(self, customers: list[int]) -> dict[int, list[raw.Address]]:
        found: dict[int, list[raw.Address]] = {}
        for each in self._service.of(raw.Address, "id_customer", customers):
            if each.id_customer:
                found.setdefault(each.id_customer, []).append(each)
        return found

    # Parts

    def _changed(
        self, kind: type[R], window: Window, known: Known, *, limit: int, by: str = "date_upd", **filters: str
    ) -> Iterator[Rows]:
        """Read what changed while the shop's clocks may have shown a window."""
        first, last = known.clocks.span(window)
        return self._service.changed(
            kind, first, last, shown=known.clocks.shown, by=by, limit=limit, **filters
        )

    def _of_orders(
        self, ids: Iterable[int | UnsetType | None], parts: set[type[raw.Raw]]
    ) -> Iterator[list[Family]]:
        """Read some orders with what belongs to them; those of other shops of the installation are not found."""
        for rows in self._orders(ids):
            yield self._families(rows, parts)

    def _orders(self, ids: Iterable[int | UnsetType | None]) -> Iterator[list[raw.Order]]:
        for part in _cut(sorted({each for each in ids if each}), self._size):
            yield list(self._service.of(raw.Order, "id", part))

    def _families(
        self,
        orders: list[raw.Order],
        parts: set[type[raw.Raw]],
        histories: dict[int, list[raw.History]] | None = None,
    ) -> list[Family]:
        """Read what belongs to some orders, each kind of it for all of them at once."""
        if not orders:
            return []
        if histories is None:
            histories = self._grouped(raw.History, orders)
        details = self._grouped(raw.Detail, orders) if raw.Detail in parts else None
        slips = self._grouped(raw.Slip, orders) if raw.Slip in parts else None
        rules = self._grouped(raw.OrderRule, orders) if raw.OrderRule in parts else None
        payments = self._payments(orders) if raw.Payment in parts else None
        customers = self._found(raw.Customer, parts, (each.id_customer for each in orders))
        addresses = self._found(
            raw.Address,
            parts,
            (which for each in orders for which in (each.id_address_invoice, each.id_address_delivery)),
        )
        nobody = {self._configuration.get(NOBODY)}
        if customers is not UNSET:
            nobody |= {str(each.id) for each in customers.values() if self._is_nobody(each)}
            customers = {each: row for each, row in customers.items() if str(each) not in nobody}
        if addresses is not UNSET:
            addresses = {each: row for each, row in addresses.items() if str(row.id_customer) not in nobody}
        used = (each.id_cart_rule for found in (rules or {}).values() for each in found)
        codes = self._found(raw.Rule, parts, used) if rules is not None else UNSET
        return [
            Family(
                order=each,
                histories=histories.get(each.id, []),
                customer=UNSET if customers is UNSET else customers.get(each.id_customer or 0, UNSET),
                addresses=addresses,
                details=UNSET if details is None else details.get(each.id, []),
                slips=UNSET if slips is None else slips.get(each.id, []),
                payments=UNSET if payments is None else payments.get(each.reference or "", []),
                rules=UNSET if rules is None else rules.get(each.id, []),
                codes=codes,
            )
            for each in orders
        ]

    def _grouped(self, kind: type[R], orders: Iterable[raw.Order]) -> dict[int, list[R]]:
        """Read the rows of a kind that belong to some orders."""
        found: dict[int, list[R]] = {}
        for each in self._service.of(kind, "id_order", [order.id for order in orders]):
            found.setdefault(getattr(each, "id_order", 0), []).append(each)
        return found

    def _payments(self, orders: Iterable[raw.Order]) -> dict[str, list[raw.Payment]]:
        # A reference of the shop's own that is longer than its payments can hold is not asked for: cut, it would mean others too.
        found: dict[str, list[raw.Payment]] = {}
        references = {each.reference for each in orders if each.reference}
        for each in self._service.of(raw.Payment, "order_reference", references):
            found.setdefault(each.order_reference or "", []).append(each)
        return found

    def _found(
        self, kind: type[R], parts: set[type[raw.Raw]], ids: Iterable[int | UnsetType | None]
    ) -> dict[int, R] | UnsetType:
        """Read rows of a kind by their ids, if they are wanted."""
        if kind not in parts:
            return UNSET
        return {each.id: each for each in self._service.of(kind, "id", {each for each in ids if each})}

    # What is known of the shop

    def _wanted(self, selection: Selection) -> tuple[list[type[raw.Raw]], list[type[raw.Raw]]]:
        """Say what must be read for what is selected, and what may be, beside the shop's own lists."""
        needed: dict[type[raw.Raw], None] = {}
        wanted: dict[type[raw.Raw], None] = {}
        for stream, fields in selection.items():
            needed |= dict.fromkeys(OWN[stream])
            self._parts[stream] = {raw.Slip} if stream == "refunds" else set()
            for part in PARTS:
                if fields & part.streams.get(stream, frozenset()):
                    self._parts[stream].add(part.kind)
                    (needed if part.needed else wanted)[part.kind] = None
        return list(needed), [each for each in wanted if each not in needed]

    def _refusal(self, kind: type[raw.Raw]) -> NotGranted | None:
        """Ask for one row, and return the refusal, if it is one."""
        try:
            self._service.page(kind, {}, limit=1)
        except NotGranted as error:
            return error
        return None

    def _configure(self, lacking: dict[str, NotGranted], *, of_orders: bool) -> None:
        """Read the shop's zone, states and currencies."""
        names = (*CONFIGURED, "PS_TIMEZONE", "PS_SHOP_NAME", NOBODY)
        for each in self._granted(self._service.of(raw.Configuration, "name", names), lacking):
            if each.name and each.value:
                before = self._configuration.setdefault(each.name, each.value)
                if each.name == "PS_TIMEZONE" and before != each.value and not self._zone:
                    raise Misconfigured(
                        "timezone: must be set: the shops of this installation have different ones"
                    )
        if self._zone and (self._override or not of_orders) and lacking.pop(raw.Configuration.RESOURCE, None):
            # The settings say what it would have said.
            self._lack(raw.Configuration)
        if not of_orders:
            return
        self._states = self._granted(self._service.every(raw.State, limit=ALL), lacking)
        currencies = self._granted(self._service.every(raw.Currency, limit=ALL), lacking)
        self._currencies = {each.id: each for each in currencies}
        missing = sorted(self._override.keys() - {each.id for each in self._states})
        if missing and self._states:
            self._service.warn_once(
                f"PrestaShop: order_states: the shop has no state {', '.join(map(str, missing))}: look up its id in Shop "
                "Parameters > Order Settings > Statuses"
            )
        meanings = Meanings(self._states, self._configuration, self._override)
        unknown = [word for word in EXPECTED if not meanings.states(word)]
        if unknown and not lacking:
            self._service.warn_once(
                f"PrestaShop: the shop does not say which state means {', '.join(unknown)}: name it in order_states"
            )

    def _granted(self, rows: Iterator[R], lacking: dict[str, NotGranted]) -> list[R]:
        """Return all rows, none if they may not be read."""
        try:
            return list(rows)
        except NotGranted as error:
            lacking[error.resource] = error
            return []

    def _knowing(self, stream: str = "") -> Known:
        """Return what is known of the shop; with the lists that a stream's records want, each read when it is first wanted."""
        zone = self._zone or self._configuration.get("PS_TIMEZONE")
        if not zone:
            raise Misconfigured("timezone: must be set: the shop does not say which time zone it is in")
        lists = {name: self._list(kind) for name, (kind, streams) in LISTS.items() if stream in streams}
        return Known(
            shop=self.shop,
            clocks=Clocks(zone),
            meanings=Meanings(self._states, self._configuration, self._override),
            currencies=self._currencies,
            name=self._configuration.get("PS_SHOP_NAME"),
            tests=self._tests,
            fields=self._fields,
            read_at=self.now(),
            **lists,
        )

    def _list(self, kind: type[raw.Raw]) -> Any:
        """Read one of the shop's own lists, once; `UNSET` if it may not be read."""
        if kind not in self._lists:
            try:
                self._lists[kind] = {each.id: each for each in self._service.every(kind, limit=ALL)}
            except NotGranted:
                self._lack(kind)
                self._lists[kind] = UNSET
        return self._lists[kind]

    def _lack(self, kind: type[raw.Raw]) -> None:
        self._service.warn_once(
            f"PrestaShop: webservice_key may not read {kind.RESOURCE}: what follows from it is left out"
        )


def _fields(named: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a customer that the settings name; raise `Misconfigured` for one that is not offered."""
    fields = tuple(dict.fromkeys(named))
    if odd := [each for each in fields if each not in raw.BY_NAME]:
        raise Misconfigured(f"customer_metafields: {odd[0]!r} is none of {', '.join(raw.BY_NAME)}")
    return fields


def _within(rows: list[R], window: Window, clocks: Clocks) -> list[R]:
    """Keep the rows that may have changed within a window; what is newer comes with a later one."""
    return [each for each in rows if clocks.may_lie_in(window, _changed(each))]


def _changed(row: raw.Raw) -> datetime:
    found = getattr(row, "date_upd", None)
    if not isinstance(found, datetime):
        raise Malformed(f"PrestaShop: a row of {row.RESOURCE} (id {row.id}) has no date_upd")
    return found


def _oldest(reached: datetime | None, clocks: Clocks) -> datetime | None:
    return None if reached is None else clocks.earliest(reached)


def _cut(values: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
