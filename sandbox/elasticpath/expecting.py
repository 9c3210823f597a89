"""What a perfect observer must have told of a shop that it sees through Elastic Path: from the shop's history and from what the API can show.

Elastic Path keeps no instant of what happens to an order. Where transactions prove when it was paid, that is exact; all else lies between two readings: `since` is compared with
the reading before (else with the order's creation), and the event is dated by the snapshot that shows it: never before it was so, never after the last reading.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.elasticpath.answers import codes
from sandbox.elasticpath.book import Book, Buyer, Group, Kept, Tale, uuid
from sandbox.expectation import Expectation, Span, State, Told, second
from sandbox.shop import Shop

NOTHING = Span(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Readings:
    """When the shop was polled, and from when on anything is told."""

    since: datetime
    polls: list[datetime]
    lag: timedelta

    def first(self, at: datetime) -> datetime | None:
        """Return the first poll that surely read what was there at an instant."""
        return next((poll for poll in self.polls if at <= poll - self.lag), None)

    def due(self, created: datetime, at: datetime) -> bool | None:
        """Say whether what happened unseen at `at`, to what was created at `created`, is told; None: that depends on the very second of a poll."""
        if at < self.since:
            return False
        if created >= self.since:
            return True
        if not any(self.since <= poll < at for poll in self.polls):
            return False
        first = self.first(created)
        return True if first and self.since <= first < at else None


def expect(
    shop: Shop,
    *,
    since: datetime,
    until: datetime | None = None,
    polls: Iterable[datetime] = (),
    rechecked: datetime | None = None,
    book: Book | None = None,
    buyers: str = "customers",
    customer_source: str = "customers",
    instants: str = "ms",
    lag: float = 60,
    **options: Any,
) -> Expectation:
    """Say what must have been told by a run that read everything up to `until` (default: now).

    `polls` are the instants of all runs; without them one run at the end is assumed. Let the shop `rest` before the last poll, longer than the
    platform lags. `rechecked` is when orders were last re-read whether they changed or not (default `until`). Hand over the API's own `book`, if things were done
    in it alone, else the `options` that it was made with; `buyers` and `instants` are the API's, `customer_source` the tap's.
    """
    until = until or shop.now
    rechecked = rechecked or until
    readings = Readings(since, sorted(polls) or [until], timedelta(seconds=lag))
    book = book or Book(shop, **options)
    told = Telling(second(max(readings.polls) + readings.lag), whole=instants == "s")
    for key, whole in book.tales().items():
        if tale := _cut(whole, until):
            _order(told, uuid(shop, "order", key), tale, readings, rechecked, book)
    kind = customer_source.removesuffix("s")
    for key, states in book.buyers().items():
        if seen := [each for each in states if each.updated_at <= until]:
            _customer(told, kind, seen, readings, book, shown=listed(buyers, key, kind))
    return Expectation(
        once=told.once,
        perhaps=frozenset(told.perhaps),
        refunded=told.refunded,
        order_refunded=told.by_order,
        orders=told.orders,
        fulfillments=told.parcels,
        customers=told.customers,
        within=told.within,
    )


class Telling:
    """What is told, as it comes together.

    `last` is the latest instant by which anything can be dated; `whole` whether the store keeps whole seconds only.
    """

    def __init__(self, last: str, *, whole: bool) -> None:
        self.last, self.whole = last, whole
        self.once: Counter[Told] = Counter()
        self.perhaps: set[tuple[str, str]] = set()
        self.within: dict[tuple[str, str], tuple[str, str]] = {}
        self.refunded: dict[str, Span] = {}
        self.by_order: dict[str, Span] = {}
        self.orders: dict[str, list[State]] = {}
        self.parcels: dict[str, list[State]] = {}
        self.customers: dict[str, list[State]] = {}

    def tell(self, event: str, subject: str, at: datetime, due: bool | None, *, exact: bool = False) -> None:
        """Let an event be told, or perhaps be told (`due` is None), at the very instant or not before it."""
        if due is False:
            return
        if not exact:
            self.within[event, subject] = (second(at), self.last)
        if due is None:
            self.perhaps.add((event, subject))
        else:
            self.once[Told(event, subject, second(at) if exact else None)] += 1


def _order(told: Telling, name: str, tale: Tale, readings: Readings, rechecked: datetime, book: Book) -> None:
    final = tale.states[-1]
    created, known = final.order.created_at, max(rechecked, final.updated_at)
    told.tell("Checkout Started", name, created, created >= readings.since, exact=True)
    if final.paid_at:
        exact, due = _paid(tale, readings)
        told.tell("Order Completed", name, final.paid_at, due, exact=exact)
        for code in {each.casefold() for each in codes(final.order, in_group=book.groups == "checkout")}:
            told.tell("Coupon Applied", f"{name}:{code}", final.paid_at, due, exact=exact)
    if final.cancelled_at:
        told.tell("Order Cancelled", name, final.cancelled_at, readings.due(created, final.cancelled_at))
    for subject, left, shown, states in _parcels(book.shop, tale, whole=told.whole):
        due = readings.due(created, shown)
        told.tell("Fulfillment Created", subject, left, None if due and shown > known else due)
        told.parcels[subject] = states
    for transaction, span in _money(tale, readings, known):
        subject = uuid(book.shop, "transaction", transaction)
        told.refunded[subject] = _plus(told.refunded.get(subject, NOTHING), span)
        told.by_order[name] = _plus(told.by_order.get(name, NOTHING), span)
    told.orders[name] = _distinct(order_state(each, book.shop, book) for each in tale.states)


def _customer(
    told: Telling, kind: str, states: list[Buyer], readings: Readings, book: Book, *, shown: bool
) -> None:
    first = states[0]
    if not shown:
        # Orders name who placed them all the same, by what the store does keep of them.
        kind = "account_member" if kind == "customer" else "customer"
    subject = uuid(book.shop, kind, first.id)
    told.customers[subject] = _distinct(
        {"name": each.name} | ({"email": each.email} if kind != "account" else {}) for each in states
    )
    read = readings.first(first.created_at)
    before = read and first.created_at < readings.since and states[-1].updated_at <= read
    if not shown or (len(states) > 1 and before):
        # It changed before it was first read, nobody knows when, or is never read: an order tells how it was, and nothing need tell the change.
        told.customers[subject].append({})
    if book.forgotten(first.id):
        # Known from orders only, as they were then: nothing says what is current.
        told.customers[subject] = [{}] * 99
    if shown and first.created_at >= readings.since:
        gone = read is None or book.forgotten(first.id, read)
        due = None if gone else True
        told.tell("Customer Created", subject, first.created_at, due, exact=True)


def listed(buyers: str, buyer: int, kind: str) -> bool:
    """Say whether a store that keeps such `buyers` lists one of them as this kind."""
    account = buyers == "accounts" or (buyers == "both" and buyer % 2 == 1)
    return account if kind != "customer" else not account


def _cut(tale: Tale, until: datetime) -> Tale | None:
    """Return a tale up to an instant."""
    count = sum(at <= until for at in tale.instants)
    if not count:
        return None
    return tale.until(count)


# Orders


def _paid(tale: Tale, readings: Readings) -> tuple[bool, bool | None]:
    """Say whether a reading surely proves when an order was paid, and whether that is told.

    What went back since then hides it: a transaction has one instant of change.
    """
    paid_at = tale.states[-1].paid_at
    assert paid_at  # noqa: S101
    created = tale.states[-1].order.created_at
    first = readings.first(paid_at)
    seen = tale.at(first + readings.lag) if first else None
    if seen and not any(each.refunded for each in seen.transactions):
        return True, paid_at >= readings.since
    due = readings.due(created, paid_at)
    return False, None if due is False and paid_at >= readings.since else due


def order_state(kept: Kept, shop: Shop, book: Book) -> State:
    """Return what Order Updated may show of an order."""
    first = kept.order
    state: State = {
        "currency": kept.currency,
        "total": kept.total,
        "tax": first.tax.presentment,
        "products": sorted(
            (uuid(shop, "product", each.product.variant_id), each.quantity) for each in first.lines
        ),
        "address": kept.address,
        "groups": [each.type for each in kept.groups],
        "anonymized": kept.anonymized,
    }
    sent = first.shipping
    if book.groups != "checkout" or not sent or not sent.discount:
        # How a discount on shipping is shown, within the discount or beside it, is not documented.
        state["discount"] = first.discount.presentment
    if not sent or not sent.price:
        state["shipping"] = Decimal(0)
    elif book.groups == "checkout" and not sent.discount:
        state["shipping"] = sent.price.presentment
    return state


# Parcels


def _parcels(shop: Shop, tale: Tale, *, whole: bool) -> Iterator[tuple[str, datetime, datetime, list[State]]]:
    """Yield everything that is told as a fulfillment: subject, when it left, when the API first said so, and its states since.

    Where none came from the cart, the first group that was written down on the order is told as the order's one fulfillment, as it would be if there were none yet when the
    order says that it is fulfilled. A group that is as old as the order, as far as the store's instants tell, came from the cart.
    """
    final = tale.states[-1]
    name = uuid(shop, "order", final.order.id)
    begun = second(final.order.created_at)
    carts = [each for each in final.groups if each.planned or (whole and second(each.created_at) == begun)]
    for place, group in enumerate(final.groups):
        first = not carts and place == 0
        subject = f"{name}:fulfillment" if first else uuid(shop, "group", group.id)
        if shown := _shown(tale, group.id, alone=first):
            yield subject, group.left_at or shown, shown, _group_states(tale, group.id, shown)
    if not final.groups and final.fulfilled_at:
        left = next(each.at for each in tale.facts if each.what == "fulfillment_created")
        yield f"{name}:fulfillment", left, final.fulfilled_at, [{"tracking_numbers": []}]


def _shown(tale: Tale, id: int, *, alone: bool) -> datetime | None:  # noqa: A002
    """Return when the API first said that a group's goods have left, itself or by the order's word."""
    for at, kept in zip(tale.instants, tale.states, strict=True):
        group = _group(kept, id)
        if group and (group.fulfilled or kept.fulfilled_at):
            return at
        if alone and not kept.groups and kept.fulfilled_at:
            return at
    return None


def _group_states(tale: Tale, id: int, since: datetime) -> list[State]:  # noqa: A002
    found = []
    for at, kept in zip(tale.instants, tale.states, strict=True):
        if at >= since:
            group = _group(kept, id)
            tracking = [group.tracking] if group and group.tracking else []
            found.append({"tracking_numbers": tracking, "type": group.type if group else None})
    return _distinct(found)


def _group(kept: Kept, id: int) -> Group | None:  # noqa: A002
    return next((each for each in kept.groups if each.id == id), None)


# Money


def _money(tale: Tale, readings: Readings, known: datetime) -> Iterator[tuple[int, Span]]:
    """Yield every increase of what a transaction gave back, as far as it is told."""
    before: dict[int, Decimal] = {}
    for at, kept in zip(tale.instants, tale.states, strict=True):
        for each in kept.transactions:
            more = each.refunded - before.get(each.id, Decimal(0))
            if not more:
                continue
            before[each.id] = each.refunded
            due = readings.due(each.created_at, at)
            if due is not False:
                yield each.id, Span(more if due and at <= known else Decimal(0), more)


def _plus(one: Span, other: Span) -> Span:
    return Span(one.least + other.least, one.most + other.most)


def _distinct(states: Iterable[State]) -> list[State]:
    """Return states oldest first, no two neighbours equal."""
    found: list[State] = []
    for state in states:
        if not found or found[-1] != state:
            found.append(state)
    return found
