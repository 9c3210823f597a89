"""What a perfect observer of a shop must have told through PrestaShop: from the shop's history, never from the code under test.

PrestaShop keeps instants to the second and without an offset: where its clock is turned back, the earlier reading is the
expected one. What it cannot show (tips, tags, carriers' reports, verified e-mails, which goods a parcel holds, money on its way) is in no expected state.

* Order Completed when the order was placed, whatever it was paid; tills' orders too. A voucher that took nothing off was never applied.
* Order Cancelled when it first entered the state.
* Money: per order, the larger of its slips so far and, once Refunded, of what was paid by then.
* Fulfillment Created for each row, when the order was first shipped or, if that reads later, when the row came: before that nothing of it had left.
* Nobody is ever enabled: PrestaShop knows no verified e-mail. Guests are not created. Who vanished before a poll was perhaps never seen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.expectation import Expectation, Span, State, Told, second
from sandbox.prestashop.amounts import attribute_id, product_id
from sandbox.prestashop.book import Book, Entry, Row
from sandbox.prestashop.reference import CANCELED, DELIVERED, FLAGS, REFUNDED
from sandbox.shop import Shop
from sandbox.things import Order


def expect(
    shop: Shop,
    *,
    since: datetime,
    until: datetime | None = None,
    polls: Iterable[datetime] = (),
    rechecked: datetime | None = None,
    include_test_orders: bool = False,
    timezone: str = "Europe/Paris",
    shops: int = 1,
    id_shop: int | None = None,
    tracking_days: float = 14,
    lag: float = 5,
) -> Expectation:
    """Say what must have been told by a run that read everything up to `until` (default: now).

    `rechecked` is when orders and customers were last re-read whether they changed or not (default `until`). What came later without their
    notice is known of an order only if it was still polled for its tracking, at one of `polls`. With `shops` and `id_shop` only one shop was read.
    """
    until = until or shop.now
    book, states = _watched(shop, until, timezone, shops)
    orders, customers = book.tables["orders"], book.tables["customers"]
    read = {
        entry.id
        for entry in book.journal
        if entry.what == "placed"
        and (include_test_orders or not entry.about.test)
        and id_shop in (None, orders[entry.id]["id_shop"])
    }
    people = {key for key, context in book.contexts.items() if id_shop in (None, context)}
    journal = [
        each for each in book.journal if (each.id in people if each.order is None else each.order in read)
    ]
    polls = sorted(polls) or [until]
    unnoticed = _unnoticed(journal, rechecked or until, polls, timedelta(days=tracking_days), lag)
    unnoticed |= _forgotten(journal, polls, lag)
    told = [each for entry, each in _once(journal) if entry not in unnoticed]
    perhaps = {(each.event, each.subject) for entry, each in _once(journal) if entry in unnoticed}
    rows = {each.id for each in journal if each.what == "row"}
    accounts = {each.id for each in journal if each.what == "registered"}
    return Expectation(
        once=Counter(each for each in told if each.at and each.at >= second(since)),
        perhaps=frozenset(perhaps),
        refunded=None,
        order_refunded=_money(journal, since),
        orders=_of(read, states["order"]),
        fulfillments=_blurred(_of(rows, states["parcel"]), unnoticed, "parcel"),
        customers=_blurred(_of(accounts, states["customer"]), unnoticed, "customer", "registered"),
        guests={
            str(key): customers[row["id_customer"]]["email"]
            for key, row in orders.items()
            if key in read and customers.get(row["id_customer"], {}).get("is_guest")
        },
    )


# Once


def _once(journal: Sequence[Entry]) -> Iterator[tuple[Entry, Told]]:
    """Yield what is told once, with what makes it so."""
    cancelled: set[int] = set()
    codes: set[str] = set()
    shipped: dict[int, datetime] = {}
    for entry in journal:
        id, at = str(entry.id), second(entry.at)  # noqa: A001
        match entry.what:
            case "placed":
                yield entry, Told("Order Completed", id, at)
            case "coupon":
                subject = f"{id}:{entry.about.casefold()}"
                if subject not in codes:
                    codes.add(subject)
                    yield entry, Told("Coupon Applied", subject, at)
            case "state":
                if entry.about == CANCELED and entry.id not in cancelled:
                    cancelled.add(entry.id)
                    yield entry, Told("Order Cancelled", id, at)
                if "shipped" in FLAGS[entry.about]:
                    shipped.setdefault(entry.id, entry.at)
            case "row":
                left = max(entry.about, shipped[entry.order or 0])
                yield entry, Told("Fulfillment Created", id, second(left))
            case "registered":
                yield entry, Told("Customer Created", id, at)


def _unnoticed(
    journal: Sequence[Entry], rechecked: datetime, polls: Sequence[datetime], tracked: timedelta, lag: float
) -> set[Entry]:
    """Return what happened without any notice that a poll could take, since all was last re-read."""
    noticed: dict[int, datetime] = {}
    met: dict[int, datetime] = {}
    shipped: dict[int, datetime] = {}
    for entry in journal:
        if entry.order is None:
            if entry.bumps:
                met[entry.id] = entry.true
        elif entry.bumps:
            noticed[entry.order] = entry.true
        if entry.what == "state" and "shipped" in FLAGS[entry.about]:
            shipped[entry.id] = entry.true

    def known(entry: Entry) -> bool:
        if entry.order is None:
            return entry.true <= max(rechecked, met.get(entry.id, rechecked))
        if entry.true <= max(rechecked, noticed.get(entry.order, rechecked)):
            return True
        left = shipped.get(entry.order)
        return left is not None and any(
            entry.true + timedelta(seconds=lag + 1) < poll <= left + tracked for poll in polls
        )

    return {
        entry
        for entry in journal
        if not entry.bumps and entry.what in ("row", "parcel", "customer") and not known(entry)
    }


def _forgotten(journal: Sequence[Entry], polls: Sequence[datetime], lag: float) -> set[Entry]:
    """Return the customers and their changes that no poll may have seen before they vanished."""
    gone = {entry.id: entry.true for entry in journal if entry.what == "forgotten"}
    return {
        entry
        for entry in journal
        if entry.what in ("registered", "customer", "login")
        and entry.id in gone
        and not any(entry.true + timedelta(seconds=lag + 1) < poll < gone[entry.id] for poll in polls)
    }


# Running


def _money(journal: Iterable[Entry], since: datetime) -> dict[str, Span]:
    """Add up what was given back since `since`, per order.

    What an order is paid after it was refunded can no longer be told from what it was paid before: that is an edge.
    """
    slips: dict[int, Decimal] = {}
    paid: dict[int, Decimal] = {}
    refunded: dict[int, Decimal] = {}
    told: dict[int, Decimal] = {}
    found: dict[str, Span] = {}
    for entry in journal:
        order, zero = entry.order or 0, Decimal(0)
        edge = zero
        match entry.what:
            case "payment":
                if order in refunded and second(entry.at) >= second(since):
                    edge = (entry.amount or zero) - paid.get(order, zero)
                paid[order] = entry.amount or zero
            case "slip":
                slips[order] = slips.get(order, zero) + (entry.amount or zero)
            case "state" if entry.about == REFUNDED:
                refunded[order] = paid.get(order, zero)
        total = max(slips.get(order, zero), refunded.get(order, zero))
        gain, told[order] = total - told.get(order, zero), total
        if (gain or edge) and second(entry.at) >= second(since):
            before = found.get(str(order), Span(zero, zero))
            found[str(order)] = Span(before.least + gain, before.most + gain + edge)
    return found


# States


def _watched(
    shop: Shop, until: datetime, timezone: str, shops: int
) -> tuple[Book, dict[str, dict[int, list[State]]]]:
    """Write the book fact by fact, and keep every state that was ever to be seen in it."""
    book = Book(shop, timezone=timezone, shops=shops)
    states: dict[str, dict[int, list[State]]] = {"order": {}, "parcel": {}, "customer": {}}

    def saw(what: str, id: int, state: State) -> None:  # noqa: A002
        seen = states[what].setdefault(id, [])
        if not seen or seen[-1] != state:
            seen.append(state)

    for fact in shop.history:
        if fact.at > until:
            break
        book.write(fact)
        if isinstance(fact.state, Order):
            row = book.tables["orders"][book.order_ids[fact.id]]
            customer = row["id_customer"]
            saw("order", row["id"], order_state(fact.state, row))
            for parcel in book.rows_of_order(row["id"]):
                saw("parcel", parcel["id"], parcel_state(book, parcel))
        else:
            customer = book.customer_ids[fact.id]
        if customer in book.tables["customers"]:
            saw("customer", customer, customer_state(book, customer))
    return book, states


def order_state(order: Order, row: Row) -> State:
    """Return what Order Updated may show of an order: its money with tax, whatever the shop's prices are."""
    zero = order.tip.zero()
    line_tax = order.tip.sum(each.units(each.tax, 0, each.standing) for each in order.lines)
    shipping_tax = order.shipping.tax if order.shipping else zero
    with_tax = (zero, zero) if order.taxes_included else (line_tax, shipping_tax)
    return {
        "currency": order.presentment_currency,
        "total": order.total.presentment,
        "subtotal": (order.subtotal + with_tax[0]).presentment,
        "shipping": (order.shipping_price + with_tax[1]).presentment,
        "tax": order.tax.presentment,
        "discount": order.discount.presentment if order.taxes_included else row["total_discounts_tax_incl"],
        "products": sorted(
            (str(attribute_id(each.product) or product_id(each.product)), each.standing)
            for each in order.lines
            if each.standing
        ),
        "addresses": (row["id_address_delivery"], row["id_address_invoice"]),
        "carrier": row["id_carrier"],
    }


