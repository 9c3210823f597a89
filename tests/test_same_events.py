"""One shop seen through every platform: the same events, up to what a platform cannot know.

What it cannot know is `sandbox.dialects.CANNOT`: whatever stands there differs, all else is the same, and nothing is missing from it.
"""

import logging
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

import pytest

from sandbox.dialects import CANNOT, DIALECTS
from sandbox.shop import Shop
from tests.world import START, World

PLACED = {"Order Completed", "POS Order Placed"}


class Seen:
    """What Segment was told of a shop through one platform, with the shop's own ids for orders and customers."""

    def __init__(self, world):
        self.shop, self.events = world.shop, world.segment.events
        spoken = DIALECTS[world.dialect]
        self._orders = {spoken.order_id(world.api, each): each for each in self.shop.orders}
        self._people = {spoken.customer_id(world.api, each): each for each in self.shop.customers}
        self.everywhere: set[int] = set()
        """Orders that were completed, and are no tests, in the eyes of every platform."""

    def tracks(self, *names):
        """Yield the events of these names: the order, its properties, the event."""
        for event in self.events:
            if event.get("event") in names:
                said = event["properties"]
                yield self._orders.get(said.get("order_id")), said, event

    def real(self, *names):
        """Yield those that are not about test orders."""
        return (each for each in self.tracks(*names) if not self.shop.order(each[0]).test)

    def of(self, *names, fits=lambda order: True):
        """Yield those about orders that every platform completed, and that fit."""
        return (
            each
            for each in self.tracks(*names)
            if each[0] in self.everywhere and fits(self.shop.order(each[0]))
        )

    def person(self, event):
        """Return the customer whom an event is about."""
        about = event.get("properties", {})
        named = [value for name, value in about.items() if name.endswith("_customer_id")]
        return self._people.get(event.get("userId") or (named or [None])[0])

    @cached_property
    def completed(self):
        return {order for order, _, _ in self.real(*PLACED)}

    @cached_property
    def people(self):
        """What was said last of each customer, trait by trait."""
        found: dict[int, dict] = {}
        for event in self.events:
            if event["type"] == "identify" and self.person(event):
                found.setdefault(self.person(event), {}).update(event["traits"])
        return found

    @cached_property
    def parcels(self):
        """What was said last of each parcel."""
        return {
            said["fulfillment_id"]: (order, said)
            for order, said, _ in self.of("Fulfillment Created", "Fulfillment Updated")
        }


def at(event):
    return event["originalTimestamp"][:19]


def amount(value):
    return Decimal(str(value or 0))


def edited(order):
    return order.edited


def plain(order):
    return not order.edited and order.presentment_currency == order.currency


def on_its_way(order):
    return any(each.status == "pending" and each.kind == "refund" for each in order.payments)


def at_once(order):
    """Say that what went back went in one go, and arrived when it was sent."""
    return len(order.refunds) == 1 and prompt(order)


def prompt(order):
    return all(each.processed_at == each.created_at for each in order.payments) and not on_its_way(order)


def digital(order):
    return any(each.product.digital for each in order.lines)


def carried(order):
    """Say that all of it is carried, and none of it was taken back."""
    return not digital(order) and all(each.status == "success" for each in order.fulfillments)


def itemised(order):
    """Say that money went back for lines alone, at once."""
    return (
        plain(order)
        and prompt(order)
        and all(each.lines and not each.adjustments and not each.shipping for each in order.refunds)
    )


def effective(order):
    """Return the codes that took something off."""
    parts = [*order.lines, *([order.shipping] if order.shipping else ())]
    used = {place for part in parts for place, off in part.allocations if off}
    return {each.code.casefold() for place, each in enumerate(order.discounts) if each.code and place in used}


def total(said):
    return said.get("presentment_total", said["total"])


def refunded(seen, fits):
    found: Counter = Counter()
    for order, said, _ in seen.of("Order Refunded", fits=fits):
        found[order] += amount(total(said))
    return set(found.items())


def goods(said):
    return tuple(
        sorted((each["sku"], each["quantity"]) for each in said.get("products", ()) if each.get("sku"))
    )


def applied(seen, *, effective_only):
    return {
        (order, said["coupon_id"].casefold())
        for order, said, _ in seen.of("Coupon Applied")
        if (said["coupon_id"].casefold() in effective(seen.shop.order(order))) == effective_only
    }


