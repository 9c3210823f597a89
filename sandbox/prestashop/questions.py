"""What a URL asks of a list, as `WebserviceRequest` understands it: filters, display, sort and limit, with all their oddities.

Whatever PrestaShop does not understand it either refuses with a code or, as often, silently ignores.
https://devdocs.prestashop-project.org/8/webservice/tutorials/advanced-use/additional-list-parameters/
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.prestashop.fields import Field, Resource

Test = Callable[[Any], bool]
"""Whether a column's value is wanted."""


class Refused(Exception):
    """PrestaShop refuses: its code, the status that belongs to it, and what it says."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Crashed(Exception):
    """PHP died of an error that nobody caught."""


@dataclass(slots=True)
class Question:
    """One list, as asked for."""

    tests: list[tuple[str, Test]] = field(default_factory=list)
    fields: list[str] | None = None
    """The fields to show, None for only the ids."""
    associations: dict[str, list[str] | None] = field(default_factory=dict)
    """The associations to show, each with its fields, None for all of them."""
    sort: list[tuple[str, bool]] = field(default_factory=list)
    """(field, whether descending)"""
    limit: tuple[int, int] | None = None
    """(first row, number of rows)"""


def question(resource: Resource, said: Mapping[str, str]) -> Question:
    """Read a URL's parameters; raise `Refused` or `Crashed` where PrestaShop does."""
    asked = Question()
    available = _available(resource, dated=bool(said.get("date")) and said["date"] != "0")
    if "filter" in said:
        raise Refused(400, 33, 'The "filter" value has to be formed as this example: "filter[field]=[value]"')
    for name, value in said.items():
        if found := re.fullmatch(r"filter\[(.*?)\](.*)", name):
            asked.tests.append(_filter(resource, available, found[1], found[2], value))
    _display(resource, said.get("display"), asked)
    if said.get("sort"):
        asked.sort = _sort(resource, available, said["sort"])
    if said.get("limit"):
        asked.limit = _limit(said["limit"])
    return asked


def _available(resource: Resource, *, dated: bool) -> list[str]:
    """Return what may be filtered and sorted by: dates only if `date` is said, but then also those that do not exist."""
    names = [
        name
        for name, each in resource.fields.items()
        if not each.i18n and name not in ("date_add", "date_upd")
    ]
    if not dated:
        return names
    names = [name for name, each in resource.fields.items() if not each.i18n]
    return names + [name for name in ("date_add", "date_upd") if name not in names]


# Filters


def _filter(resource: Resource, available: list[str], name: str, rest: str, value: str) -> tuple[str, Test]:
    known = resource.fields.get(name)
    if rest:
        raise Refused(
            400, 32, _did_you_mean("This filter does not exist for this linked table", name, available)
        )
    if known is not None and known.dynamic:
        raise Refused(400, 34, f'This filter is not available: the field "{name}" is dynamic.')
    if name not in available and not (known is not None and known.i18n):
        raise Refused(400, 32, _did_you_mean("This filter does not exist", name, available))
    if known is None:
        raise Crashed(f"Unknown column 'main.{name}' in 'where clause'")
    return name, condition(known, value)


