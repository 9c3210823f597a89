"""From an order's attributes to the places of a call that settings name: ids of browsers, a campaign, a consent.

Only what an attribute says is told, junk never is, and an object in which nothing was said is not there. Attributes are
the storefront's words, and the only way by which what a browser knew reaches a shop's API.
"""

import re
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, UnsetType

from target_segment.errors import Misconfigured
from target_segment.events import customers, shapes
from target_segment.events.shapes import ENCODER, Product, Shape
from target_segment.identity import real_id
from target_segment.snapshots import Attribute, OrderSummary

Said = Mapping[str, str]
Read = Callable[[Said], Any]
Tree = dict[str, Any]

TYPES = ("text", "number", "boolean")
LONGEST = 2_000
"""Characters of a value: what is longer is no id and no address, and might make a call too large to be told at all."""
_OURS = frozenset({"library", "active", "externalIds", "traits", "consent", "direct"})
"""Parts of `context` that nobody places: `direct` would have Segment take this machine's address for the shopper's."""
_EXAMPLE = '{"properties.fbp": "_fbp"}'


class Place(NamedTuple):
    """Where something goes, as names from the outside in, and how it is read."""

    path: tuple[str, ...]
    read: Read


class Places(NamedTuple):
    """Everything that `attributes` names, by the part of the call that it goes to, without that part's name."""

    properties: list[Place]
    context: list[Place]
    integrations: list[Place]


def places(settings: Mapping[str, Any]) -> Places:
    """Return what `attributes` names; raise `Misconfigured` for a place that is none, or not to be had."""
    found = Places([], [], [])
    for name, given in (settings.get("attributes") or {}).items():
        part, *path = name.split(".")
        if part not in found._fields or not path or not all(each.strip() for each in path):
            raise _wrong(
                f"{name!r} is no place: it begins with properties., context. or integrations., as in {_EXAMPLE}"
            )
        _check(name, part, path)
        kind, names = _given("attributes", name, given)
        if part == "properties":
            _expect(name, path[0], kind)
        getattr(found, part).append(Place(tuple(path), reader(names, kind)))
    for part in found:
        _expect_apart(part)
    return found


def reader(names: tuple[str, ...], kind: str) -> Read:
    """Return the function from attributes, by name, to the first value of that type among them, or None.

    >>> reader(("ga", "_ga"), "text")({"ga": "undefined", "_ga": " 123.456 "})
    '123.456'
    >>> reader(("session",), "number")({"session": "1763456789012"})
    Decimal('1763456789012')
    """
    parse = _PARSERS[kind]

    def read(said: Said) -> Any:
        for name in names:
            value = said.get(name)
            if value and len(value) <= LONGEST and (parsed := parse(value)) is not None:
                return parsed
        return None

    return read


def said_of(order: OrderSummary | None) -> Said:
    """Return an order's attributes by name, of several of one name the first that says something."""
    found: dict[str, str] = {}
    attributes: list[Attribute] | UnsetType | None = order.attributes if order is not None else None
    for each in attributes or ():
        if each.value and each.name not in found:
            found[each.name] = each.value
    return found


def placed(wanted: list[Place], said: Said) -> Tree:
    """Return the objects that hold what was said, one in the other; empty if nothing was."""
    tree: Tree = {}
    for path, read in wanted:
        value = read(said)
        if value is not None:
            inner = tree
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
    return tree


def with_properties(
    make: Callable[[Any], Shape], wanted: list[Place], order_of: Callable[[Any], OrderSummary | None]
) -> Callable[[Any], Any]:
    """Return properties with the attributes' beside them; where both have a name, the event's own counts."""

    def both(news: Any) -> Any:
        own = make(news)
        tree = placed(wanted, said_of(order_of(news)))
        return tree | plain(own) if tree else own

    return both


def with_context(context: Any, wanted: list[Place], order: OrderSummary | None) -> Any:
    """Return a context in which an attribute's word counts before the record's."""
    tree = placed(wanted, said_of(order))
    return merged(plain(context), tree) if tree else context


def integrations(
    base: Mapping[str, Any] | None, wanted: list[Place]
) -> Callable[[OrderSummary | None], Raw | None]:
    """Return the function from an order to Segment's `integrations`: those set, with the attributes' options in them.

    Options switch a destination on, so one that is switched off by its name or by `All` gets none.
    """
    always = Raw(ENCODER.encode(base)) if base else None
    switches = base or {}
    open_to = [each for each in wanted if switches.get(each.path[0], switches.get("All", True)) is not False]
    if not open_to:
        return lambda _: always

    def told(order: OrderSummary | None) -> Raw | None:
        tree = placed(open_to, said_of(order))
        return Raw(ENCODER.encode(merged(dict(switches), tree))) if tree else always

    return told


