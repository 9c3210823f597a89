"""The one list of all platforms that the sandbox speaks: how to open a shop in each, and what can be expected of it.

Whoever uses it names no platform: a further one is one more entry here, whatever runs over all of them runs over it too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from sandbox import expectation
from sandbox.elasticpath import ElasticPath
from sandbox.elasticpath import expecting as elasticpath
from sandbox.expectation import Expectation
from sandbox.prestashop import PrestaShop
from sandbox.prestashop import expecting as prestashop
from sandbox.shop import Shop
from sandbox.shopify import Shopify


class Calls(Protocol):
    """The requests that a server saw, oldest first; each knows at least its `name` and its `status`."""

    def __len__(self) -> int: ...
    def clear(self) -> None: ...


class Api(Protocol):
    """A shop, served on loopback as a platform would."""

    shop: Shop
    calls: Any

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One platform, as the sandbox speaks it.

    `serve` opens a shop: `serve(shop, faults=…, tick=…, **options)`; `expect` says what must have been told of an open one.
    """

    serve: Callable[..., Any]
    expect: Callable[..., Expectation]
    order_id: Callable[[Any, int], str]
    """What the platform calls an order of the shop."""
    customer_id: Callable[[Any, int], str]
    expiring: Mapping[str, Any] | None = None
    """Options with which tokens expire while they are used; None where there are no tokens."""
    throttling: Mapping[str, Any] = field(default_factory=dict)
    """Options with which the platform throttles by its own rule."""
    calm: Mapping[str, Any] = field(default_factory=dict)
    """Options with which the platform makes nobody wait."""
    lagging: Mapping[str, Any] = field(default_factory=dict)
    """Options with which what happened shows as late as it ever may."""
    faults: tuple[str, ...] = ()
    """Kinds of faults of its own, that are no refusal."""
    silent: Mapping[str, Any] = field(default_factory=dict)
    """Options with which as little as possible of what happens to an order touches it."""
    noticed: frozenset[str] = frozenset()
    """What even so the next poll finds, of `refund`, `tracking` and `parcel`; the rest waits for the second look."""
    asked_for: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The name of a call → the streams for which it is made, and no others."""


def open_shop(name: str, shop: Shop, **options: Any) -> Any:
    """Return a server of a shop that speaks a platform's dialect; use it as a context manager."""
    return DIALECTS[name].serve(shop, **options)


def expect(name: str, api: Any, **said: Any) -> Expectation:
    """Say what must have been told of a shop that was seen through this server: `since`, `polls` and the rest as in `sandbox.expectation`."""
    return DIALECTS[name].expect(api, **said)


DIALECTS: dict[str, Dialect] = {
    "shopify": Dialect(
        serve=Shopify,
        expect=lambda api, **said: expectation.expect(api.shop, **said),
        order_id=lambda api, order: str(order),  # noqa: ARG005
        customer_id=lambda api, customer: str(customer),  # noqa: ARG005
        expiring={"client_id": "app", "client_secret": "app-secret", "token_lifetime": 100, "tick": 21},
        throttling={"bucket": 1000, "restore": 50, "cost": "linear"},
        calm={"bucket": 1e9},
        lagging={"index_lag": 9, "child_lag": 9},
        faults=("internal", "502"),
        asked_for={
            "Customers": frozenset({"customers"}),
            "Orders": frozenset({"orders", "refunds", "fulfillments"}),
            "RefundLines": frozenset({"refunds"}),
            "FulfillmentLines": frozenset({"fulfillments"}),
            "FulfillmentTracking": frozenset({"fulfillments"}),
        },
    ),
    "prestashop": Dialect(
        serve=PrestaShop,
        expect=lambda api, **said: prestashop.expect(
            api.shop, timezone=api.timezone, shops=api.book.shops, id_shop=api.settings.get("id_shop"), **said
        ),
        order_id=lambda api, order: str(api.book.read(api.shop.history).order_ids[order]),
        customer_id=lambda api, customer: str(api.book.read(api.shop.history).customer_ids[customer]),
        lagging={"commit_lag": 4},
        faults=("fatal", "module_warning", "502"),
        noticed=frozenset({"refund", "tracking", "parcel"}),
        asked_for={
            "orders": frozenset({"orders", "refunds", "fulfillments"}),
            "order_carriers": frozenset({"fulfillments"}),
            "order_slip": frozenset({"orders", "refunds"}),
            "order_payments": frozenset({"orders"}),
            "order_cart_rules": frozenset({"orders"}),
        },
    ),
    "elasticpath": Dialect(
        serve=ElasticPath,
        expect=lambda api, **said: elasticpath.expect(
            api.shop,
            book=api.book,
            buyers=api.buyers,
            customer_source=api.settings["customer_source"],
            instants=api.spelling.instants,
            **said,
        ),
        order_id=lambda api, order: api.id_of("order", order),
        customer_id=lambda api, customer: api.id_of("customer", customer),
        expiring={"token_lifetime": 100, "tick": 6},
        throttling={"rate": 5},
        calm={"rate": None},
        lagging={"index_lag": 55},
        faults=("expired", "502", "504"),
        silent={"refund_bumps": False, "group_bumps": False},
        asked_for={
            "customers": frozenset({"customers"}),
            "erasure-requests": frozenset({"customers"}),
            "orders": frozenset({"orders", "refunds", "fulfillments"}),
            "transactions": frozenset({"orders", "refunds", "fulfillments"}),
            "shipping-groups": frozenset({"orders", "fulfillments"}),
        },
    ),
}
"""How each platform is spoken."""


