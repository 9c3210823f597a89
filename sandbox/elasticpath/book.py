"""A shop's life as Elastic Path keeps it: what its API can show of each order and each buyer, at any instant.

It follows from the shop's own facts alone. Where the shop does what Elastic Path knows nothing of, that is simply not there:

* An order stays as it was checked out. Lines that the shop adds or takes away later are not there; whoever pays what the shop then wants has paid the whole
  order as it was checked out, and what was paid beyond it was paid elsewhere. Only the shipping address can change, until the order is fulfilled.
* Tags, notes, sources, the point of sale, test orders, consents, phones, refunded lines, carriers' reports, cancelled parcels, closing: not there.
* Money is the shopper's: an order has one currency.
* An authorization is captured whole, so a part of it that the shop captures shows when the rest is. Money goes back only from orders that are paid, and never more
  than a transaction took: what is left over goes back from the order's other transactions, else elsewhere.
* An order is cancelled only until it is fulfilled, and fulfilled only when it is paid and all has left. Neither can be undone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from sandbox.shop import Fact, Shop
from sandbox.things import Address, Customer, Fulfillment, Order, Payment

LATE = timedelta(hours=1)
"""How long after a parcel its shipping group is written down, with `groups="late"`."""

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """A payment, and what of it went back."""

    id: int
    type: str
    """`purchase`, `authorize`, `capture` or `refund`: the last thing that happened to it."""
    status: str
    """`complete`, `pending`, `failed` or `cancelled`."""
    gateway: str
    amount: Decimal
    refunded: Decimal = NOTHING
    mechanism: str | None = None
    created_at: datetime
    updated_at: datetime
    payments: tuple[int, ...] = ()
    """The shop's payments that it stands for."""

    @property
    def paid(self) -> Decimal:
        """What it brought in."""
        return self.amount if self.status == "complete" and self.type != "authorize" else NOTHING


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A shipping group: a parcel, or what the cart planned to send."""

    id: int
    planned: bool
    """Whether it is the cart's own, there from the checkout on."""
    created_at: datetime
    updated_at: datetime
    type: str
    tracking: str | None = None
    estimate: datetime | None = None
    fulfilled: bool = False
    left_at: datetime | None = None
    """When its goods left: nobody can see that."""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """An order as Elastic Path keeps it."""

    order: Order
    """As it was checked out."""
    updated_at: datetime
    address: Address | None
    transactions: tuple[Transaction, ...] = ()
    groups: tuple[Group, ...] = ()
    shipped: bool = False
    """Whether all has left, whatever the order says."""
    anonymized: bool = False
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    fulfilled_at: datetime | None = None

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return self.order.total.presentment

    @property
    def currency(self) -> str:
        """The only currency that it has."""
        return self.order.presentment_currency

    @property
    def paid(self) -> Decimal:
        """What came in."""
        return sum((each.paid for each in self.transactions), NOTHING)

    @property
    def refunded(self) -> Decimal:
        """What went back."""
        return sum((each.refunded for each in self.transactions), NOTHING)

    @property
    def authorized(self) -> Decimal:
        """What is authorized and not captured."""
        return sum(
            (
                each.amount
                for each in self.transactions
                if each.type == "authorize" and each.status == "complete"
            ),
            NOTHING,
        )

    @property
    def payment(self) -> str:
        """Where its money stands."""
        if self.paid_at:
            return "refunded" if self.refunded and self.refunded >= self.paid else "paid"
        if self.paid:
            return "partially_paid"
        if self.authorized:
            return "authorized" if self.authorized >= self.total else "partially_authorized"
        return "unpaid"

    @property
    def status(self) -> str:
        """Where it stands."""
        if self.cancelled_at:
            return "cancelled"
        if self.paid_at:
            return "complete"
        return "incomplete" if self.payment == "unpaid" else "processing"

    @property
    def shipping(self) -> str:
        """Whether it is fulfilled: all or nothing."""
        return "fulfilled" if self.fulfilled_at else "unfulfilled"

    @property
    def ended_at(self) -> datetime | None:
        """Since when it may be anonymized."""
        ends = [each for each in (self.cancelled_at, self.fulfilled_at) if each]
        if self.payment == "refunded":
            ends.append(max(each.updated_at for each in self.transactions))
        return min(ends) if ends else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Buyer:
    """A customer as Elastic Path keeps it: a name and an e-mail address."""

    id: int
    name: str
    email: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody's wish to be forgotten, and whether it was granted."""

    buyer: int
    at: datetime
    granted: bool = True


