"""What Segment holds against what must have been told: every difference is one sentence.

It reads events as any destination would, by the names and properties of the Ecommerce Spec, and knows nothing of the
target that sent them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.expectation import Expectation, Span, State, Told, second
from sandbox.segment import Event, Segment


def _customer(said: Mapping[str, Any]) -> str:
    """Return the customer's id, whatever the platform is called that gave it."""
    return next(value for name, value in said.items() if name.endswith("_customer_id"))


SUBJECTS = {
    "Checkout Started": lambda said: said["order_id"],
    "Order Completed": lambda said: said["order_id"],
    "POS Order Placed": lambda said: said["order_id"],
    "Order Cancelled": lambda said: said["order_id"],
    "Coupon Applied": lambda said: f"{said['order_id']}:{said['coupon_id'].casefold()}",
    "Fulfillment Created": lambda said: said["fulfillment_id"],
    "Customer Created": _customer,
    "Customer Enabled": _customer,
}
"""Events that are told once, and what each is about."""

UNDATED = {"Customer Enabled"}
"""Of these the shop keeps no instant."""


def faults(segment: Segment, expected: Expectation) -> list[str]:
    """Say everything that was lost, doubled or invented, and every messageId that travelled with two contents."""
    events = segment.events
    return [
        *_once(events, expected),
        *(_money("refund", "refund_id", events, expected.refunded) if expected.refunded is not None else ()),
        *_money("order", "order_id", events, expected.order_refunded),
        *_states("parcel", _parcels(events), expected.fulfillments),
        *_states("order", _orders(events), expected.orders),
        *_states("customer", _customers(events), expected.customers),
        *(f"accepted twice, a day apart: {event['messageId']}" for event in segment.doubles),
        *(
            f"one messageId, two contents: {each.message_id}"
            for each in segment.repeats.values()
            if each.differs
        ),
        *(f"swallowed with a 200: {each.reason}" for each in segment.swallowed),
    ]


def _once(events: Iterable[Event], expected: Expectation) -> Iterator[str]:
    """Compare the events that are told once."""
    told: Counter[Told] = Counter()
    for event in events:
        if event.get("event") not in SUBJECTS:
            continue
        name, at = event["event"], _at(event)
        subject = SUBJECTS[name](event["properties"])
        bounds = expected.within.get((name, subject))
        told[Told(name, subject, None if name in UNDATED or bounds else at)] += 1
        if bounds and not bounds[0] <= at <= bounds[1]:
            yield f"dated {at}, not between {bounds[0]} and {bounds[1]}: {name} of {subject}"
    for each, times in (expected.once - told).items():
        yield f"lost ({times} ×): {each.event} of {each.subject} at {each.at}"
    for each, times in (told - expected.once).items():
        if times > 1 or (each.event, each.subject) not in expected.perhaps:
            yield f"doubled or invented ({times} ×): {each.event} of {each.subject} at {each.at}"


def _money(what: str, by: str, events: Iterable[Event], expected: Mapping[str, Span]) -> Iterator[str]:
    """Compare the money that went back, to the cent."""
    told: dict[str, Decimal] = {}
    for event in events:
        if event.get("event") == "Order Refunded":
            said = event["properties"]
            told[said[by]] = told.get(said[by], Decimal()) + Decimal(str(said["total"]))
    for subject in told.keys() | expected.keys():
        least, most = expected.get(subject, Span(Decimal(), Decimal()))
        if not least <= told.get(subject, Decimal()) <= most:
            yield f"{what} {subject} gave back {least} to {most}, told {told.get(subject)}"


def _states(
    what: str, told: Mapping[str, Sequence[State]], expected: Mapping[str, Sequence[State]]
) -> Iterator[str]:
    """Compare what was shown of each subject with its true states: a subsequence, and the last one current."""
    for subject, shown in told.items():
        states = expected.get(subject, ())
        place = 0
        for each in shown:
            while place < len(states) and _differs(each, states[place]):
                place += 1
            if place == len(states):
                yield f"{what} {subject} never was so, or not in this order: {each}"
                break
        else:
            if wrong := _differs(shown[-1], states[-1]):
                yield f"what was told last of {what} {subject} is not current: {wrong}"
        if len(shown) > len(states):
            yield f"{what} {subject} had {len(states)} states and was told {len(shown)} times"


def _differs(shown: State, state: State) -> str | None:
    """Say how they differ in the facts that the platform can show: no others are in a true state."""
    for name, value in shown.items():
        if name in state and state[name] != value:
            return f"{name} is {state[name]}, told {value}"
    return None


def _parcels(events: Iterable[Event]) -> dict[str, list[State]]:
    found: dict[str, list[State]] = {}
    for event in events:
        if event.get("event") in {"Fulfillment Created", "Fulfillment Updated"}:
            said = event["properties"]
            names = ("status", "carrier_status", "tracking_numbers", "tracking_urls", "quantity")
            found.setdefault(said["fulfillment_id"], []).append(
                {name: said[name] for name in names if name in said}
            )
    return found


def _orders(events: Iterable[Event]) -> dict[str, list[State]]:
    found: dict[str, list[State]] = {}
    for event in events:
        if event.get("event") in {"Order Completed", "POS Order Placed", "Order Updated"}:
            said = event["properties"]
            shown: State = {
                name: Decimal(str(said[name]))
                for name in ("total", "subtotal", "shipping", "tax", "discount", "tip", "presentment_total")
                if said.get(name) is not None
            }
            shown |= {name: said[name] for name in ("currency", "presentment_currency") if said.get(name)}
            if not said.get("products_truncated"):
                shown["products"] = sorted(
                    (each.get("variant_id") or each.get("product_id"), each["quantity"])
                    for each in said.get("products", ())
                )
            found.setdefault(said["order_id"], []).append(shown)
    return found


def _customers(events: Iterable[Event]) -> dict[str, list[State]]:
    traits = {
        "email": "email",
        "phone": "phone",
        "firstName": "first_name",
        "lastName": "last_name",
        "state": "state",
        "verified_email": "verified_email",
        "locale": "locale",
        "description": "note",
        "purchaseCount": "order_count",
        "email_consent_state": "email_consent",
    }
    found: dict[str, list[State]] = {}
    for event in events:
        if event["type"] == "identify" and event.get("userId"):
            said = event["traits"]
            shown: dict[str, Any] = {
                ours: said[name] for name, ours in traits.items() if said.get(name) is not None
            }
            if "customerLifetimeValue" in said:
                shown["lifetime_spend"] = Decimal(str(said["customerLifetimeValue"]))
            found.setdefault(event["userId"], []).append(shown)
    return found


def _at(event: Event) -> str:
    return second(datetime.fromisoformat(event["originalTimestamp"]))
