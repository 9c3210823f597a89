"""From orders to properties: money as it stood before returns, and nothing that the shop did not say.

The events of refunds and fulfillments begin like those of orders: `heads` is theirs too.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any

from msgspec import UNSET, UnsetType

from target_segment.events.products import Products, products, quantity
from target_segment.events.shapes import (
    CheckoutStarted,
    CouponApplied,
    CustomerSeeds,
    OfOrder,
    OrderCancelled,
    OrderProperties,
    OrderUpdated,
    PerPlatform,
    PostPurchaseUpsell,
    Shape,
)
from target_segment.identity import Who, customer_id_of, email_of
from target_segment.snapshots import Address, Coupon, Line, Order, OrderSummary
from target_segment.transitions.proofs import News

Properties = Callable[[News], Shape]
Head = Callable[[OrderSummary, str], tuple[Any, ...]]
Seeds = Callable[[Who], tuple[Any, ...]]
Revenue = Callable[[Order], Decimal | None]

PLATFORMS = {"shopify": "Shopify", "prestashop": "PrestaShop", "elasticpath": "Elastic Path"}
"""The platforms' proper names, for `affiliation`."""


def properties(settings: Mapping[str, Any]) -> dict[str, Properties]:
    """Return for each transition of an order the function from its news to its properties."""
    head, seeds, shaped = heads(settings), customer_seeds(settings), shapes(settings)
    listed, revenue = (
        products(seed_names=bool(settings.get("seed_names", True))),
        REVENUES[settings.get("revenue") or "segment"],
    )

    def told(
        shape: type[Shape], more: Callable[[Order], tuple[Any, ...]], direct: Callable[[Order], Any] = _DIRECT
    ) -> Properties:
        by_platform = shaped(shape)

        def render(news: News) -> Shape:
            order: Order = news.snapshot
            lines = order.line_items
            return by_platform[order.platform](
                *head(order, order.platform),
                *direct(order),
                _differing(order.original_total, order.total),
                revenue(order),
                _codes(order.coupons),
                joined(order.payment_methods),
                quantity(lines),
                listed(lines, order.platform, order.currency, order.presentment_currency) or None
                if lines
                else None,
                *more(order),
                *seeds(order.customer),
            )

        return render

    whole = told(OrderProperties, lambda _: ())
    return {
        "checkout_started": told(CheckoutStarted, lambda order: (order.total,), _begun),
        "order_completed": whole,
        "pos_order_placed": whole,
        "order_updated": told(OrderUpdated, _standing),
        "order_cancelled": told(OrderCancelled, lambda order: (order.cancel_reason, order.cancel_reason)),
        "coupon_applied": _coupon_applied(head, seeds, shaped(CouponApplied)),
        "post_purchase_upsell": _upsell(
            head,
            seeds,
            shaped(PostPurchaseUpsell),
            listed,
            REVENUES_OF_LINE[settings.get("revenue") or "segment"],
        ),
    }


def heads(settings: Mapping[str, Any]) -> Head:
    """Return the function from an order's summary and platform to the fields of `OfOrder`."""
    sent_from, category = settings.get("sent_from") or None, settings.get("event_category") or None
    named = settings.get("order_id") == "name"

    def head(order: OrderSummary, platform: str) -> tuple[Any, ...]:
        name = order.name or None
        return (
            name or order.id if named else order.id,
            None if named else name,
            order.id if named else None,
            ",".join(order.tags) if order.tags else PLATFORMS.get(platform, platform),
            email_of(order.customer, order),
            order.source,
            platform,
            order.test,
            sent_from,
            category,
        )

    return head


def customer_seeds(settings: Mapping[str, Any]) -> Seeds:
    """Return the function from a customer to the fields of `CustomerSeeds`, or to none if they are off."""
    if not settings.get("seed_names", True):
        return lambda _: ()
    return lambda customer: (
        (customer_id_of(customer), customer.lifetime_spend, customer.order_count) if customer else ()
    )


def shapes(settings: Mapping[str, Any]) -> Callable[[type[Shape]], Mapping[str, type[Shape]]]:
    """Return the function from a shape to that shape by platform, with or without the customer's seeds."""
    seeds, suffix = CustomerSeeds if settings.get("seed_names", True) else Shape, settings.get("seed_suffix")
    return lambda shape: PerPlatform(shape, seeds, suffix or "")


def joined(words: list[str] | UnsetType | None) -> str | None:
    """Return the words with commas between them, or None if there are none."""
    return ",".join(words) if words else None