class Tale:
    """All states of one order, and what happened between them."""

    def __init__(self, book: "Book") -> None:
        self._book = book
        self._told = 0
        self._to_come: list[tuple[datetime, Callable[[Kept, datetime], Kept]]] = []
        self._anonymized = False
        self.facts: list[Fact] = []
        self.instants: list[datetime] = []
        self.states: list[Kept] = []

    def advance(self, until: datetime) -> None:
        """Go on to an instant."""
        while self._told < len(self.facts):
            fact = self.facts[self._told]
            if fact.at > until:
                break
            self._later(fact.at)
            self._told += 1
            before = self.states[-1] if self.states else None
            after = self._book.step(before, fact)
            if after is not before:
                self._keep(fact.at, after)
            self._plan(fact)
        self._later(until + timedelta(microseconds=1))

    def at(self, instant: datetime) -> Kept | None:
        """Return the state as of an instant."""
        place = bisect_right(self.instants, instant)
        return self.states[place - 1] if place else None

    def until(self, count: int) -> "Tale":
        """Return the first states of this tale."""
        cut = Tale(self._book)
        cut.facts, cut.instants, cut.states = self.facts, self.instants[:count], self.states[:count]
        return cut

    def plan(self, at: datetime, act: Callable[[Kept, datetime], Kept]) -> None:
        """Let something happen that is no fact of the shop."""
        self._to_come.append((at, act))
        self._to_come.sort(key=lambda each: each[0])

    def _later(self, before: datetime) -> None:
        while self._to_come and self._to_come[0][0] < before:
            at, act = self._to_come.pop(0)
            state = act(self.states[-1], at)
            if state is not self.states[-1]:
                self._keep(at, state)

    def _keep(self, at: datetime, state: Kept) -> None:
        self.instants.append(at)
        self.states.append(state)

    def _plan(self, fact: Fact) -> None:
        if self._book.groups == "late" and fact.what == "fulfillment_created":
            parcel = _parcel(fact)
            self.plan(fact.at + LATE, lambda kept, at: self._book.grouped(kept, parcel, at, bumps=False))
        ended = self.states[-1].ended_at
        if ended and not self._anonymized:
            self._anonymized = True
            if at := self._book.wish(f"anonymize/{fact.id}", ended):
                self.plan(at, anonymized)


