"""`plan`: Segment's tracking plan, and plain JSON Schemas, of the events as configured.

Nothing is declared twice: the rules are read off the shapes into which the built-in examples are rendered, so they cannot
say other than what is sent. Where a template of the user's makes the properties, the rule asks for nothing.
"""

import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from msgspec import Meta, Struct, structs

from target_segment.commands.given import Given, takes_settings
from target_segment.events import customers, fulfillments, orders, refunds
from target_segment.events.context import Context
from target_segment.events.examples import example
from target_segment.events.renderer import TRANSITIONS
from target_segment.events.settings import choices
from target_segment.events.shapes import CustomerSeeds, ProductSeeds
from target_segment.transitions.table import TABLE, Entry

Schema = dict[str, Any]
Call = tuple[str, str]
"""The type of a call and the name of its event."""

FORMS = ("segment", "schemas")
DRAFT = "http://json-schema.org/draft-07/schema#"
PLATFORMS = tuple(orders.PLATFORMS)

_ALWAYS = ("order_id", "refund_id", "fulfillment_id", "coupon_id")
"""What an event that has it never lacks: the ids of what it is about."""
_WORDS = {"text": "string", "number": "number", "boolean": "boolean"}


@click.command(
    epilog="\b\nExample:\n  target-segment plan --config segment.json > plan.json\n"
    "  target-segment plan --config segment.json schemas --platform shopify"
)
@takes_settings
@click.argument("form", required=False, default=FORMS[0], type=click.Choice(FORMS))
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    help="A platform whose names for ids are in it; all known ones if not given.",
)
def command(given: Given, form: str, platforms: Sequence[str]) -> None:
    """Print Segment's tracking plan of the events.

    As they are configured; or plain JSON Schemas of them.
    """
    made = tracking_plan if form == "segment" else schemas
    click.echo(json.dumps(made(given.settings(), platforms or PLATFORMS), indent=2, ensure_ascii=False))


def tracking_plan(settings: Mapping[str, Any], platforms: Iterable[str] = PLATFORMS) -> Schema:
    """Return the body that replaces the rules of a tracking plan over Segment's Public API.

    https://docs.segmentapis.com/tag/Tracking-Plans#operation/replaceRulesInTrackingPlan
    """
    rules = []
    where = _context(settings)
    for (kind, event), said in _said(settings, platforms).items():
        place = _field_of(kind)
        about = said.get("description")
        rule: Schema = {
            "$schema": DRAFT,
            "type": "object",
            **({"description": about} if about else {}),
            "properties": {"context": where if kind == "track" else {}, "traits": {}, "properties": {}}
            | {place: _bare(said)},
            "required": [place],
        }
        key = {"key": event} if kind == "track" else {}
        rules.append({"type": kind.upper(), **key, "version": 1, "jsonSchema": rule})
    return {"rules": rules}


def schemas(settings: Mapping[str, Any], platforms: Iterable[str] = PLATFORMS) -> dict[str, Schema]:
    """Return the JSON Schema of every call, whole as it travels in a batch, by event name."""
    return {
        event: _whole(kind, event, said, settings)
        for (kind, event), said in _said(settings, platforms).items()
    }


# --- calls


def _whole(kind: str, event: str, said: Schema, settings: Mapping[str, Any]) -> Schema:
    place = _field_of(kind)
    about = said.get("description")
    return {
        "$schema": DRAFT,
        "title": event,
        **({"description": about} if about else {}),
        "type": "object",
        "properties": {
            "type": {"const": kind},
            "messageId": {"type": "string", "minLength": 1, "maxLength": 100},
            "timestamp": {"type": "string", "format": "date-time"},
            **({"event": {"const": event}} if kind == "track" else {}),
            "userId": {"type": "string", "minLength": 1},
            "anonymousId": {"type": "string", "minLength": 1},
            place: _bare(said),
            "context": _context(settings) if kind == "track" else _shape(Context, None),
            "integrations": {"type": "object"},
        },
        "required": [
            "type",
            "messageId",
            "timestamp",
            *(["event"] if kind == "track" else []),
            place,
            "context",
        ],
        "anyOf": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    }


def _field_of(kind: str) -> str:
    return "traits" if kind == "identify" else "properties"


def _bare(said: Schema) -> Schema:
    return {name: value for name, value in said.items() if name != "description"}


def _context(settings: Mapping[str, Any]) -> Schema:
    """Return the schema of a track's context."""
    context = _shape(Context, None)
    if "context" in _traits_in(settings):
        context["properties"]["traits"] = _traits(settings)
    return context


def _traits_in(settings: Mapping[str, Any]) -> Any:
    places = settings.get("traits_in")
    return ["identify"] if places is None else places


# --- what each call says


def _said(settings: Mapping[str, Any], platforms: Iterable[str]) -> dict[Call, Schema]:
    """Return the schema of the properties, or the traits, of every call that is on; those of one name are one."""
    makes: dict[str, orders.Properties] = {
        **orders.properties(settings),
        **refunds.properties(settings),
        **fulfillments.properties(settings),
        **customers.properties(settings),
    }
    templates = settings.get("templates") or {}
    platforms = tuple(platforms)
    found: dict[Call, Schema] = {}
    for name, (on, event) in choices(settings, TABLE).items():
        entry = TABLE[name]
        if not on or not (entry.identify or name in makes) or entry.event == "alias":
            # A tracking plan has no rule for other calls.
            continue
        if name in templates:
            said = _unknown("a template of your own makes them")
        elif entry.identify:
            said = _identified(settings)
        else:
            said = _tracked(name, makes[name], settings, platforms)
        call = ("identify", "identify") if entry.identify else ("track", event)
        said = {"description": _about(entry)} | said
        found[call] = _either(found[call], said) if call in found else said
    for call in _mapped(settings):
        said = _unknown("the setting `streams` makes them")
        found[call] = _either(found[call], said) if call in found else said
    return found


