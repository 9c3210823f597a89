"""Asking Shopify for what changed: one pass over orders feeds orders, refunds and fulfillments.

Every nested list is read to its end before its order is translated; what nobody selected is not asked for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire, base_url
from tap_commerce.platforms import Estimate, Page, Selection, Settings, Window
from tap_commerce.platforms.shopify import translating
from tap_commerce.platforms.shopify.admin import Admin
from tap_commerce.platforms.shopify.documents import VERSIONS
from tap_commerce.platforms.shopify.operations import CustomersCount, OrdersCount
from tap_commerce.platforms.shopify.pacing import LONGEST
from tap_commerce.platforms.shopify.pages import Pages, instant, search
from tap_commerce.platforms.shopify.rights import Rights
from tap_commerce.platforms.shopify.tokens import token

CALLS = {"orders": 27.0, "customers": 12.0}
"""Questions for each 1,000 changed rows, everything selected, measured over the sandbox: pages grow from a small beginning."""

VISIBLE = timedelta(days=60)
"""How old the orders are that an app sees without `read_all_orders`."""


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
        metafields = _metafields(settings.get("customer_metafields") or [])
        self._admin = Admin(wire, base, version, token(settings, wire, base))
        largest = int(settings.get("page_size") or LONGEST)
        if not 1 <= largest <= LONGEST:
            raise Misconfigured(f"page_size: must be between 1 and {LONGEST}")
        self._rights = Rights(self._admin, metafields)
        self._pages = Pages(self._admin, self._rights, largest)

    def open(self, selection: Selection) -> None:
        """Check the token and its scopes."""
        self._rights.learn()
        if not self._admin.wire.knows_the_time:
            self._admin.warn_once(
                "Shopify's answers carry no Date: this machine's clock must be right instead"
            )
        self._rights.require(selection)

    def now(self) -> datetime:
        """Tell the shop's time."""
        return self._admin.wire.now()

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Refuse to read orders from before what the app may see: they would be missing without a word.

        https://shopify.dev/docs/api/admin-graphql/latest/objects/Order
        """
        if "customers" in streams or "read_all_orders" in self._rights.scopes or self._accepts_recent_only:
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
            counted = self._rights.ask(
                "CustomersCount", lambda: {"query": search(window)}, CustomersCount
            ).data.count
            return Estimate(counted.count, CALLS["customers"], "customers")
        counted = self._rights.ask("OrdersCount", lambda: {"query": search(window)}, OrdersCount).data.count
        return Estimate(counted.count, CALLS["orders"], "orders")

    def _read_customers(self, window: Window) -> Iterator[Page]:
        # Shopify documents this filter as matching whole days. So what is asked for reaches a day further, lest the last
        # day be left out; and what is older than the window was read before. What is newer is kept: a row of the index
        # may be newer than the window that found it.
        reaching = search(Window(window.start, window.end + timedelta(days=1)))
        for part in self._pages.customers(reaching):
            yield Page(
                [
                    ("customers", translating.customer_record(each, self.shop))
                    for each in part.rows
                    if instant(each.updated_at) >= window.start
                ],
                part.answered_at,
                part.oldest,
            )

    def _read_orders(self, window: Window, streams: tuple[str, ...]) -> Iterator[Page]:
        wanted = {name: name in streams for name in ("orders", "refunds", "fulfillments")}
        for part in self._pages.orders(search(window)):
            yield Page(
                [record for each in part.rows for record in translating.family(each, self.shop, **wanted)],
                part.answered_at,
                part.oldest,
            )


def _metafields(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(
        isinstance(each, str) and each.count(".") >= 1 for each in names
    ):
        raise Misconfigured('customer_metafields: must be a list of names such as "custom.member_since"')
    if len(names) > LONGEST:
        raise Misconfigured(f"customer_metafields: must not name more than {LONGEST}")
    return names
