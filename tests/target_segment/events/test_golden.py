"""Every sample's calls, byte by byte; the JSONata twins of the defaults say the same."""

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

import target_segment.events
from tap_commerce import records
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.events.trimming import LIMIT
from target_segment.transitions.table import TABLE

from .cases import CASES, SAMPLES, case, pretty

TWINS = Path(target_segment.events.__file__).parent / "templates"
RECORDS = {
    "orders": records.Order,
    "refunds": records.Refund,
    "fulfillments": records.Fulfillment,
    "customers": records.Customer,
}


@pytest.mark.parametrize("name", CASES)
def test_a_sample_becomes_the_calls_expected_of_it(name, golden):
    sample = case(name)
    render = renderer(sample.settings)
    golden(SAMPLES / name / "events.json", pretty([render(news).body for news in sample.news]))


@pytest.mark.parametrize("name", CASES)
def test_a_sample_is_a_record_as_the_tap_emits_it(name):
    """No field of a sample is unknown to the canonical records, and all are of their types."""
    sample = case(name)
    for raw in sample.records:
        record = msgspec.json.decode(raw, type=RECORDS[sample.stream])
        assert numbers(msgspec.json.Encoder(decimal_format="number").encode(record)) == numbers(raw)


def test_every_transition_has_a_sample():
    assert {news.entry.name for name in CASES for news in case(name).news} == set(TABLE) - {"alias"}


def test_every_transition_can_be_rendered_and_no_other():
    """An alias has no content: neither properties nor traits."""
    assert set(TRANSITIONS) == set(TABLE) - {"alias"}


@pytest.mark.parametrize("name", [name for name in CASES if not case(name).settings])
def test_the_jsonata_twin_of_each_default_says_the_same(name):
    """With one line and several, for guests and nulls; numbers are compared by value."""
    sample = case(name)
    default, twins = (
        renderer(sample.settings),
        renderer(
            # What a twin says is compared here, not how long a busy machine takes for it.
            sample.settings | {"templates": twins_of(sample), "template_timeout_ms": 60_000}
        ),
    )
    for news in sample.news:
        assert numbers(twins(news).body) == numbers(default(news).body)


def test_every_default_has_a_twin_and_every_twin_a_default():
    assert {path.stem for path in TWINS.glob("*.jsonata")} == set(TRANSITIONS)


@pytest.mark.parametrize("name", CASES)
def test_rendering_is_pure(name):
    """The same news gives the same bytes, however often and by whichever renderer."""
    sample = case(name)
    first, second = renderer(sample.settings), renderer(sample.settings)
    assert [first(news) for news in sample.news] == [second(news) for news in sample.news]
    assert [first(news) for news in sample.news] == [second(news) for news in sample.news]


@pytest.mark.parametrize("name", CASES)
def test_no_call_says_what_is_not_there(name):
    """Neither null nor the empty text is ever sent, and every call is one that Segment takes."""
    sample = case(name)
    for news in sample.news:
        body = renderer(sample.settings)(news).body
        assert len(body) <= LIMIT
        assert not [value for value in leaves(json.loads(body)) if value is None or value == ""]


def twins_of(sample):
    return {news.entry.name: str(TWINS / f"{news.entry.name}.jsonata") for news in sample.news}


def numbers(raw):
    return json.loads(raw, parse_float=Decimal, parse_int=Decimal)


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return [value]
    return [leaf for each in value for leaf in leaves(each)]
