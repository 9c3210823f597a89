"""Whatever a record says or leaves out, its calls keep the promises."""

import json
import typing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import target_segment.events
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.events.trimming import LIMIT
from target_segment.identity import about, real_email, resolver
from target_segment.snapshots import SHAPES, snapshot
from target_segment.transitions.proofs import News
from target_segment.transitions.table import TABLE

TWINS = Path(target_segment.events.__file__).parent / "templates"
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
money = st.decimals(0, 10**9, places=2).map(float)
PLAIN = {
    str: words | st.sampled_from(["0", "null", "*", "anna@example.com", "a***@b.co"]),
    int: st.integers(0, 50),
    bool: st.booleans(),
    Decimal: money,
    datetime: st.integers(0, 10**9).map(lambda seconds: (SINCE + timedelta(seconds=seconds)).isoformat()),
}


def said(hint):
    """JSON values of a type, as a record may hold them."""
    plain = typing.get_origin(hint) or hint
    if plain is typing.Annotated:
        return said(hint.__origin__)
    if plain in (typing.Union, UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not msgspec.UnsetType]
        return st.one_of([st.none() if kind is NoneType else said(kind) for kind in kinds])
    if plain is list:
        return st.lists(said(typing.get_args(hint)[0]), max_size=3)
    return PLAIN[plain] if plain in PLAIN else record(plain)


def record(shape):
    """JSON objects of a shape: what it requires, and any of what it may say."""
    hints = typing.get_type_hints(shape, include_extras=True)
    fields = {
        field.name: (field.required, said(hints[field.name])) for field in msgspec.structs.fields(shape)
    }
    return st.fixed_dictionaries(
        {name: values for name, (required, values) in fields.items() if required},
        optional={name: values for name, (required, values) in fields.items() if not required},
    )


RECORDS = {stream: record(shape) for stream, shape in SHAPES.items()}


def news_of(name, data):
    """News of a drawn record, or None if nothing of that kind can be told of it."""
    stream = TRANSITIONS[name]
    raw = data.draw(RECORDS[stream]) | {
        "platform": data.draw(st.sampled_from(["shopify", "elasticpath", "my-shop"]))
    }
    seen = snapshot(stream, json.dumps(raw).encode())
    ids = resolver({})(seen.platform, seen.shop, *about(seen))
    details = {"coupon_applied": "coupons", "post_purchase_upsell": "line_items"}
    many = getattr(seen, details[name]) if name in details else [None]
    if not many or not ids.person:
        return None
    return News(
        entry=TABLE[name], message_id="m", subject="s", at=datetime(2026, 1, 1, tzinfo=UTC), user_id=ids.user_id,
        anonymous_id=ids.anonymous_id, snapshot=seen, total_before=Decimal(0), total=Decimal("1.50"),
        first=data.draw(st.booleans()), detail=many[0],
    )  # fmt: skip


@pytest.mark.parametrize("name", TRANSITIONS)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_record_becomes_a_call_that_segment_takes_and_its_twin_agrees(name, data):
    told = news_of(name, data)
    if told is None:
        return
    body = DEFAULT(told).body
    assert len(body) <= LIMIT
    call = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    assert None not in leaves(call)
    assert all(
        real_email(each.get("email", "a@b.co"))
        for each in (call.get("properties", {}), call.get("traits", {}))
    )
    assert json.loads(TWIN(told).body, parse_float=Decimal, parse_int=Decimal) == call


DEFAULT = renderer({})
TWIN = renderer(
    {"templates": {path.stem: str(path) for path in TWINS.glob("*.jsonata")}, "template_timeout_ms": 60_000}
)


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return [value]
    return [leaf for each in value for leaf in leaves(each)]
