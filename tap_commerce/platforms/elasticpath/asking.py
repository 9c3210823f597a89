"""Asking Elastic Path for what changed: one pass over orders feeds orders, refunds and fulfillments.

A list is read whole, while nothing in it moves, before its first row is handed on; what nobody selected is not asked for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tap_commerce.errors import Misconfigured
from tap_commerce.http import Wire, base_url
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.elasticpath import raw, translating
from tap_commerce.platforms.elasticpath.api import Api, Credentials, allowed
from tap_commerce.platforms.elasticpath.families import Families, changed
from tap_commerce.platforms.elasticpath.pacing import Pace
from tap_commerce.platforms.elasticpath.people import SOURCES, People
from tap_commerce.platforms.elasticpath.stretches import AT_LEAST, LARGEST, Listing, Stretches
from tap_commerce.platforms.elasticpath.translating import Coins

WITH_ITEMS = 25
"""The most orders that are asked for with their items: the guide advises against more than a hundred entities that come along."""

HANDED = 50
"""Orders that are handed on at once, with all that belongs to them."""

CALLS = {"orders": 2065.0, "customers": 10.0}
"""Questions for each 1,000 changed rows, everything selected: see docs/elasticpath.md."""


class ElasticPath:
    """A store on Elastic Path Commerce Cloud, as the `Platform` protocol wants it."""

    name = translating.PLATFORM
    # https://elasticpath.dev/guides/Getting-Started/pagination: at busy times a row may be missing for up to a minute.
    lag = timedelta(seconds=60)
    passes = (("customers",), ("orders", "refunds", "fulfillments"))

    def __init__(self, settings: Settings, wire: Wire) -> None:
        base = base_url(settings.get("api_url") or "")
        self.shop = settings.get("shop") or urlsplit(base).hostname or base
        source = settings.get("customer_source") or "customers"
        if source not in SOURCES:
            raise Misconfigured(f"customer_source: must be one of {', '.join(SOURCES)}")
        named = tuple(settings.get("customer_metafields") or ())
        workers = int(settings.get("concurrency") or 8)
        page_size = int(settings.get("page_size") or LARGEST)
        # One for each worker and for whoever reads ahead.
        wire.widen(base, workers + 2)
        pace = Pace(float(settings.get("requests_per_second") or 20), clock=wire.clock, sleep=wire.sleep)
        self._api = Api(wire, base, _credentials(settings, wire, base), pace)
        self._stretches = Stretches(self._api, workers, page_size)
        self._families = Families(self._api, workers)
        self._people = People(
            self._api, self._stretches, shop=self.shop, source=source, named=named, page_size=page_size
        )
        self._coins = Coins({})
        self._parts: dict[str, bool] = {}

    def open(self, selection: Selection) -> None:
        """Check the credentials and what they may read, and learn how many decimal places the currencies have."""
        self._parts = self._families.parts = _parts(selection)
        if selection.keys() & {"orders", "refunds", "fulfillments"}:
            currencies = allowed(
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
            allowed(self._people.source, self._people.probe)
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
            return self._people.read(window, erasures=self._parts["erasures"])
        return self._read_orders(window, streams)

    def estimate(self, streams: tuple[str, ...], window: Window) -> Estimate:
        """Take the count that a list's page carries."""
        if "customers" in streams:
            return Estimate(self._people.count(window), CALLS["customers"], self._people.called)
        listing = _orders(AT_LEAST, raw.Page[dict[str, Any]])
        rows = self._stretches.page(listing, window.start, window.end).total
        return Estimate(rows, CALLS["orders" if self._families.deep else "customers"], "orders")

    def _read_orders(self, window: Window, streams: tuple[str, ...]) -> Iterator[Page]:
        wanted = {name: name in streams for name in ("orders", "refunds", "fulfillments")}
        lines = self._parts["lines"]
        listing = _orders(WITH_ITEMS, include="items") if lines else _orders(LARGEST)
        for stretch in self._stretches.read(listing, window):
            for first in range(0, len(stretch.rows), HANDED):
                rows: list[raw.Order] = stretch.rows[first : first + HANDED]
                families = self._families.of(rows, stretch.items)
                yield Page(
                    [
                        record
                        for each in families
                        for record in translating.family(
                            each, self.shop, self._coins, self._people.source, **wanted
                        )
                    ],
                    stretch.asked_at,
                    changed(rows[0]),
                )

    def _probe_orders(self) -> None:
        """See whether all that is needed of orders may be read, before the first record."""
        if row := allowed("orders", lambda: self._stretches.probe(_orders(1))):
            self._families.probe(row)


def _orders(largest: int, kind: Any = raw.Page[raw.Order], **parameters: str) -> Listing:
    # By default the rows come by updated_at, newest first; no other order by it is documented.
    return Listing("/v2/orders", kind, changed, lambda row: str(row.id), largest, parameters)


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