class Book:
    """Everything that Elastic Path keeps of a shop.

    `groups`: a shipping group for each `parcels` when it leaves, one planned at the `checkout` (which then carries the shipping charge; else that is an item), for each
    parcel, but `late`, or none (False). `group_status`: whether groups say that they are fulfilled. `refund_bumps` and `group_bumps`: whether a refund, and a change of a group,
    move their order's `updated_at` (where the shop's own do). `privacy` is the share of buyers and of ended orders that are forgotten some days later.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        groups: str | bool = "parcels",
        group_status: bool = True,
        refund_bumps: bool = True,
        group_bumps: bool = True,
        privacy: float = 0,
    ) -> None:
        groups = "parcels" if groups is True else groups
        if groups not in ("parcels", "checkout", "late", False):
            raise ValueError(f"groups is parcels, checkout, late or False, not {groups}")
        self.shop, self.groups, self.group_status = shop, groups, group_status
        self.refund_bumps, self.group_bumps, self.privacy = refund_bumps, group_bumps, privacy
        self.erasures: list[Erasure] = []
        self._tales: dict[int, Tale] = {}
        self._buyers: dict[int, list[Buyer]] = {}
        self._read = 0

    def tales(self) -> dict[int, Tale]:
        """Return every order's tale up to now."""
        with self.shop.lock:
            self._catch_up()
            for each in self._tales.values():
                each.advance(self.shop.now)
            return {key: each for key, each in self._tales.items() if each.states}

    def tale(self, order: Order | int) -> Tale:
        """Return one order's tale up to now."""
        with self.shop.lock:
            self._catch_up()
            found = self._tales[order if isinstance(order, int) else order.id]
            found.advance(self.shop.now)
            return found

    def order(self, order: Order | int) -> Kept:
        """Return an order as it stands."""
        return self.tale(order).states[-1]

    def buyers(self) -> dict[int, list[Buyer]]:
        """Return every buyer's states, oldest first, also of those who were forgotten since."""
        with self.shop.lock:
            self._catch_up()
            return self._buyers

    def erased(self, until: datetime | None = None) -> list[Erasure]:
        """Return the wishes to be forgotten so far."""
        return [each for each in self.erasures if each.at <= (until or self.shop.now)]

    def forgotten(self, buyer: int, at: datetime | None = None) -> bool:
        """Say whether a buyer is forgotten."""
        return any(each.buyer == buyer and each.granted for each in self.erased(at))

    # What is done in Elastic Path alone

    def anonymize(self, order: Order | int) -> None:
        """Replace the personal data of an order that has ended."""
        tale = self.tale(order)
        if not tale.states[-1].ended_at:
            raise ValueError("only fulfilled or refunded or cancelled orders may be anonymized")
        tale.plan(self.shop.now, anonymized)

    def erase(self, buyer: Customer | int, *, granted: bool = True) -> None:
        """Let somebody ask to be forgotten."""
        self.erasures.append(Erasure(buyer if isinstance(buyer, int) else buyer.id, self.shop.now, granted))

    def wish(self, what: str, ended: datetime) -> datetime | None:
        """Draw whether, and when, somebody wants to be forgotten."""
        draw = Random(f"{self.shop.seed}/{what}")
        if draw.random() >= self.privacy:
            return None
        return ended + timedelta(milliseconds=round(min(draw.expovariate(1), 6) * 2 * 86400_000) + 1)

    # What a fact of the shop is here

    def step(self, kept: Kept | None, fact: Fact) -> Kept:
        """Return an order after a fact; the very same where Elastic Path takes no notice."""
        if kept is None:
            return self._checked_out(fact)
        what, now = fact.what, fact.at
        if what.startswith("payment_"):
            return _settled(_moved(kept, _paid(kept, fact), now), now)
        if what == "order_paid" and not kept.total and not kept.transactions:
            # https://elasticpath.dev/docs/api/payments/update-manual-gateway: an order that costs nothing is paid by hand.
            free = Transaction(
                id=fact.id, type="purchase", status="complete", gateway="manual", amount=NOTHING, created_at=now, updated_at=now
            )  # fmt: skip
            return _settled(_moved(kept, (free,), now), now)
        if what == "money_refunded":
            return self._refunded(kept, fact)
        if what == "order_cancelled":
            return kept if kept.fulfilled_at or kept.cancelled_at else _cancelled(kept, now)
        if what == "fulfillment_created":
            return self._left(kept, fact)
        if what == "fulfillment_updated":
            return self._tracked(kept, fact)
        if (
            what in ("order_changed", "order_edited")
            and fact.state.address != kept.address
            and not (kept.fulfilled_at or kept.anonymized)
        ):
            return replace(kept, address=fact.state.address, updated_at=now)
        return kept

    def grouped(self, kept: Kept, parcel: Fulfillment, at: datetime, *, bumps: bool) -> Kept:
        """Write a parcel down as a shipping group."""
        first = parcel.tracking[0] if parcel.tracking else None
        group = Group(
            id=parcel.id,
            planned=False,
            created_at=at,
            updated_at=at,
            type=(first.company if first and first.company else "Standard"),
            tracking=first.number if first else None,
            estimate=parcel.estimated_delivery_at,
            fulfilled=self.group_status,
            left_at=parcel.created_at,
            lines=tuple(line for _, line, _ in parcel.lines),
        )
        return replace(
            kept,
            groups=(*kept.groups, group),
            updated_at=at if bumps and self.group_bumps else kept.updated_at,
        )

    def _checked_out(self, fact: Fact) -> Kept:
        order = fact.state
        groups: tuple[Group, ...] = ()
        if self.groups == "checkout" and order.shipping:
            groups = (
                Group(
                    id=order.id,
                    planned=True,
                    created_at=fact.at,
                    updated_at=fact.at,
                    type=order.shipping.title,
                    lines=tuple(each.id for each in order.lines),
                ),
            )
        return Kept(order=order, updated_at=fact.at, address=order.address, groups=groups)

    def _refunded(self, kept: Kept, fact: Fact) -> Kept:
        if kept.payment != "paid" or fact.money is None:
            return kept
        parent = next((each.parent_id for each in fact.state.payments if each.refund_id == fact.about), None)
        left = fact.money.presentment
        ranked = sorted(
            range(len(kept.transactions)),
            key=lambda place: (parent not in kept.transactions[place].payments, -place),
        )
        transactions = list(kept.transactions)
        for place in ranked:
            each = transactions[place]
            part = min(left, each.paid - each.refunded)
            if part > 0:
                transactions[place] = replace(
                    each,
                    type="refund",
                    refunded=each.refunded + part,
                    mechanism="automatic" if int(str(fact.about)) % 3 else "manual",
                    updated_at=fact.at,
                )
                left -= part
        if left == fact.money.presentment:
            return kept
        bumps = self.refund_bumps and fact.bumps
        return replace(
            kept, transactions=tuple(transactions), updated_at=fact.at if bumps else kept.updated_at
        )

    def _left(self, kept: Kept, fact: Fact) -> Kept:
        if kept.cancelled_at:
            return kept
        order, parcel = fact.state, _parcel(fact)
        if self.groups == "parcels":
            kept = self.grouped(kept, parcel, fact.at, bumps=fact.bumps)
        elif self.groups == "checkout":
            kept = self._on_plan(kept, parcel, fact)
        if not kept.shipped and all(order.left(each) <= order.fulfilled(each.id) for each in order.lines):
            kept = replace(
                kept,
                shipped=True,
                groups=tuple(
                    replace(each, fulfilled=self.group_status, left_at=fact.at, updated_at=fact.at) if each.planned else each
                    for each in kept.groups
                ),
            )  # fmt: skip
        return _fulfilled(kept, fact.at)

    def _tracked(self, kept: Kept, fact: Fact) -> Kept:
        parcel = _parcel(fact)
        if self.groups == "checkout":
            return self._on_plan(kept, parcel, fact)
        old = next((each for each in kept.groups if each.id == parcel.id), None)
        if old is None or parcel.status == "cancelled":
            return kept
        return self._changed(kept, old, parcel, fact)

    def _on_plan(self, kept: Kept, parcel: Fulfillment, fact: Fact) -> Kept:
        """Write a parcel's tracking on the cart's own group: the first parcel's, as it has room for one."""
        first = min(each.id for each in fact.state.fulfillments)
        if not kept.groups or parcel.id != first or parcel.status == "cancelled":
            return kept
        return self._changed(kept, kept.groups[0], parcel, fact)

    def _changed(self, kept: Kept, old: Group, parcel: Fulfillment, fact: Fact) -> Kept:
        first = parcel.tracking[0] if parcel.tracking else None
        new = replace(
            old,
            type=first.company if first and first.company and not old.planned else old.type,
            tracking=first.number if first else None,
            estimate=parcel.estimated_delivery_at,
        )
        if new == old:
            return kept
        groups = tuple(replace(new, updated_at=fact.at) if each is old else each for each in kept.groups)
        return replace(
            kept, groups=groups, updated_at=fact.at if fact.bumps and self.group_bumps else kept.updated_at
        )

    # Reading the shop's history

    def _catch_up(self) -> None:
        history = self.shop.history
        while self._read < len(history):
            fact = history[self._read]
            self._read += 1
            if fact.subject == "order":
                self._tales.setdefault(fact.id, Tale(self)).facts.append(fact)
            else:
                self._buyer(fact)

    def _buyer(self, fact: Fact) -> None:
        states = self._buyers.setdefault(fact.id, [])
        customer = fact.state
        name, email = name_of(customer), email_of(customer)
        if states and (states[-1].name, states[-1].email) == (name, email):
            return
        states.append(
            Buyer(id=customer.id, name=name, email=email, created_at=customer.created_at, updated_at=fact.at)
        )
        if len(states) == 1 and (at := self.wish(f"erase/{fact.id}", fact.at + timedelta(days=1))):
            if customer.id % 2:
                self.erasures.append(Erasure(customer.id, at - timedelta(minutes=7), granted=False))
            self.erasures.append(Erasure(customer.id, at))


