"""What the canonical records look like to others: Singer JSON Schemas and `docs/records.md`.

Everything is derived from the declaration in `records.py`; nothing is said twice.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from tap_commerce.records import Customer, Fulfillment, Order, Polled, Refund

STREAMS: dict[str, type[Polled]] = {
    "customers": Customer,
    "fulfillments": Fulfillment,
    "orders": Order,
    "refunds": Refund,
}
"""The four streams, and the record that each carries."""

KEYS = ("platform", "shop", "id")
"""What identifies a record within its stream."""

POLLED_BY = "polled_at"
"""The replication key of every stream."""

SIMPLE = {
    inspect.StrType: "string",
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.DecimalType: "number",
}


def schema(record: type[Polled]) -> dict[str, Any]:
    """Derive a record's JSON Schema, as Singer likes it: flat `type` lists, no references.

    >>> schema(Order)["properties"]["cancelled_at"]
    {'type': ['string', 'null'], 'format': 'date-time'}
    """
    return {**_struct(record), "required": [*KEYS, POLLED_BY]}


def document() -> str:
    """Write docs/records.md."""
    return "\n".join(_document())


def _struct(record: Any) -> dict[str, Any]:
    described = inspect.type_info(record)
    assert isinstance(described, inspect.StructType)  # noqa: S101 - narrows for the type checker
    return _schema_of(described)


def _schema_of(kind: inspect.Type, name: str = "") -> dict[str, Any]:
    match kind:
        case inspect.Metadata():
            return _schema_of(kind.type, name) | (kind.extra_json_schema or {})
        case inspect.UnionType():
            (only,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
            found = _schema_of(only, name)
            return found | {"type": [*found["type"], "null"]}
        case inspect.StructType():
            properties = {field.encode_name: _schema_of(field.type, field.name) for field in kind.fields}
            return {"type": ["object"], "properties": properties}
        case inspect.ListType():
            return {"type": ["array"], "items": _schema_of(kind.item_type)}
        case _:
            found = {"type": [SIMPLE[type(kind)]]}
            return found | {"format": "date-time"} if name.endswith("_at") else found


def _document() -> Iterator[str]:
    yield "# The canonical records"
    yield ""
    yield "<!-- Generated: python -m tap_commerce.schemas > docs/records.md -->"
    yield ""
    yield "What the tap says of a shop, in one shape whatever the platform. `null` says that the shop has none; a field"
    yield "that is left out says not asked, refused or unknown. Instants are RFC 3339 in UTC with `Z`; money is a JSON"
    yield "number with the platform's own digits. Every stream is keyed by `platform`, `shop` and `id`, and its"
    yield "replication key is `polled_at`."
    shown: dict[type, str] = {}
    for stream, record in STREAMS.items():
        yield from _section(f"`{stream}`", record, shown)
    done: set[type] = set()
    while rest := [each for each in shown if each not in done]:
        for each in rest:
            done.add(each)
            yield from _section(shown[each], each, shown)
    yield ""


def _section(title: str, record: type, shown: dict[type, str]) -> Iterator[str]:
    described = inspect.type_info(record)
    assert isinstance(described, inspect.StructType)  # noqa: S101 - narrows for the type checker
    yield ""
    yield f"## {title}"
    yield ""
    yield " ".join((record.__doc__ or "").split())
    yield ""
    yield "| field | type | |"
    yield "|---|---|---|"
    for field in described.fields:
        kind, description = _named(field.type, field.name, shown)
        yield f"| `{field.encode_name}` | {kind} | {description} |"


def _named(kind: inspect.Type, name: str, shown: dict[type, str]) -> tuple[str, str]:
    match kind:
        case inspect.Metadata():
            found, inner = _named(kind.type, name, shown)
            return found, (kind.extra_json_schema or {}).get("description", inner)
        case inspect.UnionType():
            (only,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
            found, description = _named(only, name, shown)
            return f"{found} or null", description
        case inspect.StructType():
            title = kind.cls.__name__
            shown.setdefault(kind.cls, title)
            return f"[{title}](#{title.lower()})", ""
        case inspect.ListType():
            found, description = _named(kind.item_type, name, shown)
            return f"list of {found}", description
        case _:
            return ("instant" if name.endswith("_at") else SIMPLE[type(kind)]), ""


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201 - its purpose
