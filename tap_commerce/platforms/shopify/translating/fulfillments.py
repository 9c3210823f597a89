"""The parcels of an order, once their goods have left.

What waits for, or failed at, a fulfillment service has not left.
"""

from collections.abc import Iterable, Mapping

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.translating.lines import of_product
from tap_commerce.platforms.shopify.translating.values import (
    PLATFORM,
    identity,
    instant,
    lower,
    number,
    text,
)

LEFT = frozenset({"SUCCESS", "CANCELLED"})
"""Fulfillments whose goods have left (if only to be called back); others are waiting for, or failed at, a service."""


def fulfillment_records(
    order: raw.Order, shop: str, about: records.OrderSummary, lines: Iterable[records.Line] | UnsetType
) -> list[records.Fulfillment]:
    """Translate the fulfillments of an order whose goods have left."""
    known = {each.id: each for each in lines} if lines is not UNSET else {}
    return [
        _fulfillment(each, order, shop, about, known if lines is not UNSET else None)
        for each in order.fulfillments or ()
        if each.status in LEFT
    ]


def _fulfillment(
    each: raw.Fulfillment,
    order: raw.Order,
    shop: str,
    about: records.OrderSummary,
    known: Mapping[str, records.Line] | None,
) -> records.Fulfillment:
    tracking = each.tracking_info
    companies = (entry.company for entry in tracking if entry.company) if tracking else iter(())
    return records.Fulfillment(
        platform=PLATFORM,
        shop=shop,
        id=number(each.id),
        polled_at=about.updated_at or order.updated_at,
        order_id=about.id,
        name=text(each.name),
        created_at=instant(each.created_at),
        updated_at=instant(each.updated_at),
        fulfilled_at=instant(each.created_at),
        status=lower(each.status),
        carrier_status=lower(each.display_status),
        company=UNSET if tracking is UNSET else next(companies, None),
        tracking_numbers=UNSET
        if tracking is UNSET
        else [entry.number for entry in tracking or () if entry.number],
        tracking_urls=UNSET if tracking is UNSET else [entry.url for entry in tracking or () if entry.url],
        in_transit_at=instant(each.in_transit_at),
        delivered_at=instant(each.delivered_at),
        estimated_delivery_at=instant(each.estimated_delivery_at),
        location_id=identity(each.location.id) if each.location else each.location,
        location_name=text(each.location.name) if each.location else each.location,
        service=text(each.service.service_name) if each.service else each.service,
        line_items=UNSET
        if known is None or not each.fulfillment_line_items
        else [
            records.FulfilledLine(
                id=number(part.line_item.id),
                quantity=part.quantity,
                **of_product(known, number(part.line_item.id)),
            )
            # Shopify allows a null here and does not say what it means: better no line than a made-up quantity.
            for part in each.fulfillment_line_items.nodes
            if part.quantity is not None
        ],
        order=about,
    )
