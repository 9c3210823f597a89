"""Search syntax, by what is matched and by what is said of it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from sandbox.shopify.search import instant, number, search, words

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIELDS = {"updated_at": instant(lambda x: x.at), "id": number(lambda x: x.id), "tag": words(lambda x: x.tags)}


def thing(at=NOON, number=1, tags=()):
    return SimpleNamespace(at=at, id=number, tags=tags)


def found(query, *things, **more):
    matches = search(query, FIELDS, **more).matches
    return [each.id for each in things if matches(each)]


@pytest.mark.parametrize(("query", "ids"), [
    ("id:2", [2]),
    ("id:>=2", [2, 3]),
    ("id:>1 id:<3", [2]),
    ("id:>1 AND id:<3", [2]),
    ("id:1 OR id:3", [1, 3]),
    ("id:1 OR id:3 AND tag:vip", [1]),
    ("(id:1 OR id:2) AND tag:vip", [1]),
    ("-id:1", [2, 3]),
    ("NOT id:1", [2, 3]),
    ("tag:'Größe XL'", [2]),
    ('tag:"größe xl"', [2]),
    ("tag:vip,other", [1]),
    ("", [1, 2, 3]),
])  # fmt: skip
def test_terms_are_joined_as_documented(query, ids):
    assert (
        found(query, thing(number=1, tags=("vip",)), thing(number=2, tags=("Größe XL",)), thing(number=3))
        == ids
    )


def test_stored_fractions_of_a_second_are_not_lost_at_half_open_bounds():
    half = thing(NOON + timedelta(milliseconds=500))
    assert found("updated_at:>='2026-11-20T12:00:00Z'", half)
    assert not found("updated_at:<'2026-11-20T12:00:00Z'", half)
    assert not found("updated_at:<='2026-11-20T12:00:00Z'", half)
    assert not found("updated_at:>'2026-11-20T12:00:00Z'", half)
    assert found("updated_at:>'2026-11-20T12:00:00Z'", half, second_whole=False)
    assert found("updated_at:'2026-11-20T12:00:00Z'", half)


@pytest.mark.parametrize(("query", "matches"), [
    ("updated_at:2026-11-20", True),
    ("updated_at:>=2026-11-20T23:00:00Z", True),
    ("updated_at:>2026-11-20T01:00:00Z", False),
    ("updated_at:<=2026-11-20T01:00:00Z", True),
    ("updated_at:<2026-11-20T23:00:00Z", False),
])  # fmt: skip
def test_unquoted_instants_match_whole_days(query, matches):
    assert bool(found(query, thing())) is matches


def test_an_instant_without_offset_is_the_shops():
    assert found("updated_at:>='2026-11-20T13:00:00'", thing(), zone=ZoneInfo("Europe/Berlin"))
    assert not found("updated_at:>='2026-11-20T13:00:00'", thing())
    assert found("updated_at:>='2026-11-20T13:00:00+01:00'", thing())


def test_what_was_understood_is_said():
    result = search("updated_at:>='2026-11-20T12:00:00Z' AND updated_at:<'2026-11-20T13:00:00Z'", FIELDS)
    assert result.extension(["orders"]) == {
        "path": ["orders"],
        "query": "updated_at:>='2026-11-20T12:00:00Z' AND updated_at:<'2026-11-20T13:00:00Z'",
        "parsed": {
            "and": [
                {"field": "updated_at", "range": {"gte": "2026-11-20T12:00:00Z"}},
                {"field": "updated_at", "range": {"lt": "2026-11-20T13:00:00Z"}},
            ]
        },
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("nonsense:1", "invalid_field"),
        ("updated_at:>='soon'", "invalid_value"),
        ("id:x", "invalid_value"),
        ("words", "unsupported"),
    ],
)
def test_what_was_not_understood_is_left_out_and_said(query, code):
    result = search(query, FIELDS)
    assert result.matches(thing())
    assert [each["code"] for each in result.warnings] == [code]
