"""Here or in a second process: the same questions, answered in their order."""

from concurrent.futures import Future

import pytest

from target_segment.deciding.work import Decision
from target_segment.errors import SegmentError
from target_segment.hooks import Hooks
from target_segment.remembered import Refusal
from target_segment.stages.chunks import ShopPart
from target_segment.stages.deciders import AHEAD, LONG, Deciders

SHOP, OTHER = ("shopify", "shop.test"), ("prestashop", "other.test")


class Streams:
    def __init__(self):
        self.stream_keys = {}


class Decider:
    """Answers with its own name and the number of the chunk that it was asked about."""

    def __init__(self, name):
        self.name, self.streams = name, Streams()

    def decide(self, work):
        return Decision(
            [],
            [],
            [],
            [Refusal(fate="f", stream="s", reason="deciding")],
            [(self.name, "", work.sequence)],
            [],
        )


class Process(Decider):
    """A second process that is ready, and answers, when a test says so."""

    def __init__(self, is_ready=True):
        super().__init__("process")
        self.is_ready, self.asked, self.closed = is_ready, [], False

    def ready(self):
        if isinstance(self.is_ready, Exception):
            raise self.is_ready
        return self.is_ready

    def decide(self, work):
        self.asked.append((Future(), work))
        return self.asked[-1][0]

    def answer(self, number):
        future, work = self.asked[number]
        future.set_result(super().decide(work))

    def close(self):
        self.closed = True


class Writer:
    """Remembers which shops it was asked about anew."""

    def __init__(self):
        self.recalled = []

    def recall(self, scope, keys):
        self.recalled.append(scope)
        found = Future()
        found.set_result([])
        return found


class Bench:
    def __init__(self, start=None):
        self.writer, self.warned = Writer(), []
        self.deciders = Deciders(Decider("here"), self.writer, Hooks(warn=self.warned.append), start)

    def answers(self):
        return [(answer.sequence, answer.decision.tally[0][0]) for answer in self.deciders.answered()]


def test_without_a_second_process_an_answer_is_there_at_once():
    bench = Bench()
    part = ShopPart(SHOP, refusals=[Refusal(fate="f", stream="s", reason="looking")])
    bench.deciders.ask(1, part)
    assert not bench.deciders.is_idle
    (answer,) = bench.deciders.answered()
    assert [each.reason for each in answer.refusals] == ["looking", "deciding"]
    assert bench.deciders.is_idle


def test_a_second_process_is_started_once_with_the_second_full_chunk():
    started = []
    bench = Bench(lambda: started.append(Process()) or started[-1])
    bench.deciders.expect_more(LONG - 1)
    assert started == []
    for sequence in range(LONG, LONG + 3):
        bench.deciders.expect_more(sequence)
    assert len(started) == 1


def test_what_comes_before_it_is_ready_is_decided_here():
    process = Process(is_ready=False)
    bench = Bench(lambda: process)
    bench.deciders.expect_more(LONG)
    bench.deciders.ask(1, ShopPart(SHOP))
    process.is_ready = True
    bench.deciders.ask(2, ShopPart(SHOP))
    process.answer(0)
    assert bench.answers() == [(1, "here"), (2, "process")]


def test_it_is_asked_about_each_shop_anew_with_its_first_question():
    """It knows nothing of what was decided here."""
    bench = Bench(Process)
    bench.deciders.expect_more(LONG)
    for sequence, scope in enumerate([SHOP, SHOP, OTHER]):
        bench.deciders.ask(sequence, ShopPart(scope))
    assert bench.writer.recalled == [SHOP, OTHER]


def test_answers_are_yielded_in_the_order_of_the_questions():
    process = Process()
    bench = Bench(lambda: process)
    bench.deciders.expect_more(LONG)
    for sequence in (1, 2):
        bench.deciders.ask(sequence, ShopPart(SHOP))
    process.answer(1)
    assert bench.answers() == []
    assert not bench.deciders.has_answered(1)
    assert bench.deciders.has_answered(0)
    process.answer(0)
    assert bench.answers() == [(1, "process"), (2, "process")]
    assert bench.deciders.has_answered(2)


def test_it_has_room_for_one_question_besides_the_one_that_it_answers():
    bench = Bench(Process)
    bench.deciders.expect_more(LONG)
    for sequence in range(AHEAD):
        assert bench.deciders.has_room
        bench.deciders.ask(sequence, ShopPart(SHOP))
    assert not bench.deciders.has_room


def test_one_that_is_gone_before_its_first_question_is_done_without():
    process = Process(is_ready=SegmentError("killed"))
    bench = Bench(lambda: process)
    bench.deciders.expect_more(LONG)
    bench.deciders.ask(1, ShopPart(SHOP))
    assert bench.answers() == [(1, "here")]
    assert process.closed
    assert "does without (killed)" in bench.warned[0]


def test_one_that_is_gone_later_stops_the_run():
    """What it decided last is nowhere else."""
    process = Process()
    bench = Bench(lambda: process)
    bench.deciders.expect_more(LONG)
    bench.deciders.ask(1, ShopPart(SHOP))
    process.is_ready = SegmentError("killed")
    with pytest.raises(SegmentError, match="killed"):
        bench.deciders.ask(2, ShopPart(OTHER))
