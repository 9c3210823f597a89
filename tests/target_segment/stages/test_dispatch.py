"""Batches in flight: never two for one person, halved where refused, all landed before a stop."""

from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from threading import Event as Signal

import pytest

from target_segment.batch import Receipt, sealed
from target_segment.delivery.batches import halves
from target_segment.errors import Denied, Refused, Unavailable
from target_segment.hooks import Hooks
from target_segment.stages.checkpoints import Checkpoints
from target_segment.stages.dispatch import PROBATION, Dispatch

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def batch(number, *people):
    """A batch with one event a person."""
    receipts = [
        Receipt(f"m{number}-{person}", "shopify", "shop.test", "order_completed", "Order Completed", f"{number}", person, NOW, None, None)
        for person in people
    ]  # fmt: skip
    return sealed(number, [b"{}" for _ in people], receipts, frozenset(people))


class Outlet:
    """Answers as it is told, once it is let."""

    def __init__(self):
        self.tried, self.errors, self.open = [], {}, Signal()
        self.open.set()

    def deliver(self, batch):
        self.tried.append(batch.id)
        self.open.wait()
        if batch.id in self.errors:
            raise self.errors[batch.id]
        return 0.5


class Writer:
    """A ledger that remembers what became of batches."""

    def __init__(self):
        self.rejected, self.taken_back, self.number = [], 0, 100

    def halve(self, batch):
        def number():
            self.number += 1
            return self.number

        return halves(batch, number)

    def reject(self, batch, refusal):
        self.rejected.append((refusal.subject, refusal.stream, refusal.fate))

    def take_back(self):
        self.taken_back += 1


class Bench:
    """A dispatch with all that is around it."""

    def __init__(self, **more):
        self.outlet, self.writer, self.warned = Outlet(), Writer(), []
        hooks = Hooks(warn=self.warned.append, now=lambda: NOW, monotonic=lambda: 0.0)
        self.dispatch = Dispatch(self.outlet, self.writer, Checkpoints(), hooks, **more)

    def turn(self, *, more=False):
        """Return the batches that are acknowledged now, confirmed as the pipeline does."""
        found = []
        for batches in self.dispatch.acknowledged(more=more):
            found += [each.id for each in batches]
            self.dispatch.confirmed(batches)
        self.dispatch.stop()
        return found

    def to_the_end(self):
        found = self.turn()
        while not self.dispatch.is_idle:
            wait(self.dispatch.under_way())
            found += self.turn()
        self.dispatch.judge()
        return found


@pytest.fixture
def bench():
    bench = Bench(accepted=True)
    yield bench
    bench.outlet.open.set()
    bench.dispatch.close()


def test_everything_is_handed_over_and_acknowledged_once(bench):
    bench.dispatch.add([batch(number, str(number)) for number in range(20)])
    assert sorted(bench.to_the_end()) == list(range(20))
    assert sorted(bench.outlet.tried) == list(range(20))


def test_how_long_deliveries_waited_is_added_up_also_of_those_that_failed(bench):
    bench.outlet.errors[2] = Refused("Segment answered 400")
    bench.outlet.errors[2].waited = 2.0
    bench.dispatch.add([batch(number, str(number)) for number in range(4)])
    bench.to_the_end()
    assert bench.dispatch.waited == 3.5


def test_no_two_requests_are_under_way_for_one_person_and_hers_keep_their_order(bench):
    bench.outlet.open.clear()
    bench.dispatch.add([batch(1, "anna"), batch(2, "ben", "anna"), batch(3, "ben"), batch(4, "carl")])
    bench.turn()
    assert len(bench.dispatch.under_way()) == 2
    bench.outlet.open.set()
    assert sorted(bench.to_the_end()) == [1, 2, 3, 4]
    assert set(bench.outlet.tried[:2]) == {1, 4}
    assert bench.outlet.tried[2:] == [2, 3]


def test_one_at_a_time_until_something_was_ever_accepted():
    bench = Bench()
    bench.outlet.open.clear()
    bench.dispatch.add([batch(number, str(number)) for number in range(5)])
    bench.turn()
    assert len(bench.dispatch.under_way()) == 1
    bench.outlet.open.set()
    bench.to_the_end()
    bench.dispatch.close()


