"""A record of another tap → what it proves: which key it has, whom it is about, when, and the facts it is compared by.

Facts are normalised before they are hashed: numbers and instants by value, lists of things by their ids. Each carries its
field's name, so that another list of facts is adopted, not told.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from xxhash import xxh3_64_hexdigest

from target_segment.errors import Malformed
from target_segment.identity import Identity, Resolve, escaped, real_email, real_id
from target_segment.other_taps.mapping import StreamMapping
from target_segment.snapshots import Content, CustomerSummary, Foreign
from target_segment.transitions.facts import joined
from target_segment.transitions.proofs import Proof, Transition

Fields = dict[str, Any]


class StreamKeys(Struct, frozen=True, array_like=True):
    """What a stream's SCHEMA says of its records: the fields of their key, and the one by which it is read."""

    keys: list[str]
    replication: str | None = None


_decode = msgspec.json.Decoder(Fields, float_hook=Decimal).decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_MILLISECONDS = 100_000_000_000
"""What is larger counts milliseconds since 1970, not seconds."""


def fields_of(mapping: StreamMapping, raw: Content) -> Fields:
    """Decode a record; raise `Malformed`."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"a record of {mapping.stream} is not an object: {error}") from error
    except ArithmeticError as error:
        raise Malformed(f"a record of {mapping.stream} has a number that is too large for any") from error


def reach(fields: Mapping[str, Any], path: str) -> Any:
    """Return what a field holds, UNSET if it is left out; a dot leads into an object.

    >>> reach({"plan": {"name": "Pro"}, "a.b": 1}, "plan.name"), reach({"a.b": 1}, "a.b")
    ('Pro', 1)
    """
    if path in fields:
        return fields[path]
    outer, dot, inner = path.partition(".")
    inside = fields.get(outer) if dot else None
    return reach(inside, inner) if isinstance(inside, dict) else UNSET


def subject(mapping: StreamMapping, stream_keys: StreamKeys, fields: Fields) -> str:
    """Return a record's key as one text; raise `Malformed` if a part of it is missing."""
    parts = []
    for field in mapping.id or stream_keys.keys:
        part = _text(reach(fields, field))
        if not part:
            raise Malformed(f"a record of {mapping.stream} has no {field}, which is its key")
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    return ":".join(map(escaped, parts))


def identity(mapping: StreamMapping, fields: Fields, resolve: Resolve) -> Identity:
    """Return whom a record is about: the ids it names, else what its e-mail gives by the setting `user_id`, as a guest's does."""
    user, anonymous, email = (
        _text(reach(fields, field)) if field else None
        for field in (mapping.user_id, mapping.anonymous_id, mapping.email)
    )
    user, anonymous = real_id(user), real_id(anonymous)
    if user or not real_email(email):
        return Identity(user, anonymous)
    found = resolve(mapping.platform, mapping.shop, CustomerSummary(email=email), None)
    return Identity(found.user_id, anonymous or found.anonymous_id)


def proof(
    mapping: StreamMapping, stream_keys: StreamKeys, raw: Content, who: Identity, read_at: datetime
) -> Proof:
    """Return what a record proves; raise `Malformed` where it has no key or an instant that is none."""
    fields = fields_of(mapping, raw)
    key = subject(mapping, stream_keys, fields)
    changed = _bookmark(fields, stream_keys.replication)
    try:
        told = [transition] if (transition := _transition(mapping, fields, changed, who, read_at)) else []
        created = _instant(mapping, fields, mapping.created) if mapping.created else None
    except ArithmeticError as error:
        raise Malformed(f"a record of {mapping.stream} has a number that is too large to compare") from error
    return Proof(
        stream=mapping.label,
        subject=key,
        snapshot=Foreign(
            platform=mapping.platform, shop=mapping.shop, id=key, stream=mapping.stream, fields=fields
        ),
        instant=changed or read_at,
        read_at=read_at,
        created=created or (told[0].at if told else read_at),
        transitions=told,
        completed=False,
        speaks=False,
    )


