"""Segment, a dry run's file and a count are outlets alike: what takes a batch says so by returning when."""

import json
from datetime import UTC, datetime

import pytest

from target_segment.batch import Event
from target_segment.config import checked
from target_segment.delivery.batches import pack
from target_segment.delivery.counting import Estimate
from target_segment.delivery.courier import Courier
from target_segment.delivery.dry_run import DryRun

pytestmark = pytest.mark.usefixtures("private_files")


def event(number, event="Order Completed", **who):
    body = json.dumps({"type": "track", "event": event, "messageId": str(number), **who}).encode()
    person = next(iter(who.values()))
    return Event(
        "order_completed", event, str(number), str(number), person, tuple(who.values()),
        datetime(2026, 1, 1, tzinfo=UTC), None, None, body,
    )  # fmt: skip


def batch(*events):
    (made,) = pack(events, "shopify", "acme", iter(range(9)).__next__)
    return made


def courier(folder):
    given = checked({"write_key": "key", "since": "now"})
    return Courier(given, version="0", send=lambda *_: (200, {}, ""), sleep=lambda _: None)


OUTLETS = {
    "courier": courier,
    "dry run": lambda folder: DryRun(str(folder / "dry_run.jsonl")),
    "estimate": lambda folder: Estimate(),
}


@pytest.mark.parametrize("name", OUTLETS)
def test_an_outlet_takes_a_batch_and_only_the_courier_tells(name, tmp_path):
    outlet = OUTLETS[name](tmp_path)
    assert outlet.deliver(batch(event(1, userId="7"))) == 0
    outlet.close()
    assert outlet.tells == (name == "courier")
    assert outlet.verb
    assert outlet.where


def test_a_count_knows_who_is_one_person_across_batches():
    counted = Estimate()
    counted.deliver(batch(event(1, anonymousId="a"), event(2, anonymousId="b")))
    counted.deliver(batch(event(3, "identify", userId="7", anonymousId="a")))
    assert counted.identities == 2
    assert (counted.requests, counted.events.total()) == (2, 3)
    assert counted.counts(0)["seconds"] is None
    assert counted.counts(2)["seconds"] == 2