def _standing(order: Order) -> tuple[Any, ...]:
    """Return the fields of `OrderUpdated`."""
    attributes = {each.name: each.value for each in order.attributes or () if each.value}
    return (
        order.note,
        order.phone,
        attributes or None,
        _whole(order.shipping_address),
        _whole(order.billing_address),
    )


def _whole(address: Address | UnsetType | None) -> dict[str, str] | None:
    """Return what is said of an address, under the record's names."""
    if not address:
        return None
    return {name: said for name in Address.__struct_fields__ if (said := getattr(address, name))} or None


_OWN = OrderProperties.__struct_fields__[len(OfOrder.__struct_fields__) :]
_DIRECT = attrgetter(*_OWN[: _OWN.index("original_total")])


def _begun(order: Order) -> tuple[Any, ...]:
    """Return the fields that are the order's own; where it began its checkout, it is its checkout."""
    return (order.checkout_id or order.id, *_DIRECT(order)[1:])


def _coupon_applied(head: Head, seeds: Seeds, shape: Mapping[str, type[Shape]]) -> Properties:
    def render(news: News) -> Shape:
        order: Order = news.snapshot
        coupon: Coupon = news.detail
        return shape[order.platform](
            *head(order, order.platform),
            order.checkout_id,
            order.cart_id,
            coupon.code,
            coupon.code,
            coupon.amount,
            order.currency,
            *seeds(order.customer),
        )

    return render


def _upsell(
    head: Head,
    seeds: Seeds,
    shape: Mapping[str, type[Shape]],
    listed: Products,
    revenue: Callable[[Line, bool], Decimal | None],
) -> Properties:
    def render(news: News) -> Shape:
        order: Order = news.snapshot
        line: Line = news.detail
        return shape[order.platform](
            *head(order, order.platform),
            order.checkout_id,
            order.cart_id,
            order.currency,
            order.market,
            order.presentment_currency,
            line.presentment_total,
            line.total,
            line.discount,
            line.tax,
            revenue(line, order.taxes_included is True),
            line.coupon,
            line.quantity,
            listed([line], order.platform, order.currency, order.presentment_currency),
            *seeds(order.customer),
        )

    return render


def _codes(coupons: list[Coupon] | UnsetType | None) -> str | None:
    return ",".join([coupon.code for coupon in coupons]) if coupons else None


def _differing(original: Any, total: Any) -> Any:
    return original if original != total else None


def _net(amount: Any, *less: Any) -> Decimal | None:
    """Return the amount less the others, or None where one of them is unknown; what the shop has none of is nothing."""
    if not isinstance(amount, Decimal) or any(isinstance(each, UnsetType) for each in less):
        return None
    return amount - sum((each for each in less if each is not None), Decimal(0))


def _after_discounts(order: Order) -> Decimal | None:
    """Segment's revenue: "including discounts, excluding shipping and taxes".

    Of products, so without a tip. Where prices contain tax, it is taken off line by line, else as the platform sums it up: the
    order's tax is also that on shipping. https://segment.com/docs/connections/spec/ecommerce/v2/#order-completed
    """
    taxed, revenue = order.taxes_included is True, order.subtotal
    if type(revenue) is not Decimal:
        revenue = _net(order.total, order.shipping, order.tip or None, None if taxed else order.tax)
    if revenue is None or not taxed:
        return revenue
    subtotal = revenue
    for line in order.line_items or ():
        if line.tax is UNSET:
            break
        revenue -= line.tax or 0
    else:
        if order.line_items:
            return revenue
    if isinstance(order.subtotal_tax, Decimal):
        return _net(subtotal, order.subtotal_tax) if isinstance(order.subtotal, Decimal) else None
    # Only without shipping is the order's tax that of its products.
    return None if order.shipping is UNSET or order.shipping else _net(subtotal, order.tax)


def _before_discounts(order: Order) -> Decimal | None:
    """Littledata's revenue: products, "excluding discounts, shipping and tax"."""
    amounts = [_line_before_discounts(line, order.taxes_included is True) for line in order.line_items or ()]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _line_after_discounts(line: Line, taxed: bool) -> Decimal | None:
    return _net(line.total, *([line.tax] if taxed else []))


def _line_before_discounts(line: Line, taxed: bool) -> Decimal | None:
    if not isinstance(line.price, Decimal):
        return None
    return _net(line.price * line.quantity, *([line.tax] if taxed else []))


REVENUES: dict[str, Revenue] = {
    "segment": _after_discounts,
    "littledata": _before_discounts,
    "off": lambda _: None,
}
REVENUES_OF_LINE: dict[str, Callable[[Line, bool], Decimal | None]] = {
    "segment": _line_after_discounts,
    "littledata": _line_before_discounts,
    "off": lambda _line, _taxed: None,
}
