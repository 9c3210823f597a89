"""What happens in a shop by itself: every draw comes from the seed and from whose turn it is, in order of time.

A plan is a heap of (instant, number, what to do). Doing something plans what follows from it.
"""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from sandbox import goods
from sandbox.things import Consent, Customer, Order, Visit

if TYPE_CHECKING:
    from sandbox.shop import Shop

HOUR, DAY = 3600.0, 86400.0

CAMPAIGNS = (
    (
        ("source", "google"),
        ("medium", "cpc"),
        ("campaign", "herbst-2026"),
        ("term", "tasse"),
        ("content", "a"),
    ),
    (("source", "newsletter"), ("medium", "email"), ("campaign", "vip & friends")),
    (),
)


class Life:
    """The plan of one shop's life."""

    def __init__(self, shop: "Shop", *, orders_per_day: float, customers_per_day: float, pace: float) -> None:
        self._shop, self._pace = shop, pace
        self._plan: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._planned = 0
        self._orders = Random(f"{shop.seed}/orders")
        self._customers = Random(f"{shop.seed}/customers")
        self._between_orders = DAY / orders_per_day if orders_per_day else 0
        self._between_customers = DAY / customers_per_day if customers_per_day else 0
        if self._between_customers:
            self._after(self._customers, self._between_customers, self._somebody_registers, paced=False)
        if self._between_orders:
            self._after(self._orders, self._between_orders, self._somebody_orders, paced=False)

    def play(self, until: datetime) -> None:
        """Do everything that is planned up to and including an instant."""
        while self._plan and self._plan[0][0] <= until:
            at, _, act, about = heapq.heappop(self._plan)
            self._shop.now = at
            act(*about)

    def postpone(self, delay: timedelta) -> None:
        """Put everything off; the order of things stays."""
        self._plan = [(at + delay, number, act, about) for at, number, act, about in self._plan]

    def _after(
        self, draw: Random, seconds: float, act: Callable[..., None], *about: Any, paced: bool = True
    ) -> None:
        """Plan something after a drawn delay with this mean, to the millisecond."""
        delay = min(draw.expovariate(1), 6) * seconds * (self._pace if paced else 1)
        self._planned += 1
        at = self._shop.now + timedelta(milliseconds=round(delay * 1000) + 1)
        heapq.heappush(self._plan, (at, self._planned, act, about))

    # Customers

    def _somebody_registers(self) -> None:
        self._register(self._customers)
        self._after(self._customers, self._between_customers, self._somebody_registers, paced=False)

    def _register(self, draw: Random) -> Customer:
        shop = self._shop
        first, last, language = draw.choice(goods.PEOPLE)
        number = len(shop.past_customers) + 1
        verified = draw.random() < 0.3
        agreed = draw.random()
        consent = Consent(state="not_subscribed")
        if agreed < 0.4:
            consent = Consent(
                state="subscribed", level=draw.choice(("single_opt_in", "confirmed_opt_in")), at=shop.now
            )
        phone = draw.choice((None, None, f"+49151{number:08}"))
        customer = shop.register(
            first,
            last,
            None
            if draw.random() < 0.04
            else f"{(first or last or 'x').encode('ascii', 'ignore').decode().strip() or 'hanako'}.{number}@example.com",
            phone=phone,
            locale=language,
            state=draw.choice(("disabled", "disabled", "invited", "enabled")),
            verified=verified,
            tags=tuple(sorted(set(draw.sample(goods.TAGS, draw.choice((0, 0, 1, 2)))))),
            email_consent=consent,
            sms_consent=Consent(state="subscribed", level="single_opt_in", at=shop.now)
            if phone and agreed > 0.7
            else Consent(state="not_subscribed"),
            addresses=(goods.address(draw, shop.next_id("address", 9000), first, last),)
            if draw.random() < 0.6
            else (),
            metafields=(("loyalty", "points", str(draw.randrange(500))),) if draw.random() < 0.3 else (),
            note=draw.choice((None, None, *goods.NOTES)),
        )
        if not customer.enabled and draw.random() < 0.6:
            self._after(draw, 6 * HOUR, self._verify, customer.id, draw.getrandbits(64))
        self._after(draw, 3 * DAY, self._edit_customer, customer.id, draw.getrandbits(64))
        return customer

    def _verify(self, id: int, luck: int) -> None:  # noqa: A002
        draw = Random(luck)
        if self._shop.customer(id) is None:
            return
        if draw.random() < 0.5:
            self._shop.enable_customer(id)
        else:
            self._shop.edit_customer(id, verified=True)
            self._after(draw, 6 * HOUR, self._enable, id)

    def _enable(self, id: int) -> None:  # noqa: A002
        customer = self._shop.customer(id)
        if customer and not customer.enabled:
            self._shop.enable_customer(id)

    def _edit_customer(self, id: int, luck: int) -> None:  # noqa: A002
        draw, shop = Random(luck), self._shop
        customer = shop.customer(id)
        if customer is None:
            return
        match draw.randrange(7):
            case 0:
                changes: dict[str, Any] = {"tags": tuple(sorted({*customer.tags, draw.choice(goods.TAGS)}))}
            case 1:
                changes = {
                    "addresses": (
                        goods.address(
                            draw, shop.next_id("address", 9000), customer.first_name, customer.last_name
                        ),
                    )
                }
            case 2:
                state = "unsubscribed" if customer.email_consent.state == "subscribed" else "subscribed"
                changes = {"email_consent": Consent(state=state, level="single_opt_in", at=shop.now)}
            case 3:
                changes = {"email": f"new.{id}.{draw.randrange(1000)}@example.com"}
            case 4:
                changes = {"last_name": draw.choice(("Meyer-Lüdenscheidt", "O’Hara", "李"))}
            case 5:
                changes = {"note": draw.choice(goods.NOTES) or None}
            case _:
                changes = {"tags": customer.tags[:-1], "phone": None}
        shop.edit_customer(id, **changes)
        self._after(draw, 8 * DAY, self._edit_customer, id, draw.getrandbits(64))

    # Orders

    def _somebody_orders(self) -> None:
        self._order(Random(f"{self._shop.seed}/life/{self._orders.getrandbits(64)}"))
        self._after(self._orders, self._between_orders, self._somebody_orders, paced=False)

    def _order(self, draw: Random) -> None:
        shop = self._shop
        who, source = draw.random(), draw.choices(("web", "pos", "draft", "1354745"), (76, 12, 7, 5))[0]
        buyer: Customer | None = None
        known = list(shop.past_customers)
        if who < 0.55 and known:
            buyer = shop.customer(draw.choice(known))
        elif who < 0.7:
            buyer = self._register(draw)
        email = (
            None
            if buyer or draw.random() < (0.8 if source == "pos" else 0.1)
            else f"Gast.{draw.randrange(60)}@Example.com"
        )
        small = draw.choice((1, 1, 1, 2, 2, 3, 4, 6))
        count = min(shop.max_lines, draw.randint(40, 300) if draw.random() < 0.015 else small)
        path = draw.choices(("sale", "authorization", "pending", "failure"), (60, 22, 11, 7))[0]
        test = draw.random() < 0.03
        codes = [code for code, *_ in draw.sample(goods.CODES, draw.choices((0, 1, 2), (70, 22, 8))[0])]
        order = shop.place_order(
            [self._line(draw) for _ in range(count)],
            customer=buyer,
            email=email,
            phone=draw.choice((None, None, None, "+4915112345678")),
            source=source,
            codes=codes,
            currency=draw.choice(shop.presentment)
            if shop.presentment and source == "web" and draw.random() < 0.3
            else None,
            pay="sale" if source == "pos" else path,
            test=test,
            tip=draw.choice((0, 0, 0, 0, "2.50", "3.33")) if source in ("web", "pos") else 0,
            shipping=None if source == "pos" else draw.choice(("5.00", "4.90", "0", "12.34")),
            tags=draw.sample(goods.TAGS, draw.choice((0, 0, 0, 1, 2))),
            note=draw.choice((None, None, None, *goods.NOTES)),
            attributes=self._attributes(draw, source),
            visits=self._visits(draw) if source == "web" else (),
            free=draw.random() < 0.03,
        )
        self._plan_payment(draw, order)
        self._plan_edits(draw, order)

    def _line(self, draw: Random) -> dict[str, Any]:
        """Draw what is special about a line; the rest follows from the order's number."""
        line: dict[str, Any] = {}
        if draw.random() < 0.05:
            line["attributes"] = (("engraving", draw.choice(("Für Zoë ♥", ""))), ("_bundle", "7"))
        if draw.random() < 0.03:
            line["plan"] = "Every month"
        return line

    def _attributes(self, draw: Random, source: str) -> tuple[tuple[str, str | None], ...]:
        if source != "web" or draw.random() < 0.4:
            return ()
        number = draw.getrandbits(40)
        every = (
            ("ajs_anonymous_id", f"anon-{number:x}"),
            ("_fbp", f"fb.1.{number}.{draw.randrange(10**9)}"),
            ("google-clientID", f"GA1.1.{draw.randrange(10**9)}.{draw.randrange(10**9)}"),
            ("gift message", "Alles Gute 🎂"),
            ("empty", ""),
        )
        return tuple(each for each in every if draw.random() < 0.6)

    def _visits(self, draw: Random) -> tuple[Visit, ...]:
        visits = []
        for back in range(draw.choice((0, 1, 1, 2))):
            campaign = draw.choice(CAMPAIGNS)
            query = "&".join(f"utm_{key}={value}".replace(" ", "%20") for key, value in campaign)
            visits.append(
                Visit(
                    id=self._shop.next_id("visit", 61000),
                    at=self._shop.now - timedelta(minutes=7 + back * 2000),
                    landing_page=f"https://{self._shop.name}.example/products/mug{'?' + query if query else ''}",
                    referrer=draw.choice((None, "https://www.google.com/", "https://blog.example/größe")),
                    source=dict(campaign).get("source", "direct"),
                    campaign=campaign,
                )
            )
        return tuple(visits)

    def _plan_payment(self, draw: Random, order: Order) -> None:
        first = order.payments[0] if order.payments else None
        if draw.random() < 0.05:
            self._after(draw, 8 * HOUR, self._cancel, order.id, draw.getrandbits(64))
        if first is None or (first.kind == "sale" and first.status == "success"):
            self._plan_shipping(draw, order)
        elif draw.random() < 0.85:
            delay = (
                {"authorization": 14 * HOUR, "sale": 2 * DAY}[first.kind]
                if first.status != "failure"
                else 900
            )
            self._after(draw, delay, self._pay, order.id, draw.getrandbits(64))
        else:
            self._after(draw, 5 * DAY, self._cancel, order.id, draw.getrandbits(64))

    def _pay(self, id: int, luck: int) -> None:  # noqa: A002
        draw, order = Random(luck), self._shop.order(id)
        if order.cancelled_at:
            return
        owed = order.total - order.received
        if owed.shop <= 0:
            return
        if owed.shop > 10 and draw.random() < 0.1:
            self._shop.pay(id, (owed.shop / 3).quantize(Decimal(1)))
            self._after(draw, 5 * HOUR, self._pay, id, draw.getrandbits(64))
            return
        self._shop.pay(id)
        if not order.fulfillments:
            self._plan_shipping(draw, order)

    def _plan_shipping(self, draw: Random, order: Order) -> None:
        if order.source == "pos":
            self._after(draw, 1, self._ship, order.id, draw.getrandbits(64))
        elif draw.random() < 0.9:
            self._after(draw, 20 * HOUR, self._ship, order.id, draw.getrandbits(64))
        for _ in range(draw.choices((0, 1, 2, 3), (72, 17, 8, 3))[0]):
            self._after(draw, 5 * DAY, self._refund, order.id, draw.getrandbits(64))

    def _ship(self, id: int, luck: int) -> None:  # noqa: A002
        draw, shop = Random(luck), self._shop
        order = shop.order(id)
        rest = {each.id: order.left(each) - order.fulfilled(each.id) for each in order.lines}
        rest = {line: count for line, count in rest.items() if count > 0}
        if order.cancelled_at or not rest:
            return
        part = rest
        if order.source != "pos" and sum(rest.values()) > 1 and draw.random() < 0.45:
            part = {line: draw.randint(0, count) for line, count in rest.items()}
            part = part if any(part.values()) else dict([next(iter(rest.items()))])
            self._after(draw, 1.5 * DAY, self._ship, id, draw.getrandbits(64))
        parcel = shop.ship(id, part, tracking=draw.random() < 0.55 and order.source != "pos")
        if order.source == "pos":
            return
        if not parcel.tracking and draw.random() < 0.7:
            self._after(draw, 5 * HOUR, self._track, parcel.id, draw.random() < 0.7)
        if draw.random() < 0.03:
            self._after(draw, HOUR, self._cancel_shipment, parcel.id)
        elif draw.random() < 0.85:
            self._after(draw, 12 * HOUR, self._carry, parcel.id, 0, draw.getrandbits(64))
        order = shop.order(id)
        if (
            not any(order.left(each) - order.fulfilled(each.id) for each in order.lines)
            and draw.random() < 0.7
        ):
            self._after(draw, 3 * DAY, self._close, id)

    def _track(self, parcel: int, bumps: bool) -> None:
        self._shop.track(parcel, bumps=bumps)

    def _cancel_shipment(self, parcel: int) -> None:
        order = self._shop.order_of(parcel)
        if not order.cancelled_at and not order.refunds:
            self._shop.cancel_shipment(parcel)

    def _carry(self, parcel: int, step: int, luck: int) -> None:
        draw = Random(luck)
        steps = (
            "in_transit",
            "out_for_delivery",
            draw.choice(("delivered", "delivered", "attempted_delivery")),
            "delivered",
        )
        made = next(each for each in self._shop.order_of(parcel).fulfillments if each.id == parcel)
        if made.status != "success" or made.carrier_status == "delivered":
            return
        self._shop.progress(parcel, steps[step], bumps=draw.random() < 0.4)
        if step < 3 and draw.random() < 0.9:
            self._after(draw, DAY, self._carry, parcel, step + 1, draw.getrandbits(64))

    def _close(self, id: int) -> None:  # noqa: A002
        if not self._shop.order(id).closed_at:
            self._shop.close(id)

    def _cancel(self, id: int, luck: int) -> None:  # noqa: A002
        draw, order = Random(luck), self._shop.order(id)
        if order.cancelled_at or order.fulfillments or order.refunds:
            return
        reason = draw.choice(("customer", "declined", "fraud", "inventory", "other", "staff"))
        self._shop.cancel(id, reason, refund=draw.random() < 0.8, note=draw.choice((None, "sorry")))

    def _refund(self, id: int, luck: int) -> None:  # noqa: A002
        draw, shop = Random(luck), self._shop
        order = shop.order(id)
        left = {each.id: order.left(each) for each in order.lines if order.left(each) > 0}
        open_money = order.received - order.promised_back
        pending = draw.random() < 0.25
        note = draw.choice((None, "damaged", "zu klein", "not as described 😞", ""))
        kind = draw.choice(("lines", "lines", "all", "amount", "restock", "shipping", "kept", "tenders"))
        some = {
            line: draw.randint(1, count)
            for line, count in draw.sample(sorted(left.items()), min(len(left), draw.choice((1, 1, 2))))
        }
        if kind == "restock":
            if not some:
                return
            made = shop.refund(id, some, amount=0, note=note)
        elif open_money.shop <= 0 or open_money.presentment <= 0:
            return
        elif kind == "all":
            made = shop.refund(
                id, left, shipping=True, pending=pending, note=note, restock=draw.choice(("return", "no"))
            )
        elif kind == "shipping" and order.shipping:
            made = shop.refund(id, shipping=True, pending=pending, note=note)
        elif kind == "kept" and some:
            made = shop.refund(
                id, some, amount=(open_money.shop / 4).quantize(Decimal(1)), pending=pending, note=note
            )
        elif kind in ("lines", "tenders") and some:
            made = shop.refund(id, some, pending=pending, note=note, tenders=2 if kind == "tenders" else 1)
        else:
            amount = max(Decimal(1), (open_money.shop * draw.choice((1, 2, 5)) / 20).quantize(Decimal(1)))
            made = shop.refund(id, amount=min(amount, open_money.shop), pending=pending, note=note)
        if shop.order(id).money_of(made, "pending"):
            self._after(draw, 2 * DAY, self._settle, made.id, draw.random() < 0.4)

    def _settle(self, refund: int, bumps: bool) -> None:
        self._shop.settle(refund, bumps=bumps)

    def _plan_edits(self, draw: Random, order: Order) -> None:
        if draw.random() < 0.2:
            self._after(draw, 1.5 * DAY, self._edit, order.id, draw.getrandbits(64))
        if order.source != "pos" and draw.random() < 0.06:
            self._after(draw, 6 * HOUR, self._edit_lines, order.id, draw.getrandbits(64))

    def _edit(self, id: int, luck: int) -> None:  # noqa: A002
        draw, shop = Random(luck), self._shop
        order = shop.order(id)
        match draw.randrange(4):
            case 0:
                shop.edit_order(id, tags=tuple(sorted({*order.tags, draw.choice(goods.TAGS)})))
            case 1:
                shop.edit_order(id, note=draw.choice(goods.NOTES) or None)
            case 2 if order.address:
                moved = goods.address(
                    draw, shop.next_id("address", 9000), order.address.first_name, order.address.last_name
                )
                shop.edit_order(id, address=moved)
            case _:
                shop.edit_order(id, attributes=(*order.attributes, ("checked", "ja")))
        if draw.random() < 0.4:
            self._after(draw, DAY, self._edit, id, draw.getrandbits(64))

    def _edit_lines(self, id: int, luck: int) -> None:  # noqa: A002
        draw, shop = Random(luck), self._shop
        order = shop.order(id)
        if order.cancelled_at or order.refunds or order.fulfillments:
            return
        if draw.random() < 0.5:
            shop.edit_order(id, add=[{"quantity": draw.choice((1, 2))}])
            if order.received.shop >= order.total.shop:
                self._after(draw, HOUR, self._pay, id, draw.getrandbits(64))
            return
        line = draw.choice(order.lines)
        if sum(each.standing for each in order.lines) < 2:
            return
        order = shop.edit_order(id, remove={line.id: draw.randint(1, line.standing)})
        overpaid = order.received - order.total
        if overpaid.shop > 0:
            shop.refund(id, amount=overpaid.shop)
