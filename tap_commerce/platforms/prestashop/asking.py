"""Asking PrestaShop for what changed: orders, refunds, fulfillments and customers, each by its own trace.

A credit slip leaves its order untouched, a tracking number leaves no trace at all, an address does not touch its customer:
so each stream has its own pass. What belongs to many rows is read for all of them at once; what nobody selected is not asked for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import UNSET

from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire, base_url, is_header
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.prestashop import raw, translating
from tap_commerce.platforms.prestashop.answers import NotGranted
from tap_commerce.platforms.prestashop.changes import Changes, changed, oldest, within
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.knowledge import Knowledge
from tap_commerce.platforms.prestashop.meanings import override
from tap_commerce.platforms.prestashop.parcels import Parcels
from tap_commerce.platforms.prestashop.parts import Parts
from tap_commerce.platforms.prestashop.people import People
from tap_commerce.platforms.prestashop.translating import Family, Known
from tap_commerce.platforms.prestashop.webservice import Webservice
from tap_commerce.records import Polled

LARGEST = 100
"""Orders or customers that are asked for at once: PrestaShop loads each of them by itself."""

CALLS = {"customers": 32.0, "orders": 110.0, "refunds": 50.0, "fulfillments": 55.0}
"""Questions for each 1,000 changed rows, everything selected: see docs/prestashop.md."""

BEING_WRITTEN = timedelta(minutes=10)
"""For how long an order without a state may still be on its way into the tables.

https://github.com/PrestaShop/PrestaShop/blob/9.0.x/classes/PaymentModule.php (validateOrder)
"""


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
        fields = _fields(settings.get("customer_metafields") or [])
        self._service = Webservice(
            wire,
            base,
            key,
            in_query=bool(settings.get("auth_in_query")),
            rewritten=not settings.get("without_rewrite"),
            id_shop=settings.get("id_shop"),
            without={raw.Customer.RESOURCE: frozenset(raw.BY_NAME) - frozenset(fields)},
        )
        zone = settings.get("timezone")
        if zone:
            Clocks(zone)
        tests = settings.get("test_payment_modules")
        self._knowledge = Knowledge(
            self._service,
            shop=self.shop,
            zone=zone,
            override=override(settings.get("order_states") or []),
            tests=UNSET if tests is None else frozenset(tests),
            fields=fields,
        )
        self._size = min(int(settings.get("page_size") or LARGEST), LARGEST)
        tracked = timedelta(days=float(settings.get("tracking_days") or 0))
        self._changes = Changes(self._service)
        self._parts = Parts(self._service, self._knowledge, self._size)
        self._people = People(self._service, self._knowledge, size=self._size)
        self._parcels = Parcels(self._service, self._knowledge, self._parts, size=self._size, tracked=tracked)

    def open(self, selection: Selection) -> None:
        """Check the key and its rights for what is selected, and learn the shop's clock, its zone and its states."""
        lacking: dict[str, NotGranted] = {}
        needed, wanted = self._parts.select(selection)
        for kind in needed:
            if (refusal := self._refusal(kind)) is not None:
                lacking[refusal.resource] = refusal
        self._knowledge.configure(lacking, of_orders=bool(selection.keys() - {"customers"}))
        if lacking:
            raise Denied(
                f"PrestaShop: webservice_key may not read {', '.join(sorted(lacking))}: tick GET for each in Advanced "
                "Parameters > Webservice, or deselect the streams or fields that need it"
                if len(lacking) > 1
                else str(next(iter(lacking.values())))
            )
        for kind in wanted:
            if self._refusal(kind) is not None:
                self._parts.lack(kind)
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
        match stream:
            case "customers":
                return self._people.read(window, addressed=raw.Address in self._parts.wanted["customers"])
            case "orders":
                return self._read_orders(window)
            case "refunds":
                return self._read_refunds(window)
            case _:
                return self._parcels.read(window)

    def _read_orders(self, window: Window) -> Iterator[Page]:
        known = self._knowledge.of()
        for part in self._changes.read(raw.Order, window, known, limit=self._size):
            rows = within(part.rows, window, known.clocks)
            families = self._unmoved(
                self._parts.families(self._written(rows, known), self._parts.wanted["orders"])
            )
            known = self._knowledge.of("orders") if families else known
            records: list[tuple[str, Polled]] = [
                ("orders", translating.order_record(each, known)) for each in families
            ]
            yield Page(records, part.asked_at, oldest(part.reached, known.clocks))

    def _written(self, orders: list[raw.Order], known: Known) -> list[raw.Order]:
        """Leave orders that are still being written to the next poll: without a state yet, perhaps without all of their lines.

        Their first state changes them. Where that never comes, because a module broke off, they are read once they are old enough.
        """
        lately = self.now() - BEING_WRITTEN
        return [
            each for each in orders if each.current_state != 0 or known.clocks.latest(changed(each)) <= lately
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

    def _read_refunds(self, window: Window) -> Iterator[Page]:
        """Read the orders of credit slips that changed, and of entries into a state that means refunded."""
        known = self._knowledge.of()
        entered = deque(self._changes.entered("refunded", window, known))
        for part in self._changes.read(raw.Slip, window, known, limit=self._size):
            orders = [each.id_order for each in within(part.rows, window, known.clocks)]
            while entered and (part.reached is None or entered[0][0] <= part.reached):
                orders.append(entered.popleft()[1])
            for families in self._parts.of_orders(orders, self._parts.wanted["refunds"]):
                known = self._knowledge.of("refunds")
                records: list[tuple[str, Polled]] = [
                    ("refunds", record)
                    for each in families
                    for record in translating.refund_records(each, translating.summary(each, known), known)
                ]
                yield Page(records, part.asked_at, None)
            yield Page([], part.asked_at, oldest(part.reached, known.clocks))

    def _refusal(self, kind: type[raw.Raw]) -> NotGranted | None:
        """Ask for one row, and return the refusal, if it is one."""
        try:
            self._service.page(kind, {}, limit=1)
        except NotGranted as error:
            return error
        return None


def _fields(named: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a customer that the settings name; raise `Misconfigured` for one that is not offered."""
    fields = tuple(dict.fromkeys(named))
    if odd := [each for each in fields if each not in raw.BY_NAME]:
        raise Misconfigured(f"customer_metafields: {odd[0]!r} is none of {', '.join(raw.BY_NAME)}")
    return fields
