"""From Shopify's answers to canonical records.

Pure functions: nothing is asked here, and nothing is known here that the answer does not say. `None` stays null,
`UNSET` stays left out; empty strings are null. Amounts keep Shopify's digits.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.records import Says

PLATFORM = "shopify"

LEFT = frozenset({"SUCCESS", "CANCELLED"})
"""Fulfillments whose goods have left (if only to be called back); others are waiting for, or failed at, a service."""

PAYMENTS = frozenset({"SALE", "CAPTURE"})
AUTHORIZATIONS = frozenset({"AUTHORIZATION", "EMV_AUTHORIZATION", "SALE"})
NOTHING = Decimal(0)
NEARLY = Decimal("0.95")


def family(
    order: raw.Order, shop: str, *, orders: bool = True, refunds: bool = True, fulfillments: bool = True
) -> list[tuple[str, records.Polled]]:
    """Translate an order and its children, as selected, in the order in which they are told.

    Every nested list must have been read to its end.
    """
    about = summary(order)
    lines = line_items(order)
    found: list[tuple[str, records.Polled]] = []
    if orders:
        found.append(("orders", order_record(order, shop, about, lines)))
    if refunds and order.refunds:
        found += [("refunds", each) for each in refund_records(order, shop, about, lines)]
    if fulfillments and order.fulfillments:
        found += [("fulfillments", each) for each in fulfillment_records(order, shop, about, lines)]
    return found


def order_record(
    order: raw.Order, shop: str, about: records.OrderSummary, lines: list[records.Line] | UnsetType
) -> records.Order:
    """Translate one order."""
    journey = order.customer_journey_summary
    visit = journey.last_visit if journey and journey.ready else UNSET if journey else journey
    location = order.retail_location
    shipping = shipping_price(order)
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
        shipping=amount(shipping),
        tax=amount(order.total_tax_set),
        tip=amount(order.total_tip_received_set),
        total_refunded=amount(order.total_refunded_set),
        taxes_included=order.taxes_included,
        presentment_currency=about.presentment_currency,
        presentment_total=seen(order.total_price_set),
        presentment_subtotal=seen(order.subtotal_price_set),
        presentment_discount=seen(order.total_discounts_set),
        presentment_shipping=seen(shipping),
        presentment_tax=seen(order.total_tax_set),
        coupons=coupons(order),
        payment_methods=order.payment_gateway_names,
        shipping_method=text(order.shipping_line.title) if order.shipping_line else order.shipping_line,
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


def shipping_price(order: raw.Order) -> raw.Maybe[raw.Bag]:
    """Take what shipping cost after discounts, as it is part of the total.

    `totalShippingPriceSet` is before them: https://shopify.dev/docs/api/admin-rest/latest/resources/order
    """
    if order.shipping_line and order.shipping_line.discounted_price_set:
        return order.shipping_line.discounted_price_set
    return order.total_shipping_price_set


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
    """List the codes used, each with what it took off, where the allocations tell."""
    codes = order.discount_codes
    if not isinstance(codes, list):
        return codes
    taken: dict[str, Decimal] = {}
    for allocation in _allocations(order):
        code, off = allocation.discount_application.code, allocation.allocated_amount_set.shop_money.amount
        if code:
            taken[code.casefold()] = taken.get(code.casefold(), NOTHING) + off
    return [records.Coupon(code=code, amount=taken.get(code.casefold(), UNSET)) for code in codes]


def line_items(order: raw.Order) -> list[records.Line] | UnsetType:
    """Translate an order's lines; lines that an edit took away have a quantity of 0."""
    if not order.line_items:
        return UNSET
    back = returned(order) if order.edited else None
    return [line(each, back) for each in order.line_items.nodes]


def returned(order: raw.Order) -> dict[str, int] | None:
    """Count the units of each line that came back, or None where refunds were not read."""
    if not isinstance(order.refunds, list):
        return None
    found: dict[str, int] = {}
    for refund in order.refunds:
        for each in refund.refund_line_items.nodes:
            found[each.line_item.id] = found.get(each.line_item.id, 0) + each.quantity
    return found


