"""From refunds to properties: the positive increase, and the record's lines and parts with its first increase only.

A refund of 100 that is paid back as 20 and then 80 is two events; its lines must not be told twice.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from target_segment.events.orders import Properties, customer_seeds, heads, shapes
from target_segment.events.products import products, quantity
from target_segment.events.shapes import OrderRefunded, Shape
from target_segment.snapshots import Refund
from target_segment.transitions.proofs import News


def properties(settings: Mapping[str, Any]) -> dict[str, Properties]:
    """Return for the transition of a refund the function from its news to its properties."""
    head, seeds, shape = heads(settings), customer_seeds(settings), shapes(settings)(OrderRefunded)
    listed = products(seed_names=bool(settings.get("seed_names", True)))

    def refunded(news: News) -> Shape:
        refund: Refund = news.snapshot
        order, increase, first = refund.order, news.increase, news.first
        currency = refund.currency or order.currency
        lines = refund.line_items if first else None
        return shape[refund.platform](
            *head(order, refund.platform),
            refund.id,
            refund_type(refund),
            currency,
            increase,
            refund.order_refunded_to_date,
            order.total,
            refund.reason,
            refund.reason,
            refund.return_id,
            *((refund.subtotal, refund.shipping, refund.tax, refund.adjustment) if first else (None,) * 4),
            *(
                (refund.presentment_currency, refund.presentment_total)
                if increase == refund.total
                else (None, None)
            ),
            quantity(lines),
            listed(lines, refund.platform, currency, refund.presentment_currency) if lines else [],
            *seeds(order.customer),
        )

    return {"order_refunded": refunded}


def refund_type(refund: Refund) -> str | None:
    """Return full once everything given back for the order reaches its total before returns, else partial."""
    if not isinstance(refund.order.total, Decimal):
        return None
    return "full" if refund.order_refunded_to_date >= refund.order.total else "partial"
