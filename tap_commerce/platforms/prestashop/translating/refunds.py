"""What an order gave back: its credit slips, and the state "Refunded"; one running total for both.

A slip and a state that name the same money are counted once: the total is the larger of the sum of the slips so far and, once
the order was in that state, what had been paid. All of an order's refunds are told together, in order of time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.meanings import Meanings
from tap_commerce.platforms.prestashop.translating.lines import by_id, of_product
from tap_commerce.platforms.prestashop.translating.values import (
    NOTHING,
    PLATFORM,
    Family,
    Known,
    instant,
    less,
    summed,
    utc,
)

CENT = Decimal("0.01")


class Step(NamedTuple):
    """One thing that gave money back, with what it gave and all that was given back until then."""

    at: datetime
    what: raw.Slip | raw.History
    total: Decimal
    to_date: Decimal


def refund_records(family: Family, about: records.OrderSummary, known: Known) -> list[records.Refund]:
    """Translate all refunds of an order, in the order in which they were made."""
    details = by_id(family.details)
    return [
        _of_slip(each, each.what, family, about, known, details)
        if isinstance(each.what, raw.Slip)
        else _of_state(each, about, known)
        for each in steps(family, known.meanings)
    ]


def steps(family: Family, meanings: Meanings) -> list[Step]:
    """Add up what an order gave back, step by step.

    A slip and a state of the same second: the slip first, so that the state stands for the rest.
    """
    made: list[tuple[datetime, int, int, raw.Slip | raw.History]] = [
        (at, 0, each.id, each)
        for each in (family.slips or ())
        # Some imports leave out when a slip was made; by its last change it was found.
        if isinstance(at := each.date_add or each.date_upd, datetime)
    ]
    state = meanings.first(family.histories, "refunded")
    if state and isinstance(state.date_add, datetime):
        made.append((state.date_add, 1, state.id, state))
    found: list[Step] = []
    slips, to_date = NOTHING, NOTHING
    for at, _, _, what in sorted(made, key=lambda each: each[:3]):
        before = to_date
        if isinstance(what, raw.Slip):
            total = slip_total(what, family.order.total_discounts_tax_incl)
            slips += total
            to_date = max(to_date, slips)
        else:
            to_date = max(to_date, paid(family, meanings))
            total = to_date - before
        found.append(Step(at, what, total, to_date))
    return found


def given_back(family: Family, meanings: Meanings) -> Decimal | UnsetType:
    """Return all that an order gave back, if its slips were read."""
    if family.slips is UNSET:
        return UNSET
    made = steps(family, meanings)
    return made[-1].to_date if made else NOTHING


def paid(family: Family, meanings: Meanings) -> Decimal:
    """Return what was paid for an order.

    A shop that writes no invoices registers no payment when a merchant sets the state "Payment accepted": then that state
    says that all of it was paid.
    """
    real, total = family.order.total_paid_real, family.order.total_paid_tax_incl
    if isinstance(real, Decimal) and real > 0:
        return real
    if isinstance(total, Decimal) and meanings.first(family.histories, "paid"):
        return total
    return NOTHING


def slip_total(slip: raw.Slip, discounts: Decimal | UnsetType | None = None) -> Decimal:
    """Return what a credit slip gave back, with tax; `discounts` are those of its order.

    Where the merchant chose an amount, products still hold their full value, and `amount` is what was given for them. Else
    `amount` is the products' value with or without tax. Shipping comes on top. Neither `order_slip_type` nor `partial` tells.
    https://github.com/PrestaShop/PrestaShop/blob/9.0.x/src/Adapter/Order/Refund/OrderRefundCalculator.php
    """
    products = slip.amount if chosen(slip) else slip.total_products_tax_incl
    return (products or NOTHING) - kept_voucher(slip, discounts) + (slip.total_shipping_tax_incl or NOTHING)


def kept_voucher(slip: raw.Slip, discounts: Decimal | UnsetType | None) -> Decimal:
    """Return what was kept of the products' value with tax, because it had been paid by the order's vouchers.

    Where prices are shown with tax PrestaShop takes it off the value without, and leaves the value with tax as it was.
    """
    excl, lines = slip.total_products_tax_excl, slip.order_slip_details
    if chosen(slip) or not lines or not isinstance(discounts, Decimal) or not isinstance(excl, Decimal):
        return NOTHING
    missing = _sum(each.amount_tax_excl for each in lines) - excl
    return discounts if discounts and abs(missing - discounts) <= CENT * len(lines) else NOTHING


def chosen(slip: raw.Slip) -> bool:
    """Say whether the merchant chose the amount of a slip."""
    if not isinstance(slip.amount, Decimal):
        return False
    products = (slip.total_products_tax_incl or NOTHING, slip.total_products_tax_excl or NOTHING)
    # It may have been rounded, and nobody knows how.
    return all(abs(slip.amount - each) >= CENT for each in products)


def _of_slip(
    step: Step,
    slip: raw.Slip,
    family: Family,
    about: records.OrderSummary,
    known: Known,
    details: Mapping[int, raw.Detail],
) -> records.Refund:
    plain = _is_plain(slip)
    products, shipping = slip.total_products_tax_excl, slip.total_shipping_tax_excl
    return records.Refund(
        platform=PLATFORM,
        shop=known.shop,
        id=str(slip.id),
        polled_at=instant(slip.date_upd, known.clocks) or utc(step.at, known.clocks),
        order_id=about.id,
        subject=about.id,
        created_at=utc(step.at, known.clocks),
        updated_at=instant(slip.date_upd, known.clocks),
        refunded_at=utc(step.at, known.clocks),
        currency=about.currency,
        total=step.total,
        total_to_date=step.to_date,
        order_refunded_to_date=step.to_date,
        subtotal=products if plain else UNSET,
        shipping=shipping if plain else UNSET,
        tax=less(step.total, summed(products, shipping)) if plain else UNSET,
        line_items=UNSET
        if family.details is UNSET
        else [_line(each, details, plain) for each in slip.order_slip_details if each.id_order_detail],
        order=about,
    )


def _of_state(step: Step, about: records.OrderSummary, known: Known) -> records.Refund:
    at = utc(step.at, known.clocks)
    return records.Refund(
        platform=PLATFORM,
        shop=known.shop,
        id=f"{about.id}:refunded",
        polled_at=at,
        order_id=about.id,
        subject=about.id,
        created_at=at,
        updated_at=at,
        refunded_at=at,
        currency=about.currency,
        total=step.total,
        total_to_date=step.to_date,
        order_refunded_to_date=step.to_date,
        order=about,
    )


def _is_plain(slip: raw.Slip) -> bool:
    """Say whether a slip's parts are what it gave back.

    They are not where the merchant chose the amount, nor where a voucher was deducted: that lowers the products' value on one
    side of the tax only (https://github.com/PrestaShop/PrestaShop/blob/9.0.x/src/Adapter/Order/Refund/OrderSlipCreator.php).
    """
    lines = slip.order_slip_details
    return not chosen(slip) and all(
        isinstance(whole, Decimal) and abs(whole - _sum(parts)) <= CENT * max(1, len(lines))
        for whole, parts in (
            (slip.total_products_tax_excl, [each.amount_tax_excl for each in lines]),
            (slip.total_products_tax_incl, [each.amount_tax_incl for each in lines]),
        )
    )


def _sum(amounts: Iterable[Decimal | UnsetType | None]) -> Decimal:
    return sum((each for each in amounts if isinstance(each, Decimal)), NOTHING)


def _line(each: raw.SlipDetail, details: Mapping[int, raw.Detail], plain: bool) -> records.RefundedLine:
    ordered = details.get(each.id_order_detail or 0)
    return records.RefundedLine(
        id=str(each.id_order_detail),
        quantity=each.product_quantity or 0,
        total=each.amount_tax_excl if plain else UNSET,
        tax=less(each.amount_tax_incl, each.amount_tax_excl) if plain else UNSET,
        **(of_product(ordered) if ordered else {}),
    )