def line(each: raw.Line, back: Mapping[str, int] | None) -> records.Line:
    """Translate one line of an order.

    Shopify's `quantity` includes units that were edited away, its `currentQuantity` excludes those and the returned
    ones. `back` are the returned units, needed for edited orders only.
    """
    quantity = whole = each.quantity
    if back is not None:
        quantity = min(whole, each.current_quantity + back.get(each.id, 0))
    price = amount(each.original_unit_price_set)
    presentment = seen(each.original_unit_price_set)
    discount, presentment_discount, coupon = discounts(each.discount_allocations, quantity, whole)
    product, variant = each.product, each.variant
    return records.Line(
        id=number(each.id),
        product_id=identity(product.id) if product else product,
        variant_id=identity(variant.id) if variant else variant,
        sku=text(each.sku),
        name=text(each.title),
        variant=text(each.variant_title),
        brand=text(each.vendor),
        category=text(product.product_type) if product else product,
        quantity=quantity,
        current_quantity=each.current_quantity,
        price=price,
        compare_at_price=variant.compare_at_price if variant else variant,
        discount=discount,
        total=reduced(price, quantity, discount),
        tax=taxes(each.tax_lines, quantity, whole),
        coupon=coupon,
        presentment_price=presentment,
        presentment_total=reduced(presentment, quantity, presentment_discount),
        url=text(product.online_store_url) if product else product,
        image_url=text(each.image.url) if each.image else each.image,
        tags=product.tags if product else product,
        requires_shipping=each.requires_shipping,
        gift_card=each.is_gift_card,
        subscription=text(each.selling_plan.name) if each.selling_plan else each.selling_plan,
        properties=attributes(each.custom_attributes),
    )


def discounts(
    allocations: raw.Maybe[list[raw.Allocation]], part: int, whole: int
) -> tuple[Says[Decimal], Says[Decimal], Says[str]]:
    """Sum what was taken off a line, in the shop's currency and in the shopper's, and name the codes that did."""
    if not allocations:
        return (UNSET, UNSET, UNSET) if allocations is UNSET else (NOTHING, NOTHING, None)
    ours = sum((each.allocated_amount_set.shop_money.amount for each in allocations), NOTHING)
    theirs = sum((seen(each.allocated_amount_set) or NOTHING for each in allocations), NOTHING)
    codes = {each.discount_application.code: 0 for each in allocations if each.discount_application.code}
    return shared(ours, part, whole), shared(theirs, part, whole), ",".join(map(str, codes)) or None


def reduced(price: Says[Decimal], quantity: int, discount: Says[Decimal]) -> Says[Decimal]:
    """Price some units of a line after discounts, if all of it is known."""
    if isinstance(price, Decimal) and isinstance(discount, Decimal):
        return price * quantity - discount
    return UNSET


def taxes(lines: raw.Maybe[list[raw.TaxLine]], part: int, whole: int) -> Says[Decimal]:
    """Sum the taxes of a line."""
    if not lines:
        return UNSET if lines is UNSET else NOTHING
    return shared(sum((each.price_set.shop_money.amount for each in lines), NOTHING), part, whole)


def shared(money: Decimal, part: int, whole: int) -> Says[Decimal]:
    """Give the part of an amount that falls on some units of a line, or nothing where it cannot be known exactly.

    >>> shared(Decimal("10.00"), 2, 2), shared(Decimal("10.00"), 1, 2), shared(Decimal("10.00"), 1, 3)
    (Decimal('10.00'), Decimal('5.00'), UNSET)
    """
    if part == whole:
        return money
    if not part:
        return NOTHING
    # Shopify allocates by unit and rounds as it pleases: only an even split is sure.
    share = (money * part / whole).quantize(money)
    return share if share * whole == money * part else UNSET


