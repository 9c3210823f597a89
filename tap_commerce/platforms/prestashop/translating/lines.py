"""The lines of an order: as ordered, before returns.

Vouchers are taken off the whole order; what falls on a line is not known, so where there are any a line's discount and its
total after discounts are left out.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.translating.values import NOTHING, Family, identity, less, summed
from tap_commerce.records import Says


def line_items(family: Family, off_goods: Decimal | UnsetType = UNSET) -> list[records.Line] | UnsetType:
    """Translate an order's lines; `off_goods` is what vouchers took off all of them together."""
    if family.details is UNSET:
        return UNSET
    return [line(each, off_goods) for each in family.details]


def line(each: raw.Detail, off_goods: Decimal | UnsetType) -> records.Line:
    """Translate one line of an order."""
    plain = off_goods == NOTHING
    return records.Line(
        id=str(each.id),
        **of_product(each),
        quantity=each.product_quantity or 0,
        current_quantity=kept(each),
        discount=NOTHING if plain else UNSET,
        total=each.total_price_tax_incl if plain else UNSET,
        tax=less(each.total_price_tax_incl, each.total_price_tax_excl) if plain else UNSET,
    )


def kept(each: raw.Detail) -> Says[int]:
    """Count the units that the shopper kept: a unit is counted either as returned or as refunded.

    https://github.com/PrestaShop/PrestaShop/blob/9.0.x/src/Adapter/Order/Refund/OrderRefundUpdater.php
    """
    whole, returned, refunded = (
        each.product_quantity,
        each.product_quantity_return,
        each.product_quantity_refunded,
    )
    if whole is UNSET or returned is UNSET or refunded is UNSET:
        return UNSET
    return max(0, (whole or 0) - (returned or 0) - (refunded or 0))


def of_product(each: raw.Detail) -> dict[str, Any]:
    """Say what a line says of its product. The name holds the variant's."""
    reduction = each.reduction_amount_tax_incl
    return {
        "product_id": identity(each.product_id),
        "variant_id": identity(each.product_attribute_id),
        "sku": each.product_reference,
        "name": each.product_name,
        "price": each.unit_price_tax_incl,
        # Of a reduction by percent PrestaShop does not keep the price before it with tax.
        "compare_at_price": summed(each.unit_price_tax_incl, reduction) if reduction else UNSET,
    }


def by_id(details: Sequence[raw.Detail] | UnsetType) -> dict[int, raw.Detail]:
    """Find lines by their id."""
    return {} if details is UNSET else {each.id: each for each in details}
