"""Which STATE may be printed: the rule by itself, for any order in which the rest of a run gets done."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_segment.batch import Batch
from target_segment.stages.checkpoints import Checkpoints
from target_segment.stages.writer import Intent

SHOP = ("shopify", "shop.test")


def batch(number):
    return Batch(id=number, count=1, people=frozenset(), deflated=b"", size=0, crc=0, about=b"[]")


def intent(sequence, *numbers, replaced=()):
    return Intent(sequence, SHOP, sequence, [batch(number) for number in numbers], list(replaced), Counter())


@pytest.fixture
def checkpoints():
    return Checkpoints()


def chunk(checkpoints, sequence, *intents):
    """Open a chunk, expect its intents and settle it itself, as the pipeline does once it was decided."""
    checkpoints.open(sequence)
    for _ in intents:
        checkpoints.expect(sequence)
    checkpoints.settle(sequence)
    for each in intents:
        checkpoints.intended(each)


def test_a_state_waits_for_every_batch_before_it(checkpoints):
    chunk(checkpoints, 1, intent(1, 10, 11))
    checkpoints.state(1, "one")
    assert list(checkpoints.let_go()) == []
    assert checkpoints.printable(1) is None
    checkpoints.settle_batches([batch(11)])
    list(checkpoints.let_go())
    assert checkpoints.printable(1) is None
    checkpoints.settle_batches([batch(10)])
    list(checkpoints.let_go())
    assert checkpoints.printable(1) == "one"
    assert checkpoints.printable(1) is None


def test_a_state_waits_for_a_chunk_of_which_nothing_is_decided_yet(checkpoints):
    checkpoints.open(1)
    checkpoints.state(1, "one")
    list(checkpoints.let_go())
    assert checkpoints.printable(1) is None


def test_a_state_behind_records_that_are_not_cut_yet_waits_for_them(checkpoints):
    """The chunk that they will be in has the next number."""
    chunk(checkpoints, 1)
    checkpoints.state(2, "behind the buffer")
    list(checkpoints.let_go())
    assert checkpoints.printable(1) is None
    chunk(checkpoints, 2)
    list(checkpoints.let_go())
    assert checkpoints.printable(2) == "behind the buffer"


def test_a_state_waits_for_an_older_chunk_although_its_own_is_settled(checkpoints):
    chunk(checkpoints, 1, intent(1, 10))
    chunk(checkpoints, 2)
    checkpoints.state(2, "two")
    list(checkpoints.let_go())
    assert checkpoints.printable(2) is None


def test_a_later_state_supersedes_an_earlier_one(checkpoints):
    chunk(checkpoints, 1)
    checkpoints.state(1, "one")
    checkpoints.state(1, "another")
    list(checkpoints.let_go())
    assert checkpoints.printable(1) == "another"


def test_both_halves_of_a_refused_batch_are_waited_for(checkpoints):
    chunk(checkpoints, 1, intent(1, 10))
    checkpoints.state(1, "one")
    checkpoints.halved(batch(10), [batch(20), batch(21)])
    checkpoints.settle_batches([batch(20)])
    list(checkpoints.let_go())
    assert checkpoints.printable(1) is None
    checkpoints.settle_batches([batch(21)])
    list(checkpoints.let_go())
    assert checkpoints.printable(1) == "one"


def test_a_batch_that_an_earlier_run_intended_is_of_no_chunk(checkpoints):
    checkpoints.halved(batch(5), [batch(6), batch(7)])
    checkpoints.settle_batches([batch(6), batch(7)])
    assert list(checkpoints.let_go()) == []


def test_what_was_replaced_goes_in_the_order_of_chunks(checkpoints):
    """Should all be taken back, the rest is still there."""
    old, new = intent(1, 10, replaced=[("orders", "1")]), intent(2, replaced=[("orders", "1")])
    chunk(checkpoints, 1, old)
    chunk(checkpoints, 2, new)
    assert list(checkpoints.let_go()) == []
    checkpoints.settle_batches([batch(10)])
    assert list(checkpoints.let_go()) == [old, new]


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=5), st.randoms())
def test_in_whatever_order_batches_land_no_state_overtakes_one(sizes, random):
    """`sizes` are the batches of each intent of each chunk; a STATE follows every chunk."""
    checkpoints, landing, number = Checkpoints(), [], 0
    for sequence, intents in enumerate(sizes, start=1):
        made = []
        for size in intents:
            numbers = range(number, number + size)
            number += size
            made.append(intent(sequence, *numbers))
            landing += [(sequence, each) for each in numbers]
        chunk(checkpoints, sequence, *made)
        checkpoints.state(sequence, str(sequence))
    random.shuffle(landing)
    printed = 0
    while True:
        list(checkpoints.let_go())
        value = checkpoints.printable(len(sizes))
        waited_for = min((sequence for sequence, _ in landing), default=len(sizes) + 1)
        if value is not None:
            assert printed < int(value) < waited_for
            printed = int(value)
        assert printed == waited_for - 1
        if not landing:
            break
        checkpoints.settle_batches([batch(landing.pop()[1])])
    assert printed == len(sizes)