def numbers(seen, *, first_only):
    first = {
        each.tracking[0].number
        for order in seen.shop.orders.values()
        for each in order.fulfillments
        if each.tracking
    }
    return {
        (order, number)
        for order, said in seen.parcels.values()
        for number in said.get("tracking_numbers") or ()
        if carried(seen.shop.order(order)) and (number in first or not first_only)
    }


def parcels(seen, fits):
    return set(Counter(order for order, _, _ in seen.of("Fulfillment Created", fits=fits)).items())


def last(seen, fits):
    return {order: amount(total(said)) for order, said, _ in seen.of(*PLACED, "Order Updated", fits=fits)}


THINGS = {
    # Orders
    "orders that are placed": lambda seen: {order for order, _, _ in seen.real("Checkout Started", *PLACED)},
    "checkouts that are started": lambda seen: {order for order, _, _ in seen.real("Checkout Started")},
    "test orders": lambda seen: {
        order for order, _, _ in seen.tracks(*PLACED) if seen.shop.order(order).test
    },
    "orders that nobody has paid": lambda seen: {
        order for order in seen.completed if not seen.shop.order(order).received.shop
    },
    "when an order was placed": lambda seen: {(order, at(event)) for order, _, event in seen.of(*PLACED)},
    "what an order costs": lambda seen: {
        (order, amount(total(said)), said.get("presentment_currency", said["currency"]))
        for order, said, _ in seen.of(*PLACED, fits=lambda order: not order.edited)
    },
    "the tax in an order": lambda seen: {
        (order, amount(said["tax"])) for order, said, _ in seen.of(*PLACED, fits=plain)
    },
    "discounts": lambda seen: {
        (order, amount(said["discount"])) for order, said, _ in seen.of(*PLACED, fits=plain)
    },
    "what shipping costs": lambda seen: {
        (order, amount(said.get("shipping"))) for order, said, _ in seen.of(*PLACED, fits=plain)
    },
    "tips": lambda seen: {
        (order, amount(said["tip"])) for order, said, _ in seen.of(*PLACED, fits=plain) if said.get("tip")
    },
    "what was ordered": lambda seen: {
        (order, goods(said)) for order, said, _ in seen.of(*PLACED, fits=lambda order: not order.edited)
    },
    "orders that were edited": lambda seen: set(last(seen, edited).items()),
    "what the shop's own books say": lambda seen: {
        (order, said["currency"]) for order, said, _ in seen.of(*PLACED)
    },
    "codes": lambda seen: applied(seen, effective_only=True),
    "codes that took nothing off": lambda seen: applied(seen, effective_only=False),
    "who ordered": lambda seen: {(order, seen.person(event)) for order, _, event in seen.of(*PLACED)},
    "tills": lambda seen: {order for order, _, _ in seen.of("POS Order Placed")},
    "where an order came from": lambda seen: {
        (order, said.get("source_name")) for order, said, _ in seen.of(*PLACED)
    },
    "orders that were cancelled": lambda seen: {order for order, _, _ in seen.real("Order Cancelled")},
    "why an order was cancelled": lambda seen: {
        (order, said.get("reason")) for order, said, _ in seen.real("Order Cancelled")
    },
    # Money
    "money that went back": lambda seen: refunded(seen, lambda order: not on_its_way(order)),
    "refunds that are on their way": lambda seen: refunded(seen, on_its_way),
    "when money went back": lambda seen: {
        (order, at(event)) for order, _, event in seen.of("Order Refunded", fits=at_once)
    },
    "each of several refunds between two polls": lambda seen: {
        (order, at(event))
        for order, _, event in seen.of(
            "Order Refunded", fits=lambda order: len(order.refunds) > 1 and prompt(order)
        )
    },
    "which goods came back": lambda seen: {
        (order, line) for order, said, _ in seen.of("Order Refunded", fits=itemised) for line in goods(said)
    },
    # Parcels
    "parcels": lambda seen: parcels(seen, carried),
    "parcels without goods to carry": lambda seen: parcels(seen, digital),
    "when a parcel left": lambda seen: {
        (order, at(event)) for order, _, event in seen.of("Fulfillment Created", fits=carried)
    },
    "what each of several parcels holds": lambda seen: {
        (order, goods(said))
        for order, said, _ in seen.of(
            "Fulfillment Created", fits=lambda order: carried(order) and len(order.fulfillments) > 1
        )
    },
    "parcels that are taken back": lambda seen: {
        order for order, said in seen.parcels.values() if said.get("status") == "cancelled"
    },
    "tracking numbers": lambda seen: numbers(seen, first_only=True),
    "all tracking numbers of a parcel": lambda seen: numbers(seen, first_only=False),
    "what the carrier reports": lambda seen: {
        (order, said["carrier_status"]) for order, said in seen.parcels.values() if said.get("carrier_status")
    },
    # People
    "customers that are created": lambda seen: {
        (seen.person(event), at(event)) for _, _, event in seen.tracks("Customer Created")
    },
    "who was enabled": lambda seen: {seen.person(event) for _, _, event in seen.tracks("Customer Enabled")},
    "names of customers": lambda seen: {(key, each.get("name")) for key, each in seen.people.items()},
    "first and last names": lambda seen: {
        (key, each.get("firstName"), each.get("lastName")) for key, each in seen.people.items()
    },
    "e-mail addresses of customers": lambda seen: {
        (key, each.get("email")) for key, each in seen.people.items() if seen.shop.customer(key).email
    },
    "newsletters": lambda seen: {
        (key, each.get("email_consent_state") == "subscribed") for key, each in seen.people.items()
    },
    "purchases of a customer": lambda seen: {
        (key, each.get("purchaseCount")) for key, each in seen.people.items()
    },
}
"""Everything that is compared, each as a set of plain facts."""


