"""The verdict must notice: each way to lose, double or invent is a sentence, and a true telling is none."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from sandbox.expectation import Expectation, Span, Told
from sandbox.segment import Repeat, Swallowed
from sandbox.verdict import faults

AT = "2026-10-01T08:00:00Z"

ORDER = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "1",
    "originalTimestamp": "2026-10-01T08:00:00.000Z",
    "properties": {
        "order_id": "17",
        "total": 29.0,
        "subtotal": 24.0,
        "shipping": 5.0,
        "tax": 4.63,
        "discount": 0.0,
        "tip": 0.0,
        "presentment_total": 29.0,
        "currency": "EUR",
        "products": [{"variant_id": "8801", "quantity": 1}],
    },
}
REFUND = {
    "type": "track",
    "event": "Order Refunded",
    "messageId": "2",
    "originalTimestamp": AT,
    "properties": {"order_id": "17", "refund_id": "5", "total": 10.1},
}
PARCEL = {
    "type": "track",
    "event": "Fulfillment Created",
    "messageId": "3",
    "originalTimestamp": AT,
    "properties": {"fulfillment_id": "9", "status": "success", "tracking_numbers": []},
}
TRACKED = PARCEL | {
    "event": "Fulfillment Updated",
    "messageId": "4",
    "properties": PARCEL["properties"] | {"tracking_numbers": ["JD1"]},
}
PERSON = {
    "type": "identify",
    "messageId": "5",
    "userId": "3",
    "traits": {"email": "a@example.com", "purchaseCount": 1},
}

EVENTS = (ORDER, REFUND, PARCEL, TRACKED, PERSON)
STATE = {
    "total": Decimal("29.0"),
    "subtotal": Decimal("24.0"),
    "shipping": Decimal("5.0"),
    "tax": Decimal("4.63"),
    "discount": Decimal(0),
    "tip": Decimal(0),
    "presentment_total": Decimal("29.0"),
    "currency": "EUR",
    "products": [("8801", 1)],
}
EXPECTED = Expectation(
    once=Counter([Told("Order Completed", "17", AT), Told("Fulfillment Created", "9", AT)]),
    perhaps=frozenset(),
    refunded={"5": Span(Decimal("10.1"), Decimal("10.1"))},
    order_refunded={"17": Span(Decimal("10.1"), Decimal("10.1"))},
    orders={"17": [STATE]},
    fulfillments={
        "9": [
            {"status": "success", "tracking_numbers": []},
            {"status": "success", "tracking_numbers": ["JD1"]},
        ]
    },
    customers={
        "3": [{"email": "a@example.com", "order_count": 0}, {"email": "a@example.com", "order_count": 1}]
    },
)


def wrong(*events, doubles=(), repeats=None, swallowed=(), expected=EXPECTED):
    segment = SimpleNamespace(
        events=list(events), doubles=list(doubles), repeats=repeats or {}, swallowed=list(swallowed)
    )
    return faults(segment, expected)


def changed(event, **properties):
    changed = deepcopy(event)
    changed["traits" if event["type"] == "identify" else "properties"] |= properties
    return changed


def test_what_is_as_it_must_be_is_not_remarked_upon():
    assert wrong(*EVENTS) == []


@pytest.mark.parametrize("lost", [ORDER, REFUND, PARCEL], ids=lambda event: event["event"])
def test_a_lost_event_is_noticed(lost):
    assert wrong(*(event for event in EVENTS if event is not lost))


@pytest.mark.parametrize("doubled", EVENTS, ids=lambda event: event.get("event", "identify"))
def test_a_doubled_event_is_noticed(doubled):
    """A state may be told once for each time that it changed; the rest at most once."""
    assert wrong(*EVENTS, *[doubled] * 2)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (ORDER, changed(ORDER, total=29.01)),
        (ORDER, changed(ORDER, products=[{"variant_id": "8801", "quantity": 2}])),
        (ORDER, ORDER | {"originalTimestamp": "2026-10-01T08:00:01.000Z"}),
        (REFUND, changed(REFUND, total=10.11)),
        (TRACKED, changed(TRACKED, tracking_numbers=["JD2"])),
        (PERSON, changed(PERSON, email="b@example.com")),
    ],
    ids=lambda event: event.get("event", "identify"),
)
def test_an_invention_is_noticed(true, false):
    assert wrong(*(false if event is true else event for event in EVENTS))


def test_a_state_that_was_not_told_when_it_became_current_is_noticed():
    assert wrong(ORDER, REFUND, PARCEL, PERSON)
    assert wrong(ORDER, REFUND, PARCEL, TRACKED, changed(PERSON, purchaseCount=0))


def test_states_in_the_wrong_order_are_noticed():
    assert wrong(ORDER, REFUND, PERSON, PARCEL, TRACKED, PARCEL)


def test_two_contents_under_one_message_id_are_noticed():
    assert wrong(*EVENTS, repeats={"1": Repeat("1", [], [{"a": 1}, {"a": 2}])})
    assert wrong(*EVENTS, repeats={"1": Repeat("1", [], [{"a": 1}])}) == []


def test_what_segment_swallowed_or_accepted_twice_is_noticed():
    assert wrong(*EVENTS, swallowed=[Swallowed({}, "no_user_anon_id", "key")])
    assert wrong(*EVENTS, doubles=[ORDER])


def test_what_a_platform_cannot_show_is_not_compared():
    """What is in no true state may be told or not, and a refund's own sum may be unknown while the order's is not."""
    shown = {"total": Decimal("29.0"), "currency": "EUR", "products": [("8801", 1)]}
    poor = replace(EXPECTED, refunded=None, orders={"17": [shown]})
    assert wrong(*EVENTS, expected=poor) == []
    assert wrong(changed(ORDER, tip=1.0), *EVENTS[1:], expected=poor) == []
    assert wrong(changed(ORDER, total=29.01), *EVENTS[1:], expected=poor)
    assert wrong(ORDER, changed(REFUND, total=10.11), *EVENTS[2:], expected=poor)


def test_a_product_without_variants_is_known_by_its_own_id_and_a_customer_by_any_platform_s():
    plain = changed(ORDER, products=[{"product_id": "13", "quantity": 1}])
    created = {
        "type": "track", "event": "Customer Created", "messageId": "6", "originalTimestamp": AT,
        "properties": {"prestashop_customer_id": "3"},
    }  # fmt: skip
    expected = replace(
        EXPECTED,
        once=EXPECTED.once + Counter([Told("Customer Created", "3", AT)]),
        orders={"17": [STATE | {"products": [("13", 1)]}]},
    )
    assert wrong(plain, created, *EVENTS[1:], expected=expected) == []
    assert wrong(plain, *EVENTS[1:], expected=expected)


def test_an_event_between_two_readings_has_bounds_for_its_date():
    cancelled = {
        "type": "track", "event": "Order Cancelled", "messageId": "7", "originalTimestamp": "2026-10-02T08:00:00Z",
        "properties": {"order_id": "17"},
    }  # fmt: skip
    expected = replace(
        EXPECTED,
        once=EXPECTED.once + Counter([Told("Order Cancelled", "17", None)]),
        within={("Order Cancelled", "17"): ("2026-10-02T07:00:00Z", "2026-10-02T09:00:00Z")},
    )
    assert wrong(*EVENTS, cancelled, expected=expected) == []
    assert wrong(*EVENTS, expected=expected)
    for at in ("2026-10-02T06:59:59Z", "2026-10-02T09:00:01Z"):
        assert wrong(*EVENTS, cancelled | {"originalTimestamp": at}, expected=expected)
