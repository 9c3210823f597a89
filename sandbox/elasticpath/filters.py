"""Elastic Path's filters: `op(field,value):op(field,value)`, with the operators that each endpoint documents for each field, and no others.

There are two parsers. A quoted value wakes the new one, which reads RFC 3339; the old one reads a day or epoch milliseconds.
https://elasticpath.dev/guides/Getting-Started/filtering
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

MOST, LONGEST = 10, 8192

DATE = frozenset({"eq", "gt", "ge", "le", "lt"})
AMOUNT = frozenset({"gt", "ge", "lt", "le"})
WORD = frozenset({"eq", "like"})
EXACT = frozenset({"eq"})

_TERM = re.compile(r"([a-z_]+)\(\s*([A-Za-z_.]+)\s*,")
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')


class Unparsable(Exception):
    """Elastic Path does not understand, or does not support, a filter."""


class Field(NamedTuple):
    """A field that can be filtered by: its operators, and how to read it from a row (one value, or several of which one has to match)."""

    operators: frozenset[str]
    read: Callable[[Any], Any]


class Term(NamedTuple):
    """One condition."""

    operator: str
    field: str
    values: tuple[str, ...]
    quoted: bool


def matcher(
    text: str,
    fields: Mapping[str, Field],
    *,
    beta: bool = True,
    plain_instants: bool = False,
    whole: bool = False,
) -> Callable[[Any], bool]:
    """Return the question whether a row matches a filter, or raise.

    `beta`: whether the new parser is allowed. `plain_instants`: whether this endpoint reads an unquoted RFC 3339 instant. `whole`: instants are
    compared to the second.
    """
    tests = []
    for term in parsed(text):
        field = fields.get(term.field)
        if field is None or term.operator not in field.operators or (term.quoted and not beta):
            raise Unparsable(term)
        tests.append(_test(term, field, plain_instants=plain_instants, whole=whole))
    return lambda row: all(test(row) for test in tests)


def parsed(text: str) -> list[Term]:
    """Read a filter.

    >>> parsed('ge(updated_at,"2026-11-19T00:00:00.000Z"):eq(status,complete)')[1]
    Term(operator='eq', field='status', values=('complete',), quoted=False)
    """
    if len(text.encode()) > LONGEST:
        raise Unparsable("too long")
    terms, place = [], 0
    while True:
        found = _TERM.match(text, place)
        if not found:
            raise Unparsable(text[place:])
        values, quoted, place = _values(text, found.end(), several=found[1] == "in")
        terms.append(Term(found[1], found[2], values, quoted))
        if place == len(text):
            break
        if text[place] != ":":
            raise Unparsable(text[place:])
        place += 1
    if len(terms) > MOST:
        raise Unparsable("too many")
    return terms


def _values(text: str, place: int, *, several: bool) -> tuple[tuple[str, ...], bool, int]:
    if found := _QUOTED.match(text, place):
        values = [found[1]]
        while several and text[found.end() : found.end() + 1] == ",":
            found = _QUOTED.match(text, found.end() + 1)
            if not found:
                raise Unparsable(text)
            values.append(found[1])
        if text[found.end() : found.end() + 1] != ")":
            raise Unparsable(text)
        return tuple(re.sub(r"\\(.)", r"\1", each) for each in values), True, found.end() + 1
    end = text.find(")", place)
    if end < 0 or '"' in text[place:end] or not text[place:end].strip():
        raise Unparsable(text)
    plain = text[place:end]
    return tuple(each.strip() for each in (plain.split(",") if several else [plain])), False, end + 1


def _test(term: Term, field: Field, *, plain_instants: bool, whole: bool) -> Callable[[Any], bool]:
    compare: Callable[[Any], bool]
    if field.operators in (DATE, AMOUNT):
        wanted: Any = (
            _instant(term, plain_instants=plain_instants) if field.operators is DATE else _number(term)
        )
        compare = {
            "eq": lambda value: value == wanted,
            "gt": lambda value: value > wanted,
            "ge": lambda value: value >= wanted,
            "lt": lambda value: value < wanted,
            "le": lambda value: value <= wanted,
        }[term.operator]
    elif term.operator == "like":
        pattern = re.compile(
            ".*".join(re.escape(each) for each in term.values[0].split("*")), re.DOTALL | re.IGNORECASE
        )
        compare = lambda value: value is not None and bool(pattern.fullmatch(value))  # noqa: E731
    elif term.operator in ("ge", "gt", "le", "lt"):
        other = term.values[0]
        compare = {
            "ge": lambda value: value >= other,
            "gt": lambda value: value > other,
            "le": lambda value: value <= other,
            "lt": lambda value: value < other,
        }[term.operator]
    else:
        allowed = frozenset(term.values)
        compare = lambda value: value in allowed  # noqa: E731
    if whole and field.operators is DATE:
        wanted = wanted.replace(microsecond=0)
        return lambda row: compare(field.read(row).replace(microsecond=0))
    return lambda row: any(compare(each) for each in _each(field.read(row)))


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple, set, frozenset)) else (value,)


def _number(term: Term) -> int:
    try:
        return int(term.values[0])
    except ValueError:
        raise Unparsable(term) from None


def _instant(term: Term, *, plain_instants: bool) -> datetime:
    text = term.values[0]
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if not term.quoted and re.fullmatch(r"\d{13}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        if (term.quoted or plain_instants) and re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text
        ):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Unparsable(term)
