"""Customers, as records of their own and as an order carries them: one name, one e-mail address, and no more.

Whoever was anonymised is left out; whoever was erased is told as deleted.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.values import (
    PLATFORM,
    anonymous,
    attributes,
    email,
    instant,
    text,
)
from tap_commerce.records import Says

RELATIONS = {"customers": "customer", "accounts": "account", "account_members": "account_member"}
"""The relation of an order to whom each list holds."""


def customer_record(
    each: raw.Person, shop: str, fields: Mapping[str, Any] | None = None, named: Iterable[str] = ()
) -> records.Customer | None:
    """Translate one customer; `fields` are all of its fields, `named` those of them that the settings ask for."""
    if each.anonymized or anonymous(each.name) or (each.email and "*" in each.email):
        return None
    times = each.meta.timestamps or raw.Times()
    updated = instant(times.updated_at)
    metafields = attributes({name: (fields or {})[name] for name in named if name in (fields or {})})
    return records.Customer(
        platform=PLATFORM,
        shop=shop,
        id=each.id,
        polled_at=updated or "",
        created_at=instant(times.created_at),
        updated_at=updated,
        is_guest=False,
        email=email(each.email),
        name=text(each.name),
        metafields=metafields or UNSET,
    )


def erased_record(each: raw.Erasure, shop: str) -> records.Customer:
    """Translate an erasure that was carried out: nothing is known of the customer but when it went."""
    at = instant(each.updated_at) or instant(each.created_at) or ""
    return records.Customer(
        platform=PLATFORM,
        shop=shop,
        id=each.resource_id or "",
        polled_at=at,
        updated_at=at,
        deleted_at=at,
        is_guest=False,
    )


def buyer(order: raw.Order, source: str) -> Says[records.CustomerSummary]:
    """Translate who ordered: whom the setting `customer_source` means, else whom the order knows; the id of a guest is null.

    E-mail address and name are those that were given with the order; the customer may have others by now.
    """
    if order.anonymized:
        return UNSET
    return records.CustomerSummary(id=owner(order, source), email=email_of(order), name=name_of(order))


def owner(order: raw.Order, source: str) -> str | None:
    """Return the id of whom an order belongs to; None for a guest."""
    relations = order.relationships or raw.OrderRelations()
    for name in dict.fromkeys((RELATIONS[source], "account_member", "customer", "account")):
        one: raw.Maybe[raw.One] = getattr(relations, name)
        if one and one.data and one.data.id:
            return one.data.id
    return None


def email_of(order: raw.Order) -> Says[str]:
    """Return the e-mail address given with an order; an account's order names it `contact`."""
    if order.anonymized:
        return UNSET
    said = [each.email for each in (order.customer, order.contact) if each]
    return next((email(each) for each in said if each), None if said else UNSET)


def name_of(order: raw.Order) -> Says[str]:
    """Return the name given with an order."""
    if order.anonymized:
        return UNSET
    said = [each.name for each in (order.customer, order.contact) if each]
    return next((text(each) for each in said if each), None if said else UNSET)


def address(each: raw.Maybe[raw.Address], *, anonymized: bool) -> Says[records.Address]:
    """Translate a postal address; one with nothing in it is none."""
    if anonymized:
        return UNSET
    if not each:
        return UNSET if each is UNSET else None
    if not any(getattr(each, name) for name in each.__struct_fields__):
        return None
    return records.Address(
        first_name=text(each.first_name),
        last_name=text(each.last_name),
        company=text(each.company_name),
        street=text(each.line_1),
        street_2=text(each.line_2),
        city=text(each.city),
        postal_code=text(each.postcode),
        region=text(each.region or each.county),
        country_code=text(each.country),
        phone=text(each.phone_number),
    )
