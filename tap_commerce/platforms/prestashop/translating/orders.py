"""Orders, and the summary that their refunds and fulfillments carry.

What happened to an order is dated by its history, which is never rewritten: so an early reader and a late one tell the same.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.translating.customers import (
    address,
    customer_summary,
    locale,
    phone,
)
from tap_commerce.platforms.prestashop.translating.lines import line_items
from tap_commerce.platforms.prestashop.translating.refunds import given_back
from tap_commerce.platforms.prestashop.translating.values import (
    NOTHING,
    PLATFORM,
    Family,
    Known,
    changed,
    identity,
    instant,
    less,
)
from tap_commerce.records import Says


def order_record(family: Family, known: Known) -> records.Order:
    """Translate one order."""
    order, about = family.order, summary(family, known)
    price = shared(family)
    refunded = given_back(family, known.meanings)
    billing = _address(family, order.id_address_invoice)
    delivery = _address(family, order.id_address_delivery)
    return records.Order(
        platform=PLATFORM,
        shop=known.shop,
        id=about.id,
        polled_at=about.updated_at or "",
        name=about.name,
        created_at=about.created_at,
        updated_at=about.updated_at,
        authorized_at=about.authorized_at,
        paid_at=about.paid_at,
        completed_at=about.completed_at,
        fulfilled_at=about.fulfilled_at,
        cancelled_at=about.cancelled_at,
        status=status(order, known),
        financial_status=financial_status(family, known, refunded),
        fulfillment_status="fulfilled" if about.fulfilled_at else "unfulfilled",
        currency=about.currency,
        total=about.total,
        current_total=less(about.total, refunded),
        subtotal=price.subtotal,
        subtotal_tax=subtotal_tax(order, price),
        discount=order.total_discounts_tax_incl,
        shipping=price.shipping,
        tax=less(order.total_paid_tax_incl, order.total_paid_tax_excl),
        total_refunded=refunded,
        taxes_included=True,
        coupons=coupons(family),
        payment_methods=payment_methods(family),
        shipping_method=company(order.id_carrier, known),
        test=about.test,
        cart_id=identity(order.id_cart),
        phone=about.phone,
        locale=about.locale,
        billing_address=address(billing, known) if billing else billing,
        shipping_address=address(delivery, known) if delivery else delivery,
        customer=about.customer,
        line_items=line_items(family, price.off_goods),
    )


def summary(family: Family, known: Known) -> records.OrderSummary:
    """Translate what an order's children carry of it."""
    order = family.order
    billing = _address(family, order.id_address_invoice)
    created = instant(order.date_add, known.clocks)
    currency = known.currencies.get(order.id_currency) if order.id_currency else None
    return records.OrderSummary(
        id=str(order.id),
        name=order.reference,
        currency=(currency.iso_code if currency else None) or UNSET,
        total=order.total_paid_tax_incl,
        created_at=created,
        updated_at=changed(order.date_upd, known),
        authorized_at=entered(family, known, "authorized"),
        paid_at=entered(family, known, "paid"),
        # An order exists once its checkout is done, paid or not.
        completed_at=created,
        fulfilled_at=entered(family, known, "shipped"),
        cancelled_at=entered(family, known, "cancelled"),
        test=UNSET if known.tests is UNSET else order.module in known.tests,
        phone=phone(billing) if billing else billing,
        locale=locale(order.id_lang, known),
        customer=UNSET if family.customer is UNSET else customer_summary(family.customer, known),
    )


def entered(family: Family, known: Known, word: str) -> Says[str]:
    """Date the first entry of an order into a state that means a word; where no state does, nobody can tell."""
    found = known.meanings.first(family.histories, word)
    if found:
        return instant(found.date_add, known.clocks)
    return None if known.meanings.states(word) else UNSET


def status(order: raw.Order, known: Known) -> Says[str]:
    """Say whether an order is cancelled at present: its history keeps that it once was."""
    if not known.meanings.states("cancelled"):
        return UNSET
    return "cancelled" if "cancelled" in known.meanings.of(order.current_state) else "open"


def financial_status(family: Family, known: Known, refunded: Decimal | UnsetType) -> str:
    """Say where an order's money is, by its history and its credit slips."""
    total = family.order.total_paid_tax_incl
    if isinstance(refunded, Decimal) and refunded > 0:
        return "refunded" if isinstance(total, Decimal) and refunded >= total else "partially_refunded"
    for word in ("refunded", "paid", "authorized"):
        if known.meanings.first(family.histories, word):
            return word
    return "pending"


