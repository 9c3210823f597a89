"""What a perfect observer must have told of a shop: computed from the shop's own history, never from the code under test.

It follows from what happened (`Shop.history`), from `since`, from when the shop was polled, and from what the platform can show. Three kinds:

* once: exactly these events, each as often as said here, each at the instant that the shop keeps (to the second, as it shows it);
* running: so much money per refund and per order, to the cent, in however many events;
* state: the true states of each subject, in order. What is told must be a subsequence, no two neighbours equal, the last one current.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.shop import Fact, Shop
from sandbox.things import Address, Customer, Fulfillment, Order

HIDDEN_AFTER = timedelta(days=60)

CHANGES = ("order_placed", "order_edited", "order_changed")
"""Facts after which Order Updated may have something to show; all others are told by events of their own."""

State = dict[str, Any]


class Told(NamedTuple):
    """One event that must be told once: its name, what it is about, and when it happened if the shop keeps that."""

    event: str
    subject: str
    at: str | None


class Span(NamedTuple):
    """An amount that is exact (`least == most`), unless some of it lies on an edge that no observer could decide."""

    least: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must have been told, and what may have been."""

    once: Counter[Told]
    perhaps: frozenset[tuple[str, str]]
    """(event, subject) of once events that depend on the very second of a poll."""
    refunded: dict[str, Span] | None
    """Money told per refund; None where only the order's sum can be said."""
    order_refunded: dict[str, Span]
    """Money told per order."""
    orders: dict[str, list[State]]
    fulfillments: dict[str, list[State]]
    customers: dict[str, list[State]]
    """The true states of each subject, oldest first, no two neighbours equal."""
    guests: dict[str, str] = field(default_factory=dict)
    """Order id → e-mail, of orders without a customer that have one."""
    within: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(event, subject) → the earliest and the latest instant that it may be dated by, where the shop keeps none."""

    @property
    def counts(self) -> dict[str, int]:
        """How many once events there must be, by name."""
        found: Counter[str] = Counter()
        for told, times in self.once.items():
            found[told.event] += times
        return dict(found)


def expect(
    shop: Shop,
    *,
    since: datetime,
    until: datetime | None = None,
    polls: Iterable[datetime] = (),
    rechecked: datetime | None = None,
    include_test_orders: bool = False,
    pos: str = "instead",
    read_all_orders: bool = True,
    lag: float = 60,
) -> Expectation:
    """Say what must have been told by a run that read everything up to `until` (default: now).

    `polls` are the instants of all runs; without them one run at the end is assumed. Let the shop `rest` before the last poll, longer than the
    platform lags. `rechecked` is when orders were last re-read whether they changed or not (default `until`); what changed later without
    the order's notice may or may not be known. `pos` is what POS Order Placed is: `instead` of Order Completed, or `beside` it.
    """
    until = until or shop.now
    rechecked = rechecked or until
    polls = sorted(polls) or [until]
    history = [fact for fact in shop.history if fact.at <= until]
    orders = {
        fact.id: fact.state for fact in history if fact.subject == "order" and fact.what == "order_placed"
    }
    shown = {
        key: order
        for key, order in orders.items()
        if (include_test_orders or not order.test) and (read_all_orders or _ever_shown(order, polls))
    }
    told: Counter[Told] = Counter()
    for fact in history:
        if fact.subject == "customer" or fact.id in shown:
            told.update(each for each in _once(fact, pos) if each.at is not None and each.at >= second(since))
    sure, perhaps = _enabled(history, since, polls, timedelta(seconds=lag))
    told.update(sure)
    told, unsure = _without_unnoticed(told, history, rechecked)
    refunded, by_order = _money(history, shown, since, rechecked)
    return Expectation(
        once=told,
        perhaps=frozenset(perhaps | unsure),
        refunded=refunded,
        order_refunded=by_order,
        orders=_states(
            (str(fact.id), order_state(fact.state))
            for fact in history
            if fact.id in shown and fact.what in CHANGES
        ),
        fulfillments=_states(_parcels(fact for fact in history if fact.id in shown)),
        customers=_states(
            (str(fact.id), customer_state(fact.state)) for fact in history if fact.subject == "customer"
        ),
        guests={
            str(key): order.email for key, order in shown.items() if order.customer_id is None and order.email
        },
    )


def second(at: datetime) -> str:
    """Write an instant to the second, as platforms show it.

    >>> second(datetime(2026, 10, 1, 8, 0, 0, 999000, tzinfo=UTC))
    '2026-10-01T08:00:00Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def follows(told: Sequence[State], states: Sequence[State], *, current: bool = True) -> str | None:
    """Say what is wrong with told states, None if nothing: a subsequence of the true ones, no two neighbours equal, the last one current.

    A told state may show only some of the facts. Begin `told` with the state that was adopted at first sight, if it is known.

    >>> follows([{"a": 1}, {"a": 3}], [{"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 3, "b": 1}])
    >>> follows([{"a": 1}], [{"a": 1}, {"a": 2}])
    'the last told is not current: a is 2, told 1'
    """
    place = 0
    for number, each in enumerate(told):
        if number and each == told[number - 1]:
            return f"told twice in a row: {each}"
        while place < len(states) and _differs(each, states[place]):
            place += 1
        if place == len(states):
            return f"never was so, or not in this order: {each}"
    if current and told and states and (wrong := _differs(told[-1], states[-1])):
        return f"the last told is not current: {wrong}"
    return None


