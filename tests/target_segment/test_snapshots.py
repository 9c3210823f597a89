"""The Singer SCHEMA is the only agreement between tap and target: both declarations of it say the same, field by field."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from msgspec import UNSET, inspect

from tap_commerce import records
from target_segment import snapshots
from target_segment.errors import Malformed
from target_segment.snapshots import SHAPES, snapshot
from tests.target_segment.world import customer, fulfillment, order, refund

RECORDS = {
    "orders": records.Order,
    "refunds": records.Refund,
    "fulfillments": records.Fulfillment,
    "customers": records.Customer,
}
ONLY_THE_TAPS = {"polled_at"}
"""By which the tap resumes; nothing is derived from it."""


def agreement(said, read, path):
    """Yield what two types do not agree upon."""
    if isinstance(said, inspect.Metadata):
        said = said.type
    if isinstance(read, inspect.Metadata):
        read = read.type
    if isinstance(said, inspect.StructType) and isinstance(read, inspect.StructType):
        yield from fields(said.cls, read.cls, path)
    elif isinstance(said, inspect.UnionType) and isinstance(read, inspect.UnionType):
        if said.includes_none != read.includes_none:
            yield f"{path}: null"
        ours, theirs = (
            [each for each in kind.types if not isinstance(each, inspect.NoneType)] for kind in (said, read)
        )
        if len(ours) != len(theirs):
            yield f"{path}: {ours} {theirs}"
        for one, other in zip(ours, theirs, strict=False):
            yield from agreement(one, other, path)
    elif isinstance(said, inspect.ListType) and isinstance(read, inspect.ListType):
        yield from agreement(said.item_type, read.item_type, f"{path}[]")
    elif path.rsplit(".", 1)[-1].endswith("_at"):
        if (type(said), type(read)) != (inspect.StrType, inspect.DateTimeType):
            yield f"{path}: not an instant"
    elif type(said) is not type(read):
        yield f"{path}: {type(said).__name__} is read as {type(read).__name__}"


def fields(said, read, path):
    ours = {field.name: field for field in inspect.type_info(said).fields if field.name not in ONLY_THE_TAPS}
    theirs = {field.name: field for field in inspect.type_info(read).fields}
    # One shape reads the lines of orders, refunds and fulfillments; `restock` is a refund's.
    unsaid = theirs.keys() - ours.keys() - ({"restock"} if read is snapshots.Line else set())
    yield from (f"{path}.{name}: read and never said" for name in sorted(unsaid))
    yield from (f"{path}.{name}: said and never read" for name in sorted(ours.keys() - theirs.keys()))
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name].required != theirs[name].required or ours[name].default is not theirs[name].default:
            yield f"{path}.{name}: must it be there?"
        yield from agreement(ours[name].type, theirs[name].type, f"{path}.{name}")


@pytest.mark.parametrize("stream", SHAPES)
def test_what_the_tap_says_is_what_the_target_reads(stream):
    assert list(fields(RECORDS[stream], SHAPES[stream], stream)) == []


def test_a_disagreement_would_be_seen():
    class Said(msgspec.Struct):
        id: str
        total: Decimal
        made_at: str
        note: str | msgspec.UnsetType | None = UNSET

    class Read(msgspec.Struct):
        id: int
        made_at: str
        other: str
        note: str | msgspec.UnsetType = UNSET

    assert len(list(fields(Said, Read, "x"))) == 5


@pytest.mark.parametrize(("stream", "record"), [order(), refund(), fulfillment(), customer()])
def test_null_is_none_and_what_is_left_out_is_unset(stream, record):
    read = snapshot(stream, msgspec.json.encode({**record, "updated_at": None}))
    assert read.updated_at is None
    del record["updated_at"]
    assert snapshot(stream, msgspec.json.encode(record)).updated_at is UNSET


def test_instants_are_aware_and_amounts_keep_their_digits():
    text = msgspec.json.encode(order()[1]).replace(b'"total":30.0', b'"total":24.100')
    read = snapshot("orders", text)
    assert read.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert str(read.total) == "24.100"


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": 1},
        {"total": "much"},
        {"created_at": "2026-03-01 noon"},
        {"line_items": [{"id": "1"}]},
        {"tags": "vip"},
    ],
)
def test_what_does_not_fit_is_malformed_and_says_where(broken):
    (field,) = broken
    with pytest.raises(Malformed, match=rf"orders .*\$\.{field}"):
        snapshot("orders", msgspec.json.encode({**order()[1], **broken}))


def test_a_field_that_nobody_declared_is_passed_over():
    assert snapshot("orders", msgspec.json.encode({**order()[1], "_sdc_batched_at": "now"})).id == "1"
