"""Customers, as records of their own and as an order carries them; and postal addresses.

A guest is a customer's row too: as an order's customer it has no id, so that nobody takes it for an account.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import UNSET, UnsetType

from tap_commerce import records
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.translating.values import PLATFORM, Known, changed, instant
from tap_commerce.records import Says

T = TypeVar("T")


def customer_record(
    each: raw.Customer, addresses: Iterable[raw.Address] | UnsetType, known: Known
) -> records.Customer:
    """Translate one customer with all its addresses, also those that it deleted."""
    about = customer_summary(each, known)
    last = changed_at(each, addresses, known)
    first = default_address(addresses)
    return records.Customer(
        platform=PLATFORM,
        shop=known.shop,
        id=str(each.id),
        polled_at=last,
        created_at=about.created_at,
        updated_at=last,
        deleted_at=UNSET
        if each.deleted is UNSET
        else instant(each.date_upd, known.clocks)
        if each.deleted
        else None,
        is_guest=each.is_guest,
        email=about.email,
        phone=phone(first) if first else first,
        first_name=about.first_name,
        last_name=about.last_name,
        name=full_name(about.first_name, about.last_name),
        state=about.state,
        locale=about.locale,
        email_consent=about.email_consent,
        metafields=about.metafields,
        default_address=address(first, known) if first else first,
    )


def changed_at(each: raw.Customer, addresses: Iterable[raw.Address] | UnsetType, known: Known) -> str:
    """Say when a customer or one of its addresses last changed: an address does not touch its customer."""
    shown = [each.date_upd, *(() if addresses is UNSET else (row.date_upd for row in addresses))]
    return max(said for when in shown if (said := changed(when, known)))


def default_address(addresses: Iterable[raw.Address] | UnsetType) -> raw.Address | UnsetType | None:
    """Choose the address that PrestaShop itself offers first: the oldest that is not deleted."""
    if addresses is UNSET:
        return UNSET
    return min(
        (each for each in addresses if each.deleted is not True), key=lambda each: each.id, default=None
    )


def customer_summary(each: raw.Customer, known: Known) -> records.CustomerSummary:
    """Translate a customer as an order carries it."""
    subscribed = each.newsletter
    return records.CustomerSummary(
        id=None if each.is_guest is True else str(each.id),
        email=each.email,
        first_name=each.firstname,
        last_name=each.lastname,
        created_at=instant(each.date_add, known.clocks),
        state=each.active if each.active is UNSET else "enabled" if each.active else "disabled",
        locale=locale(each.id_lang, known),
        email_consent=UNSET
        if subscribed is UNSET
        else records.Consent(
            state="subscribed" if subscribed else "not_subscribed",
            updated_at=instant(each.newsletter_date_add, known.clocks) if subscribed else UNSET,
        ),
        metafields=metafields(each, known),
    )


def metafields(each: raw.Customer, known: Known) -> list[records.Attribute] | UnsetType:
    """Tell the fields that the settings name, and nothing where they name none."""
    said = {name: getattr(each, name) for name in known.fields}
    found = [records.Attribute(name=name, value=value) for name, value in said.items() if value is not UNSET]
    return found or UNSET


def locale(language: int | UnsetType | None, known: Known) -> Says[str]:
    """Return the code of a language, such as en-us."""
    if known.languages is UNSET or not language or language not in known.languages:
        return UNSET
    found = known.languages[language]
    return found.language_code or found.iso_code or UNSET


def address(each: raw.Address, known: Known) -> records.Address:
    """Translate a postal address."""
    country, region = _of(known.countries, each.id_country), _of(known.regions, each.id_state)
    return records.Address(
        first_name=each.firstname,
        last_name=each.lastname,
        name=full_name(each.firstname, each.lastname),
        company=each.company,
        street=each.address1,
        street_2=each.address2,
        city=each.city,
        postal_code=each.postcode,
        region=region.name if region else region,
        region_code=region.iso_code if region else region,
        country=country.name if country else country,
        country_code=country.iso_code if country else country,
        phone=phone(each),
    )


def phone(each: raw.Address) -> Says[str]:
    """Choose the mobile number, else the other one."""
    return each.phone_mobile or each.phone


def full_name(first: Says[str], last: Says[str]) -> Says[str]:
    """Join the parts of a name."""
    if first is UNSET or last is UNSET:
        return UNSET
    return " ".join(filter(None, (first, last))) or None


def _of(found: Mapping[int, T] | UnsetType, identifier: int | UnsetType | None) -> T | UnsetType | None:
    if not identifier:
        return UNSET if identifier is UNSET else None
    return UNSET if found is UNSET else found.get(identifier, UNSET)