def refund_records(
    order: raw.Order, shop: str, about: records.OrderSummary, lines: Iterable[records.Line] | UnsetType
) -> list[records.Refund]:
    """Translate all refunds of an order, in the order in which their money last moved (those that moved none, last)."""
    if not isinstance(order.refunds, list):
        return []
    known = {each.id: each for each in lines} if lines is not UNSET else {}
    moved = [(_moved_at(refund), number(refund.id), refund) for refund in order.refunds]
    moved.sort(key=lambda each: (each[0] is None, each[0] or "", len(each[1]), each[1]))
    found, to_date = [], NOTHING
    for at, identifier, refund in moved:
        total = sum((each.amount_set.shop_money.amount for each in _repayments(refund)), NOTHING)
        to_date += total
        subtotal = _sum(each.subtotal_set for each in refund.refund_line_items.nodes)
        line_tax = _sum(each.total_tax_set for each in refund.refund_line_items.nodes)
        shipping = _sum(each.subtotal_amount_set for each in refund.refund_shipping_lines.nodes)
        shipping_tax = _sum(each.tax_amount_set for each in refund.refund_shipping_lines.nodes)
        adjusted, adjusted_tax = adjustment(refund, bool(order.taxes_included))
        found.append(
            records.Refund(
                platform=PLATFORM,
                shop=shop,
                id=identifier,
                polled_at=about.updated_at or order.updated_at,
                order_id=about.id,
                subject=identifier,
                created_at=instant(refund.created_at),
                updated_at=instant(refund.updated_at),
                refunded_at=at,
                currency=about.currency,
                total=total,
                total_to_date=total,
                order_refunded_to_date=to_date,
                presentment_currency=about.presentment_currency,
                presentment_total=sum(
                    (seen(each.amount_set) or NOTHING for each in _repayments(refund)), NOTHING
                ),
                subtotal=subtotal,
                tax=line_tax + shipping_tax + adjusted_tax,
                shipping=shipping,
                adjustment=adjusted,
                reason=_reason(refund),
                return_id=identity(refund.return_.id) if refund.return_ else refund.return_,
                line_items=[_refunded(each, known) for each in refund.refund_line_items.nodes]
                if lines is not UNSET
                else UNSET,
                order=about,
            )
        )
    return found


def adjustment(refund: raw.Refund, taxes_included: bool) -> tuple[Decimal, Decimal]:
    """Sum a refund's adjustments, and their tax, as money given back.

    Shopify does not document their sign; REST wrote money given back as a negative number. What the refund gave back in
    all decides, where it can.
    """
    amount_of = _sum(each.amount_set for each in refund.order_adjustments.nodes)
    tax_of = _sum(each.tax_amount_set for each in refund.order_adjustments.nodes)
    if not amount_of:
        return NOTHING, NOTHING
    explained = _sum(each.subtotal_set for each in refund.refund_line_items.nodes) + _sum(
        each.subtotal_amount_set for each in refund.refund_shipping_lines.nodes
    )
    if not taxes_included:
        explained += _sum(each.total_tax_set for each in refund.refund_line_items.nodes) + _sum(
            each.tax_amount_set for each in refund.refund_shipping_lines.nodes
        )
    gap = refund.total_refunded_set.shop_money.amount - explained
    if abs(gap - amount_of) < abs(gap + amount_of):
        return amount_of, tax_of
    return -amount_of, -tax_of


def fulfillment_records(
    order: raw.Order, shop: str, about: records.OrderSummary, lines: Iterable[records.Line] | UnsetType
) -> list[records.Fulfillment]:
    """Translate the fulfillments of an order whose goods have left."""
    known = {each.id: each for each in lines} if lines is not UNSET else {}
    return [
        _fulfillment(each, order, shop, about, known if lines is not UNSET else None)
        for each in order.fulfillments or ()
        if each.status in LEFT
    ]


def customer_record(each: raw.Customer, shop: str) -> records.Customer:
    """Translate one customer."""
    about = customer_summary(each)
    first, last = about.first_name, about.last_name
    updated = instant(each.updated_at)
    return records.Customer(
        platform=PLATFORM,
        shop=shop,
        id=number(each.id),
        polled_at=updated or "",
        created_at=about.created_at,
        updated_at=updated,
        is_guest=False,
        email=about.email,
        phone=about.phone,
        first_name=first,
        last_name=last,
        name=UNSET if first is UNSET or last is UNSET else " ".join(filter(None, (first, last))) or None,
        state=about.state,
        verified_email=about.verified_email,
        locale=about.locale,
        tags=about.tags,
        note=about.note,
        tax_exempt=each.tax_exempt,
        data_sale_opt_out=each.data_sale_opt_out,
        order_count=about.order_count,
        lifetime_spend=about.lifetime_spend,
        lifetime_currency=about.lifetime_currency,
        email_consent=about.email_consent,
        sms_consent=about.sms_consent,
        default_address=about.default_address,
        metafields=about.metafields,
    )


