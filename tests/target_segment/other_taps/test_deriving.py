"""What a record of another tap proves: its key, its facts by value, its instants."""

import json
from datetime import UTC, datetime

import pytest

from target_segment.deciding.compare import changed
from target_segment.errors import Malformed
from target_segment.identity import Identity
from target_segment.other_taps.deriving import StreamKeys, proof
from target_segment.other_taps.mapping import mappings

READ_AT = datetime(2026, 3, 10, tzinfo=UTC)
MAPPING = {"event": "Changed", "kind": "state", "user_id": "who", "properties": ["what"]}


def proved(fields, declared=("id",), **mapping):
    (mapping,) = mappings({"streams": {"things": {**MAPPING, **mapping}}})
    raw = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return proof(mapping, StreamKeys(list(declared), "updated_at"), raw, Identity("7", None), READ_AT)


def facts(value):
    return proved({"id": 1, **value}).transitions[0].facts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (24, 24.0),
        (100, 1e2),
        ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00"),
        (["a", "b"], ["b", "a"]),
        ([{"id": 1, "n": 1.50}, {"id": 2}], [{"id": 2}, {"n": 1.5, "id": 1}]),
        ({"a": 1, "b": None}, {"b": None, "a": 1.0}),
    ],
)
def test_equal_values_are_equal_however_they_are_written(one, other):
    assert facts({"what": one}) == facts({"what": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [(24, 24.01), ("a", "A"), (None, ""), (True, False), (0, None), (["a"], ["a", "a"]), ([{"a": 1}], [{"a": 2}])],
)  # fmt: skip
def test_other_values_are_a_change(one, other):
    assert changed(facts({"what": one}), facts({"what": other}))


def test_what_is_left_out_is_not_compared():
    assert not changed(facts({}), facts({"what": 1}))
    assert not changed(facts({"what": 1}), facts({}))


def test_another_field_in_a_facts_place_is_adopted():
    before = proved({"id": 1, "what": 1}).transitions[0].facts
    after = proved({"id": 1, "what": 1, "else": 2}, facts=["else", "what"]).transitions[0].facts
    assert not changed(before, after)


def test_a_key_of_several_parts_is_no_others():
    one = proved({"a": "x:y", "b": "z"}, declared=("a", "b")).subject
    assert one != proved({"a": "x", "b": "y:z"}, declared=("a", "b")).subject
    assert proved({"a": 1, "b": "z"}, declared=("a", "b")).subject == "1:z"


@pytest.mark.parametrize("fields", [{}, {"id": None}, {"id": " "}, {"id": True}, {"id": {}}, b"[1]", b'"x'])
def test_a_record_without_a_key_is_malformed(fields):
    with pytest.raises(Malformed):
        proved(fields)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01 12:00:00", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00+00:00"),
        (1772366400, "2026-03-01T12:00:00+00:00"),
        (1772366400000, "2026-03-01T12:00:00+00:00"),
        (1772366400.5, "2026-03-01T12:00:00.500000+00:00"),
        (None, READ_AT.isoformat()),
    ],
)
def test_an_instant_is_read_as_taps_write_it(value, at):
    (told,) = proved({"id": 1, "at": value}, timestamp="at").transitions
    assert told.at.isoformat() == at


@pytest.mark.parametrize("value", ["soon", True, {}, 10**30])
def test_what_is_no_instant_is_malformed(value):
    with pytest.raises(Malformed, match=r"at is .*, which is no instant"):
        proved({"id": 1, "at": value}, timestamp="at")


def test_a_replication_key_that_counts_is_no_instant():
    said = proved({"id": 1, "updated_at": 41})
    assert said.instant == said.transitions[0].at == READ_AT


@pytest.mark.parametrize("number", ["1e9999999", "-1e9999999", "1e99999999999999999999"])
@pytest.mark.parametrize("field", ["what", "made"])
def test_a_number_that_nobody_can_reckon_with_is_malformed_and_stops_no_run(number, field):
    said = b'{"id": 1, "%s": %s}' % (field.encode(), number.encode())
    with pytest.raises(Malformed, match="too large"):
        proved(said, created="made")


@pytest.mark.parametrize(
    ("said", "when", "so"), [(0.1, 0.1, True), (0.10, [1, 0.1], True), (0.2, 0.1, False)]
)
def test_a_fraction_in_when_is_the_fraction_that_it_is(said, when, so):
    assert bool(proved({"id": 1, "rate": said}, when={"rate": when}).transitions) is so
