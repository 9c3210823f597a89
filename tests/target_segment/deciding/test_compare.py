"""What differs between two states, and what was left out is nobody's change."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from target_segment.deciding.compare import carries_more, changed, merged
from target_segment.snapshots import Attribute, Line
from target_segment.transitions.facts import joined, parts, words

lines = parts("id", "quantity", "price", "properties")

facts = st.lists(st.sampled_from(["", "-", "0", "a", "b", "3.a", "3.b", "1.a"]), min_size=1, max_size=5).map(
    joined
)


def line(number="1", **fields):
    return Line(id=number, **{"quantity": 1, "price": Decimal(1), "properties": [], **fields})


def test_an_empty_list_differs_from_every_other_and_from_none():
    said = [lines(UNSET), lines(None), lines([]), lines([line()])]
    assert len(set(said)) == 4
    assert changed(lines([]), lines([line()]))
    assert changed(lines([line()]), lines([]))
    assert changed(lines(None), lines([line()]))
    assert changed(words([]), words(["a"]))


def test_a_part_that_was_not_said_before_is_adopted():
    without = Line(id="1", quantity=1, price=Decimal(1))
    assert not changed(lines([without]), lines([line(properties=[Attribute(name="a", value="b")])]))
    assert changed(lines([line()]), lines([line(properties=[Attribute(name="a", value="b")])]))


@given(facts)
def test_a_state_does_not_differ_from_itself(state):
    assert not changed(state, state)
    assert merged(state, state) == state
    assert not carries_more(state, state)


@given(facts, facts)
def test_what_is_merged_in_is_no_change_afterwards(old, new):
    assert not changed(merged(old, new), new)
    assert not carries_more(merged(old, new), new)


@given(facts, facts)
def test_nothing_known_is_forgotten(old, new):
    kept = merged(old, new).split(",")
    assert all(after for before, after in zip(old.split(","), kept, strict=False) if before)


@given(facts, facts)
def test_a_change_is_seen_from_both_sides(old, new):
    assert changed(old, new) == changed(new, old)


def test_facts_that_a_newer_program_adds_are_adopted():
    assert not changed("a,b", "a,b,c")
    assert merged("a,b", "a,b,c") == "a,b,c"
    assert carries_more("a,b", "a,b,c")
    assert not carries_more("a,b", "a,b,-")
