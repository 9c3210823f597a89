"""The table that names every transition: docs, settings, the tracking plan, memory and tests read it.

A snapshot cannot say what changed; it can say what must have happened: each stream's file derives all of that, purely,
and the ledger's memory is subtracted later.
"""

from enum import Enum
from typing import NamedTuple

from msgspec import Struct


class Kind(Enum):
    """How often a transition can be told of one subject."""

    ONCE = "once"
    STATE = "state"
    RUNNING = "running"


class Side(Enum):
    """One of the two that a subject with a colon in it is made of."""

    FIRST = "first"
    SECOND = "second"


class Entry(Struct, frozen=True, kw_only=True):
    """One row of the table: a transition that can be told.

    `kept` is the stream under which memory keeps its fate. Where the subject is two in one (an order and its coupon, a guest
    and a customer), `kept_with` says which of the two it is kept with. Where it is told of each item of a list, `of` is the
    record's field that holds that list, and `added` says that only what came later is told. `instead` is the transition as which
    it may have been told. `visit` says that the shopper did it. `amount` is where news of it has the money that receipts keep.
    """

    name: str
    event: str
    streams: tuple[str, ...]
    kind: Kind
    subject: str
    when: str
    timestamp: str
    facts: tuple[str, ...] = ()
    on: bool = True
    identify: bool = False
    kept: str = "orders"
    kept_with: Side | None = None
    of: str | None = None
    added: bool = False
    instead: str | None = None
    visit: bool = False
    amount: str | None = None


class Kept(NamedTuple):
    """Where memory keeps a transition: the stream and the subject of the row, and the key among its fates."""

    stream: str
    subject: str
    part: str


ORDER_FACTS = (
    "name", "currency", "total", "original_total", "subtotal", "discount", "shipping", "tax", "tip",
    "tags", "note", "attributes", "email", "phone", "shipping_address", "billing_address",
    "shipping_method", "line_items", "source", "location_id", "market", "test",
)  # fmt: skip
"""What Order Updated looks at. Not the counters that other orders move, nor what another transition tells."""

FULFILLMENT_FACTS = ("status", "carrier_status", "company", "tracking_numbers", "tracking_urls", "line_items")
"""What Fulfillment Updated looks at."""

CUSTOMER_FACTS = (
    "email", "phone", "first_name", "last_name", "name", "created_at", "state", "verified_email", "locale", "tags", "note",
    "tax_exempt", "data_sale_opt_out", "email_consent", "sms_consent", "default_address", "metafields",
)  # fmt: skip
"""What Customer Updated looks at."""

COUNTERS = ("order_count", "lifetime_spend")
"""What identify looks at besides, when the customers stream speaks: an order's summary is dated by the order."""


def _table(*entries: Entry) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries}