def uuid(shop: Shop, kind: str, id: int | str) -> str:  # noqa: A002
    """Return what Elastic Path calls a thing of the shop."""
    return str(uuid5(_names(shop.name), f"{kind}/{id}"))


def _names(shop: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"elasticpath/{shop}")


def name_of(customer: Customer) -> str:
    """Return the one name that a customer has."""
    return " ".join(filter(None, (customer.first_name, customer.last_name))) or "Customer"


def email_of(customer: Customer) -> str:
    """Return a customer's e-mail address; nobody goes without one here."""
    return customer.email or f"customer.{customer.id}@example.net"


def contact_of(order: Order, buyer: Buyer | None) -> tuple[str, str]:
    """Return the name and the e-mail address that an order was placed under."""
    if buyer:
        return buyer.name, order.email or buyer.email
    somebody = order.billing or order.address
    name = " ".join(filter(None, (somebody.first_name, somebody.last_name))) if somebody else ""
    return name or "Guest", order.email or f"guest.{order.number}@example.net"


def parts(order: Order) -> Iterator[tuple[str, int]]:
    """Yield the products of an order with their quantities, by variant."""
    yield from ((str(each.product.variant_id), each.quantity) for each in order.lines)


def anonymized(kept: Kept, at: datetime) -> Kept:
    """Forget whose order it was."""
    return kept if kept.anonymized else replace(kept, anonymized=True, updated_at=at)