def customer_summary(each: raw.Customer) -> records.CustomerSummary:
    """Translate a customer as an order carries it."""
    email, phone, spent = each.default_email_address, each.default_phone_number, each.amount_spent
    count = each.number_of_orders
    return records.CustomerSummary(
        id=number(each.id),
        email=text(email.email_address) if email else email,
        phone=text(phone.phone_number) if phone else phone,
        first_name=text(each.first_name),
        last_name=text(each.last_name),
        created_at=instant(each.created_at),
        state=lower(each.state),
        verified_email=each.verified_email,
        locale=text(each.locale),
        tags=each.tags,
        note=text(each.note),
        order_count=int(count) if count or count == 0 else None if count is None else UNSET,
        lifetime_spend=spent.amount if spent else spent,
        lifetime_currency=spent.currency_code if spent else spent,
        email_consent=consent(email.marketing_state, email.marketing_opt_in_level, email.marketing_updated_at)
        if email
        else email,
        sms_consent=_sms_consent(phone) if phone else phone,
        default_address=address(each.default_address),
        metafields=[
            records.Attribute(name=f"{field.namespace}.{field.key}", value=field.value)
            for field in each.metafields.nodes
        ]
        if each.metafields
        else each.metafields,
    )


def consent(
    state: raw.Maybe[str], level: raw.Maybe[str], updated_at: raw.Maybe[str]
) -> Says[records.Consent]:
    """Translate a consent; without a state there is none."""
    if not state:
        return UNSET if state is UNSET else None
    return records.Consent(state=state.lower(), opt_in_level=lower(level), updated_at=instant(updated_at))


def address(each: raw.Maybe[raw.Address]) -> Says[records.Address]:
    """Translate a postal address."""
    if not each:
        return each
    return records.Address(
        first_name=text(each.first_name),
        last_name=text(each.last_name),
        name=text(each.name),
        company=text(each.company),
        street=text(each.address1),
        street_2=text(each.address2),
        city=text(each.city),
        postal_code=text(each.zip),
        region=text(each.province),
        region_code=text(each.province_code),
        country=text(each.country),
        country_code=text(each.country_code_v2),
        phone=text(each.phone),
    )


def campaign(each: raw.Maybe[raw.Campaign]) -> Says[records.Campaign]:
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


def attributes(pairs: raw.Maybe[list[raw.Pair]]) -> Says[list[records.Attribute]]:
    """Translate custom attributes."""
    if not isinstance(pairs, list):
        return pairs
    return [records.Attribute(name=each.key, value=each.value) for each in pairs]


def number(gid: str) -> str:
    """Turn a global id into the number that people know.

    >>> number("gid://shopify/Order/5876543210")
    '5876543210'
    """
    return gid.rpartition("/")[2]


def identity(gid: raw.Maybe[str]) -> Says[str]:
    """Turn a global id that may be missing into a number."""
    return number(gid) if gid else gid


def instant(value: raw.Maybe[str]) -> Says[str]:
    """Write an instant in UTC with `Z`."""
    return utc(value) if value else value


def utc(value: str) -> str:
    """Write an instant in UTC with `Z`; Shopify almost always does.

    >>> utc("2026-11-18T09:12:30-05:00")
    '2026-11-18T14:12:30Z'
    """
    if value[-1] == "Z":
        return value
    return datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def text(value: raw.Maybe[str]) -> Says[str]:
    """Turn an empty string into null."""
    return value or (UNSET if value is UNSET else None)


def lower(value: raw.Maybe[str]) -> Says[str]:
    """Write one of Shopify's enums in lower case."""
    return value.lower() if value else text(value)


def amount(bag: raw.Maybe[raw.Bag]) -> Says[Decimal]:
    """Take the amount in the shop's currency."""
    return bag.shop_money.amount if bag else bag


def seen(bag: raw.Maybe[raw.Bag]) -> Says[Decimal]:
    """Take the amount in the shopper's currency."""
    if not bag:
        return bag
    return bag.presentment_money.amount if bag.presentment_money else UNSET


def moment(payment: raw.Payment) -> str:
    """Date a transaction."""
    return utc(payment.processed_at or payment.created_at)