def parcel_state(book: Book, row: Row) -> State:
    """Return what Fulfillment Updated may show of a parcel, of which PrestaShop does not know what it holds."""
    number, url = row["tracking_number"], book.tables["carriers"][row["id_carrier"]]["url"]
    return {
        "tracking_numbers": [number] if number else [],
        "tracking_urls": [url.replace("@", number)] if number and url else [],
        "company": row["id_carrier"],
        "delivered": DELIVERED in book.states_of(row["id_order"]),
    }


def customer_state(book: Book, id: int) -> State:  # noqa: A002
    """Return what identify may show of a customer. Its address is the oldest that it kept."""
    row = book.tables["customers"][id]
    address = next((each for each in book.addresses_of(id) if not each["deleted"]), None)
    return {
        "email": row["email"],
        "first_name": row["firstname"] or None,
        "last_name": row["lastname"] or None,
        "state": "enabled",
        "email_consent": "subscribed" if row["newsletter"] else "not_subscribed",
        "phone": (address["phone_mobile"] or address["phone"] or None) if address else None,
        "address": address["id"] if address else None,
    }


def _of(ids: Iterable[int], states: dict[int, list[State]]) -> dict[str, list[State]]:
    """Return the states of those subjects."""
    return {str(id): states[id] for id in sorted(ids)}  # noqa: A001


def _blurred(found: dict[str, list[State]], unnoticed: Iterable[Entry], *what: str) -> dict[str, list[State]]:
    """Leave of subjects that changed without notice only that they had so many states."""
    blurred = {str(entry.id) for entry in unnoticed if entry.what in what}
    return {
        subject: [{}] * len(states) if subject in blurred else states for subject, states in found.items()
    }
