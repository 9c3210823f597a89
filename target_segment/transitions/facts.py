"""Facts: a state reduced to short hashes, so that a change can be seen without remembering what was said.

The facts of a state are one text: a hash per listed fact, in the order of the table, comma-separated; an empty place is a
fact left out. Hashes are over normalised values (24.0 is 24.00, lists by id), never over rendered payloads. A fact with
parts (an address, lines) carries which parts were said: another selection is adopted, not told. Lists of facts only ever grow at their end.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from msgspec import UNSET, Struct, UnsetType, json
from xxhash import xxh3_64_hexdigest

from target_segment.errors import Malformed

_DIGITS = 10
NONE = "-"
"""The hash of what the shop says that it has none of."""
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
        return _digits(value)
    if isinstance(value, datetime):
        return text(value)
    return value


def text(at: datetime) -> str:
    """Return an instant as text, as `isoformat` writes it in UTC, at a third of its cost.

    >>> text(datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    '2026-03-01T12:30:00+00:00'
    """
    return f"{_encode(at if at.tzinfo is UTC else at.astimezone(UTC))[1:-2].decode()}+00:00"


def _digits(amount: Decimal) -> str:
    if not amount:
        # Also minus nothing.
        return "0"
    digits = str(amount)
    if "." in digits and "E" not in digits and len(digits) < _PRECISE:
        # As below, at half its cost.
        return digits.rstrip("0").rstrip(".")
    # + 0 writes a round number without an exponent.
    return str(amount.normalize() + 0)


_PRECISE = 28
"""From so many characters on an amount is rounded to Python's own precision."""


def _hash(content: bytes) -> str:
    return xxh3_64_hexdigest(content)[:_DIGITS]


def fact_hash(value: Any) -> str:
    """Return the short hash of a scalar."""
    if value is None:
        return NONE
    if type(value) is str:
        return _hash(value.encode())
    if value is UNSET:
        return ""
    return _hash(str(plain(value)).encode())


def scalars(*fields: str) -> Callable[[Any], list[str]]:
    """Return a function that hashes these fields of a thing, each a scalar."""
    get = attrgetter(*fields)

    def hash_scalars(thing: Any) -> list[str]:
        # As `fact_hash` does, without a call for what is most frequent.
        return [
            NONE
            if value is None
            else xxh3_64_hexdigest(value.encode())[:_DIGITS]
            if type(value) is str
            else fact_hash(value)
            for value in get(thing)
        ]

    return hash_scalars


def words(value: Any) -> str:
    """Return the short hash of a list of words, whose order does not count."""
    if value is UNSET:
        return ""
    if value is None:
        return NONE
    return _hash(_encode(sorted(value))) if value else _EMPTY


def parts(*fields: str) -> Callable[[Any], str]:
    """Return a function that hashes a thing, or a list of things, by these fields, and says which of them were said.

    A list is sorted by the first field.
    """
    get = attrgetter(*fields)
    plans: dict[tuple[type, ...], _Plan] = {}

    def row(values: tuple[Any, ...]) -> tuple[int, list[Any]]:
        kinds = tuple(map(type, values))
        plan = plans.get(kinds) or plans.setdefault(kinds, _plan(kinds))
        content = [values[place] for place in plan.said] if plan.left_out else [*values]
        for place, normal in plan.normal:
            content[place] = normal(content[place])
        return plan.mask, content

    def of_list(things: list[Any]) -> str:
        # An empty list leaves no field out: it differs from every other.
        if not things:
            return _EMPTY
        said, contents = 0, []
        for values in map(get, things):
            these, content = row(values)
            said |= these
            contents.append(content)
        contents.sort(key=itemgetter(0))
        return f"{said:x}.{_hash(_encode(contents))}"

    def of_one(thing: Any) -> str:
        said, content = row(get(thing))
        return f"{said:x}.{_hash(_encode(content))}"

    def hash_parts(value: Any) -> str:
        if value is UNSET:
            return ""
        if value is None:
            return NONE
        return of_list(value) if type(value) is list else of_one(value)

    return hash_parts


class _Plan(Struct, frozen=True):
    """How values of these types become content: which are said, and which of those need a normal form."""

    mask: int
    said: list[int]
    left_out: bool
    normal: list[tuple[int, Callable[[Any], Any]]]


def _plan(kinds: tuple[type, ...]) -> _Plan:
    said = [place for place, kind in enumerate(kinds) if kind is not UnsetType]
    return _Plan(
        mask=sum(1 << place for place in said),
        said=said,
        left_out=len(said) < len(kinds),
        normal=[
            (place, _pairs if kinds[each] is list else plain)
            for place, each in enumerate(said)
            if kinds[each] not in _SIMPLE
        ],
    )


_SIMPLE = frozenset({str, int, bool, type(None)})


def _pairs(attributes: list[Any]) -> list[list[Any]]:
    return [[each.name, each.value] for each in attributes]


def joined(hashes: Iterable[str]) -> str:
    """Return the facts of a state as one text."""
    return ",".join(hashes)