def test_a_refused_batch_is_halved_until_the_offending_event_stands_alone(bench):
    class Picky(Outlet):
        def deliver(self, batch):
            self.tried.append(batch.id)
            if "bad" in batch.people:
                raise Refused("Segment answered 400: no")
            return 0.0

    bench.dispatch._outlet = picky = Picky()
    bench.dispatch.add([batch(7, "a", "b", "bad", "c")])
    bench.to_the_end()
    assert bench.writer.rejected == [("7", "orders", "rejected")]
    assert bench.dispatch.set_aside() == 1
    assert bench.dispatch.set_aside() == 0
    assert len(picky.tried) == 5
    assert "Segment answered 400" in bench.warned[0]


def test_what_is_refused_while_nothing_was_accepted_is_everybodys():
    bench = Bench()
    for number in range(PROBATION):
        bench.outlet.errors[number] = Refused("Segment answered 400")
    bench.dispatch.add([batch(number, str(number)) for number in range(PROBATION + 5)])
    with pytest.raises(Denied, match="never accepted anything"):
        bench.to_the_end()
    assert bench.writer.taken_back == 1
    assert bench.writer.rejected == []
    assert len(bench.outlet.tried) == PROBATION
    bench.dispatch.close()


def test_a_few_that_are_all_there_is_are_everybodys_too():
    bench = Bench()
    bench.outlet.errors[1] = Refused("Segment answered 400")
    bench.dispatch.add([batch(1, "a")])
    with pytest.raises(Denied):
        bench.to_the_end()
    assert bench.writer.taken_back == 1
    bench.dispatch.close()


def test_with_the_first_that_is_accepted_what_was_held_back_is_set_aside():
    bench = Bench()
    bench.outlet.errors[1] = Refused("Segment answered 400")
    bench.dispatch.add([batch(1, "a"), batch(2, "b")])
    assert bench.to_the_end() == [2]
    assert bench.writer.rejected == [("1", "orders", "rejected")]
    bench.dispatch.close()


def test_before_a_stop_what_is_in_flight_lands_and_is_yielded(bench):
    bench.outlet.errors[2] = Unavailable("no answer")
    bench.outlet.open.clear()
    bench.dispatch.add([batch(1, "a"), batch(2, "b"), batch(3, "c"), batch(4, "a")])
    bench.turn()
    bench.outlet.open.set()
    wait(bench.dispatch.under_way())
    found = [each.id for batches in bench.dispatch.acknowledged(more=True) for each in batches]
    assert bench.dispatch.is_stopped
    assert sorted(found) == [1, 3]
    with pytest.raises(Unavailable):
        bench.dispatch.stop()
    assert bench.writer.taken_back == 0
    assert 4 not in bench.outlet.tried


def test_a_key_that_never_worked_takes_everything_back():
    bench = Bench()
    bench.outlet.errors[1] = Denied("Segment answered 401")
    bench.dispatch.add([batch(1, "a")])
    with pytest.raises(Denied, match="401"):
        bench.to_the_end()
    assert bench.writer.taken_back == 1
    bench.dispatch.close()


def test_a_key_that_worked_before_takes_nothing_back(bench):
    bench.outlet.errors[1] = Denied("Segment answered 401")
    bench.dispatch.add([batch(1, "a")])
    with pytest.raises(Denied, match="401"):
        bench.to_the_end()
    assert bench.writer.taken_back == 0


def test_receipts_wait_for_a_transaction_that_is_worth_it(bench):
    bench.dispatch.add([batch(1, "a")])
    bench.turn(more=True)
    wait(bench.dispatch.under_way())
    assert bench.turn(more=True) == []
    assert not bench.dispatch.is_idle
    assert bench.turn(more=False) == [1]


@pytest.mark.parametrize("hold", [True, False])
def test_what_was_intended_long_ago_is_said_and_held_back_where_set(bench, hold):
    left = [(batch(1, "a"), NOW - timedelta(hours=21)), (batch(2, "b"), NOW - timedelta(hours=1))]
    assert bench.dispatch.resume(left, hold_uncertain=hold) == 1
    assert sorted(bench.to_the_end()) == ([2] if hold else [1, 2])
    assert ("held back" in bench.warned[0]) == hold
