"""Batches: nothing lost, each person's order kept, Segment's limits held, halves that make the whole."""

import json
from datetime import UTC, datetime
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from target_segment.batch import WRAPPING, Event
from target_segment.delivery.batches import MOST_BYTES, MOST_EVENTS, halves, pack

AT = datetime(2026, 3, 1, tzinfo=UTC)
SENT = "2026-03-01T12:00:00.000Z"


def event(number, person="p", size=0, others=()):
    body = json.dumps({"messageId": str(number), "filler": "x" * size}, separators=(",", ":")).encode()
    return Event("t", "T", str(number), f"s{number}", person, (person, *others), AT, None, None, body)


def packed(events, **limits):
    return pack(events, "shopify", "shop.test", count(1).__next__, **limits)


def ids(batch):
    return [json.loads(body)["messageId"] for body in batch.bodies()]


people = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 300)), max_size=60)


@settings(deadline=None)
@given(people)
def test_nothing_is_lost_and_each_persons_order_is_kept(drawn):
    events = [event(number, person, size) for number, (person, size) in enumerate(drawn)]
    batches = packed(events, most_bytes=1_000)
    travelled = [each for batch in batches for each in ids(batch)]
    assert sorted(travelled, key=int) == [each.message_id for each in events]
    for person in "abcd":
        theirs = [each.message_id for each in events if each.person == person]
        assert [each for each in travelled if each in theirs] == theirs


@settings(deadline=None)
@given(people)
def test_no_batch_is_larger_than_its_limit_on_the_wire(drawn):
    for batch in packed(
        [event(number, person, size) for number, (person, size) in enumerate(drawn)], most_bytes=1_000
    ):
        assert len(batch.plain(SENT)) <= 1_000


@settings(deadline=None)
@given(people)
def test_a_batch_knows_whose_events_it_holds_and_how_many(drawn):
    events = [
        event(number, person, size, others=("also " + person,)) for number, (person, size) in enumerate(drawn)
    ]
    by_id = {each.message_id: each for each in events}
    for batch in packed(events, most_bytes=1_000):
        held = [by_id[each] for each in ids(batch)]
        assert batch.count == len(held)
        assert batch.people == {person for each in held for person in each.people}
        assert [receipt.message_id for receipt in batch.receipts()] == ids(batch)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=20))
def test_halves_make_the_whole_in_its_order(drawn):
    (batch,) = packed(
        [event(number, person, others=("also " + person,)) for number, person in enumerate(drawn)]
    )
    first, second = halves(batch, count(100).__next__)
    assert first.bodies() + second.bodies() == batch.bodies()
    assert first.receipts() + second.receipts() == batch.receipts()
    assert first.people | second.people == batch.people
    assert abs(first.count - second.count) <= 1
    assert {first.id, second.id}.isdisjoint({batch.id})


def test_whoever_goes_by_two_names_is_known_in_both_halves():
    (batch,) = packed([event(1, "a", others=("guest",)), event(2, "a")])
    assert all("guest" in half.people for half in halves(batch, count(9).__next__))


def test_a_batch_holds_as_many_events_as_segment_takes_and_no_more():
    batches = packed([event(number, str(number % 7)) for number in range(MOST_EVENTS + 1)])
    assert [batch.count for batch in batches] == [MOST_EVENTS, 1]


def test_large_events_fill_a_batch_by_bytes():
    batches = packed([event(number, "p", 31_000) for number in range(40)])
    assert all(len(batch.plain(SENT)) <= MOST_BYTES for batch in batches)
    assert len(batches) == 3


def test_what_weighs_a_request_besides_its_events_is_counted():
    (batch,) = packed([event(1)])
    assert len(batch.plain(SENT)) - len(batch.bodies()[0]) <= WRAPPING


def test_nothing_makes_no_batch():
    assert packed([]) == []
