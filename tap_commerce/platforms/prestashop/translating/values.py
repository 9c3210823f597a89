"""What every translation is made of: what was read of an order, what is known of the shop, and small readers.

`None` stays null, `UNSET` stays left out. Amounts keep PrestaShop's digits; they are in the order's own currency.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.meanings import Meanings
from tap_commerce.records import Says

PLATFORM = "prestashop"

NOTHING = Decimal(0)


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a shop: read once. A list that may not be read is `UNSET`."""

    shop: str
    clocks: Clocks
    meanings: Meanings
    currencies: Mapping[int, raw.Currency]
    carriers: Mapping[int, raw.Carrier] | UnsetType = UNSET
    countries: Mapping[int, raw.Country] | UnsetType = UNSET
    regions: Mapping[int, raw.Region] | UnsetType = UNSET
    languages: Mapping[int, raw.Language] | UnsetType = UNSET
    name: str | None = None
    """What the merchant calls the shop."""
    tests: frozenset[str] | UnsetType = UNSET
    """The payment modules whose orders are tests."""
    fields: tuple[str, ...] = ()
    """The fields of a customer that are told as metafields."""
    read_at: datetime | None = None
    """When what is translated was read, by the shop's clock."""


class Family(Struct, kw_only=True):
    """What was read of one order and what belongs to it. What was not asked, or refused, is `UNSET`."""

    order: raw.Order
    histories: Sequence[raw.History] = ()
    customer: raw.Customer | UnsetType = UNSET
    """`UNSET` also where the customer is gone."""
    addresses: Mapping[int, raw.Address] | UnsetType = UNSET
    details: Sequence[raw.Detail] | UnsetType = UNSET
    slips: Sequence[raw.Slip] | UnsetType = UNSET
    parcels: Sequence[raw.Parcel] = ()
    payments: Sequence[raw.Payment] | UnsetType = UNSET
    rules: Sequence[raw.OrderRule] | UnsetType = UNSET
    codes: Mapping[int, raw.Rule] | UnsetType = UNSET


def identity(value: int | UnsetType | None) -> Says[str]:
    """Write an id; 0 is none.

    >>> identity(17), identity(0)
    ('17', None)
    """
    return str(value) if value else UNSET if value is UNSET else None


def instant(value: datetime | UnsetType | None, clocks: Clocks) -> Says[str]:
    """Write what the shop's clocks showed as an instant in UTC."""
    return utc(value, clocks) if isinstance(value, datetime) else value


def changed(value: datetime | UnsetType | None, known: Known) -> Says[str]:
    """Write when something last changed: by what a later reading of it is told from an earlier one."""
    if not isinstance(value, datetime):
        return value
    return known.clocks.changed(value, known.read_at).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(shown: datetime, clocks: Clocks) -> str:
    """Write what the shop's clocks showed as an instant in UTC."""
    return clocks.utc(shown).strftime("%Y-%m-%dT%H:%M:%SZ")


def summed(*amounts: Decimal | UnsetType | None) -> Decimal | UnsetType:
    """Add amounts up, if all of them are known."""
    known = [each for each in amounts if isinstance(each, Decimal)]
    return sum(known, NOTHING) if len(known) == len(amounts) else UNSET


def less(whole: Decimal | UnsetType | None, part: Decimal | UnsetType | None) -> Decimal | UnsetType:
    """Take a part off an amount, if both are known."""
    return whole - part if isinstance(whole, Decimal) and isinstance(part, Decimal) else UNSET