def _about(entry: Entry) -> str:
    return f"Told when: {entry.when}."


def _unknown(why: str) -> Schema:
    return {"type": "object", "description": f"Not known in advance: {why}."}


def _identified(settings: Mapping[str, Any]) -> Schema:
    if "identify" not in _traits_in(settings):
        return {"type": "object", "properties": {}}
    return _traits(settings)


def _traits(settings: Mapping[str, Any]) -> Schema:
    traits = _shape(customers.Traits, None)
    if not settings.get("seed_names", True):
        traits["properties"].pop("default_address", None)
    return traits


def _tracked(
    name: str, make: orders.Properties, settings: Mapping[str, Any], platforms: tuple[str, ...]
) -> Schema:
    properties: Schema = {}
    if "properties" in _traits_in(settings):
        properties |= _traits(settings)["properties"]
    if TRANSITIONS[name] != "customers":
        properties |= _placed(settings)
    for platform in platforms:
        told = example(name, TRANSITIONS[name])
        told = structs.replace(told, snapshot=structs.replace(told.snapshot, platform=platform))
        own = make(told)
        _add(properties, _shape(type(own), own)["properties"])
    for never in _silent(settings):
        properties.pop(never, None)
    if "products" in properties:
        # See trimming.py.
        properties |= {"products_truncated": {"type": "boolean"}, "products_total_count": {"type": "integer"}}
    return {
        "type": "object",
        "properties": properties,
        "required": [each for each in _ALWAYS if each in properties],
    }


def _silent(settings: Mapping[str, Any]) -> Iterable[str]:
    """Yield the properties that are never said as it is set."""
    yield "order_name" if settings.get("order_id") == "name" else "platform_order_id"
    if settings.get("revenue") == "off":
        yield "revenue"
    if not settings.get("sent_from"):
        yield "sent_from"
    if not settings.get("event_category"):
        yield "category"
    if not settings.get("seed_names", True):
        yield "default_address"


def _add(known: Schema, more: Schema) -> None:
    """Add the properties of another platform: products have others, too."""
    for name, schema in more.items():
        old = known.get(name)
        if old and old.get("type") == "array" and "properties" in old.get("items", {}):
            _add(old["items"]["properties"], schema["items"]["properties"])
        else:
            known[name] = schema


def _placed(settings: Mapping[str, Any]) -> Schema:
    """Return the properties into which `attributes` puts an order's attributes."""
    found: Schema = {}
    for place, given in (settings.get("attributes") or {}).items():
        part, _, name = place.partition(".")
        if part == "properties" and name:
            kind = given.get("type") if isinstance(given, Mapping) else None
            found[name] = {
                "type": _WORDS.get(kind or "text", "string"),
                "description": "From the order's attributes.",
            }
    return found


def _mapped(settings: Mapping[str, Any]) -> Iterable[Call]:
    """Yield the calls that the streams of other taps become."""
    for given in (settings.get("streams") or {}).values():
        for mapping in given if isinstance(given, list) else [given]:
            yield ("identify", "identify") if mapping.get("identify") else ("track", mapping["event"])


def _either(one: Schema, other: Schema) -> Schema:
    """Return the schema of calls of one name that two transitions make."""
    about = " ".join(dict.fromkeys(filter(None, (each.get("description") for each in (one, other)))))
    if "properties" not in one or "properties" not in other:
        return {"type": "object", "description": about}
    mine, theirs = one["properties"], other["properties"]
    both = mine | theirs
    both |= {name: {} for name in mine.keys() & theirs.keys() if mine[name] != theirs[name]}
    required = [name for name in one.get("required", ()) if name in other.get("required", ())]
    return {"type": "object", "description": about, "properties": both} | (
        {"required": required} if required else {}
    )


# --- shapes


_SEEDS = typing.get_type_hints(CustomerSeeds, include_extras=True) | typing.get_type_hints(
    ProductSeeds, include_extras=True
)
"""The types of what a shape says for each platform under other names."""

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
}


def _shape(shape: type[Struct], made: Struct | None) -> Schema:
    """Return the schema of a shape; what it does not declare is read off one that was made."""
    properties = {}
    for field in structs.fields(shape):
        hint = _SEEDS.get(field.name, Any) if field.type is Any else field.type
        properties[field.encode_name] = _typed(hint, getattr(made, field.name, None))
    return {"type": "object", "properties": properties}


def _typed(hint: Any, value: Any) -> Schema:
    if metadata := getattr(hint, "__metadata__", ()):
        about = next((each.description for each in metadata if isinstance(each, Meta)), None)
        return _typed(hint.__origin__, value) | ({"description": about} if about else {})
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _typed(next(each for each in inner if each is not types.NoneType), value)
    if origin is list:
        return {"type": "array", "items": _typed(inner[0], value[0] if value else None)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _typed(inner[1], None)}
    # Of what is not declared, what was made.
    shape = type(value) if hint is Any else hint
    if isinstance(shape, type) and issubclass(shape, Struct):
        return _shape(shape, value)
    return dict(_SCALARS.get(hint, {}))
