"""One thread, one order, and nothing more after one failure."""

import threading

import pytest

from target_segment.deciding.work import Decision
from target_segment.errors import LedgerError
from target_segment.hooks import Hooks
from target_segment.remembered import Refusal
from target_segment.stages.writer import Writer

SHOP = ("shopify", "shop.test")


class Ledger:
    """Remembers what it was asked and by which thread; fails when told to."""

    def __init__(self):
        self.asked, self.threads, self.fails, self.known = [], set(), None, set()

    def __getattr__(self, name):
        def ask(*arguments):
            self.asked.append(name)
            self.threads.add(threading.get_ident())
            if name == self.fails:
                raise LedgerError("its disk is full")
            return 7

        return ask

    def next_batch(self):
        return 1

    def knows_refused(self, raw_hash):
        return raw_hash in self.known


def decision():
    return Decision(events=[], rows=[], replaced=[], refusals=[], tally=[], warnings=[])


def malformed(number):
    return Refusal(
        fate="malformed", stream="orders", subject=str(number), message_id=str(number), reason="odd"
    )


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def warned():
    return []


@pytest.fixture
def writer(ledger, warned):
    writer = Writer(ledger, Hooks(warn=warned.append))
    yield writer
    writer.close()


def test_everything_is_asked_by_one_thread_in_its_order(writer, ledger):
    writer.unchanged({})
    writer.intend(1, SHOP, decision(), [])
    writer.recall(SHOP, [])
    writer.confirm([])
    writer.settle_all()
    assert ledger.asked == ["unchanged", "intend", "recall", "confirm", "settle_all"]
    assert len(ledger.threads) == 1
    assert ledger.threads != {threading.get_ident()}


def test_what_was_committed_is_yielded_once_and_in_order(writer):
    for sequence in (1, 2):
        writer.intend(sequence, SHOP, decision(), [])
    writer.confirm([])
    assert writer.is_intending
    writer.catch_up()
    assert [intent.sequence for intent in writer.intended()] == [1, 2]
    assert list(writer.confirmed()) == [[]]
    assert list(writer.intended()) == list(writer.confirmed()) == writer.under_way() == []


def test_after_one_failure_nothing_more_is_done(writer, ledger):
    ledger.fails = "intend"
    writer.intend(1, SHOP, decision(), [])
    writer.confirm([])
    with pytest.raises(LedgerError, match="disk is full"):
        writer.settle_all()
    with pytest.raises(LedgerError, match="disk is full"):
        list(writer.intended())
    with pytest.raises(LedgerError, match="disk is full"):
        list(writer.confirmed())
    assert ledger.asked == ["intend"]


def test_every_record_that_is_set_aside_counts_and_the_first_ten_are_warned_of(writer, warned):
    writer.intend(1, SHOP, decision(), [malformed(number) for number in range(12)])
    writer.catch_up()
    (intent,) = writer.intended()
    assert intent.set_aside == {"malformed": 12}
    assert len(warned) == 10


def test_a_record_that_was_set_aside_before_counts_without_a_warning(writer, ledger, warned):
    ledger.known = {"1"}
    writer.intend(1, SHOP, decision(), [malformed(1)])
    writer.catch_up()
    (intent,) = writer.intended()
    assert intent.set_aside == {"malformed": 1}
    assert warned == []
