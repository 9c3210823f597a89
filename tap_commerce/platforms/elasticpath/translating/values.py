"""The small things that every translation is made of: instants, texts and amounts.

`None` stays null, `UNSET` stays left out, an empty string becomes null; what was anonymised (`*`) is left out. Amounts are integers of the
minor units that the store itself defined, and become exactly as many digits.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from tap_commerce import records
from tap_commerce.errors import Malformed
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.records import Says

PLATFORM = "elasticpath"

NOTHING = Decimal(0)

WHOLE = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose minor unit is, by ISO 4217, not a hundredth."""


class Coins:
    """How many decimal places each currency has: as the store defined it, else by ISO 4217."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places

    def places(self, currency: raw.Maybe[str]) -> int:
        """Return a currency's decimal places."""
        code = currency or ""
        standard = 0 if code in WHOLE else 3 if code in THOUSANDTHS else 2
        return self._places.get(code, standard)

    def major(self, minor: raw.Maybe[Decimal], currency: raw.Maybe[str]) -> Says[Decimal]:
        """Turn minor units into an amount.

        >>> Coins({"JPY": 0}).major(Decimal("12990.0"), "EUR"), Coins({}).major(Decimal(-5), "EUR")
        (Decimal('129.90'), Decimal('-0.05'))
        """
        if not isinstance(minor, Decimal):
            return minor
        whole = minor.to_integral_value()
        return (whole if whole == minor else minor).scaleb(-self.places(currency))

    def of(self, amount: raw.Maybe[raw.Amount]) -> Says[Decimal]:
        """Take an amount."""
        return self.major(amount.amount, amount.currency) if amount else amount


def instant(value: raw.Maybe[str]) -> Says[str]:
    """Write an instant in UTC with `Z`; the first of all years is how an instant is written that was never set."""
    if not value:
        return UNSET if value is UNSET else None
    return None if value.startswith("0001-01-01") else utc(value)


def estimated(value: raw.Maybe[str]) -> Says[str]:
    """Write an instant that anybody may have typed, if it is one."""
    try:
        at = instant(value)
        if at:
            moment(at)
    except Malformed:
        return UNSET
    return at


def utc(value: str) -> str:
    """Write an instant in UTC with `Z`; transactions come with other offsets.

    >>> utc("2026-11-18T04:12:30.5-07:00"), utc("2026-11-18T09:12:30Z")
    ('2026-11-18T11:12:30.500000Z', '2026-11-18T09:12:30Z')
    """
    if value[-1] == "Z":
        return value
    return moment(value).isoformat().replace("+00:00", "Z")


def moment(value: str) -> datetime:
    """Read an instant; without an offset it is UTC."""
    try:
        read = datetime.fromisoformat(value)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"Elastic Path: a date is no instant: {value[:40]}") from error


def text(value: raw.Maybe[str]) -> Says[str]:
    """Turn an empty string into null, and leave out what was anonymised.

    >>> text(""), text("*"), text("O*Hara")
    (None, UNSET, 'O*Hara')
    """
    if not value:
        return UNSET if value is UNSET else None
    return UNSET if anonymous(value) else value


def email(value: raw.Maybe[str]) -> Says[str]:
    """Take an e-mail address, unless any of it was anonymised."""
    return UNSET if value and "*" in value else text(value)


def anonymous(value: raw.Maybe[str]) -> bool:
    """Say whether a value was anonymised: nothing is left of it but asterisks."""
    return bool(value) and not str(value).strip("* ")


def added(amounts: Iterable[Says[Decimal]]) -> Says[Decimal]:
    """Add amounts up, if all of them are known."""
    found = list(amounts)
    known = [each for each in found if isinstance(each, Decimal)]
    return sum(known, NOTHING) if len(known) == len(found) else UNSET


def taken(amount: Says[Decimal]) -> Says[Decimal]:
    """Turn a discount, which is a negative amount, into what was taken off."""
    return abs(amount) if isinstance(amount, Decimal) else amount


def attributes(told: raw.Maybe[dict[str, Any]]) -> Says[list[records.Attribute]]:
    """Translate custom attributes: by name a type and a value, or the value itself.

    https://elasticpath.dev/docs/api/carts/cart-management (custom attributes)
    """
    if not isinstance(told, dict):
        return told
    values = {
        name: _value(each["value"] if isinstance(each, dict) and "value" in each else each)
        for name, each in told.items()
    }
    return [
        records.Attribute(name=name, value=value) for name, value in values.items() if not anonymous(value)
    ]


def _value(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
