"""The things of a shop's life: orders, their lines, payments, refunds and parcels, and customers.

Every thing is immutable; a change makes a new one. What follows from other facts is computed, never stored, so that
no two numbers of one order can disagree. No platform's words here.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.money import Money

Attributes = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """Something that the shop sells, in one variant."""

    id: int
    variant_id: int
    title: str
    variant: str | None
    sku: str | None
    vendor: str
    kind: str
    category: tuple[str, ...]
    price: Decimal
    compare_at_price: Decimal | None = None
    barcode: str | None = None
    tags: tuple[str, ...] = ()
    grams: int = 0
    digital: bool = False
    gift_card: bool = False

    @property
    def handle(self) -> str:
        """The product's name in urls."""
        return (
            "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in self.title.lower()).split())
            or "product"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A postal address."""

    id: int
    first_name: str | None
    last_name: str | None
    street: str | None
    street_2: str | None = None
    city: str | None
    zip: str | None
    region: str | None = None
    region_code: str | None = None
    country: str
    country_code: str
    company: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """Whether somebody agreed to marketing over one channel."""

    state: str
    level: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """An account, as it stands."""

    id: int
    created_at: datetime
    updated_at: datetime
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None = None
    locale: str = "en"
    state: str = "disabled"
    verified: bool = False
    note: str | None = None
    tags: tuple[str, ...] = ()
    tax_exempt: bool = False
    data_sale_opt_out: bool = False
    email_consent: Consent = Consent(state="not_subscribed")
    sms_consent: Consent = Consent(state="not_subscribed")
    addresses: tuple[Address, ...] = ()
    metafields: tuple[tuple[str, str, str], ...] = ()
    order_count: int = 0
    spent: Decimal = Decimal(0)
    currency: str
    last_order_id: int | None = None

    @property
    def enabled(self) -> bool:
        """Whether the account can be used: switched on, and its e-mail verified."""
        return self.state == "enabled" and self.verified


@dataclass(frozen=True, kw_only=True, slots=True)
class Discount:
    """A code or a rule that takes something off an order."""

    code: str | None
    title: str
    kind: str
    """`percentage`, `amount` or `shipping`."""
    value: Decimal
    target: str = "all"
    """`all` lines of the order, or the `entitled` ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of an order. Its amounts are for the whole ordered quantity."""

    id: int
    product: Product
    quantity: int
    removed: int = 0
    price: Money
    allocations: tuple[tuple[int, Money], ...] = ()
    """(index of the order's discount, what it takes off this line)"""
    tax_rate: Decimal = Decimal(0)
    tax: Money
    attributes: Attributes = ()
    plan: str | None = None
    added: bool = False

    @property
    def gross(self) -> Money:
        """Before discounts."""
        return self.price * self.quantity

    @property
    def discount(self) -> Money:
        """All discounts."""
        return self.price.sum(amount for _, amount in self.allocations)

    @property
    def net(self) -> Money:
        """After discounts."""
        return self.gross - self.discount

    @property
    def standing(self) -> int:
        """Ordered and not edited away, before returns."""
        return self.quantity - self.removed

    def units(self, amount: Money, start: int, stop: int) -> Money:
        """Return what units [start, stop) have of an amount of this line. Parts add up exactly, however it is cut.

        Refunds take units from the front, edits from the back.
        """
        return amount.share(stop, self.quantity) - amount.share(start, self.quantity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipping:
    """How an order is sent, and what that costs."""

    id: int
    title: str
    code: str
    price: Money
    allocations: tuple[tuple[int, Money], ...] = ()
    tax_rate: Decimal = Decimal(0)
    tax: Money

    @property
    def discount(self) -> Money:
        """What discounts take off."""
        return self.price.sum(amount for _, amount in self.allocations)

    @property
    def net(self) -> Money:
        """After discounts."""
        return self.price - self.discount


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """One movement of money, or an attempt."""

    id: int
    kind: str
    """`authorization`, `capture`, `sale`, `refund` or `void`."""
    status: str
    """`success`, `pending` or `failure`."""
    gateway: str
    amount: Money
    created_at: datetime
    processed_at: datetime | None
    parent_id: int | None = None
    refund_id: int | None = None
    error: str | None = None
    test: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundLine:
    """Units of a line that came back, or never went."""

    id: int
    line_id: int
    quantity: int
    subtotal: Money
    tax: Money
    restock: str
    """`return`, `cancel` or `no`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """One refund. Its money is in the order's payments that name it."""

    id: int
    created_at: datetime
    updated_at: datetime
    note: str | None = None
    lines: tuple[RefundLine, ...] = ()
    shipping: Money
    shipping_tax: Money
    adjustments: tuple[tuple[int, str, Money], ...] = ()
    """(id, reason, calculated less given back: positive in the merchant's favour)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """Where a parcel can be followed."""

    company: str | None
    number: str | None
    url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fulfillment:
    """A parcel that left."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    status: str = "success"
    carrier_status: str | None = "fulfilled"
    tracking: tuple[Tracking, ...] = ()
    lines: tuple[tuple[int, int, int], ...]
    """(id, line id, quantity)"""
    in_transit_at: datetime | None = None
    delivered_at: datetime | None = None
    estimated_delivery_at: datetime | None = None
    location: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """How somebody came to the shop."""

    id: int
    at: datetime
    landing_page: str
    referrer: str | None
    source: str
    campaign: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order, as it stands."""

    id: int
    number: int
    confirmation: str
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    staff_note: str | None = None
    test: bool = False
    source: str = "web"
    """`web`, `pos`, `draft` or an app's number."""
    location: int | None = None
    customer_id: int | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    taxes_included: bool = True
    tags: tuple[str, ...] = ()
    note: str | None = None
    attributes: Attributes = ()
    cart_token: str | None = None
    checkout_token: str | None = None
    ip: str | None = None
    visits: tuple[Visit, ...] = ()
    billing: Address | None = None
    address: Address | None = None
    shipping: Shipping | None = None
    tip: Money
    discounts: tuple[Discount, ...] = ()
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    original_total: Money
    edited: bool = False
    po_number: str | None = None
    metafields: tuple[tuple[str, str, str], ...] = ()

    @property
    def name(self) -> str:
        """What the merchant calls it."""
        return f"#{self.number}"

    @property
    def currency(self) -> str:
        """The currency in which the shop books it."""
        return self.tip.currencies[0]

    @property
    def presentment_currency(self) -> str:
        """The currency that the shopper saw."""
        return self.tip.currencies[1]

    @property
    def codes(self) -> tuple[str, ...]:
        """The discount codes."""
        return tuple(each.code for each in self.discounts if each.code)

    def line(self, id: int) -> Line:  # noqa: A002
        """Return one line."""
        return next(each for each in self.lines if each.id == id)

    # Before returns, after edits

    @property
    def subtotal(self) -> Money:
        """Lines after discounts; with tax if prices contain it."""
        return self.tip.sum(each.units(each.net, 0, each.standing) for each in self.lines)

    @property
    def tax(self) -> Money:
        """All tax, of lines and of shipping."""
        lines = self.tip.sum(each.units(each.tax, 0, each.standing) for each in self.lines)
        return lines + self.shipping.tax if self.shipping else lines

    @property
    def discount(self) -> Money:
        """All discounts, on lines and on shipping."""
        lines = self.tip.sum(each.units(each.discount, 0, each.standing) for each in self.lines)
        return lines + self.shipping.discount if self.shipping else lines

    @property
    def shipping_price(self) -> Money:
        """Shipping after discounts."""
        return self.shipping.net if self.shipping else self.tip.zero()

    @property
    def total(self) -> Money:
        """What the shopper is to pay."""
        plain = self.subtotal + self.shipping_price + self.tip
        return plain if self.taxes_included else plain + self.tax

    # Money that moved

    def moved(self, *kinds: str, status: str = "success") -> Money:
        """Add up the payments of these kinds."""
        return self.tip.sum(
            each.amount for each in self.payments if each.kind in kinds and each.status == status
        )

    @property
    def received(self) -> Money:
        """What came in."""
        return self.moved("sale", "capture")

    @property
    def given_back(self) -> Money:
        """What went back."""
        return self.moved("refund")

    @property
    def promised_back(self) -> Money:
        """What went back or is on its way."""
        return self.given_back + self.moved("refund", status="pending")

    def money_of(self, refund: Refund, status: str = "success") -> Money:
        """Return what one refund gave back."""
        return self.tip.sum(
            each.amount
            for each in self.payments
            if each.refund_id == refund.id and each.status == status and each.kind == "refund"
        )

    @property
    def authorized(self) -> Money:
        """What is authorized and neither captured nor voided."""
        return self.moved("authorization") - self.moved("capture", "void").at_most(
            self.moved("authorization")
        )

    # After returns

    def refunded(self, line_id: int) -> int:
        """Return how many units of a line were refunded."""
        return sum(
            each.quantity for refund in self.refunds for each in refund.lines if each.line_id == line_id
        )

    def fulfilled(self, line_id: int) -> int:
        """Return how many units of a line have left."""
        return sum(
            quantity
            for each in self.fulfillments
            if each.status == "success"
            for _, line, quantity in each.lines
            if line == line_id
        )

    def left(self, line: Line) -> int:
        """Return how many units of a line the shopper keeps or will get."""
        return line.standing - self.refunded(line.id)

    @property
    def returned(self) -> Money:
        """What refunds say of goods and shipping, whether money moved or not."""
        goods = self.tip.sum(line.subtotal for each in self.refunds for line in each.lines)
        goods += self.tip.sum(each.shipping for each in self.refunds)
        if not self.taxes_included:
            goods += self.tip.sum(line.tax for each in self.refunds for line in each.lines)
            goods += self.tip.sum(each.shipping_tax for each in self.refunds)
        return goods

    @property
    def discrepancy(self) -> Money:
        """What refunds kept back (positive) or gave beyond the goods (negative)."""
        return self.tip.sum(amount for each in self.refunds for _, _, amount in each.adjustments)

    @property
    def current_total(self) -> Money:
        """What the order is worth after returns."""
        return self.total - self.returned + self.discrepancy