# Once


def _once(fact: Fact, pos: str) -> Iterator[Told]:
    """Yield what one fact makes happen, once."""
    id = str(fact.id)  # noqa: A001
    match fact.what:
        case "order_placed":
            order = fact.state
            at = second(order.processed_at)
            if order.source == "pos":
                yield Told("POS Order Placed", id, at)
            if order.source != "pos" or pos == "beside":
                yield Told("Order Completed", id, at)
            for code in {each.casefold() for each in order.codes}:
                yield Told("Coupon Applied", f"{id}:{code}", at)
        case "order_cancelled":
            yield Told("Order Cancelled", id, second(fact.at))
        case "fulfillment_created":
            yield Told("Fulfillment Created", str(fact.about), second(fact.at))
        case "customer_created":
            yield Told("Customer Created", id, second(fact.at))


def _enabled(
    history: list[Fact], since: datetime, polls: list[datetime], lag: timedelta
) -> tuple[list[Told], set[tuple[str, str]]]:
    """Decide Customer Enabled, of which shops keep no instant: it happened after the last reading that had not seen it, else after creation."""
    sure, perhaps = [], set()
    for fact in history:
        if fact.what != "customer_enabled":
            continue
        told = Told("Customer Enabled", str(fact.id), None)
        created = fact.state.created_at
        if second(created) >= second(since):
            sure.append(told)
            continue
        before = [poll for poll in polls if created <= poll < fact.at]
        surely_read = [poll for poll in before if created <= poll - lag]
        if not before or max(before) < since:
            continue
        if surely_read and min(surely_read) >= since:
            sure.append(told)
        else:
            perhaps.add((told.event, told.subject))
    return sure, perhaps


def _without_unnoticed(
    told: Counter[Told], history: list[Fact], rechecked: datetime
) -> tuple[Counter[Told], set[tuple[str, str]]]:
    """Take out the parcels of which the order took no notice since it was last re-read."""
    noticed = {fact.id: fact.at for fact in history if fact.subject == "order" and fact.bumps}
    unsure = {
        ("Fulfillment Created", str(fact.about))
        for fact in history
        if fact.what == "fulfillment_created" and max(rechecked, noticed[fact.id]) < fact.at
    }
    return Counter(
        {each: times for each, times in told.items() if (each.event, each.subject) not in unsure}
    ), unsure


def _ever_shown(order: Order, polls: list[datetime]) -> bool:
    """Say whether an order was young enough at any poll to be shown to an app without `read_all_orders`."""
    return any(order.created_at <= poll <= order.created_at + HIDDEN_AFTER for poll in polls)


# Running