def seen(seed, folder):
    """Return what Segment was told of one shop, polled through all platforms at the same instants; and the things that a life of a few days may lack."""
    shop = Shop(
        seed=seed,
        start=START,
        presentment=("SEK",),
        orders_per_day=12,
        customers_per_day=3,
        pace=0.3,
        max_lines=6,
    )
    with ExitStack() as stack:
        worlds = {
            name: stack.enter_context(World(name, folder / name, shop, **spoken.calm))
            for name, spoken in DIALECTS.items()
        }
        for hours in (5, 35, 15, 40):
            shop.advance(3600 * hours)
            happenings(shop)
            for each in worlds.values():
                each.poll()
        shop.rest(timedelta(hours=2).total_seconds())
        for each in worlds.values():
            each.settle()
        for each in worlds.values():
            assert each.wrong() == []
        found = {name: Seen(each) for name, each in worlds.items()}
    everywhere = set.intersection(*(each.completed for each in found.values()))
    for each in found.values():
        each.everywhere = everywhere
    return found


def happenings(shop):
    """Let happen what every comparison needs, with some time between."""

    def later():
        shop.rest(120)

    shop.place_order(1, test=True)
    later()
    order = shop.place_order(
        [{"quantity": 3, "price": "20.00"}], customer=shop.register(), codes=["FREESHIP"]
    )
    later()
    parcel = shop.ship(order, {order.lines[0].id: 1})
    later()
    shop.cancel_shipment(parcel)
    later()
    order = shop.place_order([{"quantity": 2, "price": "10.00"}], email="pending@example.com")
    later()
    shop.refund(order, {order.lines[0].id: 1}, pending=True)
    later()
    order = shop.place_order([{"quantity": 2, "price": "30.00"}], email="twice@example.com")
    later()
    shop.refund(order, {order.lines[0].id: 1})
    later()
    shop.refund(order, amount="3")
    later()
    shop.place_order(1, codes=["FREESHIP"], shipping="0")
    later()


@pytest.mark.parametrize("seed", [5])
def test_platforms_tell_the_same_but_for_what_they_cannot_know(seed, tmp_path, caplog):
    caplog.set_level(logging.ERROR)
    told = seen(seed, tmp_path)
    facts = {thing: {name: facts(each) for name, each in told.items()} for thing, facts in THINGS.items()}
    assert [wrong for thing, by_name in facts.items() for wrong in differences(thing, by_name)] == []
    assert [thing for thing, by_name in facts.items() if not any(by_name.values())] == [], "nothing compared"


def differences(thing, facts):
    """Say where platforms that can tell a thing do not agree, and where one that cannot does."""
    able = [name for name in facts if thing not in CANNOT.get(name, {})]
    assert able, f"no platform can tell {thing}"
    for name, found in facts.items():
        if name not in able and found == facts[able[0]]:
            yield f"{name} can tell {thing}: take it off CANNOT"
        elif name in able and found != facts[able[0]]:
            lacks, has = facts[able[0]] - found, found - facts[able[0]]
            yield f"{thing}: {name} lacks {lacks} and has {has} beside {able[0]}"


def test_what_a_platform_cannot_know_is_held_to_be_true():
    said = {thing for things in CANNOT.values() for thing in things}
    assert said <= set(THINGS)
    assert set(CANNOT) <= set(DIALECTS)
    assert all(reason for things in CANNOT.values() for reason in things.values())
