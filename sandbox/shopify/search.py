"""Shopify's search syntax, as far as the sandbox needs it: terms, ranges, quotes, AND, OR, NOT.

https://shopify.dev/docs/api/usage/search-syntax
What it does not understand it leaves out and only warns about, as the real one does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

Match = Callable[[Any], bool]
Fields = Mapping[str, Callable[["Term"], Match]]

TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        (?P<word>AND|OR|NOT)(?=[\s()]|$) |
        (?P<minus>-)?(?:(?P<field>[A-Za-z_][\w.]*):(?P<op>>=|<=|>|<)?)?
        (?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s()'"]+))
    )""",
    re.VERBOSE,
)

RANGE = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


@dataclass(frozen=True, slots=True)
class Term:
    """One `field:>='value'`. `second_whole` says that an exclusive `>` leaves out the whole second (2026-10)."""

    field: str
    op: str
    value: str
    quoted: bool
    zone: tzinfo = UTC
    second_whole: bool = True


@dataclass(slots=True)
class Search:
    """A query as it was understood: what it matches, and what the answer's extensions say of it."""

    query: str
    matches: Match = lambda _: True
    parsed: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def extension(self, path: list[str]) -> dict[str, Any]:
        """Return what `extensions.search` says of this query."""
        said: dict[str, Any] = {"path": path, "query": self.query, "parsed": self.parsed}
        if self.warnings:
            said["warnings"] = self.warnings
        return said


def search(query: str, fields: Fields, *, zone: tzinfo = UTC, second_whole: bool = True) -> Search:
    """Understand a query over these fields."""
    result = Search(query)
    tokens = [each for each in TOKEN.finditer(query) if each.group().strip()]
    reader = _Reader(tokens, fields, result, zone, second_whole)
    if tokens:
        result.matches, result.parsed = reader.alternatives()
    return result


def instant(read: Callable[[Any], datetime | None]) -> Callable[[Term], Match]:
    """Return how a field of instants is compared. Stored are fractions of a second, given are whole seconds.

    An unquoted value loses its time of day and matches whole days; https://shopify.dev/changelog has the exclusive second.
    """

    def compare(term: Term) -> Match:
        text = term.value if term.quoted else term.value.split("T")[0]
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=term.zone)
        step = timedelta(seconds=1) if "T" in text else timedelta(days=1)
        after = at + step if term.second_whole or step.days else at + timedelta(microseconds=1)
        tests: dict[str, Match] = {
            ">=": lambda value: value >= at,
            "<": lambda value: value < at,
            "<=": lambda value: value <= at if step.days == 0 else value < at + step,
            ">": lambda value: value >= after,
            "": lambda value: at <= value < at + step,
        }
        test = tests[term.op]
        return lambda thing: (value := read(thing)) is not None and test(value)

    return compare


def number(read: Callable[[Any], int]) -> Callable[[Term], Match]:
    """Return how a field of numbers is compared."""

    def compare(term: Term) -> Match:
        given = int(term.value.rsplit("/", 1)[-1])
        tests: dict[str, Match] = {
            ">=": lambda value: value >= given,
            "<": lambda value: value < given,
            "<=": lambda value: value <= given,
            ">": lambda value: value > given,
            "": lambda value: value == given,
        }
        return lambda thing: tests[term.op](read(thing))

    return compare


def words(read: Callable[[Any], Any]) -> Callable[[Term], Match]:
    """Return how a field of words is compared: without regard to case; comma-separated values are alternatives."""

    def compare(term: Term) -> Match:
        wanted = {each.strip().casefold() for each in term.value.split(",")}

        def test(thing: Any) -> bool:
            has = read(thing)
            values = has if isinstance(has, tuple | list | set) else (has,)
            return bool(wanted & {str(each).casefold() for each in values if each is not None})

        return test

    return compare


class _Reader:
    """Reads terms: OR binds weaker than AND, which need not be written."""

    def __init__(
        self, tokens: list[re.Match[str]], fields: Fields, result: Search, zone: tzinfo, second_whole: bool
    ) -> None:
        self._tokens, self._fields, self._result, self._zone, self._whole = (
            tokens,
            fields,
            result,
            zone,
            second_whole,
        )
        self._place = 0

    def alternatives(self) -> tuple[Match, dict[str, Any]]:
        found = [self._all()]
        while self._is("OR"):
            self._place += 1
            found.append(self._all())
        return _joined(found, any, "or")

    def _all(self) -> tuple[Match, dict[str, Any]]:
        found = []
        while (
            self._place < len(self._tokens) and not self._is("OR") and not self._tokens[self._place]["close"]
        ):
            if self._is("AND"):
                self._place += 1
                continue
            found.append(self._one())
        return _joined(found, all, "and")

    def _one(self) -> tuple[Match, dict[str, Any]]:
        token = self._tokens[self._place]
        self._place += 1
        if token["word"] == "NOT":
            return _not(self._one())
        if token["open"]:
            inner = self.alternatives()
            if self._place < len(self._tokens) and self._tokens[self._place]["close"]:
                self._place += 1
            return inner
        return _not(self._term(token)) if token["minus"] else self._term(token)

    def _term(self, token: re.Match[str]) -> tuple[Match, dict[str, Any]]:
        quoted = token["single"] if token["single"] is not None else token["double"]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token["bare"] or ""
        name, op = token["field"], token["op"] or ""
        if name is None:
            self._result.warnings.append(
                {"field": "default", "message": "The sandbox has no full text search.", "code": "unsupported"}
            )
            return (lambda _: True), {"field": "default", "match_all": value}
        said = {"field": name, "range": {RANGE[op]: value}} if op else {"field": name, "match_all": value}
        if name not in self._fields:
            self._result.warnings.append(
                {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
            )
            return (lambda _: True), said
        try:
            term = Term(name, op, value, quoted is not None, self._zone, self._whole)
            return self._fields[name](term), said
        except ValueError:
            self._result.warnings.append(
                {"field": name, "message": f"Input `{value}` is not a valid value.", "code": "invalid_value"}
            )
            return (lambda _: True), said

    def _is(self, word: str) -> bool:
        return self._place < len(self._tokens) and self._tokens[self._place]["word"] == word


def _joined(
    found: list[tuple[Match, dict[str, Any]]], how: Callable[[Any], bool], name: str
) -> tuple[Match, dict[str, Any]]:
    if len(found) == 1:
        return found[0]
    tests = [test for test, _ in found]
    return (lambda thing: how(test(thing) for test in tests)), {name: [said for _, said in found]}


def _not(found: tuple[Match, dict[str, Any]]) -> tuple[Match, dict[str, Any]]:
    test, said = found
    return (lambda thing: not test(thing)), {"not": said}