def _transition(
    mapping: StreamMapping, fields: Fields, changed: datetime | None, who: Identity, read_at: datetime
) -> Transition | None:
    """Return what is to be told of a record, None where it has not happened: another state, or an instant that is null."""
    if not all(_among(reach(fields, field), values) for field, values in mapping.when.items()):
        return None
    at = _instant(mapping, fields, mapping.timestamp) if mapping.timestamp else changed
    if not mapping.once:
        return Transition(
            name=mapping.label, at=at or changed or read_at, facts=_facts(mapping, fields, who), first=mapping.first
        )  # fmt: skip
    if at is None:
        if mapping.timestamp:
            return None
        raise Malformed(f"a record of {mapping.stream} does not say when it was: name a field in `timestamp`")
    # That something is so may be seen long after the record was made.
    interval = bool(mapping.when) and not mapping.timestamp
    start = _instant(mapping, fields, mapping.created) if mapping.created else at
    return Transition(name=mapping.label, start=None if interval else start or at, at=at)


def _among(value: Any, values: list[Any]) -> bool:
    """Say whether a value is one of those in the settings, whose fractions are no exact numbers."""
    return value in values or (
        isinstance(value, Decimal)
        and any(isinstance(each, float) and value == Decimal(repr(each)) for each in values)
    )


def _facts(mapping: StreamMapping, fields: Fields, who: Identity) -> str:
    said = [_fact("", who.person)] if mapping.identify else []
    return joined([*said, *(_fact(field, reach(fields, field)) for field in mapping.facts)])


def _fact(field: str, value: Any) -> str:
    if value is UNSET:
        return ""
    return f"{xxh3_64_hexdigest(field.encode())[:6]}.{xxh3_64_hexdigest(_encode(_normal(value)))[:10]}"


def _normal(value: Any) -> Any:
    """Return a value such that equal ones look alike.

    >>> _normal([{"id": 2, "n": Decimal("24.00")}, {"id": 1}]) == _normal([{"id": 1}, {"n": 24, "id": 2}])
    True
    """
    match value:
        case bool() | None:
            return value
        case int() | Decimal():
            return str(Decimal(value).normalize() + 0)
        case str() if _INSTANT.fullmatch(value):
            at = _parsed(value)
            return at.isoformat() if at else value
        case list():
            return _normal_list([_normal(each) for each in value])
        case dict():
            return {name: _normal(each) for name, each in value.items()}
    return value


def _normal_list(values: list[Any]) -> list[Any]:
    """Return things by their ids, in their own order where one has none; what is no thing by its value."""
    if not all(isinstance(each, dict) for each in values):
        return sorted(values, key=_encode)
    ids = all("id" in each for each in values)
    return sorted(values, key=lambda each: str(each["id"])) if ids else values


def _text(value: Any) -> str | None:
    match value:
        case bool():
            return None
        case str():
            return value.strip() or None
        case int() | Decimal():
            return str(value)
    return None


def _bookmark(fields: Fields, field: str | None) -> datetime | None:
    """Return the replication key as an instant; a number is as likely to count records, so it is none."""
    value = reach(fields, field) if field else None
    return _parsed(value) if isinstance(value, str) else None


def _instant(mapping: StreamMapping, fields: Fields, field: str) -> datetime | None:
    """Return the instant that a field holds, None where it holds none; raise `Malformed` for what is no instant."""
    value = reach(fields, field)
    if value is None or value is UNSET or value == "":
        return None
    at: datetime | None = None
    if isinstance(value, str):
        at = _parsed(value)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        seconds = Decimal(value)
        at = _since_1970(float(seconds / 1000 if abs(seconds) > _MILLISECONDS else seconds))
    if at is None:
        raise Malformed(f"a record of {mapping.stream}: {field} is {value!r}, which is no instant")
    return at


def _parsed(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _since_1970(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
