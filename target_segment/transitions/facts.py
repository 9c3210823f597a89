"""Facts: a state reduced to short hashes, so that a change can be seen without remembering what was said.

The facts of a state are one text: a hash per listed fact, in the order of the table, comma-separated; an empty place is a
fact left out. Hashes are over normalised values (24.0 is 24.00, lists by id), never over rendered payloads. A fact with
parts (an address, lines) carries which parts were said: another selection is adopted, not told. Lists of facts only ever grow at their end.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET, json
from xxhash import xxh3_64_hexdigest

_DIGITS = 10
_NONE = "-"
_encode = json.Encoder(order="deterministic").encode


def plain(value: Any) -> Any:
    """Return one value in its normal form: numbers and instants by value.

    >>> plain(Decimal("24.00")) == plain(Decimal("24.0"))
    True
    """
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def hashed(value: Any) -> str:
    """Return the short hash of a scalar or a list of words; the order of words does not count."""
    if value is UNSET:
        return ""
    if value is None:
        return _NONE
    if isinstance(value, list):
        return xxh3_64_hexdigest(_encode(sorted(value)))[:_DIGITS]
    return xxh3_64_hexdigest(str(plain(value)).encode())[:_DIGITS]


def parts(*fields: str) -> Callable[[Any], str]:
    """Return a function that hashes a thing, or a list of things, by these fields, and says which of them were said."""
    numbered = [(1 << place, field) for place, field in enumerate(fields)]

    def row(thing: Any) -> tuple[int, list[Any]]:
        said, values = 0, []
        for bit, field in numbered:
            value = getattr(thing, field)
            if value is UNSET:
                continue
            said |= bit
            if value is not None and type(value) is not str and type(value) is not int:
                value = [[each.name, each.value] for each in value] if isinstance(value, list) else plain(value)
            values.append(value)
        return said, values

    def hash_parts(value: Any) -> str:
        if value is UNSET:
            return ""
        if value is None:
            return _NONE
        if isinstance(value, list):
            rows = [row(thing) for thing in value]
            said = 0
            for bits, _ in rows:
                said |= bits
            content: Any = sorted([values for _, values in rows], key=_encode)
        else:
            said, content = row(value)
        return f"{said:x}.{xxh3_64_hexdigest(_encode(content))[:_DIGITS]}"

    return hash_parts


def joined(hashes: Iterable[str]) -> str:
    """Return the facts of a state as one text."""
    return ",".join(hashes)


def _differ(old: str, new: str) -> bool:
    if not old or not new or old == new:
        return False
    if "." in old and "." in new:
        # Other parts were asked for than last time: that is adopted, not told.
        return old.partition(".")[0] == new.partition(".")[0]
    return True


def changed(old: str, new: str) -> bool:
    """Say whether a fact that both states tell differs."""
    if old == new:
        return False
    return any(map(_differ, old.split(","), new.split(",")))


def carries_more(old: str, new: str) -> bool:
    """Say whether `new` tells a fact with a value that `old` never carried."""
    told = old.split(",")
    said = new.split(",")
    told += [""] * (len(said) - len(told))
    return any(not before and after not in ("", _NONE) for before, after in zip(told, said, strict=False))


def merged(old: str, new: str) -> str:
    """Return the new state, with what it leaves out as it was known before.

    >>> merged("a,b,c", "x,,-")
    'x,b,-'
    """
    if old == new:
        return new
    known = old.split(",")
    said = new.split(",")
    known += [""] * (len(said) - len(known))
    return ",".join(after or before for before, after in zip(known, said, strict=False))


def digest(facts: str) -> str:
    """Return the digest of a whole state."""
    return xxh3_64_hexdigest(facts.encode())