class Price(NamedTuple):
    """What an order's goods and its shipping cost after discounts, and what was taken off the goods."""

    subtotal: Says[Decimal]
    shipping: Says[Decimal]
    off_goods: Decimal | UnsetType


def shared(family: Family) -> Price:
    """Share an order's discounts out between goods and shipping.

    PrestaShop says only what they are in all. A voucher for free shipping takes off all of it
    (https://github.com/PrestaShop/PrestaShop/blob/9.0.x/classes/CartRule.php, getContextualValue); others take nothing off it.
    Where the vouchers may not be read and something was taken off, nobody can tell from what.
    """
    order = family.order
    discount, shipping = order.total_discounts_tax_incl, order.total_shipping_tax_incl
    if not isinstance(discount, Decimal) or not isinstance(shipping, Decimal):
        return Price(UNSET, UNSET, UNSET)
    if not discount:
        return Price(order.total_products_wt, shipping, NOTHING)
    if family.rules is UNSET:
        return Price(UNSET, UNSET, UNSET)
    waived = {each.free_shipping for each in standing(family.rules)}
    free = shipping if True in waived else NOTHING
    if UNSET in waived or free > discount:
        return Price(UNSET, UNSET, UNSET)
    return Price(less(order.total_products_wt, discount - free), shipping - free, discount - free)


def subtotal_tax(order: raw.Order, price: Price) -> Decimal | UnsetType:
    """Return the tax on what the goods cost after discounts: vouchers are kept with tax and without.

    Which of their tax is on which line is not kept.
    """
    if not isinstance(price.subtotal, Decimal) or not isinstance(price.off_goods, Decimal):
        return UNSET
    off = order.total_discounts_tax_excl if order.total_discounts_tax_incl else NOTHING
    if order.total_discounts_tax_incl != price.off_goods:
        off = less(off, order.total_shipping_tax_excl)
    tax = less(price.subtotal, less(order.total_products, off))
    return UNSET if isinstance(tax, Decimal) and tax < 0 else tax


def standing(rules: Sequence[raw.OrderRule]) -> list[raw.OrderRule]:
    """Return the vouchers that were not taken off the order again."""
    return [each for each in rules if each.deleted is not True]


def coupons(family: Family) -> Says[list[records.Coupon]]:
    """List the codes used, each once however it was typed; vouchers that need no code are none.

    Vouchers are deleted, by merchants and by the privacy module: of those nobody knows the code.
    """
    if family.rules is UNSET or family.codes is UNSET:
        return UNSET
    found: dict[str, records.Coupon] = {}
    used = standing(family.rules)
    for each in used:
        rule = family.codes.get(each.id_cart_rule) if each.id_cart_rule else None
        if rule is not None and rule.code is UNSET:
            return UNSET
        if rule is None or not rule.code:
            continue
        before = found.get(rule.code.casefold())
        taken = (before.amount or NOTHING) + (each.value or NOTHING) if before else each.value
        found[rule.code.casefold()] = records.Coupon(
            code=before.code if before else rule.code, amount=UNSET if taken is None else taken
        )
    gone = any(each.id_cart_rule and each.id_cart_rule not in family.codes for each in used)
    return list(found.values()) or (UNSET if gone else [])


def payment_methods(family: Family) -> Says[list[str]]:
    """Name how an order was to be paid, and how it was."""
    named = dict.fromkeys([family.order.payment] if family.order.payment else [])
    if family.payments is not UNSET:
        named |= dict.fromkeys(each.payment_method for each in family.payments if each.payment_method)
    return [each for each in named if each]


def company(carrier: int | UnsetType | None, known: Known) -> Says[str]:
    """Name a carrier; "0" stands for the shop itself."""
    if not carrier:
        return UNSET if carrier is UNSET else None
    if known.carriers is UNSET or carrier not in known.carriers:
        return UNSET
    name = known.carriers[carrier].name
    return (known.name or UNSET) if name == "0" else name


def _address(family: Family, identifier: int | UnsetType | None) -> raw.Address | UnsetType | None:
    if family.addresses is UNSET:
        return UNSET
    return family.addresses.get(identifier, UNSET) if identifier else None