def _money(
    history: list[Fact], shown: Mapping[int, Order], since: datetime, rechecked: datetime
) -> tuple[dict[str, Span], dict[str, Span]]:
    """Add up the money that went back since `since`: only successful payments count, each when it arrived.

    Where some of one refund's money arrived before `since` and some after, a record shows one sum and one instant: that is an edge.
    """
    noticed = {fact.id: fact.at for fact in history if fact.subject == "order" and fact.bumps}
    refunds: dict[str, Span] = {}
    orders: dict[str, Span] = {}
    before: dict[str, Decimal] = {}
    for fact in history:
        if fact.what != "money_refunded" or fact.id not in shown or fact.money is None:
            continue
        refund, amount = str(fact.about), fact.money.shop
        if second(fact.at) < second(since):
            before[refund] = before.get(refund, Decimal(0)) + amount
            continue
        known = fact.at <= max(rechecked, noticed[fact.id])
        edge = before.pop(refund, Decimal(0))
        gain = Span(amount if known else Decimal(0), amount + edge)
        refunds[refund] = _plus(refunds.get(refund), gain)
        orders[str(fact.id)] = _plus(orders.get(str(fact.id)), gain)
    return refunds, orders


def _plus(one: Span | None, other: Span) -> Span:
    return Span(one.least + other.least, one.most + other.most) if one else other


# States


def order_state(order: Order) -> State:
    """Return what Order Updated may show of an order: not what other events tell (paid, cancelled, refunded, fulfilled)."""
    return {
        "name": order.name,
        "currency": order.currency,
        "total": order.total.shop,
        "subtotal": order.subtotal.shop,
        "tax": order.tax.shop,
        "shipping": order.shipping_price.shop,
        "discount": order.discount.shop,
        "tip": order.tip.shop,
        "presentment_currency": order.presentment_currency,
        "presentment_total": order.total.presentment,
        "tags": sorted(order.tags),
        "note": order.note,
        "attributes": [list(each) for each in order.attributes],
        "email": order.email,
        "phone": order.phone,
        "codes": sorted(order.codes),
        "lines": {str(each.id): each.standing for each in order.lines if each.standing},
        "products": sorted(
            (str(each.product.variant_id), each.standing) for each in order.lines if each.standing
        ),
        "shipping_address": address_state(order.address),
        "billing_address": address_state(order.billing),
    }


def fulfillment_state(parcel: Fulfillment) -> State:
    """Return what Fulfillment Updated may show of a parcel."""
    return {
        "status": parcel.status,
        "carrier_status": parcel.carrier_status,
        "companies": [each.company for each in parcel.tracking],
        "tracking_numbers": [each.number for each in parcel.tracking if each.number],
        "tracking_urls": [each.url for each in parcel.tracking if each.url],
        "in_transit_at": second(parcel.in_transit_at) if parcel.in_transit_at else None,
        "delivered_at": second(parcel.delivered_at) if parcel.delivered_at else None,
        "estimated_delivery_at": second(parcel.estimated_delivery_at)
        if parcel.estimated_delivery_at
        else None,
        "quantity": sum(count for _, _, count in parcel.lines),
    }


def customer_state(customer: Customer) -> State:
    """Return what identify may show of a customer."""
    return {
        "email": customer.email,
        "phone": customer.phone,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "tags": sorted(customer.tags),
        "state": customer.state,
        "verified_email": customer.verified,
        "locale": customer.locale,
        "note": customer.note,
        "email_consent": customer.email_consent.state,
        "sms_consent": customer.sms_consent.state if customer.phone else None,
        "default_address": address_state(customer.addresses[0] if customer.addresses else None),
        "order_count": customer.order_count,
        "lifetime_spend": customer.spent,
    }


def address_state(address: Address | None) -> State | None:
    """Return an address as plain facts."""
    if address is None:
        return None
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "street": address.street,
        "street_2": address.street_2,
        "city": address.city,
        "postal_code": address.zip,
        "region_code": address.region_code,
        "country_code": address.country_code,
        "phone": address.phone,
    }


def _parcels(facts: Iterable[Fact]) -> Iterator[tuple[str, State]]:
    for fact in facts:
        if fact.what in ("fulfillment_created", "fulfillment_updated"):
            yield from ((str(each.id), fulfillment_state(each)) for each in fact.state.fulfillments)


def _states(seen: Iterable[tuple[str, State]]) -> dict[str, list[State]]:
    """Collect states by subject; what did not change is one state."""
    found: dict[str, list[State]] = {}
    for subject, state in seen:
        states = found.setdefault(subject, [])
        if not states or states[-1] != state:
            states.append(state)
    return found


def _differs(told: State, state: State) -> str | None:
    """Say how a told state differs from a true one in the facts that it shows."""
    for name, value in told.items():
        if state.get(name) != value:
            return f"{name} is {state.get(name)}, told {value}"
    return None