TABLE = _table(
    Entry(
        name="identify", event="identify", streams=("customers", "orders", "refunds", "fulfillments"), kind=Kind.STATE,
        subject="the Segment identity: the resolved userId, else the anonymousId", identify=True,
        when="traits changed; and before any track of the same identity", timestamp="updated",
        facts=CUSTOMER_FACTS + COUNTERS, kept="identify",
    ),
    Entry(
        name="alias", event="alias", streams=("orders",), kind=Kind.ONCE, subject="both ids", identify=True,
        when="with identity_linked, where the setting `alias` is on", timestamp="updated", on=False, kept="identify", kept_with=Side.SECOND,
    ),
    Entry(
        name="identity_linked", event="identify", streams=("orders",), kind=Kind.ONCE,
        subject="both ids", identify=True,
        when="an order that was told for a guest got a customer", timestamp="updated", kept="identify", kept_with=Side.SECOND,
    ),
    Entry(
        name="checkout_started", event="Checkout Started", streams=("orders",), kind=Kind.ONCE, subject="the order",
        when="the record carries `checkout_started_at` (or, as `checkout_started_on` says, is authorized)",
        timestamp="that instant", visit=True, amount="snapshot.total",
    ),
    Entry(
        name="order_completed", event="Order Completed", streams=("orders",), kind=Kind.ONCE, subject="the order",
        when="completed, by the platform's own meaning (or created, authorized, paid, fulfilled, as `order_completed_on` says)",
        timestamp="that instant", instead="pos_order_placed", visit=True, amount="snapshot.total",
    ),
    Entry(
        name="pos_order_placed", event="POS Order Placed", streams=("orders",), kind=Kind.ONCE, subject="the order",
        when="the source is pos; instead of Order Completed, or beside it, as `pos_orders` says",
        timestamp="completed", instead="order_completed", visit=True, amount="snapshot.total",
    ),
    Entry(
        name="coupon_applied", event="Coupon Applied", streams=("orders",), kind=Kind.ONCE,
        subject="the order and the case-folded code",
        when="with Order Completed, or when the code is added later", timestamp="completed, or updated", kept_with=Side.FIRST,
        of="coupons", visit=True, amount="detail.amount",
    ),
    Entry(
        name="post_purchase_upsell", event="Post Purchase Upsell", streams=("orders",), kind=Kind.ONCE,
        subject="the order and the line",
        when="a line that was not there when the order was told, within `upsell_minutes`", timestamp="updated", on=False, kept_with=Side.FIRST,
        of="line_items", added=True, visit=True, amount="detail.total",
    ),
    Entry(
        name="order_updated", event="Order Updated", streams=("orders",), kind=Kind.STATE, subject="the order",
        when="a listed fact of a told order changed", timestamp="updated", facts=ORDER_FACTS,
        amount="snapshot.total",
    ),
    Entry(
        name="order_cancelled", event="Order Cancelled", streams=("orders",), kind=Kind.ONCE, subject="the order",
        when="cancelled", timestamp="cancelled", amount="snapshot.total",
    ),
    Entry(
        name="order_refunded", event="Order Refunded", streams=("refunds",), kind=Kind.RUNNING,
        subject="what the record's `total_to_date` is about: the refund, the order or the transaction",
        when="more money was given back", timestamp="refunded", kept="refunds", amount="increase",
    ),
    Entry(
        name="fulfillment_created", event="Fulfillment Created", streams=("fulfillments",), kind=Kind.ONCE,
        subject="the fulfillment", when="goods have left", timestamp="that instant", kept="fulfillments",
    ),
    Entry(
        name="fulfillment_updated", event="Fulfillment Updated", streams=("fulfillments",), kind=Kind.STATE,
        subject="the fulfillment", when="status, carrier status, tracking or contents changed", timestamp="updated",
        facts=FULFILLMENT_FACTS, kept="fulfillments",
    ),
    Entry(
        name="customer_created", event="Customer Created", streams=("customers",), kind=Kind.ONCE, subject="the customer",
        when="the account exists", timestamp="created", kept="customers",
    ),
    Entry(
        name="customer_enabled", event="Customer Enabled", streams=("customers",), kind=Kind.ONCE, subject="the customer",
        when="the account is enabled and its e-mail verified", timestamp="updated, when seen", kept="customers",
    ),
    Entry(
        name="customer_updated", event="Customer Updated", streams=("customers",), kind=Kind.STATE, subject="the customer",
        when="traits changed (identify says it too)", timestamp="updated", facts=CUSTOMER_FACTS, on=False, kept="customers",
    ),
    Entry(
        name="customer_deleted", event="Customer Deleted", streams=("customers",), kind=Kind.ONCE, subject="the customer",
        when="the platform says so", timestamp="when said", on=False, kept="customers",
    ),
)  # fmt: skip
"""Every transition by name, in the order in which those of one snapshot are told."""


def kept_under(transition: str, subject: str) -> Kept:
    """Return where memory keeps a transition of a subject; a mapping's label, which has a dot, is a stream of its own.

    >>> kept_under("coupon_applied", "17:spring")
    Kept(stream='orders', subject='17', part='coupon_applied:spring')
    """
    entry = TABLE.get(transition)
    if entry is None:
        return Kept(transition if "." in transition else "orders", subject, transition)
    if entry.kept_with is None:
        return Kept(entry.kept, subject, transition)
    first, _, second = subject.partition(":")
    if entry.kept_with is Side.FIRST:
        return Kept(entry.kept, first, f"{transition}:{second}")
    return Kept(entry.kept, second, f"{transition}:{first}")
