"""The lines of an order: its items that are products.

Promotions, shipping charges and other custom items are order items too, some with negative prices; none of them is a line.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.values import (
    NOTHING,
    Coins,
    added,
    attributes,
    taken,
    text,
)
from tap_commerce.records import Says


def line_items(items: Iterable[raw.Item] | UnsetType, coins: Coins) -> list[records.Line] | UnsetType:
    """Translate the products among an order's items."""
    if items is UNSET:
        return UNSET
    return [line(each, coins) for each in items if is_product(each)]


def is_product(item: raw.Item) -> bool:
    """Say whether an item is something that the shop sells; the documents give only products a `product_id`."""
    return bool(item.product_id or item.subscription_offering_id) and not item.promotion_id


def line(item: raw.Item, coins: Coins) -> records.Line:
    """Translate one product of an order.

    `unit_price` and `value` are before discounts, what `display_price` shows is after them.
    """
    shown = _prices(item)
    discounts = item.discounts if isinstance(item.discounts, list) else None
    codes = {code: 0 for each in discounts or () if (code := code_of(each))}
    off = added(coins.of(each.amount) for each in discounts) if discounts is not None else UNSET
    return records.Line(
        id=item.id,
        product_id=text(item.product_id),
        sku=text(item.sku),
        name=text(item.name),
        quantity=int(item.quantity or 0),
        price=coins.of(item.unit_price),
        discount=taken(off),
        total=worth(item, coins),
        tax=coins.of(shown.tax.value) if shown.tax else UNSET,
        coupon=UNSET if discounts is None else ",".join(codes) or None,
        subscription=UNSET,
        properties=attributes(item.custom_inputs),
    )


def worth(item: raw.Item, coins: Coins) -> Says[Decimal]:
    """Return what an item costs after discounts; with the tax where its price contains it, else without."""
    shown = _prices(item)
    price = item.unit_price or None
    whole = shown.with_tax if price and price.includes_tax else shown.without_tax
    return coins.of(whole.value) if whole else UNSET


def taxes_included(items: Iterable[raw.Item] | UnsetType) -> Says[bool]:
    """Say whether prices contain tax, if all products agree."""
    if items is UNSET:
        return UNSET
    said = {each.unit_price.includes_tax for each in items if is_product(each) and each.unit_price}
    (only,) = said if len(said) == 1 else (UNSET,)
    return only if isinstance(only, bool) else UNSET


def coupons(family: raw.Family, coins: Coins) -> Says[list[records.Coupon]]:
    """List the codes that took something off, each once however it was typed, with what it took off.

    They are found in the discounts of items and of shipping groups, and as items of their own, whose `sku` is then the code. All of these
    must have been read: a code that is only seen because somebody selected more would look as if it had just been added.
    """
    if family.items is UNSET or family.groups is UNSET:
        return UNSET
    codes: dict[str, str] = {}
    off: dict[str, list[Says[Decimal]]] = {}
    alone: dict[str, Says[Decimal]] = {}
    for discounts in (each.discounts for some in (family.items, family.groups) for each in some):
        for each in discounts or ():
            if code := code_of(each):
                codes.setdefault(code.casefold(), code)
                off.setdefault(code.casefold(), []).append(coins.of(each.amount))
    for item in filter(is_promotion, family.items):
        if code := typed(item.sku, item.promotion_id):
            codes.setdefault(code.casefold(), code)
            alone[code.casefold()] = coins.of(item.value or item.unit_price)
    return [
        records.Coupon(
            code=code, amount=taken(added(off[folded]) if folded in off else alone.get(folded, UNSET))
        )
        for folded, code in codes.items()
    ]


def is_promotion(item: raw.Item) -> bool:
    """Say whether an item is a promotion: it is no product and takes something off."""
    amount = item.value.amount if item.value else item.unit_price.amount if item.unit_price else None
    return bool(item.promotion_id) or (not is_product(item) and isinstance(amount, Decimal) and amount < 0)


def code_of(discount: raw.Discount) -> str | None:
    """Return the code behind a discount, if somebody typed one and it took something off."""
    if discount.amount and discount.amount.amount == 0:
        return None
    return typed(discount.code, discount.id)


def typed(code: raw.Maybe[str], promotion: raw.Maybe[str]) -> str | None:
    """Return a code unless it is the one that a promotion without a code goes by.

    Not in the documents: answers were seen in which an automatic promotion's code is `auto_` and its own id.
    """
    if not code or (promotion and code in (promotion, f"auto_{promotion}")):
        return None
    return code


def books(family: raw.Family, coins: Coins) -> tuple[Says[Decimal], Says[Decimal]]:
    """Say what the goods cost after discounts, and what shipping did, as far as the items add up to the order's total.

    No document says whether products' prices contain what promotion items take off, nor whether the shown shipping contains its
    discount. So each way is tried, with tax and without, and what does not add up is left out.
    """
    shown = family.order.meta.display_price or raw.Totals()
    charged = coins.of(shown.shipping)
    off = coins.of(shown.shipping_discount) or NOTHING
    if not isinstance(charged, Decimal) or not isinstance(off, Decimal):
        return UNSET, UNSET
    reduced = charged + off
    if family.items is UNSET:
        return UNSET, charged if not off else UNSET
    products = [each for each in family.items if is_product(each)]
    promotions = [each for each in family.items if is_promotion(each)]
    others = [each for each in family.items if not is_product(each) and not is_promotion(each)]
    for basis, total in (("with_tax", shown.with_tax), ("without_tax", shown.without_tax)):
        goods, less, more = (_sum(basis, some, coins) for some in (products, promotions, others))
        whole = coins.of(total)
        if not all(isinstance(each, Decimal) for each in (goods, less, more, whole)):
            continue
        for shipping in (reduced, charged):
            for promoted in (NOTHING, less):
                if added((goods, more, promoted, shipping)) == whole:
                    told = products if promoted is NOTHING else [*products, *promotions]
                    sold = added(worth(each, coins) for each in told)
                    # One of the other items may be what shipping was charged by.
                    return sold, UNSET if others and not charged else shipping
    return UNSET, charged if not off and not others else UNSET


def of_product(known: Mapping[str, records.Line], identifier: str) -> dict[str, Any]:
    """Say of a fulfilled line's product what the order's line says of it."""
    line = known.get(identifier)
    return (
        {name: getattr(line, name) for name in ("product_id", "sku", "name", "price", "properties")}
        if line
        else {}
    )


def _sum(basis: str, items: Iterable[raw.Item], coins: Coins) -> Says[Decimal]:
    return added(_shown(getattr(_prices(each), basis), coins) for each in items)


def _shown(price: raw.Maybe[raw.Worth], coins: Coins) -> Says[Decimal]:
    return coins.of(price.value) if price else UNSET


def _prices(item: raw.Item) -> raw.Prices:
    return (item.meta.display_price if item.meta else None) or raw.Prices()
