"""The lines of an order: as ordered and not edited away, before returns.

What an edit makes uncertain is left out rather than estimated.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Maybe
from tap_commerce.platforms.shopify.translating.values import (
    NOTHING,
    amount,
    attributes,
    identity,
    number,
    seen,
    summed,
    text,
)
from tap_commerce.records import Says


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
    allocations: Maybe[list[raw.Allocation]], part: int, whole: int
) -> tuple[Says[Decimal], Says[Decimal], Says[str]]:
    """Sum what was taken off a line, in the shop's currency and in the shopper's, and name the codes that did."""
    if not allocations:
        return (UNSET, UNSET, UNSET) if allocations is UNSET else (NOTHING, NOTHING, None)
    ours = sum((each.allocated_amount_set.shop_money.amount for each in allocations), NOTHING)
    theirs = summed(seen(each.allocated_amount_set) for each in allocations)
    codes = {each.discount_application.code: 0 for each in allocations if each.discount_application.code}
    return shared(ours, part, whole), shared(theirs, part, whole), ",".join(map(str, codes)) or None


def reduced(price: Says[Decimal], quantity: int, discount: Says[Decimal]) -> Says[Decimal]:
    """Price some units of a line after discounts, if all of it is known."""
    if isinstance(price, Decimal) and isinstance(discount, Decimal):
        return price * quantity - discount
    return UNSET


def taxes(lines: Maybe[list[raw.TaxLine]], part: int, whole: int) -> Says[Decimal]:
    """Sum the taxes of a line."""
    if not lines:
        return UNSET if lines is UNSET else NOTHING
    return shared(sum((each.price_set.shop_money.amount for each in lines), NOTHING), part, whole)


def shared(money: Says[Decimal], part: int, whole: int) -> Says[Decimal]:
    """Give the part of an amount that falls on some units of a line, or nothing where it cannot be known exactly.

    >>> shared(Decimal("10.00"), 2, 2), shared(Decimal("10.00"), 1, 2), shared(Decimal("10.00"), 1, 3)
    (Decimal('10.00'), Decimal('5.00'), UNSET)
    """
    if part == whole or not isinstance(money, Decimal):
        return money
    if not part:
        return NOTHING
    # Shopify allocates by unit and rounds as it pleases: only an even split is sure.
    share = (money * part / whole).quantize(money)
    return share if share * whole == money * part else UNSET


def of_product(known: Mapping[str, records.Line], identifier: str) -> dict[str, Any]:
    """Say of a refunded or fulfilled line's product what the order's line says of it."""
    line = known.get(identifier)
    return {name: getattr(line, name) for name in OF_PRODUCT} if line else {}


OF_PRODUCT = (
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
