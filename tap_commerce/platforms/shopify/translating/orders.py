"""Orders, and what their children carry of them.

Instants are those that Shopify keeps; a status is never turned into a time.
"""

from decimal import Decimal

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Maybe
from tap_commerce.platforms.shopify.translating.customers import address, customer_summary
from tap_commerce.platforms.shopify.translating.values import (
    NOTHING,
    PLATFORM,
    amount,
    attributes,
    identity,
    instant,
    lower,
    moment,
    number,
    seen,
    summed,
    text,
    utc,
)
from tap_commerce.records import Says

PAYMENTS = frozenset({"SALE", "CAPTURE"})


AUTHORIZATIONS = frozenset({"AUTHORIZATION", "EMV_AUTHORIZATION", "SALE"})


NEARLY = Decimal("0.95")


def order_record(
    order: raw.Order, shop: str, about: records.OrderSummary, lines: list[records.Line] | UnsetType
) -> records.Order:
    """Translate one order."""
    journey = order.customer_journey_summary
    visit = journey.last_visit if journey and journey.ready else UNSET if journey else journey
    location = order.retail_location
    shipping, presentment_shipping, shipping_method = shipped(order)
    return records.Order(
        platform=PLATFORM,
        shop=shop,
        id=about.id,
        polled_at=about.updated_at or order.updated_at,
        name=about.name,
        confirmation_number=text(order.confirmation_number),
        created_at=about.created_at,
        updated_at=about.updated_at,
        authorized_at=about.authorized_at,
        paid_at=about.paid_at,
        completed_at=about.completed_at,
        fulfilled_at=about.fulfilled_at,
        cancelled_at=about.cancelled_at,
        closed_at=instant(order.closed_at),
        cancel_reason=lower(order.cancel_reason),
        status=status(order),
        financial_status=lower(order.display_financial_status),
        fulfillment_status=order.display_fulfillment_status.lower(),
        return_status=lower(order.return_status),
        currency=about.currency,
        total=about.total,
        original_total=amount(order.original_total_price_set),
        current_total=amount(order.current_total_price_set),
        subtotal=amount(order.subtotal_price_set),
        discount=amount(order.total_discounts_set),
        shipping=shipping,
        tax=amount(order.total_tax_set),
        tip=amount(order.total_tip_received_set),
        total_refunded=amount(order.total_refunded_set),
        taxes_included=order.taxes_included,
        presentment_currency=about.presentment_currency,
        presentment_total=seen(order.total_price_set),
        presentment_subtotal=seen(order.subtotal_price_set),
        presentment_discount=seen(order.total_discounts_set),
        presentment_shipping=presentment_shipping,
        presentment_tax=seen(order.total_tax_set),
        coupons=coupons(order),
        payment_methods=order.payment_gateway_names,
        shipping_method=shipping_method,
        source=about.source,
        location_id=identity(location.id) if location else location,
        location_name=text(location.name) if location else location,
        app=text(order.app.name) if order.app else order.app,
        tags=order.tags,
        test=order.test,
        edited=order.edited,
        note=text(order.note),
        cart_id=text(order.cart_token),
        checkout_id=text(order.checkout_token),
        attributes=about.attributes,
        ip=text(order.client_ip),
        landing_page=text(visit.landing_page) if visit else visit,
        referrer=text(visit.referrer_url) if visit else visit,
        campaign=campaign(visit.utm_parameters) if visit else visit,
        email=about.email,
        phone=about.phone,
        locale=about.locale,
        billing_address=address(order.billing_address),
        shipping_address=address(order.shipping_address),
        customer=about.customer,
        line_items=lines,
    )


def summary(order: raw.Order) -> records.OrderSummary:
    """Translate what an order's children carry of it."""
    return records.OrderSummary(
        id=number(order.id),
        name=text(order.name),
        currency=order.currency_code,
        total=order.total_price_set.shop_money.amount,
        presentment_currency=order.presentment_currency_code,
        created_at=instant(order.created_at),
        updated_at=instant(order.updated_at),
        authorized_at=authorized_at(order),
        paid_at=paid_at(order),
        completed_at=instant(order.processed_at),
        fulfilled_at=fulfilled_at(order),
        cancelled_at=instant(order.cancelled_at),
        source=text(order.source_name),
        test=order.test,
        tags=order.tags,
        attributes=attributes(order.custom_attributes),
        email=text(order.email),
        phone=text(order.phone),
        locale=text(order.customer_locale),
        customer=customer_summary(order.customer) if order.customer else order.customer,
    )


