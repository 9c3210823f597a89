"""One value of PrestaShop's, read whichever way it was written.

Numbers come as numbers or as texts, switches as "0", 0, false or "", lists of languages where a text is meant, and zeros for
dates: each is read tolerantly, here and nowhere else.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from msgspec import UnsetType


def plain(value: Any) -> Any:
    """Take one value out of a list of languages: the first that says something.

    >>> plain([{"id": 1, "value": ""}, {"id": 2, "value": "Expédié"}]), plain("Shipped")
    ('Expédié', 'Shipped')
    """
    if isinstance(value, dict):
        value = value.get("language", value.get("value"))
    if isinstance(value, list):
        values = [each.get("value") if isinstance(each, dict) else each for each in value]
        return next((each for each in values if each not in (None, "")), None)
    return value


def number(value: Any) -> int | None:
    """Read an id or a count; 0 is a count, and no id: whoever wants an id says so.

    >>> number("17"), number(17), number(""), number(None)
    (17, 17, None, None)
    """
    value = plain(value)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return int(Decimal(str(value)))


def amount(value: Any) -> Decimal | None:
    """Read an amount with the digits it came with.

    >>> amount("61.800000"), amount(5), amount("")
    (Decimal('61.800000'), Decimal('5'), None)
    """
    value = plain(value)
    if value is None or value == "":
        return None
    read = Decimal(str(value))
    if not read.is_finite():
        raise ValueError(value)
    return read


def flag(value: Any) -> bool:
    """Read a switch.

    >>> flag("0"), flag("1"), flag(True), flag("")
    (False, True, True, False)
    """
    return plain(value) not in (None, "", "0", 0, False, "false")


def text(value: Any) -> str | None:
    """Read a text; an empty one is none."""
    value = plain(value)
    if value is None or isinstance(value, (bool, list, dict)):
        return None
    return str(value) or None


def shown(value: Any) -> datetime | None:
    """Read what the shop's clocks showed; zeros are none.

    Some shops answer with a list, of which the last is meant: https://github.com/airbytehq/airbyte/issues/34513

    >>> shown("2026-11-18 10:12:30"), shown("0000-00-00 00:00:00")
    (datetime.datetime(2026, 11, 18, 10, 12, 30), None)
    """
    if isinstance(value, list) and value:
        value = value[-1]
    value = plain(value)
    if not value or str(value).startswith("0000") or "-00" in str(value)[:10]:
        return None
    return datetime.fromisoformat(str(value)).replace(tzinfo=None, microsecond=0)


Number: TypeAlias = Annotated[int | UnsetType | None, number]
Amount: TypeAlias = Annotated[Decimal | UnsetType | None, amount]
Flag: TypeAlias = Annotated[bool | UnsetType, flag]
Text: TypeAlias = Annotated[str | UnsetType | None, text]
Shown: TypeAlias = Annotated[datetime | UnsetType | None, shown]
