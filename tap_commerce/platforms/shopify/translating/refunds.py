"""The refunds of an order: one record each, with the money that has really moved.

All of an order's refunds are told together, in the order in which their money last moved.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Bag, Maybe
from tap_commerce.platforms.shopify.translating.lines import of_product
from tap_commerce.platforms.shopify.translating.values import (
    NOTHING,
    PLATFORM,
    amount,
    identity,
    instant,
    lower,
    moment,
    number,
    seen,
    summed,
)
from tap_commerce.records import Says


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
                presentment_total=summed(seen(each.amount_set) for each in _repayments(refund)),
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


def _repayments(refund: raw.Refund) -> list[raw.Payment]:
    return [each for each in refund.transactions.nodes if each.status == "SUCCESS" and each.kind == "REFUND"]


def _moved_at(refund: raw.Refund) -> str | None:
    return max((moment(each) for each in _repayments(refund)), default=None)


def _reason(refund: raw.Refund) -> Says[str]:
    if refund.note:
        return refund.note
    return next((each.reason.lower() for each in refund.order_adjustments.nodes if each.reason), None)


def _sum(bags: Iterable[Maybe[Bag]]) -> Decimal:
    return sum((each.shop_money.amount for each in bags if each), NOTHING)


def _refunded(each: raw.RefundedLine, known: Mapping[str, records.Line]) -> records.RefundedLine:
    identifier = number(each.line_item.id)
    about = of_product(known, identifier)
    price = amount(each.price_set)
    if price is not UNSET:
        about["price"] = price
    return records.RefundedLine(
        id=identifier,
        quantity=each.quantity,
        total=amount(each.subtotal_set),
        tax=amount(each.total_tax_set),
        restock=lower(each.restock_type),
        **about,
    )
