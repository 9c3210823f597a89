"""Snapshots: how a thing stood when it was read, as the Singer SCHEMA of the canonical streams promises it.

Decoding checks: what does not fit is `Malformed`. A field left out is `UNSET` (not asked, refused, unknown), `null` is
`None` (the shop has none). Instants are aware datetimes, money is `Decimal` with the digits it came with.
Nothing here knows a platform.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from target_segment.errors import Malformed

T = TypeVar("T")
Says: TypeAlias = T | UnsetType | None
Content = bytes | memoryview | msgspec.Raw
"""A record as it came: JSON."""
Instant = Annotated[datetime, Meta(tz=True)]


class Part(Struct, frozen=True, kw_only=True, gc=False):
    """What every shape here is: immutable, named fields, plain data."""


class Attribute(Part, frozen=True, kw_only=True, gc=False):
    """A name and a value on an order, a line or a customer."""

    name: str
    value: str | None = None


class Address(Part, frozen=True, kw_only=True, gc=False):
    """A postal address."""

    first_name: Says[str] = UNSET
    last_name: Says[str] = UNSET
    name: Says[str] = UNSET
    company: Says[str] = UNSET
    street: Says[str] = UNSET
    street_2: Says[str] = UNSET
    city: Says[str] = UNSET
    postal_code: Says[str] = UNSET
    region: Says[str] = UNSET
    region_code: Says[str] = UNSET
    country: Says[str] = UNSET
    country_code: Says[str] = UNSET
    phone: Says[str] = UNSET


class Consent(Part, frozen=True, kw_only=True, gc=False):
    """Whether a customer agreed to marketing over one channel."""

    state: str
    opt_in_level: Says[str] = UNSET
    updated_at: Says[Instant] = UNSET


class CustomerSummary(Part, frozen=True, kw_only=True, gc=False):
    """A customer as an order carries it."""

    id: Says[str] = UNSET
    email: Says[str] = UNSET
    phone: Says[str] = UNSET
    first_name: Says[str] = UNSET
    last_name: Says[str] = UNSET
    name: Says[str] = UNSET
    created_at: Says[Instant] = UNSET
    state: Says[str] = UNSET
    verified_email: Says[bool] = UNSET
    locale: Says[str] = UNSET
    tags: Says[list[str]] = UNSET
    note: Says[str] = UNSET
    order_count: Says[int] = UNSET
    lifetime_spend: Says[Decimal] = UNSET
    lifetime_currency: Says[str] = UNSET
    email_consent: Says[Consent] = UNSET
    sms_consent: Says[Consent] = UNSET
    default_address: Says[Address] = UNSET
    metafields: Says[list[Attribute]] = UNSET


class Coupon(Part, frozen=True, kw_only=True, gc=False):
    """A code that was used on an order."""

    code: str
    amount: Says[Decimal] = UNSET


class Campaign(Part, frozen=True, kw_only=True, gc=False):
    """The marketing campaign of the visit that led to the order."""

    name: Says[str] = UNSET
    source: Says[str] = UNSET
    medium: Says[str] = UNSET
    term: Says[str] = UNSET
    content: Says[str] = UNSET


class Line(Part, frozen=True, kw_only=True, gc=False):
    """One line of an order, a refund or a fulfillment."""

    id: str
    product_id: Says[str] = UNSET
    variant_id: Says[str] = UNSET
    sku: Says[str] = UNSET
    name: Says[str] = UNSET
    variant: Says[str] = UNSET
    brand: Says[str] = UNSET
    category: Says[str] = UNSET
    quantity: int
    current_quantity: Says[int] = UNSET
    price: Says[Decimal] = UNSET
    compare_at_price: Says[Decimal] = UNSET
    discount: Says[Decimal] = UNSET
    total: Says[Decimal] = UNSET
    tax: Says[Decimal] = UNSET
    coupon: Says[str] = UNSET
    presentment_price: Says[Decimal] = UNSET
    presentment_total: Says[Decimal] = UNSET
    url: Says[str] = UNSET
    image_url: Says[str] = UNSET
    tags: Says[list[str]] = UNSET
    requires_shipping: Says[bool] = UNSET
    gift_card: Says[bool] = UNSET
    subscription: Says[str] = UNSET
    properties: Says[list[Attribute]] = UNSET
    restock: Says[str] = UNSET


class OrderSummary(Part, frozen=True, kw_only=True, gc=False):
    """The order as its refunds and fulfillments carry it, and the part of an order that they share."""

    id: str
    name: Says[str] = UNSET
    currency: Says[str] = UNSET
    total: Says[Decimal] = UNSET
    presentment_currency: Says[str] = UNSET
    created_at: Says[Instant] = UNSET
    updated_at: Says[Instant] = UNSET
    checkout_started_at: Says[Instant] = UNSET
    authorized_at: Says[Instant] = UNSET
    paid_at: Says[Instant] = UNSET
    completed_at: Says[Instant] = UNSET
    completed: Says[bool] = UNSET
    fulfilled_at: Says[Instant] = UNSET
    cancelled_at: Says[Instant] = UNSET
    source: Says[str] = UNSET
    test: Says[bool] = UNSET
    tags: Says[list[str]] = UNSET
    attributes: Says[list[Attribute]] = UNSET
    email: Says[str] = UNSET
    phone: Says[str] = UNSET
    locale: Says[str] = UNSET
    customer: Says[CustomerSummary] = UNSET


class Order(OrderSummary, frozen=True, kw_only=True, gc=False):
    """An order as it stood."""

    platform: str
    shop: str
    confirmation_number: Says[str] = UNSET
    closed_at: Says[Instant] = UNSET
    cancel_reason: Says[str] = UNSET
    status: Says[str] = UNSET
    financial_status: Says[str] = UNSET
    fulfillment_status: Says[str] = UNSET
    return_status: Says[str] = UNSET
    original_total: Says[Decimal] = UNSET
    current_total: Says[Decimal] = UNSET
    subtotal: Says[Decimal] = UNSET
    subtotal_tax: Says[Decimal] = UNSET
    discount: Says[Decimal] = UNSET
    shipping: Says[Decimal] = UNSET
    tax: Says[Decimal] = UNSET
    tip: Says[Decimal] = UNSET
    total_refunded: Says[Decimal] = UNSET
    taxes_included: Says[bool] = UNSET
    presentment_total: Says[Decimal] = UNSET
    presentment_subtotal: Says[Decimal] = UNSET
    presentment_discount: Says[Decimal] = UNSET
    presentment_shipping: Says[Decimal] = UNSET
    presentment_tax: Says[Decimal] = UNSET
    coupons: Says[list[Coupon]] = UNSET
    payment_methods: Says[list[str]] = UNSET
    shipping_method: Says[str] = UNSET
    location_id: Says[str] = UNSET
    location_name: Says[str] = UNSET
    market: Says[str] = UNSET
    app: Says[str] = UNSET
    edited: Says[bool] = UNSET
    note: Says[str] = UNSET
    cart_id: Says[str] = UNSET
    checkout_id: Says[str] = UNSET
    ip: Says[str] = UNSET
    user_agent: Says[str] = UNSET
    landing_page: Says[str] = UNSET
    referrer: Says[str] = UNSET
    campaign: Says[Campaign] = UNSET
    billing_address: Says[Address] = UNSET
    shipping_address: Says[Address] = UNSET
    line_items: Says[list[Line]] = UNSET


class Refund(Part, frozen=True, kw_only=True, gc=False):
    """One refund that the shop made."""

    platform: str
    shop: str
    id: str
    order_id: str
    subject: str
    created_at: Says[Instant] = UNSET
    updated_at: Says[Instant] = UNSET
    refunded_at: Says[Instant] = UNSET
    currency: Says[str] = UNSET
    total: Decimal
    total_to_date: Decimal
    order_refunded_to_date: Decimal
    presentment_currency: Says[str] = UNSET
    presentment_total: Says[Decimal] = UNSET
    subtotal: Says[Decimal] = UNSET
    tax: Says[Decimal] = UNSET
    shipping: Says[Decimal] = UNSET
    adjustment: Says[Decimal] = UNSET
    reason: Says[str] = UNSET
    return_id: Says[str] = UNSET
    line_items: Says[list[Line]] = UNSET
    order: OrderSummary


class Fulfillment(Part, frozen=True, kw_only=True, gc=False):
    """One parcel, once goods have left."""

    platform: str
    shop: str
    id: str
    order_id: str
    name: Says[str] = UNSET
    created_at: Says[Instant] = UNSET
    updated_at: Says[Instant] = UNSET
    fulfilled_at: Says[Instant] = UNSET
    status: Says[str] = UNSET
    carrier_status: Says[str] = UNSET
    company: Says[str] = UNSET
    tracking_numbers: Says[list[str]] = UNSET
    tracking_urls: Says[list[str]] = UNSET
    in_transit_at: Says[Instant] = UNSET
    delivered_at: Says[Instant] = UNSET
    estimated_delivery_at: Says[Instant] = UNSET
    location_id: Says[str] = UNSET
    location_name: Says[str] = UNSET
    service: Says[str] = UNSET
    line_items: Says[list[Line]] = UNSET
    order: OrderSummary


class Customer(CustomerSummary, frozen=True, kw_only=True, gc=False):
    """A customer as it stood."""

    platform: str
    shop: str
    id: str
    updated_at: Says[Instant] = UNSET
    deleted_at: Says[Instant] = UNSET
    is_guest: Says[bool] = UNSET
    tax_exempt: Says[bool] = UNSET
    data_sale_opt_out: Says[bool] = UNSET


class Foreign(Part, frozen=True, kw_only=True, gc=False):
    """A record of another tap, as it came: `id` is its key, as mapped."""

    platform: str
    shop: str
    id: str
    stream: str
    fields: dict[str, Any]


Record = Order | Refund | Fulfillment | Customer
Snapshot = Record | Foreign


class CustomerKeys(Part, frozen=True, kw_only=True, gc=False):
    """The part of a customer that an identity is resolved from."""

    id: Says[str] = UNSET
    email: Says[str] = UNSET
    metafields: Says[list[Attribute]] = UNSET


class OrderKeys(Part, frozen=True, kw_only=True, gc=False):
    """The part of an order that an identity is resolved from."""

    platform: str = ""
    shop: str = ""
    id: str
    email: Says[str] = UNSET
    attributes: Says[list[Attribute]] = UNSET
    customer: Says[CustomerKeys] = UNSET


class _ChildKeys(Part, frozen=True, kw_only=True, gc=False):
    platform: str
    shop: str
    id: str
    subject: str | UnsetType = UNSET
    order: OrderKeys


class Keys(Struct, frozen=True, gc=False):
    """Where a record belongs and whom it is about, read without the rest of it."""

    platform: str
    shop: str
    subject: str
    customer: Customer | CustomerKeys | UnsetType | None
    order: OrderKeys | None


SHAPES: dict[str, type[Order] | type[Refund] | type[Fulfillment] | type[Customer]] = {
    "orders": Order,
    "refunds": Refund,
    "fulfillments": Fulfillment,
    "customers": Customer,
}
_DECODERS = {stream: msgspec.json.Decoder(shape) for stream, shape in SHAPES.items()}


_KEYS: dict[str, msgspec.json.Decoder[Any]] = {
    "orders": msgspec.json.Decoder(OrderKeys),
    "refunds": msgspec.json.Decoder(_ChildKeys),
    "fulfillments": msgspec.json.Decoder(_ChildKeys),
    "customers": _DECODERS["customers"],
}


def keys_of(stream: str, raw: Content) -> Keys:
    """Read only the keys of a record's raw JSON; raise `Malformed` if they are not there."""
    try:
        keys = _KEYS[stream].decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"a record of {stream} is not what its schema says: {error}") from error
    if isinstance(keys, Customer):
        return Keys(keys.platform, keys.shop, keys.id, keys, None)
    if isinstance(keys, OrderKeys):
        return Keys(keys.platform, keys.shop, keys.id, keys.customer, keys)
    return Keys(keys.platform, keys.shop, keys.subject or keys.id, keys.order.customer, keys.order)


def snapshot(stream: str, raw: Content) -> Record:
    """Decode the raw JSON of one record of a canonical stream; raise `Malformed` if it is not one."""
    try:
        return _DECODERS[stream].decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"a record of {stream} is not what its schema says: {error}") from error