CANNOT: dict[str, dict[str, str]] = {
    "shopify": {
        "checkouts that are started": "an order exists only once the checkout is done",
    },
    "prestashop": {
        "checkouts that are started": "an order exists only once the checkout is done; carts are not read",
        "what the shop's own books say": "an order has one currency, the shopper's",
        "tips": "there are none: whoever takes some keeps them as something else",
        "codes that took nothing off": "a voucher is written down with what it took off",
        "refunds that are on their way": "a credit slip is a document: whether its money has arrived is not said",
        "why an order was cancelled": "a state has no reason",
        "who was enabled": "whether an e-mail address was verified is not kept",
        "purchases of a customer": "the webservice does not count them",
        "parcels without goods to carry": "an order that is only digital has no row for a carrier",
        "what each of several parcels holds": "a row for a carrier has no lines",
        "parcels that are taken back": "a row for a carrier has no state of its own",
        "all tracking numbers of a parcel": "a row for a carrier has one number",
        "what the carrier reports": "carriers do not report to the shop",
        "tills": "a till's orders are orders like others",
        "where an order came from": "nothing says it",
    },
    "elasticpath": {
        "test orders": "nothing marks them: use a store of their own",
        "orders that nobody has paid": "Order Completed is the payment; Checkout Started tells them",
        "when an order was placed": "Order Completed is the payment; Checkout Started has that instant",
        "orders that were edited": "an order stays as it was checked out",
        "what the shop's own books say": "an order has one currency, the shopper's",
        "what shipping costs": "it may be an item like any other, by a name that each store chooses",
        "tips": "there are none: whoever takes some adds an item",
        "codes that took nothing off": "a promotion shows in what it took off",
        "each of several refunds between two polls": "a transaction has one total of what went back, and one instant: that of the last",
        "which goods came back": "a refund has no lines",
        "why an order was cancelled": "a status has no reason",
        "who was enabled": "whether an e-mail address was verified is not kept",
        "purchases of a customer": "they are not counted",
        "first and last names": "a customer has one name",
        "newsletters": "consent is not kept",
        "when a parcel left": "a shipping group has no such instant: told by the reading that finds it",
        "what each of several parcels holds": "an item belongs to one shipping group as a whole, and is not read by group",
        "parcels that are taken back": "what is fulfilled cannot be undone",
        "all tracking numbers of a parcel": "a shipping group has one number",
        "what the carrier reports": "carriers do not report to the store",
        "tills": "a till's orders are orders like others",
        "where an order came from": "nothing says it",
    },
}
"""What no reader of a platform's API can tell, and why: platform → thing → reason. `tests/test_same_events.py` holds it to be true, and whole."""
