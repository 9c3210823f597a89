"""The second process answers as the first would, and a run that loses it stops with a clear error."""

import fcntl
import os
import signal
import sys
import termios
from collections import deque
from concurrent.futures import Future
from threading import Thread

import msgspec
import pytest

from target_segment.config import SETTINGS
from target_segment.deciding.decider import Decider
from target_segment.deciding.work import Item, Work
from target_segment.delivery.courier import segment_source
from target_segment.errors import SegmentError
from target_segment.identity import Identity
from target_segment.remembered import Watch
from target_segment.settings import check
from target_segment.stages.second_process import SecondProcess
from tests.target_segment.world import SHOP, SINCE, World, day, instant, raw
from tests.target_segment.world import order as told_order

SCOPE = tuple(SHOP.values())


@pytest.fixture
def settings():
    return check(SETTINGS, {"write_key": "secret", "since": SINCE})


@pytest.fixture
def process(settings):
    process = SecondProcess(settings, segment_source(settings))
    yield process
    process.close()


def work(settings, *records, sequence=1):
    watched = Watch("completed", instant(SINCE), 0)
    return Work(
        sequence=sequence,
        scope=SCOPE,
        watched=dict.fromkeys(Decider(settings, "a")._on, watched),
        items=[
            Item("orders", memoryview(raw(each)), instant(day(10)), "0" * 32, each["id"], Identity("7", None))
            for each in records
        ],
        found=[],
    )


def order(**fields):
    (_, record, *_) = told_order(**fields)
    return record


def plain(decision):
    return msgspec.to_builtins(decision, builtin_types=(bytes,))


def test_it_answers_as_an_decider_in_this_process(settings, process):
    here = Decider(settings, segment_source(settings))
    for number in range(1, 4):
        # The second and third question are about what the first one changed.
        asked = work(settings, order(id=str(1 + number % 2), total=20.0 + number), sequence=number)
        said = process.decide(asked).result()
        assert plain(said) == plain(here.decide(asked))
        assert said.events


def test_what_is_malformed_comes_back_as_a_refusal(settings, process):
    odd = order(id="1") | {"line_items": "none"}
    (refusal,) = process.decide(work(settings, odd)).result().refusals
    assert (refusal.fate, refusal.subject, refusal.payload) == ("malformed", "1", bytes(raw(odd)))


def test_the_write_key_stays_here(settings, process):
    assert "secret" not in " ".join(process._process.args)


def test_a_process_that_is_gone_is_said_so(settings, process):
    process.ready(None)
    os.kill(process._process.pid, signal.SIGKILL)
    process._process.wait()
    with pytest.raises(SegmentError, match=r"second process .*code -9.*second_process"):
        process.decide(work(settings, order(id="1"))).result()


def test_a_signal_to_the_group_does_not_end_it(settings, process):
    process.ready(None)
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(process._process.pid, each)
    assert process.decide(work(settings, order(id="1"))).result().events


def test_a_pause_of_the_process_in_the_middle_of_an_answer_loses_nothing(settings, monkeypatch):
    """As by Ctrl-Z, or a container that is frozen; unbuffered, as containers often set it."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    process = SecondProcess(settings, segment_source(settings))
    try:
        process.ready(None)
        asked = work(settings, *[order(id=str(number)) for number in range(1_500)])
        process._send(msgspec.msgpack.encode(asked))
        full = fcntl.fcntl(process._from, fcntl.F_GETPIPE_SZ) - 2 * os.sysconf("SC_PAGESIZE")
        while _waiting(process._from) < full:
            os.sched_yield()
        os.kill(process._process.pid, signal.SIGSTOP)
        os.waitpid(process._process.pid, os.WUNTRACED)
        os.kill(process._process.pid, signal.SIGCONT)
        process._send(msgspec.msgpack.encode(asked))
        assert plain(process._answered(_sent())) == plain(
            Decider(settings, segment_source(settings)).decide(asked)
        )
    finally:
        process.close()


def _waiting(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _sent():
    sent = Future()
    sent.set_result(None)
    return sent


def test_ctrl_c_in_a_terminal_does_not_reach_it_not_even_while_it_starts(process):
    assert os.getpgid(process._process.pid) != os.getpgid(0)


def test_what_goes_wrong_there_is_raised_here(settings, process):
    asked = work(settings, order(id="1"))
    asked.watched = {}
    with pytest.raises(SegmentError, match="unexpected KeyError"):
        process.decide(asked).result()


def test_a_run_whose_second_process_cannot_be_started_does_without(tmp_path):
    world = World(tmp_path)

    def none(settings, source):
        raise OSError("no more processes")

    world.start_process = none
    world.chunk_records = 1
    said = [told_order(str(number)) for number in range(5)]
    assert len([each for each in world.run(*said) if each["type"] == "track"]) == 5
    (warning,) = world.last.warnings
    assert "no more processes" in warning


def test_a_run_whose_second_process_dies_before_its_first_question_does_without(tmp_path, process):
    world = World(tmp_path)
    process._process.kill()
    process._process.wait()
    world.start_process = lambda *_: process
    world.chunk_records = 1
    said = [told_order(str(number)) for number in range(5)]
    assert len([each for each in world.run(*said) if each["type"] == "track"]) == 5
    assert len(world.last.warnings) == 1


class Reluctant:
    """A second process that answers only once somebody waits for it: as slow as can be."""

    def __init__(self, decider):
        self.decider, self.asked = decider, deque()

    def ready(self):
        return True

    def decide(self, asked):
        decision = Future()
        decision._waiters = Waiters(self.answer)
        self.asked.append((asked, decision))
        return decision

    def answer(self):
        while self.asked:
            asked, decision = self.asked.popleft()
            decision.set_result(self.decider.decide(asked))

    def close(self):
        pass


class Waiters(list):
    """Who waits for a future; the first who does lets it be answered."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def append(self, waiter):
        super().append(waiter)
        Thread(target=self.answer).start()


def test_what_a_slow_second_process_decided_is_known_however_much_passes_unchanged_meanwhile(tmp_path):
    world = World(tmp_path)
    world.chunk_records = 1
    settings = check(SETTINGS, world.settings)
    world.start_process = lambda *_: Reluctant(Decider(settings, segment_source(settings)))
    before, after = told_order("1"), told_order("1", tags=["gift"], updated_at=day(9))
    told = world.run(told_order("0"), before, *[told_order("0")] * 6, after)
    tracks = [(each["event"], each["properties"]["order_id"]) for each in told if each["type"] == "track"]
    assert tracks == [("Order Completed", "0"), ("Order Completed", "1"), ("Order Updated", "1")]


def test_a_run_of_one_chunk_and_a_rest_does_without(tmp_path):
    """Starting a process would take longer than the rest."""
    world = World(tmp_path)
    world.chunk_records = 4
    world.start_process = lambda *_: pytest.fail("it was sent for")
    assert len(world.run(*[told_order(str(number)) for number in range(7)])) == 8
