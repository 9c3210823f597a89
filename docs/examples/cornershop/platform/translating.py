"""What a corner shop's feed says, and the canonical records that it makes.

What the feed does not say is left out; nothing is made up, no status becomes an instant.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tap_commerce import records
from tap_commerce.records import Polled

PLATFORM = "cornershop"


class Person(Struct, frozen=True):
    """A customer, as the feed has it."""

    id: int
    joined: str
    changed: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    state: str
    verified: bool


class Buyer(Struct, frozen=True):
    """A customer, as an order has it."""

    id: int
    email: str | None = None


class Item(Struct, frozen=True):
    """A line of an order."""

    id: int
    product: int
    variant: int
    sku: str | None
    name: str
    quantity: int
    price: Decimal
    total: Decimal


class Part(Struct, frozen=True):
    """So many of a line, given back or sent."""

    line: int
    quantity: int


class GivenBack(Struct, frozen=True):
    """A refund; `moved` is when its money last did."""

    id: int
    made: str
    moved: str | None
    amount: Decimal
    parts: list[Part]


class Parcel(Struct, frozen=True):
    """Goods that left."""

    id: int
    left: str
    state: str
    tracking: list[str]
    parts: list[Part]


class Sale(Struct, frozen=True):
    """An order, with all that belongs to it."""

    id: int
    number: str
    placed: str
    changed: str
    cancelled: str | None
    why: str | None
    channel: str
    trial: bool
    currency: str
    goods: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    tip: Decimal
    total: Decimal
    prices_with_tax: bool
    codes: list[str]
    email: str | None
    customer: Buyer | None
    items: list[Item]
    refunds: list[GivenBack]
    parcels: list[Parcel]


class People(Struct, frozen=True):
    """A page of customers."""

    rows: list[Person]
    next: str | None = None


class Sales(Struct, frozen=True):
    """A page of orders."""

    rows: list[Sale]
    next: str | None = None


def customer(raw: Person, shop: str) -> records.Customer:
    """Translate a customer."""
    return records.Customer(
        platform=PLATFORM,
        shop=shop,
        id=str(raw.id),
        polled_at=raw.changed,
        created_at=raw.joined,
        updated_at=raw.changed,
        is_guest=False,
        email=raw.email,
        phone=raw.phone,
        first_name=raw.first_name,
        last_name=raw.last_name,
        state=raw.state,
        verified_email=raw.verified,
    )


def order(raw: Sale, shop: str) -> Iterator[tuple[str, Polled]]:
    """Translate an order, then its refunds and its parcels: an order is told before its children."""
    about = _summary(raw)
    lines = [_line(each) for each in raw.items]
    yield (
        "orders",
        records.Order(
            platform=PLATFORM,
            shop=shop,
            id=about.id,
            polled_at=raw.changed,
            name=raw.number,
            created_at=raw.placed,
            updated_at=raw.changed,
            completed_at=raw.placed,
            cancelled_at=raw.cancelled,
            cancel_reason=raw.why,
            currency=raw.currency,
            total=raw.total,
            subtotal=raw.goods,
            discount=raw.discount,
            shipping=raw.shipping,
            tax=raw.tax,
            tip=raw.tip,
            taxes_included=raw.prices_with_tax,
            coupons=[records.Coupon(code=each) for each in raw.codes],
            source=raw.channel,
            test=raw.trial,
            email=raw.email,
            customer=about.customer,
            line_items=lines,
        ),
    )
    to_date = Decimal(0)
    # Those whose money has not moved come last: they raise nothing yet.
    for each in sorted(raw.refunds, key=lambda each: (each.moved is None, each.moved or "", each.id)):
        to_date += each.amount
        yield (
            "refunds",
            records.Refund(
                platform=PLATFORM,
                shop=shop,
                id=str(each.id),
                polled_at=raw.changed,
                order_id=about.id,
                subject=str(each.id),
                created_at=each.made,
                updated_at=raw.changed,
                refunded_at=each.moved,
                currency=raw.currency,
                total=each.amount,
                total_to_date=each.amount,
                order_refunded_to_date=to_date,
                line_items=[
                    records.RefundedLine(id=str(part.line), quantity=part.quantity) for part in each.parts
                ],
                order=about,
            ),
        )
    for parcel in raw.parcels:
        yield (
            "fulfillments",
            records.Fulfillment(
                platform=PLATFORM,
                shop=shop,
                id=str(parcel.id),
                polled_at=raw.changed,
                order_id=about.id,
                created_at=parcel.left,
                updated_at=raw.changed,
                fulfilled_at=parcel.left,
                status=parcel.state,
                tracking_numbers=parcel.tracking,
                line_items=[
                    records.FulfilledLine(id=str(part.line), quantity=part.quantity) for part in parcel.parts
                ],
                order=about,
            ),
        )


def _summary(raw: Sale) -> records.OrderSummary:
    buyer = raw.customer
    return records.OrderSummary(
        id=str(raw.id),
        name=raw.number,
        currency=raw.currency,
        total=raw.total,
        created_at=raw.placed,
        updated_at=raw.changed,
        completed_at=raw.placed,
        cancelled_at=raw.cancelled,
        source=raw.channel,
        test=raw.trial,
        email=raw.email,
        customer=records.CustomerSummary(id=str(buyer.id), email=buyer.email) if buyer else None,
    )


def _line(raw: Item) -> records.Line:
    return records.Line(
        id=str(raw.id),
        product_id=str(raw.product),
        variant_id=str(raw.variant),
        sku=raw.sku,
        name=raw.name,
        quantity=raw.quantity,
        price=raw.price,
        total=raw.total,
    )
