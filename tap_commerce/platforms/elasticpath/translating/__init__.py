"""From Elastic Path's answers to canonical records.

Pure functions: nothing is asked here, and nothing is known here that the answer does not say. `None` stays null,
`UNSET` stays left out; empty strings are null; what was anonymised is left out.
"""

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.customers import customer_record, erased_record
from tap_commerce.platforms.elasticpath.translating.fulfillments import fulfillment_records
from tap_commerce.platforms.elasticpath.translating.lines import line_items
from tap_commerce.platforms.elasticpath.translating.orders import order_record, summary
from tap_commerce.platforms.elasticpath.translating.refunds import refund_records
from tap_commerce.platforms.elasticpath.translating.values import PLATFORM, Coins, moment

__all__ = ["PLATFORM", "Coins", "customer_record", "erased_record", "family", "moment"]


def family(
    whole: raw.Family,
    shop: str,
    coins: Coins,
    source: str,
    *,
    orders: bool = True,
    refunds: bool = True,
    fulfillments: bool = True,
) -> list[tuple[str, records.Polled]]:
    """Translate an order and its children, as selected, in the order in which they are told."""
    about = summary(whole, coins, source)
    lines = line_items(whole.items, coins)
    found: list[tuple[str, records.Polled]] = []
    if orders:
        found.append(("orders", order_record(whole, shop, about, lines, coins)))
    if refunds:
        found += [("refunds", each) for each in refund_records(whole, shop, about, coins)]
    if fulfillments:
        found += [("fulfillments", each) for each in fulfillment_records(whole, shop, about, lines)]
    return found
