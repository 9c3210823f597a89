"""Orders, and what their children carry of them.

Elastic Path keeps no instant of a payment, a cancellation or a fulfillment: what the transactions do not prove is left out, and the words tell.
"""

from decimal import Decimal

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.customers import address, buyer, email_of
from tap_commerce.platforms.elasticpath.translating.fulfillments import LEFT
from tap_commerce.platforms.elasticpath.translating.lines import books, coupons, taxes_included
from tap_commerce.platforms.elasticpath.translating.payments import (
    authorized_at,
    is_paid,
    paid_at,
    payments,
)
from tap_commerce.platforms.elasticpath.translating.refunds import given_back
from tap_commerce.platforms.elasticpath.translating.values import (
    NOTHING,
    PLATFORM,
    Coins,
    added,
    attributes,
    instant,
    taken,
    text,
)
from tap_commerce.records import Says


def order_record(
    family: raw.Family,
    shop: str,
    about: records.OrderSummary,
    lines: list[records.Line] | UnsetType,
    coins: Coins,
) -> records.Order:
    """Translate one order."""
    order = family.order
    shown = order.meta.display_price or raw.Totals()
    hidden = bool(order.anonymized)
    subtotal, shipping = books(family, coins)
    groups = family.groups or []
    return records.Order(
        platform=PLATFORM,
        shop=shop,
        id=about.id,
        polled_at=about.updated_at or "",
        name=about.name,
        created_at=about.created_at,
        updated_at=about.updated_at,
        checkout_started_at=about.checkout_started_at,
        authorized_at=about.authorized_at,
        paid_at=about.paid_at,
        completed_at=about.completed_at,
        completed=about.completed,
        fulfilled_at=about.fulfilled_at,
        cancelled_at=about.cancelled_at,
        status=text(order.status),
        financial_status=text(order.payment),
        fulfillment_status=text(order.shipping),
        currency=about.currency,
        total=about.total,
        subtotal=subtotal,
        discount=discount(shown, coins),
        shipping=shipping,
        tax=coins.of(shown.tax),
        total_refunded=UNSET
        if family.transactions is UNSET
        else added(given_back(each, coins) for each in family.transactions),
        taxes_included=taxes_included(family.items),
        coupons=coupons(family, coins),
        payment_methods=UNSET
        if family.transactions is UNSET
        else list(dict.fromkeys(each.gateway for each in payments(family) if each.gateway)),
        shipping_method=UNSET
        if family.groups is UNSET
        else next((name for each in groups if (name := text(each.shipping_type))), None),
        cart_id=next((each.cart_id for each in groups if each.cart_id), UNSET),
        attributes=about.attributes,
        email=about.email,
        billing_address=address(order.billing_address, anonymized=hidden),
        shipping_address=address(order.shipping_address, anonymized=hidden),
        customer=about.customer,
        line_items=lines,
    )


def summary(family: raw.Family, coins: Coins, source: str) -> records.OrderSummary:
    """Translate what an order's children carry of it."""
    order = family.order
    times, total = order.meta.timestamps, (order.meta.display_price or raw.Totals()).with_tax
    created, paid = instant(times.created_at), paid_at(family, coins)
    return records.OrderSummary(
        id=order.id,
        name=text(str(order.order_number) if isinstance(order.order_number, int) else order.order_number)
        or None,
        currency=(total.currency if total else UNSET) or UNSET,
        total=coins.of(total),
        created_at=created,
        updated_at=instant(times.updated_at),
        # https://elasticpath.dev/docs/api/carts/checkout: the order is there before anybody pays for it.
        checkout_started_at=created,
        authorized_at=authorized_at(family),
        paid_at=paid,
        completed_at=paid,
        completed=is_paid(family, coins),
        fulfilled_at=UNSET if order.shipping in (LEFT, None, UNSET) else None,
        cancelled_at=UNSET if order.status in ("cancelled", None, UNSET) else None,
        attributes=UNSET if order.anonymized else attributes(order.custom_attributes),
        email=email_of(order),
        customer=buyer(order, source),
    )


def discount(shown: raw.Totals, coins: Coins) -> Says[Decimal]:
    """Say what was taken off in all.

    Whether the shown discount contains that of shipping is not documented; what the order would have cost without any decides.
    """
    lines, sent = coins.of(shown.discount), coins.of(shown.shipping_discount) or NOTHING
    if not isinstance(lines, Decimal) or not isinstance(sent, Decimal) or not sent:
        return taken(lines)
    full, total = coins.of(shown.without_discount), coins.of(shown.with_tax)
    if isinstance(full, Decimal) and isinstance(total, Decimal):
        for off in (lines, lines + sent):
            if full - total == taken(off):
                return taken(off)
    return UNSET
