"""A chunk by shop: what is new of it, whom that is about, and what memory is asked."""

from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from target_segment.hooks import Hooks
from target_segment.identity import resolver
from target_segment.other_taps.mapped import MappedStreams
from target_segment.remembered import Watch
from target_segment.stages.chunks import Chunks
from target_segment.stages.lookup import Lookup
from tests.target_segment.world import customer, order, raw, refund

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SHOP = ("shopify", "shop.test")
WATCHED = {"order_completed": Watch("completed", NOW, 0)}


def done(value):
    future = Future()
    future.set_result(value)
    return future


class Writer:
    """A ledger that has seen some records and remembers what it is asked."""

    def __init__(self):
        self.seen, self.recalled, self.watched = set(), [], []

    def unchanged(self, read):
        return done(self.seen & set(read))

    def recall(self, scope, keys):
        self.recalled.append((scope, list(keys)))
        return done([])

    def ask(self, do, *arguments):
        self.watched.append(arguments)
        return do(*arguments)


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def look(writer):
    resolve = resolver({})
    lookup = Lookup(
        writer,
        resolve,
        MappedStreams({"history_days": None, "history_integrations": None}, resolve),
        lambda *_: WATCHED,
    )
    chunks = Chunks(b"", Hooks(now=lambda: NOW))

    def look(*records, seen=()):
        for stream, record in records:
            chunks.add(stream, raw(record), None)
        chunk = chunks.rest()
        writer.seen = {chunk.hashes[number] for number in seen}
        return lookup.look(chunk, lookup.ask(chunk))

    return look


def test_what_was_seen_in_exactly_this_form_is_counted_and_left(look):
    found = look(order("1"), order("2"), order("3"), seen=[0, 2])
    assert found.unchanged == 2
    assert [item.subject for part in found.parts for item in part.items] == ["2"]


def test_memory_is_asked_about_the_record_its_order_and_its_person(look, writer):
    look(refund("r1"))
    assert writer.recalled == [(SHOP, [("refunds", "r1"), ("orders", "1"), ("identify", "7")])]


def test_what_several_records_are_about_is_asked_once(look, writer):
    look(order(), order(note="x"), customer())
    assert writer.recalled == [(SHOP, [("orders", "1"), ("identify", "7"), ("customers", "7")])]


def test_each_shop_is_a_part_of_its_own(look, writer):
    found = look(order("1"), order("2", shop="other.test"), order("3"))
    assert [(part.scope, [item.subject for item in part.items]) for part in found.parts] == [
        (SHOP, ["1", "3"]),
        (("shopify", "other.test"), ["2"]),
    ]


def test_since_when_a_shop_is_told_is_asked_with_its_first_record(look, writer):
    first = look(order("1"))
    look(order("2"))
    assert [scope for scope, _ in writer.watched] == [SHOP]
    assert first.parts[0].watched == WATCHED


def test_what_has_no_keys_is_set_aside_under_what_it_claims(look):
    """Nobody asks since when anything is told of a shop of which nothing can be read."""
    (part,) = look(("orders", {"platform": "shopify", "shop": "shop.test", "id": 5})).parts
    (refusal,) = part.refusals
    assert (refusal.fate, refusal.stream, refusal.subject) == ("malformed", "orders", "5")
    assert (part.items, part.watched) == ([], {})


def test_what_is_no_json_is_set_aside_without_a_claim(look):
    (part,) = look(("orders", b"[")).parts
    assert part.scope == ("", "")
    assert len(part.refusals) == 1