def condition(column: Field, value: str) -> Test:
    """Return the test that a filter's value is.

    >>> ids = Field("id", "int")
    >>> [n for n in range(9) if condition(ids, "[2|4]")(n)], [n for n in range(9) if condition(ids, ">[6]")(n)]
    ([2, 4], [7, 8])
    >>> [n for n in range(9) if condition(ids, ">=[6]")(n)]
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    found = re.fullmatch(r"(.*)\[(.*)\](.*)", value, re.DOTALL)
    if not found:
        return _equals(column, value)
    before, inner, after = found.groups()
    if "%" in (before, after):
        return _like(before + inner + after)
    if not before and not after:
        if "|" in inner[1:]:
            tests = [_equals(column, each) for each in inner.split("|")]
            wanted = _plain_numbers(column, inner.split("|"))
            return (
                (lambda held: held in wanted) if wanted else (lambda held: any(test(held) for test in tests))
            )
        if between := re.fullmatch(r"([\d.:\-\s]+),([\d.:\-\s]+)", inner):
            least, most = sorted(between.groups())
            low, high = _key(column, least), _key(column, most)
            if low is None or high is None:
                return lambda _: False
            return lambda held: (key := _held(column, held)) is not None and low <= key <= high
        return _equals(column, inner)
    if before in (">", "<"):
        edge = _key(column, inner)
        if edge is None:
            return lambda _: False
        if before == ">":
            return lambda held: (key := _held(column, held)) is not None and key > edge
        return lambda held: (key := _held(column, held)) is not None and key < edge
    if before == "!":
        tests = [_equals(column, each) for each in inner.split("|")]
        return lambda held: not any(test(held) for test in tests)
    return lambda _: True  # >= and the like: no condition at all


def _plain_numbers(column: Field, values: Iterable[str]) -> frozenset[int] | None:
    values = list(values)
    if column.kind != "int" or not all(each.isascii() and each.isdigit() for each in values):
        return None
    return frozenset(map(int, values))


def _equals(column: Field, value: str) -> Test:
    wanted = _key(column, value)
    if wanted is None:
        return lambda _: False
    return lambda held: _held(column, held) == wanted


def _like(pattern: str) -> Test:
    parts = (re.escape(part) for part in pattern.split("%"))
    compiled = re.compile(".*".join(parts).replace("_", "."), re.IGNORECASE | re.DOTALL)
    return lambda held: any(compiled.fullmatch(str(each)) for each in _texts(held))


def _texts(held: Any) -> Iterable[Any]:
    return held if isinstance(held, tuple) else (held,)


def _key(column: Field, value: str) -> Any:
    """Read a value as MariaDB compares it with a column; None is equal to nothing."""
    match column.kind:
        case "int" | "bool" | "decimal":
            number = re.match(r"\s*[+-]?\d*\.?\d+", value)
            try:
                return Decimal(number[0].strip()) if number else Decimal(0)
            except InvalidOperation:
                return Decimal(0)
        case "time" | "date":
            return _time(value.strip(), column.kind)
        case _:
            return value.casefold().rstrip(" ")


def _time(value: str, kind: str) -> str | None:
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?(?:\.\d+)?", value)
    if not found:
        return None
    clock = found[2] or "00:00:00"
    return found[1] if kind == "date" else f"{found[1]} {clock if len(clock) == 8 else clock + ':00'}"


def _held(column: Field, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "text":
        return str(value).casefold().rstrip(" ")
    return value


def _did_you_mean(what: str, name: str, words: list[str]) -> str:
    """Guess the word that was meant: the last of the nearest."""
    nearest, least = "", -1
    for word in words:
        distance = _levenshtein(name, word)
        if distance <= least or least < 0:
            nearest, least = word, distance
    return f'{what}. Did you mean: "{nearest}"? The full list is: ' + ", ".join(f'"{each}"' for each in words)


def _levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row = row, [number]
        for place, against in enumerate(other, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != against)))
    return row[-1]


# Display


def _display(resource: Resource, said: str | None, asked: Question) -> None:
    if said is None or said == "":
        return
    if said == "full":
        asked.fields = list(resource.fields)
        asked.associations = dict.fromkeys(resource.associations)
        return
    found = re.fullmatch(r"\[(.*)\]", said, re.DOTALL)
    if not found:
        raise Refused(
            400, 36, 'The display syntax is wrong. Set "full" or "[field_1, field_2, field_3, ...]"'
        )
    asked.fields = []
    for name, inner in _parts(found[1]):
        if inner is None and name in resource.fields:
            asked.fields.append(name)
        elif name in resource.associations:
            asked.associations[name] = _associated(resource, name, inner)
        else:
            raise Refused(400, 35, _unknown(name, [*resource.fields, *resource.associations]))


def _associated(resource: Resource, name: str, inner: str | None) -> list[str] | None:
    if inner is None or inner in ("", "full"):
        return None
    names, known = [each.strip() for each in inner.split(",")], resource.associations[name]
    for each in names:
        if each not in known:
            raise Refused(400, 35, _unknown(each, known))
    return names


def _unknown(name: str, words: list[str]) -> str:
    return f'Unable to display this field "{name}". However, these are available: {", ".join(words)}'


def _parts(text: str) -> Iterable[tuple[str, str | None]]:
    """Yield the fields of a display, each with what stands in its own brackets."""
    place = 0
    while place < len(text):
        found = re.compile(r"\s*([^,\[\]]*)(?:\[([^\[\]]*)\])?\s*(,|$)").match(text, place)
        if not found:
            raise Refused(400, 36, "The display syntax is wrong: brackets do not match")
        if found[1].strip() or found[2]:
            yield found[1].strip(), found[2]
        place = found.end()


# Sort and limit


def _sort(resource: Resource, available: list[str], said: str) -> list[tuple[str, bool]]:
    found = re.fullmatch(r"\[(.*)\]", said)
    wanted = []
    for each in (found[1] if found else said).split(","):
        name, _, way = each.strip().rpartition("_")
        if way.upper() not in ("ASC", "DESC") or not name:
            raise Refused(
                400,
                37,
                f'The "sort" value has to be formed as this example: "field1_ASC,field2_DESC" ("{each}" given)',
            )
        known = resource.fields.get(name)
        if (name not in available and not (known and known.i18n)) or (known and known.dynamic):
            raise Refused(
                400,
                38,
                f'Unable to filter by this field. However, these are available: {", ".join(available)}, for field "{name}"',
            )
        if known is None:
            raise Crashed(f"Unknown column 'main.{name}' in 'order clause'")
        wanted.append((name, way.upper() == "DESC"))
    return wanted


def _limit(said: str) -> tuple[int, int]:
    parts = said.split(",")
    if len(parts) > 2:
        raise Refused(400, 39, 'The "limit" value has to be formed as this example: "5,25" or "10"')
    counts = [int(found[0]) if (found := re.match(r"\s*\d+", each)) else 0 for each in parts]
    return (0, counts[0]) if len(counts) == 1 else (counts[0], counts[1])
