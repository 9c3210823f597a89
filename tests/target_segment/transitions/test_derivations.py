"""Every canonical stream is derived, for one set of settings, by a function that remembers nothing."""

import json

import pytest

from target_segment.snapshots import SHAPES, snapshot
from target_segment.transitions.derivations import derivations
from target_segment.transitions.table import TABLE
from tests.target_segment.world import customer, day, fulfillment, instant, order, refund

RECORDS = dict((order(), refund(), fulfillment(), customer()))
READ_AT = instant(day(10))


def derived(settings):
    return derivations({**SETTINGS, **settings}, frozenset(TABLE))


SETTINGS = {
    "order_completed_on": "completed",
    "checkout_started_on": "created",
    "pos_orders": "instead",
    "upsell_minutes": 60,
}


def test_every_canonical_stream_has_its_derivation():
    assert derived({}).keys() == SHAPES.keys()


@pytest.mark.parametrize("stream", RECORDS)
def test_a_record_derived_twice_proves_the_same(stream):
    derive = derived({})[stream]
    found = snapshot(stream, json.dumps(RECORDS[stream]).encode())
    proof = derive(found, READ_AT)
    assert proof.transitions
    assert derive(found, READ_AT) == proof
    assert (proof.stream, proof.snapshot) == (stream, found)


def test_children_have_begun_by_the_condition_of_their_order():
    found = snapshot("refunds", json.dumps(RECORDS["refunds"]).encode())
    assert derived({})["refunds"](found, READ_AT).begun
    assert not derived({"order_completed_on": "fulfilled"})["refunds"](found, READ_AT).begun
