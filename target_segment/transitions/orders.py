"""An order's snapshot → every transition it proves.

The instant of a transition is the shop's own where it keeps one; where only a word says that it happened, it lies in the
interval since the order was last seen otherwise.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from target_segment.settings import Setting
from target_segment.snapshots import Address, Order, OrderSummary
from target_segment.transitions.customers import traits_of_summary
from target_segment.transitions.facts import joined, parts, scalars, words
from target_segment.transitions.proofs import AGES_AGO, Proof, Transition

ORDERS = (
    Setting(
        name="order_completed_on",
        kind="string",
        default="completed",
        choices=("completed", "created", "authorized", "paid", "fulfilled"),
        about="When Order Completed is told: at the platform's own meaning of completed, or at another instant of the order.",
    ),
    Setting(
        name="checkout_started_on",
        kind="string",
        default="created",
        choices=("created", "authorized"),
        about="When Checkout Started is told, on platforms that create orders before they are paid.",
    ),
    Setting(
        name="pos_orders",
        kind="string",
        default="instead",
        choices=("instead", "beside", "off"),
        about="Whether POS Order Placed is told instead of Order Completed for orders of a point of sale, beside it, or not at all (then Order Completed is).",
    ),
    Setting(
        name="upsell_minutes",
        kind="integer",
        default=60,
        least=0,
        about="For how many minutes after Order Completed an added line counts as Post Purchase Upsell.",
    ),
)

_INSTANTS = {
    "completed": "completed_at",
    "created": "created_at",
    "authorized": "authorized_at",
    "paid": "paid_at",
    "fulfilled": "fulfilled_at",
    "cancelled": "cancelled_at",
}
# Where a platform keeps no instant, its word proves that it happened (Elastic Path keeps none of these).
_WORDS: dict[str, tuple[str, frozenset[str | bool]]] = {
    "completed": ("completed", frozenset({True})),
    "paid": ("financial_status", frozenset({"paid", "partially_refunded", "refunded"})),
    "fulfilled": ("fulfillment_status", frozenset({"fulfilled"})),
    "cancelled": ("status", frozenset({"cancelled"})),
}

_address = parts(*Address.__struct_fields__)
_lines = parts("id", "quantity", "price", "properties")
_attributes = parts("name", "value")
_scalars = scalars(
    "name", "currency", "total", "original_total", "subtotal", "discount", "shipping", "tax", "tip",
    "note", "email", "phone", "shipping_method", "source", "location_id", "market", "test",
)  # fmt: skip


def happened(order: OrderSummary, condition: str, seen: datetime) -> tuple[datetime | None, datetime] | None:
    """Return when a condition was met as (start, at): start is None for an interval that ends at `seen`; None: not met."""
    instant = getattr(order, _INSTANTS[condition])
    if instant:
        return instant, instant
    if condition in _WORDS:
        field, words = _WORDS[condition]
        if getattr(order, field, None) in words:
            return None, seen
    return None


def facts(order: Order) -> str:
    """Return the facts that Order Updated looks at, in the table's order."""
    name, currency, *money, note, email, phone, method, source, location, market, test = _scalars(order)
    shipped = _address(order.shipping_address)
    billed = shipped if order.billing_address == order.shipping_address else _address(order.billing_address)
    return joined(
        [
            name, currency, *money, words(order.tags), note, _attributes(order.attributes), email, phone,
            shipped, billed, method, _lines(order.line_items),
            source, location, market, test,
        ]
    )  # fmt: skip


def begun_by(settings: Mapping[str, Any]) -> Callable[[OrderSummary], bool]:
    """Return the question whether an order has begun: it meets the condition of one of the events that open it."""
    condition = settings["order_completed_on"]

    def begun(order: OrderSummary) -> bool:
        return bool(order.checkout_started_at) or happened(order, condition, _NEVER) is not None

    return begun


_NEVER = datetime.min.replace(tzinfo=UTC)


def derivation(settings: Mapping[str, Any], on: frozenset[str]) -> Callable[[Order, datetime], Proof]:
    """Return the function that lists what an order's snapshot proves, for these settings and events switched on."""
    completed_on = settings["order_completed_on"]
    authorized = settings["checkout_started_on"] == "authorized"
    pos_orders = settings["pos_orders"]
    upsell = timedelta(minutes=settings["upsell_minutes"])

    def derive(order: Order, read_at: datetime) -> Proof:
        instant = order.updated_at or read_at
        proved: list[Transition] = []
        there: dict[str, list[str]] = {}
        started = (
            (order.authorized_at if authorized else order.checkout_started_at)
            if order.checkout_started_at
            else None
        )
        if started and "checkout_started" in on:
            proved.append(Transition(name="checkout_started", start=started, at=started))
        completed = happened(order, completed_on, instant)
        if completed:
            start, at = completed
            proved += _placed(order, start, at, pos_orders, on)
            if order.coupons is not UNSET:
                coupons = {coupon.code.casefold(): coupon for coupon in order.coupons or ()}
                there["coupon_applied"] = list(coupons)
                proved += [
                    Transition(name="coupon_applied", part=code, start=start, at=at, detail=coupon)
                    for code, coupon in coupons.items()
                ]
            if order.line_items is not UNSET and "post_purchase_upsell" in on and instant - at <= upsell:
                lines = order.line_items or ()
                there["post_purchase_upsell"] = [line.id for line in lines]
                proved += [
                    Transition(name="post_purchase_upsell", part=line.id, at=instant, detail=line)
                    for line in lines
                ]
        begun = completed is not None or order.checkout_started_at not in (None, UNSET)
        if begun:
            if "order_updated" in on:
                proved.append(Transition(name="order_updated", at=instant, facts=facts(order)))
            cancelled = happened(order, "cancelled", instant)
            if cancelled and ("order_cancelled" in on or not cancelled[0]):
                proved.append(Transition(name="order_cancelled", start=cancelled[0], at=cancelled[1]))
        customer = order.customer or None
        return Proof(
            stream="orders",
            subject=order.id,
            snapshot=order,
            instant=instant,
            read_at=read_at,
            created=order.created_at or AGES_AGO,
            transitions=proved,
            order=order,
            customer=customer,
            begun=begun,
            completed=completed is not None,
            there=there,
            traits=traits_of_summary(customer, order) if begun and "identify" in on else None,
        )

    return derive


def _placed(
    order: Order, start: datetime | None, at: datetime, pos_orders: str, on: frozenset[str]
) -> list[Transition]:
    """Return as what an order that is completed was placed: as one completed, as one of a point of sale, or as both."""
    pos = order.source == "pos" and pos_orders != "off"
    placed = []
    # An interval is remembered also while it is switched off.
    if not (pos and pos_orders == "instead") and ("order_completed" in on or not start):
        placed.append(Transition(name="order_completed", start=start, at=at))
    if pos and ("pos_order_placed" in on or not start):
        placed.append(Transition(name="pos_order_placed", start=start, at=at))
    return placed
