"""From fulfillments to properties: what left, with which carrier, and how far it is."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from target_segment.events.orders import Properties, customer_seeds, heads, shapes
from target_segment.events.products import products, quantity
from target_segment.events.shapes import FulfillmentProperties, Shape
from target_segment.snapshots import Fulfillment
from target_segment.transitions.proofs import News

_HOW = attrgetter("status", "carrier_status", "company")
_WHERE = attrgetter(
    "fulfilled_at",
    "in_transit_at",
    "delivered_at",
    "estimated_delivery_at",
    "location_id",
    "location_name",
    "service",
)


def properties(settings: Mapping[str, Any]) -> dict[str, Properties]:
    """Return for each transition of a fulfillment the function from its news to its properties."""
    head, seeds, shape = heads(settings), customer_seeds(settings), shapes(settings)(FulfillmentProperties)
    listed = products(seed_names=bool(settings.get("seed_names", True)))

    def told(news: News) -> Shape:
        parcel: Fulfillment = news.snapshot
        order, lines = parcel.order, parcel.line_items
        return shape[parcel.platform](
            *head(order, parcel.platform),
            parcel.id,
            parcel.name,
            *_HOW(parcel),
            parcel.tracking_numbers or None,
            parcel.tracking_urls or None,
            *_WHERE(parcel),
            quantity(lines),
            listed(lines, parcel.platform, order.currency, order.presentment_currency) or None
            if lines
            else None,
            *seeds(order.customer),
        )

    return {"fulfillment_created": told, "fulfillment_updated": told}
