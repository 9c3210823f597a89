"""Facts: equal by value, apart by content, and what was left out is nobody's change."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from target_segment.snapshots import Attribute, Line
from target_segment.transitions.facts import carries_more, changed, hashed, joined, merged, parts, words

lines = parts("id", "quantity", "price", "properties")
one = parts("name", "value")

facts = st.lists(st.sampled_from(["", "-", "0", "a", "b", "3.a", "3.b", "1.a"]), min_size=1, max_size=5).map(
    joined
)


def line(number="1", **fields):
    return Line(id=number, **{"quantity": 1, "price": Decimal(1), "properties": [], **fields})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(0, 6))
def test_amounts_are_equal_by_value(amount, zeros):
    assert hashed(amount) == hashed(Decimal(f"{amount:f}" + "0" * zeros))


def test_instants_are_equal_by_value():
    here = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert hashed(here) == hashed(here.astimezone(timezone(timedelta(hours=2))))


def test_values_of_several_types_are_apart():
    said = [UNSET, None, "", "0", "None", True, 2, Decimal("2.5"), "2.50"]
    assert len({hashed(value) for value in said}) == len(said)


def test_lists_are_equal_whatever_their_order():
    assert words(["b", "a"]) == words(["a", "b"])
    assert lines([line("1"), line("2")]) == lines([line("2"), line("1")])


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


def test_a_thing_is_hashed_by_what_it_says():
    assert one(Attribute(name="a", value="b")) != one(Attribute(name="a", value="c"))
    assert one(Attribute(name="a")) != one(Attribute(name="a", value="c"))


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
