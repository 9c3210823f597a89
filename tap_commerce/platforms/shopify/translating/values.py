"""The small things that every translation is made of: ids, instants, texts and amounts.

`None` stays null, `UNSET` stays left out, an empty string becomes null. Amounts keep Shopify's digits.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import UNSET

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Bag, Maybe, Pair
from tap_commerce.records import Says

PLATFORM = "shopify"


NOTHING = Decimal(0)


def number(gid: str) -> str:
    """Turn a global id into the number that people know.

    >>> number("gid://shopify/Order/5876543210")
    '5876543210'
    """
    return gid.rpartition("/")[2]


def identity(gid: Maybe[str]) -> Says[str]:
    """Turn a global id that may be missing into a number."""
    return number(gid) if gid else gid


def instant(value: Maybe[str]) -> Says[str]:
    """Write an instant in UTC with `Z`."""
    return utc(value) if value else value


def utc(value: str) -> str:
    """Write an instant in UTC with `Z`; Shopify almost always does.

    >>> utc("2026-11-18T09:12:30-05:00")
    '2026-11-18T14:12:30Z'
    """
    if value[-1] == "Z":
        return value
    return datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(payment: raw.Payment) -> str:
    """Date a transaction."""
    return utc(payment.processed_at or payment.created_at)


def text(value: Maybe[str]) -> Says[str]:
    """Turn an empty string into null."""
    return value or (UNSET if value is UNSET else None)


def lower(value: Maybe[str]) -> Says[str]:
    """Write one of Shopify's enums in lower case."""
    return value.lower() if value else text(value)


def amount(bag: Maybe[Bag]) -> Says[Decimal]:
    """Take the amount in the shop's currency."""
    return bag.shop_money.amount if bag else bag


def seen(bag: Maybe[Bag]) -> Says[Decimal]:
    """Take the amount in the shopper's currency."""
    if not bag:
        return bag
    return bag.presentment_money.amount if bag.presentment_money else UNSET


def summed(amounts: Iterable[Says[Decimal]]) -> Says[Decimal]:
    """Add amounts up, if all of them are known."""
    found = list(amounts)
    known = [each for each in found if isinstance(each, Decimal)]
    return sum(known, NOTHING) if len(known) == len(found) else UNSET


def attributes(pairs: Maybe[list[Pair]]) -> Says[list[records.Attribute]]:
    """Translate custom attributes."""
    if not isinstance(pairs, list):
        return pairs
    return [records.Attribute(name=each.key, value=each.value) for each in pairs]
