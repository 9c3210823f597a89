"""Facts: a state reduced to short hashes, so that a change can be seen without remembering what was said.

The facts of a state are one text: a hash per listed fact, in the order of the table, comma-separated; an empty place is a
fact left out. Hashes are over normalised values (24.0 is 24.00, lists by id), never over rendered payloads. A fact with
parts (an address, lines) carries which parts were said: another selection is adopted, not told. Lists of facts only ever grow at their end.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from msgspec import UNSET, UnsetType, json
from xxhash import xxh3_64_hexdigest

from target_segment.errors import Malformed

_DIGITS = 10
_NONE = "-"
_EMPTY = "0"
_encode = json.Encoder().encode


def plain(value: Any) -> Any:
    """Return one value in its normal form: numbers and instants by value.

    >>> plain(Decimal("24.00")) == plain(Decimal("24.0"))
    True
    """
    if type(value) is Decimal:
        if not value.is_finite():
            raise Malformed(f"{value} is no amount of money")
        # + 0 makes minus nothing nothing.
        return str(value.normalize() + 0)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def hashed(value: Any) -> str:
    """Return the short hash of a scalar."""
    if value is None:
        return _NONE
    if type(value) is str:
        return xxh3_64_hexdigest(value.encode())[:_DIGITS]
    if value is UNSET:
        return ""
    if type(value) is Decimal:
        return _amount(str(value))
    return xxh3_64_hexdigest(str(plain(value)).encode())[:_DIGITS]


# Amounts recur; by their digits they are found faster than by their value.
@lru_cache(maxsize=1 << 14)
def _amount(digits: str) -> str:
    return xxh3_64_hexdigest(_normal_amount(digits).encode())[:_DIGITS]


@lru_cache(maxsize=1 << 14)
def _normal_amount(digits: str) -> str:
    return str(plain(Decimal(digits)))


def words(value: Any) -> str:
    """Return the short hash of a list of words, whose order does not count."""
    if value is UNSET:
        return ""
    if value is None:
        return _NONE
    return xxh3_64_hexdigest(_encode(sorted(value)))[:_DIGITS] if value else _EMPTY


def parts(*fields: str) -> Callable[[Any], str]:
    """Return a function that hashes a thing, or a list of things, by these fields, and says which of them were said.

    A list is sorted by the first field.
    """
    get = attrgetter(*fields)
    bits = [1 << place for place in range(len(fields))]
    everything = sum(bits)

    def row(thing: Any) -> tuple[int, list[Any]]:
        said, content = everything, []
        for bit, value in zip(bits, get(thing), strict=True):
            kind = type(value)
            if kind in _SIMPLE:
                content.append(value)
            elif kind is UnsetType:
                said -= bit
            else:
                content.append(_normal(value))
        return said, content

    def of_list(things: list[Any]) -> str:
        # An empty list leaves no field out: it differs from every other.
        if not things:
            return _EMPTY
        said, contents = 0, []
        for thing in things:
            these, values = row(thing)
            said |= these
            contents.append(values)
        contents.sort(key=_first)
        return f"{said:x}.{xxh3_64_hexdigest(_encode(contents))[:_DIGITS]}"

    @lru_cache(maxsize=1 << 12)
    def of_one(thing: Any) -> str:
        said, content = row(thing)
        return f"{said:x}.{xxh3_64_hexdigest(_encode(content))[:_DIGITS]}"

    def hash_parts(value: Any) -> str:
        if value is UNSET:
            return ""
        if value is None:
            return _NONE
        return of_list(value) if type(value) is list else of_one(value)

    return hash_parts


_SIMPLE = frozenset({str, int, bool, type(None)})


def _first(row: list[Any]) -> str:
    return str(row[0])


def _normal(value: Any) -> Any:
    if type(value) is Decimal:
        return _normal_amount(str(value))
    if isinstance(value, list):
        return [[each.name, each.value] for each in value]
    return plain(value)


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
    if not old or old == new:
        return new
    known = old.split(",")
    said = new.split(",")
    known += [""] * (len(said) - len(known))
    return ",".join(after or before for before, after in zip(known, said, strict=False))


def digest(facts: str) -> str:
    """Return the digest of a whole state."""
    return xxh3_64_hexdigest(facts.encode())