def _parcel(fact: Fact) -> Fulfillment:
    return next(each for each in fact.state.fulfillments if each.id == fact.about)


def _moved(kept: Kept, transactions: tuple[Transaction, ...], at: datetime) -> Kept:
    """Take in new transactions; only money that moved moves the order."""
    if transactions == kept.transactions:
        return kept
    after = replace(kept, transactions=transactions)
    moved = (after.paid, after.authorized) != (kept.paid, kept.authorized) or not after.total
    return replace(after, updated_at=at) if moved else after


def _settled(kept: Kept, at: datetime) -> Kept:
    if (
        kept.paid_at
        or kept.paid < kept.total
        or not any(each.status == "complete" for each in kept.transactions)
    ):
        return kept
    return _fulfilled(replace(kept, paid_at=at), at)


def _fulfilled(kept: Kept, at: datetime) -> Kept:
    if kept.fulfilled_at or kept.cancelled_at or not kept.shipped or kept.payment != "paid":
        return kept
    return replace(kept, fulfilled_at=at, updated_at=at)


def _cancelled(kept: Kept, at: datetime) -> Kept:
    """Cancel an order: what is only authorized or pending is called off, what was paid stays until it is refunded."""
    transactions = tuple(
        replace(each, status="cancelled", updated_at=at)
        if each.status == "pending" or (each.type == "authorize" and each.status == "complete")
        else each
        for each in kept.transactions
    )
    return replace(kept, cancelled_at=at, transactions=transactions, updated_at=at)


def _paid(kept: Kept, fact: Fact) -> tuple[Transaction, ...]:
    """Return the transactions after a payment of the shop."""
    payment: Payment = next(each for each in fact.state.payments if each.id == fact.about)
    whole = fact.state.received.shop >= fact.state.total.shop
    owed, now = kept.total - kept.paid, fact.at
    amount = owed if whole else min(payment.amount.presentment, owed)

    def new(type: str, status: str, amount: Decimal) -> tuple[Transaction, ...]:  # noqa: A002
        made = Transaction(
            id=payment.id, type=type, status=status, gateway=_gateway(payment), amount=amount, created_at=now, updated_at=now,
            payments=(payment.id,),
        )  # fmt: skip
        return (*kept.transactions, made)

    if payment.status == "failure":
        return new("purchase", "failed", kept.total)
    if payment.status == "pending":
        return new("purchase", "pending", kept.total)
    if payment.kind == "authorization":
        return new("authorize", "complete", kept.total)
    if amount <= 0:
        return kept.transactions
    if payment.kind == "capture":
        return tuple(
            replace(each, type="capture", updated_at=now, payments=(*each.payments, payment.id))
            if whole and each.type == "authorize" and each.status == "complete"
            else each
            for each in kept.transactions
        )
    waiting = next((each for each in kept.transactions if each.status == "pending"), None)
    if waiting and whole and amount == waiting.amount:
        done = replace(waiting, status="complete", updated_at=now, payments=(*waiting.payments, payment.id))
        return tuple(done if each is waiting else each for each in kept.transactions)
    after = new("purchase", "complete", amount)
    if waiting and whole:
        off = replace(waiting, status="cancelled", updated_at=now)
        return tuple(off if each is waiting else each for each in after)
    return after


def _gateway(payment: Payment) -> str:
    known = {"shopify_payments": "stripe_payment_intents", "bogus": "stripe"}
    return known.get(payment.gateway, "manual")