def status(order: raw.Order) -> Says[str]:
    """Say whether an order is cancelled, closed (archived) or open."""
    if order.cancelled_at:
        return "cancelled"
    if order.closed is UNSET:
        return UNSET
    return "closed" if order.closed else "open"


def shipped(order: raw.Order) -> tuple[Says[Decimal], Says[Decimal], Says[str]]:
    """Say what shipping cost after discounts, as it is part of the total, in both currencies, and its first method.

    `totalShippingPriceSet` is before discounts, so it speaks only where there is no line at all:
    https://shopify.dev/docs/api/admin-graphql/latest/objects/Order#field-Order.fields.totalShippingPriceSet
    """
    if not order.shipping_lines:
        return UNSET, UNSET, UNSET
    lines, whole = order.shipping_lines.nodes, order.total_shipping_price_set
    if not lines:
        free = whole if whole and not whole.shop_money.amount else UNSET
        return amount(free), seen(free), None
    bags = [each.discounted_price_set for each in lines]
    return summed(map(amount, bags)), summed(map(seen, bags)), text(lines[0].title)


def authorized_at(order: raw.Order) -> Says[str]:
    """Date the first time that money was promised."""
    if not isinstance(order.transactions, list):
        return UNSET
    moments = [
        moment(each)
        for each in order.transactions
        if each.status == "SUCCESS" and each.kind in AUTHORIZATIONS
    ]
    return min(moments, default=None)


def paid_at(order: raw.Order) -> Says[str]:
    """Date the payment by which the order's total was covered.

    The total is the smaller of the original and the present one: an order that was edited upwards after it was paid
    was paid all the same. Where the sums nearly say it (exchange rates, cash rounding) Shopify's `fullyPaid` decides;
    by itself it does not, since an order that was cancelled unpaid is fully paid too.
    """
    total = order.total_price_set.shop_money.amount
    if order.original_total_price_set:
        total = min(total, order.original_total_price_set.shop_money.amount)
    if total <= 0:
        return instant(order.processed_at)
    if not isinstance(order.transactions, list):
        return UNSET
    received, last = NOTHING, None
    for at, _, payment in sorted(
        (moment(each), each.id, each.amount_set.shop_money.amount)
        for each in order.transactions
        if each.status == "SUCCESS" and each.kind in PAYMENTS
    ):
        received, last = received + payment, at
        if received >= total:
            return at
    return last if order.fully_paid and received >= total * NEARLY else None


def fulfilled_at(order: raw.Order) -> Says[str]:
    """Date the last parcel of an order that is wholly fulfilled."""
    if order.display_fulfillment_status != "FULFILLED":
        return None
    if not order.fulfillments:
        return UNSET
    return max(
        (utc(each.created_at) for each in order.fulfillments if each.status == "SUCCESS"), default=UNSET
    )


def coupons(order: raw.Order) -> Says[list[records.Coupon]]:
    """List the codes used, each once however it was typed, with what it took off, where the allocations tell."""
    if not isinstance(order.discount_codes, list):
        return order.discount_codes
    taken: dict[str, Decimal] = {}
    for allocation in _allocations(order):
        code, off = allocation.discount_application.code, allocation.allocated_amount_set.shop_money.amount
        if code:
            taken[code.casefold()] = taken.get(code.casefold(), NOTHING) + off
    codes: dict[str, str] = {}
    for code in order.discount_codes:
        codes.setdefault(code.casefold(), code)
    return [records.Coupon(code=code, amount=taken.get(folded, UNSET)) for folded, code in codes.items()]


def campaign(each: Maybe[raw.Campaign]) -> Says[records.Campaign]:
    """Translate the UTM parameters of a visit."""
    if not each:
        return each
    return records.Campaign(
        name=text(each.campaign),
        source=text(each.source),
        medium=text(each.medium),
        term=text(each.term),
        content=text(each.content),
    )


def _allocations(order: raw.Order) -> list[raw.Allocation]:
    # An edit leaves the allocations of what it took away: then they no longer add up to what a code took off.
    if order.edited or not order.line_items:
        return []
    found = [each for line in order.line_items.nodes for each in line.discount_allocations or ()]
    for shipping in order.shipping_lines.nodes if order.shipping_lines else ():
        found += shipping.discount_allocations or ()
    return found
