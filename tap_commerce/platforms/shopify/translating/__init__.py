"""From Shopify's answers to canonical records.

Pure functions: nothing is asked here, and nothing is known here that the answer does not say. `None` stays null,
`UNSET` stays left out; empty strings are null. Amounts keep Shopify's digits.
"""

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.translating.customers import customer_record
from tap_commerce.platforms.shopify.translating.fulfillments import fulfillment_records
from tap_commerce.platforms.shopify.translating.lines import line_items
from tap_commerce.platforms.shopify.translating.orders import order_record, summary
from tap_commerce.platforms.shopify.translating.refunds import refund_records
from tap_commerce.platforms.shopify.translating.values import PLATFORM

__all__ = ["PLATFORM", "customer_record", "family"]


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