def merged(base: Tree, more: Tree) -> Tree:
    """Return both objects in one; where both say something that is no object, `more` counts."""
    for name, value in more.items():
        old = base.get(name)
        base[name] = merged(dict(old), value) if isinstance(old, dict) and isinstance(value, dict) else value
    return base


def plain(shape: Any) -> Tree:
    """Return a shape as a plain object that can be added to."""
    return msgspec.to_builtins(shape, builtin_types=(Decimal, datetime, Raw))  # type: ignore[no-any-return]


def truth(value: str) -> bool | None:
    """Return what a word of consent means, or None if nobody can tell.

    >>> truth("Yes"), truth("denied"), truth("perhaps")
    (True, False, None)
    """
    word = value.strip().lower()
    return True if word in _YES else False if word in _NO else None


_YES = frozenset(
    {"true", "yes", "y", "1", "on", "granted", "allow", "allowed", "accepted", "opted_in", "opt_in"}
)
_NO = frozenset(
    {"false", "no", "n", "0", "off", "denied", "deny", "declined", "rejected", "opted_out", "opt_out"}
)


def _number(value: str) -> Decimal | None:
    # A number in a shop's text is plain digits; Python would also take 1_000, NaN and ٣.
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value.strip()):
        return None
    try:
        return Decimal(value.strip())
    except InvalidOperation:
        return None


_PARSERS: dict[str, Callable[[str], Any]] = {"text": real_id, "number": _number, "boolean": truth}
_NUMBERS = frozenset({"integrations.Actions Amplitude.session_id"})
"""Places where a destination takes nothing but a number."""


def _given(setting: str, place: str, given: Any) -> tuple[str, tuple[str, ...]]:
    """Return the type and the attributes' names that a place was given."""
    kind = "number" if place in _NUMBERS else "text"
    if isinstance(given, dict) and given.keys() <= {"attribute", "type"} and "attribute" in given:
        kind, given = given.get("type", kind), given["attribute"]
        if kind not in TYPES:
            raise Misconfigured(
                f"setting `{setting}`: the type of {place} is {kind!r}, which is none of {', '.join(TYPES)}"
            )
    return kind, names_of(setting, place, given)


def names_of(setting: str, place: str, given: Any) -> tuple[str, ...]:
    """Return one attribute's name, or several, of which the first that says something counts."""
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names or not all(isinstance(each, str) and each for each in names):
        raise Misconfigured(
            f"setting `{setting}`: {place} is {given!r}, which is neither the name of an order attribute, a list of names, "
            'nor {"attribute": …, "type": …}'
        )
    return tuple(names)


def _check(name: str, part: str, path: list[str]) -> None:
    if part == "context" and path[0] in _OURS:
        where = " (see `consent_categories`)" if path[0] == "consent" else ""
        raise _wrong(f"{name} cannot be placed{where}")
    if part == "properties" and len(path) > 1:
        raise _wrong(f"{name}: a property has one name, without a point")
    if part == "integrations" and len(path) == 1:
        raise _wrong(f"{name}: say which option of {path[0]}, as in integrations.{path[0]}.clientId")


def _expect(name: str, last: str, kind: str) -> None:
    """Raise if a property of that name is said elsewhere with another type: types never vary."""
    declared = _declared().get(last)
    if declared is not None and declared != kind:
        raise _wrong(f"{name} is the shop's own {declared}; choose another name")


def _expect_apart(part: list[Place]) -> None:
    for one in part:
        for other in part:
            if one is not other and other.path[: len(one.path)] == one.path:
                raise _wrong(f"{'.'.join(other.path)} lies inside {'.'.join(one.path)}, which is a value")


def _declared() -> dict[str, str]:
    """Return the type of every property that an event may say by itself."""
    found: dict[str, str] = {}
    for shape in (*vars(shapes).values(), customers.CustomerProperties):
        if isinstance(shape, type) and issubclass(shape, Shape) and shape is not Product:
            found |= _types(shape)
    return found


def _types(shape: type[Shape]) -> dict[str, str]:
    hints = typing.get_type_hints(shape)
    kinds = {str: "text", bool: "boolean", int: "number", Decimal: "number", datetime: "instant"}
    said = zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True)
    return {
        name: next((word for kind, word in kinds.items() if kind in _union(hints[field])), "object")
        for field, name in said
    }


def _union(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) or (hint,)


def _wrong(what: str) -> Misconfigured:
    return Misconfigured(f"setting `attributes`: {what}")
