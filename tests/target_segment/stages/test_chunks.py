"""Input is cut by count, by bytes and by seconds, and the same bytes have the same hash under the same settings only."""

from datetime import UTC, datetime

import msgspec
import pytest

from target_segment.hooks import Hooks
from target_segment.stages.chunks import CHUNK_BYTES, CHUNK_SECONDS, Chunks

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def chunks(clock, fingerprint=b"settings", **more):
    return Chunks(fingerprint, Hooks(now=lambda: NOW, monotonic=clock), **more)


def raw(text="{}"):
    return msgspec.Raw(text.encode())


def test_so_many_records_are_a_chunk(clock):
    held = chunks(clock, most_records=2)
    assert held.add("orders", raw(), None) is None
    chunk = held.add("orders", raw(), None)
    assert (chunk.sequence, len(chunk.records), chunk.read) == (1, 2, 2)
    assert held.rest() is None


def test_so_many_bytes_are_a_chunk_also_of_records_that_nobody_keeps(clock):
    """Few records among much else would keep whole read blocks in memory."""
    held = chunks(clock)
    held.note_read(CHUNK_BYTES)
    assert held.add("orders", raw(), None) is None
    held.note_read(CHUNK_BYTES)
    assert held.add("orders", raw(), None) is not None


def test_the_newest_record_is_in_a_chunk_that_may_not_be_cut_yet(clock):
    held = chunks(clock)
    assert (held.newest, held.cut) == (0, 0)
    held.add("orders", raw(), None)
    assert (held.newest, held.cut) == (1, 0)
    held.rest()
    assert (held.newest, held.cut) == (1, 1)


def test_what_was_read_waits_so_many_seconds(clock):
    held = chunks(clock)
    held.add("orders", raw(), None)
    clock.seconds = CHUNK_SECONDS
    assert not held.is_overdue()
    clock.seconds += 0.1
    assert held.is_overdue()


def test_a_chunk_that_was_cut_waits_on_until_it_is_told(clock):
    held = chunks(clock)
    held.add("orders", raw(), None)
    held.rest()
    clock.seconds = CHUNK_SECONDS + 1
    assert held.is_overdue()
    held.told()
    assert not held.is_overdue()
    held.add("orders", raw(), None)
    assert not held.is_overdue()


def test_nothing_is_never_overdue(clock):
    held = chunks(clock)
    clock.seconds = 1e6
    assert not held.is_overdue()


def test_the_same_bytes_have_another_hash_under_other_settings_and_under_another_label(clock):
    def hashes(fingerprint, *streams):
        held = chunks(clock, fingerprint, labels=["taps.once", "taps.state"])
        for stream in streams:
            held.add(stream, raw('{"id": 1}'), None)
        return held.rest().hashes

    orders, refunds, once, state = hashes(b"a", "orders", "refunds", "taps.once", "taps.state")
    assert orders == refunds
    assert len({orders, once, state}) == 3
    assert hashes(b"b", "orders") != [orders]


def test_a_record_that_is_read_under_two_labels_counts_once(clock):
    held = chunks(clock, labels=["a.once", "a.state"], second_labels=frozenset({"a.state"}))
    held.add("a.once", raw(), None)
    held.add("a.state", raw(), None)
    assert held.rest().read == 1


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-02-01T12:00:00+02:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T12:00:00", datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("soon", NOW),
        (None, NOW),
    ],
)
def test_a_record_is_dated_by_its_extraction_else_by_the_clock(clock, said, at):
    held = chunks(clock)
    held.add("orders", raw(), said)
    ((_, _, read_at),) = held.rest().records
    assert read_at == at