def _allocations(order: raw.Order) -> list[raw.Allocation]:
    # An edit leaves the allocations of what it took away: then they no longer add up to what a code took off.
    if order.edited or not order.line_items:
        return []
    found = [each for line in order.line_items.nodes for each in line.discount_allocations or ()]
    if order.shipping_line:
        found += order.shipping_line.discount_allocations or ()
    return found


def _repayments(refund: raw.Refund) -> list[raw.Payment]:
    return [each for each in refund.transactions.nodes if each.status == "SUCCESS" and each.kind == "REFUND"]


def _moved_at(refund: raw.Refund) -> str | None:
    return max((moment(each) for each in _repayments(refund)), default=None)


def _reason(refund: raw.Refund) -> Says[str]:
    if refund.note:
        return refund.note
    return next((each.reason.lower() for each in refund.order_adjustments.nodes if each.reason), None)


def _sum(bags: Iterable[raw.Maybe[raw.Bag]]) -> Decimal:
    return sum((each.shop_money.amount for each in bags if each), NOTHING)


def _product(known: Mapping[str, records.Line], identifier: str) -> dict[str, Any]:
    line = known.get(identifier)
    return {name: getattr(line, name) for name in _OF_PRODUCT} if line else {}


_OF_PRODUCT = (
    "product_id",
    "variant_id",
    "sku",
    "name",
    "variant",
    "brand",
    "category",
    "price",
    "compare_at_price",
    "presentment_price",
    "url",
    "image_url",
    "tags",
    "requires_shipping",
    "gift_card",
    "subscription",
    "properties",
)
"""What a refunded or fulfilled line says of its product, as the order's line does."""


def _refunded(each: raw.RefundedLine, known: Mapping[str, records.Line]) -> records.RefundedLine:
    identifier = number(each.line_item.id)
    product = _product(known, identifier)
    price = amount(each.price_set)
    if price is not UNSET:
        product["price"] = price
    return records.RefundedLine(
        id=identifier,
        quantity=each.quantity,
        total=amount(each.subtotal_set),
        tax=amount(each.total_tax_set),
        restock=lower(each.restock_type),
        **product,
    )


def _fulfillment(
    each: raw.Fulfillment,
    order: raw.Order,
    shop: str,
    about: records.OrderSummary,
    known: Mapping[str, records.Line] | None,
) -> records.Fulfillment:
    tracking = each.tracking_info
    companies = (entry.company for entry in tracking if entry.company) if tracking else iter(())
    return records.Fulfillment(
        platform=PLATFORM,
        shop=shop,
        id=number(each.id),
        polled_at=about.updated_at or order.updated_at,
        order_id=about.id,
        name=text(each.name),
        created_at=instant(each.created_at),
        updated_at=instant(each.updated_at),
        fulfilled_at=instant(each.created_at),
        status=lower(each.status),
        carrier_status=lower(each.display_status),
        company=UNSET if tracking is UNSET else next(companies, None),
        tracking_numbers=UNSET
        if tracking is UNSET
        else [entry.number for entry in tracking or () if entry.number],
        tracking_urls=UNSET if tracking is UNSET else [entry.url for entry in tracking or () if entry.url],
        in_transit_at=instant(each.in_transit_at),
        delivered_at=instant(each.delivered_at),
        estimated_delivery_at=instant(each.estimated_delivery_at),
        location_id=identity(each.location.id) if each.location else each.location,
        location_name=text(each.location.name) if each.location else each.location,
        service=text(each.service.service_name) if each.service else each.service,
        line_items=UNSET
        if known is None or not each.fulfillment_line_items
        else [
            records.FulfilledLine(
                id=number(part.line_item.id),
                quantity=part.quantity,
                **_product(known, number(part.line_item.id)),
            )
            # Shopify allows a null here and does not say what it means: better no line than a made-up quantity.
            for part in each.fulfillment_line_items.nodes
            if part.quantity is not None
        ],
        order=about,
    )


def _sms_consent(phone: raw.Phone) -> Says[records.Consent]:
    given = phone.sms_marketing_consent
    if given is UNSET:
        return consent(phone.marketing_state, phone.marketing_opt_in_level, phone.marketing_updated_at)
    return consent(given.state, given.opt_in_level, given.updated_at) if given else None
