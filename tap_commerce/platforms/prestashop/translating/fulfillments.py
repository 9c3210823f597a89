"""The parcels of an order, once goods have left: from the first state on that means "shipped".

A parcel's row is there from checkout on, and nothing dates its changes: so a record has no `updated_at`.
"""

from datetime import datetime

from msgspec import UNSET

from tap_commerce import records
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.translating.lines import of_product
from tap_commerce.platforms.prestashop.translating.orders import company
from tap_commerce.platforms.prestashop.translating.values import PLATFORM, Family, Known, instant, utc
from tap_commerce.records import Says


def fulfillment_records(
    family: Family, about: records.OrderSummary, known: Known
) -> list[records.Fulfillment]:
    """Translate the parcels of an order that has been shipped."""
    shipped = known.meanings.first(family.histories, "shipped")
    if shipped is None or not isinstance(shipped.date_add, datetime):
        return []
    delivered = known.meanings.first(family.histories, "delivered")
    return [_parcel(each, shipped.date_add, delivered, family, about, known) for each in family.parcels]


def _parcel(
    each: raw.Parcel,
    shipped: datetime,
    delivered: raw.History | None,
    family: Family,
    about: records.OrderSummary,
    known: Known,
) -> records.Fulfillment:
    # A row that was added later cannot have left before it was there.
    left = max(shipped, each.date_add) if isinstance(each.date_add, datetime) else shipped
    number = each.tracking_number
    return records.Fulfillment(
        platform=PLATFORM,
        shop=known.shop,
        id=str(each.id),
        polled_at=about.updated_at or utc(left, known.clocks),
        order_id=about.id,
        created_at=instant(each.date_add, known.clocks),
        fulfilled_at=utc(left, known.clocks),
        status="delivered" if delivered else "shipped",
        company=company(each.id_carrier, known),
        tracking_numbers=UNSET if number is UNSET else [number] if number else [],
        tracking_urls=_urls(each, known),
        delivered_at=instant(delivered.date_add, known.clocks)
        if delivered
        else None
        if known.meanings.states("delivered")
        else UNSET,
        # What is in which of several parcels, nobody says.
        line_items=UNSET
        if family.details is UNSET or len(family.parcels) > 1
        else [
            records.FulfilledLine(id=str(line.id), quantity=line.product_quantity or 0, **of_product(line))
            for line in family.details
        ],
        order=about,
    )


def _urls(each: raw.Parcel, known: Known) -> Says[list[str]]:
    """Write where a parcel can be followed: the carrier's URL with the number in place of its @."""
    if known.carriers is UNSET or each.tracking_number is UNSET:
        return UNSET
    if not each.tracking_number or not each.id_carrier:
        return UNSET if each.tracking_number and each.id_carrier is UNSET else []
    if each.id_carrier not in known.carriers:
        # It was made while the run went on: each change of a carrier makes a new one.
        return UNSET
    carrier = known.carriers[each.id_carrier]
    if not carrier.url:
        return UNSET if carrier.url is UNSET else []
    return [carrier.url.replace("@", each.tracking_number)]
