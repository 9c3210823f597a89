"""A shop with a life in virtual time: what happens in it follows from its seed and from what a script does, never from who looks.

`history` is the truth: a dated list of facts that only grows. Any state at any instant can be asked of it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from threading import RLock
from typing import Any

from sandbox import goods
from sandbox.life import Life
from sandbox.money import PER_EURO, PLACES, Money, money
from sandbox.things import (
    Address,
    Attributes,
    Consent,
    Customer,
    Discount,
    Fulfillment,
    Line,
    Order,
    Payment,
    Product,
    Refund,
    RefundLine,
    Shipping,
    Tracking,
    Visit,
)

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
TAX = Decimal("0.19")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that happened, and how its subject stood afterwards."""

    at: datetime
    what: str
    subject: str
    """`order` or `customer`."""
    id: int
    state: Order | Customer
    about: int | str | None = None
    """The payment, refund, fulfillment or code that it is about."""
    money: Money | None = None
    bumps: bool = True
    """Whether the subject's own `updated_at` moved."""


class Past:
    """All states of one thing, by instant."""

    def __init__(self) -> None:
        self.instants: list[datetime] = []
        self.states: list[Any] = []

    def append(self, at: datetime, state: Any) -> None:
        """Add the newest state."""
        self.instants.append(at)
        self.states.append(state)

    def at(self, instant: datetime) -> Any:
        """Return the state as of an instant, None before the first."""
        place = bisect_right(self.instants, instant)
        return self.states[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Moment:
    """The shop as it stood at an instant."""

    at: datetime
    orders: dict[int, Order]
    customers: dict[int, Customer]


class Shop:
    """One merchant's shop.

    `orders_per_day`, `customers_per_day` and `max_lines` size its life; `pace` below 1 shortens every delay in it, so
    that a short test sees late deliveries and refunds. With `alive=False` only scripted things happen. Every verb acts at `now`.
    """

    def __init__(
        self,
        seed: int = 0,
        start: datetime = START,
        *,
        currency: str = "EUR",
        presentment: Iterable[str] = ("USD", "JPY", "SEK"),
        taxes_included: bool = True,
        name: str = "acme-test",
        alive: bool = True,
        orders_per_day: float = 24,
        customers_per_day: float = 6,
        max_lines: int = 300,
        pace: float = 1,
    ) -> None:
        self.seed, self.start, self.now = seed, start, start
        self.currency, self.presentment = currency, tuple(each for each in presentment if each != currency)
        self.taxes_included, self.name, self.max_lines = taxes_included, name, max_lines
        self.history: list[Fact] = []
        self.catalogue = goods.catalogue(PER_EURO[currency], PLACES.get(currency, 2))
        self.lock = RLock()
        self.past_orders: dict[int, Past] = {}
        self.past_customers: dict[int, Past] = {}
        self._counts: dict[str, int] = {}
        self.owners: dict[int, int] = {}
        """Refund or fulfillment → order."""
        self.orders_of: dict[int, list[int]] = {}
        """Customer → orders."""
        self._life = (
            Life(self, orders_per_day=orders_per_day, customers_per_day=customers_per_day, pace=pace)
            if alive
            else None
        )

    # Time

    def live(self, until: datetime) -> None:
        """Let the life go on up to and including an instant."""
        with self.lock:
            if until < self.now:
                raise ValueError(f"time does not run backwards: it is {self.now}, not {until}")
            if self._life:
                self._life.play(until)
            self.now = until

    def advance(self, seconds: float) -> None:
        """Let the life go on for a while."""
        self.live(self.now + timedelta(seconds=seconds))

    def rest(self, seconds: float) -> None:
        """Let time pass in which nothing happens: what the life had planned comes that much later."""
        with self.lock:
            self.now += timedelta(seconds=seconds)
            if self._life:
                self._life.postpone(timedelta(seconds=seconds))

    # States

    @property
    def orders(self) -> dict[int, Order]:
        """All orders as they stand."""
        return {key: past.states[-1] for key, past in self.past_orders.items()}

    @property
    def customers(self) -> dict[int, Customer]:
        """All customers as they stand."""
        return {key: past.states[-1] for key, past in self.past_customers.items() if past.states[-1]}

    def order(self, order: "Order | int", at: datetime | None = None) -> Order:
        """Return an order as it stands, or as of an instant."""
        past = self.past_orders[order if isinstance(order, int) else order.id]
        return past.at(at) if at else past.states[-1]

    def customer(self, customer: "Customer | int", at: datetime | None = None) -> Customer:
        """Return a customer as it stands, or as of an instant."""
        past = self.past_customers[customer if isinstance(customer, int) else customer.id]
        return past.at(at) if at else past.states[-1]

    def at(self, instant: datetime) -> Moment:
        """Return the whole shop as of an instant."""
        orders = ((key, past.at(instant)) for key, past in self.past_orders.items())
        customers = ((key, past.at(instant)) for key, past in self.past_customers.items())
        return Moment(
            instant,
            {key: each for key, each in orders if each},
            {key: each for key, each in customers if each},
        )

    def order_of(self, thing: "Refund | Fulfillment | int") -> Order:
        """Return the order that a refund or a fulfillment belongs to."""
        return self.order(self.owners[thing if isinstance(thing, int) else thing.id])

    # Customers

    def register(
        self,
        first_name: str | None = "Anna",
        last_name: str | None = "Schmidt",
        email: str | None = "",
        **facts: Any,
    ) -> Customer:
        """Create an account; with an e-mail of its own if none is said, without one if it is None."""
        with self.lock:
            id = self.next_id("customer", 544365000)  # noqa: A001
            if email == "":
                email = f"customer.{id - 544365000}@example.com"
            customer = Customer(
                id=id,
                created_at=self.now,
                updated_at=self.now,
                first_name=first_name,
                last_name=last_name,
                email=email,
                currency=self.currency,
                **facts,
            )
            self.past_customers[id] = Past()
            self._tell_customer(customer, "customer_created")
            if customer.enabled:
                self._tell_customer(customer, "customer_enabled")
            return customer

    def edit_customer(self, customer: Customer | int, **changes: Any) -> Customer:
        """Change an account: any of its fields."""
        with self.lock:
            before = self.customer(customer)
            after = replace(before, updated_at=self.now, **changes)
            self._tell_customer(after, "customer_edited")
            if after.enabled and not before.enabled:
                self._tell_customer(after, "customer_enabled")
            return after

    def enable_customer(self, customer: Customer | int) -> Customer:
        """Switch an account on, its e-mail verified."""
        return self.edit_customer(customer, state="enabled", verified=True)

    def delete_customer(self, customer: Customer | int) -> None:
        """Delete an account. Its orders stay; it must not order again."""
        with self.lock:
            before = self.customer(customer)
            self.past_customers[before.id].append(self.now, None)
            self.history.append(
                Fact(at=self.now, what="customer_deleted", subject="customer", id=before.id, state=before)
            )

    # Orders

    def place_order(
        self,
        lines: int | Iterable[Mapping[str, Any]] = 1,
        *,
        customer: Customer | int | None = None,
        email: str | None = None,
        phone: str | None = None,
        source: str = "web",
        codes: Iterable[str] = (),
        currency: str | None = None,
        pay: str | None = "sale",
        test: bool = False,
        tip: Decimal | str | int = 0,
        shipping: Decimal | str | int | None = "5.00",
        tags: Iterable[str] = (),
        note: str | None = None,
        attributes: Attributes = (),
        address: Address | None = None,
        gateway: str | None = None,
        visits: tuple[Visit, ...] | None = None,
        metafields: tuple[tuple[str, str, str], ...] = (),
        free: bool = False,
    ) -> Order:
        """Place an order.

        `lines` is how many to draw, or what they are: mappings of `price`, `quantity`, `title`, `product`, `attributes`, `plan`.
        `pay` is how it begins: `sale`, `authorization`, `pending`, `failure`, or None for no payment at all. `free` makes it cost nothing.
        """
        with self.lock:
            id = self.next_id("order", 5876543000)  # noqa: A001
            number = 1000 + id - 5876543000
            draw = Random(f"{self.seed}/order/{number}")
            currencies = (self.currency, currency or self.currency)
            zero = money(0, *currencies)
            buyer = self.customer(customer) if customer is not None else None
            discounts = [*map(_discount, codes)]
            if free:
                discounts.append(
                    Discount(code=None, title="On the house", kind="percentage", value=Decimal(100))
                )
                shipping, tip = (None if shipping is None else 0), 0
            wanted = [{} for _ in range(lines)] if isinstance(lines, int) else list(lines)
            made = self._allocate([self._line(draw, each, currencies) for each in wanted], discounts)
            digital = all(each.product.digital for each in made)
            sent = (
                None
                if shipping is None or digital or source == "pos"
                else self._shipping(zero, Decimal(shipping), discounts)
            )
            if address is None and sent:
                address = goods.address(
                    draw,
                    self.next_id("address", 9000),
                    *((buyer.first_name, buyer.last_name) if buyer else ("Gast", "Gæst")),
                )
            order = Order(
                id=id,
                number=number,
                confirmation="".join(draw.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=9)),
                created_at=self.now,
                processed_at=self.now,
                updated_at=self.now,
                test=test,
                source=source,
                location=goods.LOCATIONS[0][0] if source == "pos" else None,
                customer_id=buyer.id if buyer else None,
                email=email if email is not None else (buyer.email if buyer else None),
                phone=phone,
                locale=buyer.locale if buyer else draw.choice(("de-DE", "en", "ja", None)),
                taxes_included=self.taxes_included,
                tags=tuple(sorted(set(tags))),
                note=note,
                attributes=tuple(attributes),
                cart_token=f"Z2NwLXVz{id:x}" if source == "web" else None,
                checkout_token=f"{draw.getrandbits(128):032x}" if source in ("web", "draft") else None,
                ip=f"203.0.113.{draw.randrange(1, 255)}" if source == "web" else None,
                visits=visits if visits is not None else (),
                billing=address,
                address=address if sent else None,
                shipping=sent,
                tip=money(tip, *currencies),
                discounts=tuple(discounts),
                lines=tuple(made),
                original_total=zero,
                metafields=metafields,
            )
            order = replace(order, original_total=order.total)
            gateway = gateway or ("bogus" if test else "cash" if source == "pos" else "shopify_payments")
            order = replace(order, payments=self._first_payments(order, pay, gateway))
            self.past_orders[id] = Past()
            if buyer:
                self.orders_of.setdefault(buyer.id, []).append(id)
            self._tell(order, "order_placed", money=order.total)
            for payment in order.payments:
                self._tell(
                    order, f"payment_{payment.kind}_{payment.status}", about=payment.id, money=payment.amount
                )
            if order.received.shop >= order.total.shop:
                self._tell(order, "order_paid")
            if buyer:
                self._bought(buyer.id, order)
            return order

    def pay(self, order: Order | int, amount: Decimal | str | None = None) -> Order:
        """Take money: capture what is authorized, else a sale; all that is open, or an amount in the shop's currency."""
        with self.lock:
            order = self.order(order)
            owed = order.total - order.received
            part = _part(owed, amount)
            kind = "capture" if order.authorized.shop > 0 else "sale"
            parent = next(
                (each for each in reversed(order.payments) if each.kind in ("authorization", "sale")), None
            )
            payment = self._payment(
                kind,
                "success",
                part,
                parent.gateway if parent else "manual",
                order.test,
                parent_id=parent.id if parent else None,
            )
            order = self._tell(
                replace(order, payments=(*order.payments, payment), updated_at=self.now),
                f"payment_{kind}_success",
                about=payment.id,
                money=part,
            )
            if order.received.shop >= order.total.shop:
                self._tell(order, "order_paid")
            self._spent(order)
            return order

    def fail_payment(self, order: Order | int) -> Order:
        """Let an attempt to pay fail."""
        with self.lock:
            order = self.order(order)
            payment = self._payment(
                "sale", "failure", order.total, "shopify_payments", order.test, error="card_declined"
            )
            return self._tell(
                replace(order, payments=(*order.payments, payment), updated_at=self.now),
                "payment_sale_failure",
                about=payment.id,
            )

    def ship(
        self,
        order: Order | int,
        lines: Mapping[int, int] | None = None,
        *,
        tracking: bool | Iterable[Tracking] = False,
        bumps: bool = True,
    ) -> Fulfillment:
        """Send units of lines (line id → quantity), or all that is left, as one parcel."""
        with self.lock:
            order = self.order(order)
            if lines is None:
                lines = {each.id: order.left(each) - order.fulfilled(each.id) for each in order.lines}
            wanted = {line: count for line, count in lines.items() if count > 0}
            if not wanted:
                raise ValueError(f"nothing of {order.name} is left to ship")
            id = self.next_id("fulfillment", 255858000)  # noqa: A001
            parcel = Fulfillment(
                id=id,
                name=f"{order.name}-F{len(order.fulfillments) + 1}",
                created_at=self.now,
                updated_at=self.now,
                tracking=self._tracking(tracking, id),
                lines=tuple(
                    (self.next_id("fulfillment_line", 1000), line, count) for line, count in wanted.items()
                ),
                location=goods.LOCATIONS[0][0],
            )
            self.owners[id] = order.id
            self._tell(
                replace(
                    order,
                    fulfillments=(*order.fulfillments, parcel),
                    updated_at=self.now if bumps else order.updated_at,
                ),
                "fulfillment_created",
                about=id,
                bumps=bumps,
            )
            return parcel

    def track(
        self, parcel: Fulfillment | int, tracking: bool | Iterable[Tracking] = True, *, bumps: bool = True
    ) -> Fulfillment:
        """Give a parcel its tracking numbers."""
        id = parcel if isinstance(parcel, int) else parcel.id  # noqa: A001
        return self._update_parcel(id, bumps, tracking=self._tracking(tracking, id))

    def progress(self, parcel: Fulfillment | int, carrier_status: str, *, bumps: bool = False) -> Fulfillment:
        """Let the carrier report: in_transit, out_for_delivery, delivered, attempted_delivery, … The order itself need not notice."""
        changes: dict[str, Any] = {"carrier_status": carrier_status}
        if carrier_status == "in_transit":
            changes |= {
                "in_transit_at": self.now,
                "estimated_delivery_at": (self.now + timedelta(days=2)).replace(microsecond=0),
            }
        if carrier_status == "delivered":
            changes["delivered_at"] = self.now
        return self._update_parcel(parcel if isinstance(parcel, int) else parcel.id, bumps, **changes)

    def cancel_shipment(self, parcel: Fulfillment | int) -> Fulfillment:
        """Take a parcel back before it left."""
        return self._update_parcel(
            parcel if isinstance(parcel, int) else parcel.id,
            True,
            status="cancelled",
            carrier_status="canceled",
        )

    def refund(
        self,
        order: Order | int,
        lines: Mapping[int, int] | None = None,
        *,
        amount: Decimal | str | None = None,
        shipping: bool = False,
        pending: bool = False,
        restock: str = "return",
        note: str | None = None,
        tenders: int = 1,
        bumps: bool = True,
    ) -> Refund:
        """Give money back: for units of lines (line id → quantity), for shipping, or an amount in the shop's currency.

        With lines and an amount, the amount is what is given back for them; 0 only restocks. Never more than was paid.
        `tenders` splits the money over two payments of which, with `pending`, only the last is pending.
        """
        with self.lock:
            order = self.order(order)
            open_money = order.received - order.promised_back
            came = [
                self._refund_line(order, order.line(line), count, restock)
                for line, count in (lines or {}).items()
                if count > 0
            ]
            zero = order.tip.zero()
            sent = (
                order.shipping.net - order.tip.sum(each.shipping for each in order.refunds)
                if shipping and order.shipping
                else zero
            )
            sent_tax = (
                order.shipping.tax - order.tip.sum(each.shipping_tax for each in order.refunds)
                if shipping and order.shipping
                else zero
            )
            worth = order.tip.sum(each.subtotal for each in came) + sent
            if not order.taxes_included:
                worth += order.tip.sum(each.tax for each in came) + sent_tax
            wanted = worth if amount is None else _part(open_money, amount)
            given = wanted.at_most(open_money)
            overpaid = (
                order.received - order.promised_back - (order.total - order.returned + order.discrepancy)
            )
            beyond = given - worth
            excess = beyond.at_most(overpaid) if beyond.shop > 0 and overpaid.shop > 0 and not came else zero
            suggested = worth.at_most((order.received - order.returned).at_least(zero))
            kept = suggested - given + excess
            id = self.next_id("refund", 929361000)  # noqa: A001
            made = Refund(
                id=id,
                created_at=self.now,
                updated_at=self.now,
                note=note,
                lines=tuple(came),
                shipping=sent,
                shipping_tax=sent_tax,
                adjustments=((self.next_id("adjustment", 7000), "refund_discrepancy", kept),) if kept else (),
            )
            paid = next(
                (
                    each
                    for each in reversed(order.payments)
                    if each.kind in ("sale", "capture") and each.status == "success"
                ),
                None,
            )
            parts = [given] if tenders == 1 else [given.share(1, 3), given - given.share(1, 3)]
            moves = tuple(
                self._payment(
                    "refund",
                    "pending" if pending and place == len(parts) - 1 else "success",
                    part,
                    paid.gateway if paid else "manual",
                    order.test,
                    parent_id=paid.id if paid else None,
                    refund_id=id,
                )
                for place, part in enumerate(parts)
                if part
            )
            self.owners[id] = order.id
            order = replace(
                order,
                refunds=(*order.refunds, made),
                payments=(*order.payments, *moves),
                updated_at=self.now if bumps else order.updated_at,
            )
            self._tell(order, "refund_made", about=id, money=worth, bumps=bumps)
            for move in moves:
                if move.status == "success":
                    self._tell(order, "money_refunded", about=id, money=move.amount, bumps=bumps)
            self._spent(order)
            return made

    def settle(self, refund: Refund | int, *, bumps: bool = False) -> Refund:
        """Let the pending money of a refund arrive. The order itself need not notice."""
        with self.lock:
            id = refund if isinstance(refund, int) else refund.id  # noqa: A001
            order = self.order_of(id)
            late = [each for each in order.payments if each.refund_id == id and each.status == "pending"]
            if not late:
                raise ValueError(f"refund {id} has no pending money")
            payments = tuple(
                replace(each, status="success", processed_at=self.now) if each in late else each
                for each in order.payments
            )
            refunds = tuple(
                replace(each, updated_at=self.now) if each.id == id else each for each in order.refunds
            )
            order = replace(
                order, payments=payments, refunds=refunds, updated_at=self.now if bumps else order.updated_at
            )
            for each in late:
                self._tell(order, "money_refunded", about=id, money=each.amount, bumps=bumps)
            self._spent(order)
            return next(each for each in order.refunds if each.id == id)

    def cancel(
        self, order: Order | int, reason: str = "customer", *, refund: bool = True, note: str | None = None
    ) -> Order:
        """Cancel an order: void what is only authorized, give back what was paid if `refund`, restock what did not leave."""
        with self.lock:
            order = self.order(order)
            if order.cancelled_at:
                raise ValueError(f"{order.name} is cancelled already")
            payments = order.payments
            if order.authorized.shop > 0:
                parent = next(each for each in payments if each.kind == "authorization")
                payments = (
                    *payments,
                    self._payment(
                        "void", "success", order.authorized, parent.gateway, order.test, parent_id=parent.id
                    ),
                )
            order = self._tell(
                replace(
                    order,
                    cancelled_at=self.now,
                    closed_at=order.closed_at or self.now,
                    cancel_reason=reason,
                    staff_note=note,
                    payments=payments,
                    updated_at=self.now,
                ),
                "order_cancelled",
                about=reason,
            )
            rest = {each.id: order.left(each) - order.fulfilled(each.id) for each in order.lines}
            if any(count > 0 for count in rest.values()):
                whole = not any(each.status == "success" for each in order.fulfillments)
                self.refund(order, rest, restock="cancel", shipping=whole, amount=None if refund else 0)
            return self.order(order)

    def edit_order(
        self,
        order: Order | int,
        *,
        add: Iterable[Mapping[str, Any]] = (),
        remove: Mapping[int, int] | None = None,
        bumps: bool = True,
        **changes: Any,
    ) -> Order:
        """Change an order: add lines, remove units of lines (line id → quantity), or set its note, tags, address, attributes, email, ….

        What an added line costs is owed afterwards, what a removed one cost is the shopper's to get back.
        """
        with self.lock:
            order = self.order(order)
            lines = order.lines
            draw = Random(f"{self.seed}/edit/{order.id}/{len(self.history)}")
            added = [replace(self._line(draw, each, order.tip.currencies), added=True) for each in add]
            for key, count in (remove or {}).items():
                if count > order.left(order.line(key)) - order.fulfilled(key):
                    raise ValueError(f"line {key} of {order.name} has no {count} units left to remove")
                lines = tuple(
                    replace(each, removed=each.removed + count) if each.id == key else each for each in lines
                )
            items = bool(added or remove)
            order = replace(
                order,
                lines=(*lines, *added),
                edited=order.edited or items,
                updated_at=self.now if bumps else order.updated_at,
                **changes,
            )
            return self._tell(order, "order_edited" if items else "order_changed", bumps=bumps)

    def close(self, order: Order | int) -> Order:
        """Archive an order."""
        with self.lock:
            return self._tell(
                replace(self.order(order), closed_at=self.now, updated_at=self.now), "order_closed"
            )

    # How things are made

    def next_id(self, kind: str, first: int) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return first + self._counts[kind]

    def _tell(
        self,
        order: Order,
        what: str,
        *,
        about: int | str | None = None,
        money: Money | None = None,
        bumps: bool = True,
    ) -> Order:
        self.past_orders[order.id].append(self.now, order)
        self.history.append(
            Fact(
                at=self.now,
                what=what,
                subject="order",
                id=order.id,
                state=order,
                about=about,
                money=money,
                bumps=bumps,
            )
        )
        return order

    def _tell_customer(self, customer: Customer, what: str) -> None:
        self.past_customers[customer.id].append(self.now, customer)
        self.history.append(Fact(at=self.now, what=what, subject="customer", id=customer.id, state=customer))

    def _bought(self, id: int, order: Order) -> None:  # noqa: A002
        customer = self.customer(id)
        self._tell_customer(
            replace(
                customer,
                order_count=customer.order_count + 1,
                spent=customer.spent + order.received.shop,
                last_order_id=order.id,
                updated_at=self.now,
            ),
            "customer_bought",
        )

    def _spent(self, order: Order) -> None:
        """Keep the customer's lifetime spend true after money moved."""
        if order.customer_id is None:
            return
        mine = map(self.order, self.orders_of[order.customer_id])
        spent = sum((each.received.shop - each.given_back.shop for each in mine), Decimal(0))
        customer = self.customer(order.customer_id)
        if customer and spent != customer.spent:
            self._tell_customer(replace(customer, spent=spent, updated_at=self.now), "customer_bought")

    def _line(self, draw: Random, wanted: Mapping[str, Any], currencies: tuple[str, str]) -> Line:
        product: Product = wanted.get("product") or draw.choice(self.catalogue)
        if "title" in wanted:
            product = replace(product, title=wanted["title"])
        quantity = wanted.get("quantity") or draw.choice((1, 1, 1, 2, 2, 3, 5))
        price = money(wanted.get("price", product.price), *currencies)
        return self._taxed(
            Line(
                id=self.next_id("line", 14100000),
                product=product,
                quantity=quantity,
                price=price,
                tax_rate=TAX,
                tax=price.zero(),
                attributes=tuple(wanted.get("attributes", ())),
                plan=wanted.get("plan"),
            )
        )

    def _taxed(self, line: Line) -> Line:
        return replace(line, tax=self._tax(line.net, line.tax_rate))

    def _tax(self, net: Money, rate: Decimal) -> Money:
        if self.taxes_included:
            return net.share(rate, 1 + rate)
        return net.share(rate)

    def _allocate(self, lines: list[Line], discounts: list[Discount]) -> list[Line]:
        """Take each discount off the lines, one after the other, never below nothing."""
        for index, discount in enumerate(discounts):
            entitled = [place for place in range(len(lines)) if discount.target == "all" or place == 0]
            if discount.kind == "percentage":
                for place in entitled:
                    lines[place] = _less(lines[place], index, lines[place].net.share(discount.value, 100))
            elif discount.kind == "amount":
                left = money(discount.value, *lines[0].price.currencies)
                for place in entitled:
                    off = lines[place].net.at_most(left)
                    lines[place], left = _less(lines[place], index, off), left - off
        return [self._taxed(each) for each in lines]

    def _shipping(self, zero: Money, price: Decimal, discounts: list[Discount]) -> Shipping:
        cost = money(price, *zero.currencies)
        off = tuple((index, cost) for index, each in enumerate(discounts) if each.kind == "shipping")[:1]
        made = Shipping(
            id=self.next_id("shipping", 3300),
            title="Standard",
            code="Standard",
            price=cost,
            allocations=off,
            tax_rate=TAX,
            tax=zero,
        )
        return replace(made, tax=self._tax(made.net, TAX))

    def _first_payments(self, order: Order, how: str | None, gateway: str) -> tuple[Payment, ...]:
        if how is None or not order.total.shop:
            return ()
        if how == "failure":
            return (
                self._payment("sale", "failure", order.total, gateway, order.test, error="card_declined"),
            )
        if how == "pending":
            return (self._payment("sale", "pending", order.total, "Bank deposit", order.test),)
        return (self._payment(how, "success", order.total, gateway, order.test),)

    def _payment(
        self, kind: str, status: str, amount: Money, gateway: str, test: bool, **more: Any
    ) -> Payment:
        return Payment(
            id=self.next_id("payment", 389404000),
            kind=kind,
            status=status,
            amount=amount,
            gateway=gateway,
            test=test,
            created_at=self.now,
            processed_at=self.now,
            **more,
        )

    def _refund_line(self, order: Order, line: Line, count: int, restock: str) -> RefundLine:
        done = order.refunded(line.id)
        if done + count > line.standing:
            raise ValueError(f"line {line.id} of {order.name} has no {count} units left to refund")
        return RefundLine(
            id=self.next_id("refund_line", 5600),
            line_id=line.id,
            quantity=count,
            subtotal=line.units(line.net, done, done + count),
            tax=line.units(line.tax, done, done + count),
            restock=restock,
        )

    def _tracking(self, wanted: bool | Iterable[Tracking], id: int) -> tuple[Tracking, ...]:  # noqa: A002
        if not isinstance(wanted, bool):
            return tuple(wanted)
        if not wanted:
            return ()
        company, url = goods.CARRIERS[id % len(goods.CARRIERS)]
        numbers = [f"JD01{id:010}", f"JD02{id:010}"] if id % 11 == 0 else [f"JD01{id:010}"]
        return tuple(
            Tracking(company=company, number=each, url=url.format(each) if url else None) for each in numbers
        )

    def _update_parcel(self, id: int, bumps: bool, **changes: Any) -> Fulfillment:  # noqa: A002
        with self.lock:
            order = self.order_of(id)
            parcels = tuple(
                replace(each, updated_at=self.now, **changes) if each.id == id else each
                for each in order.fulfillments
            )
            order = replace(order, fulfillments=parcels, updated_at=self.now if bumps else order.updated_at)
            self._tell(order, "fulfillment_updated", about=id, bumps=bumps)
            return next(each for each in parcels if each.id == id)

    def states(self, order: Order | int) -> Iterator[tuple[datetime, Order]]:
        """Yield every state that an order ever had, with its instant."""
        past = self.past_orders[order if isinstance(order, int) else order.id]
        yield from zip(past.instants, past.states, strict=True)


def _discount(code: str) -> Discount:
    """Return a known code's discount; an unknown one takes a tenth off everything."""
    for known, kind, value, target in goods.CODES:
        if known == code:
            return Discount(code=code, title=code, kind=kind, value=Decimal(value), target=target)
    return Discount(code=code, title=code, kind="percentage", value=Decimal(10))


def _less(line: Line, index: int, off: Money) -> Line:
    return replace(line, allocations=(*line.allocations, (index, off))) if off else line


def _part(whole: Money, amount: Decimal | str | None) -> Money:
    """Return `amount` of the shop's currency out of `whole`, all of it if None, with the shopper's share of it."""
    if amount is None or Decimal(amount) == whole.shop:
        return whole
    return money(amount, *whole.currencies).at_most(whole)


__all__ = [
    "Address",
    "Consent",
    "Customer",
    "Fact",
    "Fulfillment",
    "Moment",
    "Order",
    "Refund",
    "Shop",
    "Tracking",
    "Visit",
]
