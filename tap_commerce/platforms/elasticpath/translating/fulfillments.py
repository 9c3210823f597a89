"""The parcels of an order, once goods have left: its shipping groups, or else the order itself.

Nothing says when goods left, so no instant is told but when the group or its order last changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.lines import of_product
from tap_commerce.platforms.elasticpath.translating.values import PLATFORM, estimated, instant, moment, text
from tap_commerce.records import Says

LEFT = "fulfilled"

AGES_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def fulfillment_records(
    family: raw.Family, shop: str, about: records.OrderSummary, lines: list[records.Line] | UnsetType
) -> list[records.Fulfillment]:
    """Translate the parcels of an order that have left."""
    left = family.order.shipping == LEFT
    if family.groups is UNSET:
        return []
    if not family.groups:
        return [_whole(family, shop, about, lines)] if left else []
    return [
        _parcel(identifier, each, family, shop, about, lines)
        for identifier, each in named(family.order, family.groups)
        if left or each.shipping_status == LEFT
    ]


def named(order: raw.Order, groups: Iterable[raw.Group]) -> list[tuple[str, raw.Group]]:
    """Give each group the id that its parcel goes by.

    The groups of the cart are there from the checkout on and go by their own ids. Where an order had none, it may have been told as
    one parcel before the first group was written down: that parcel is then the first of its groups, lest it be told twice.
    """
    inherits = _whole_id(order)
    found = sorted(groups, key=_made)
    late = not any(_of_cart(each, order) for each in found)
    return [(inherits if late and place == 0 else each.id, each) for place, each in enumerate(found)]


def created_at(group: raw.Group) -> str:
    """Return when a group was made; both spellings are documented, and an example without any."""
    return instant(group.created_at or group.created_at_camel or _times(group).created_at) or ""


def updated_at(group: raw.Group) -> str:
    """Return when a group last changed."""
    return instant(group.updated_at or group.updated_at_camel or _times(group).updated_at) or ""


def _made(group: raw.Group) -> tuple[bool, datetime, str]:
    at = created_at(group)
    return bool(at), moment(at) if at else AGES_AGO, group.id


def _of_cart(group: raw.Group, order: raw.Order) -> bool:
    made, ordered = created_at(group), order.meta.timestamps.created_at
    if made and ordered:
        # Nobody reads an order in the second in which it is made, so what was made by then was there at the first reading.
        return moment(made) <= moment(ordered)
    return bool(group.cart_id)


def _whole_id(order: raw.Order) -> str:
    return f"{order.id}:fulfillment"


def _whole(
    family: raw.Family, shop: str, about: records.OrderSummary, lines: list[records.Line] | UnsetType
) -> records.Fulfillment:
    return records.Fulfillment(
        platform=PLATFORM,
        shop=shop,
        id=_whole_id(family.order),
        polled_at=about.updated_at or "",
        order_id=about.id,
        updated_at=about.updated_at,
        status=LEFT,
        line_items=UNSET if lines is UNSET else [_line(each, lines) for each in lines],
        order=about,
    )


def _parcel(
    identifier: str,
    group: raw.Group,
    family: raw.Family,
    shop: str,
    about: records.OrderSummary,
    lines: list[records.Line] | UnsetType,
) -> records.Fulfillment:
    tracking = text(group.tracking_reference)
    estimate = group.delivery_estimate
    return records.Fulfillment(
        platform=PLATFORM,
        shop=shop,
        id=identifier,
        polled_at=about.updated_at or "",
        order_id=about.id,
        name=text(group.external_ref),
        updated_at=_changed_at(group, about),
        status=LEFT,
        tracking_numbers=UNSET if tracking is UNSET else [tracking] if tracking else [],
        estimated_delivery_at=estimated(estimate.end) if estimate else None,
        service=text(group.shipping_type),
        line_items=_lines(group, family, lines),
        order=about,
    )


def _changed_at(group: raw.Group, about: records.OrderSummary) -> Says[str]:
    """Return when the parcel last changed: its group, or, where only the order says that it left, perhaps the order."""
    own = updated_at(group)
    if own and group.shipping_status == LEFT:
        return own
    said = [each for each in (own, about.updated_at) if each]
    return max(said, key=moment, default=UNSET)


def _lines(
    group: raw.Group, family: raw.Family, lines: list[records.Line] | UnsetType
) -> list[records.FulfilledLine] | UnsetType:
    """List the lines that name a group as theirs; where none names any, nobody knows what a parcel holds."""
    if lines is UNSET or family.items is UNSET:
        return UNSET
    groups = {item.id: _group_of(item) for item in family.items}
    if not any(groups.values()):
        return UNSET
    return [_line(each, lines) for each in lines if groups.get(each.id) == group.id]


def _group_of(item: raw.Item) -> str | None:
    related = item.relationships.shipping_group if item.relationships else None
    return item.shipping_group_id or (related.data.id if related and related.data else None) or None


def _line(line: records.Line, lines: list[records.Line]) -> records.FulfilledLine:
    return records.FulfilledLine(
        id=line.id, quantity=line.quantity, **of_product({each.id: each for each in lines}, line.id)
    )


def _times(group: raw.Group) -> raw.Times:
    return (group.meta.timestamps if group.meta else None) or raw.Times()
