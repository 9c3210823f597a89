"""The canonical records: what the tap says of a shop, in one shape whatever the platform.

Declared once; JSON Schemas, catalogs and docs follow from here. `null` says that the shop has none; a field
left out (`UNSET`) says not asked, refused or unknown. Neither is ever `""`, `0` or a made-up default.
Money is a `Decimal` with the platform's own digits and is written as a JSON number.
"""

from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

Says: TypeAlias = T | UnsetType | None
"""A field that the shop may have (a value), have none of (null) or not say (left out)."""


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """What every canonical shape is: immutable, named fields, plain data."""


class Attribute(Record, frozen=True, kw_only=True, gc=False):
    """A name and a value that the storefront or an app wrote on an order, a line or a customer."""

    name: str
    value: str | None = None


class Address(Record, frozen=True, kw_only=True, gc=False):
    """A postal address."""

    first_name: Says[str] = UNSET
    last_name: Says[str] = UNSET
    name: Says[str] = UNSET
    company: Says[str] = UNSET
    street: Says[Annotated[str, Meta(description="House and street.")]] = UNSET
    street_2: Says[str] = UNSET
    city: Says[str] = UNSET
    postal_code: Says[str] = UNSET
    region: Says[Annotated[str, Meta(description="State, province or county, as a name.")]] = UNSET
    region_code: Says[str] = UNSET
    country: Says[Annotated[str, Meta(description="The country's name.")]] = UNSET
    country_code: Says[Annotated[str, Meta(description="ISO 3166-1 alpha-2.")]] = UNSET
    phone: Says[str] = UNSET


class Consent(Record, frozen=True, kw_only=True, gc=False):
    """Whether a customer agreed to marketing over one channel."""

    state: Annotated[str, Meta(description="The platform's word in lower case: subscribed, unsubscribed, …")]
    opt_in_level: Says[Annotated[str, Meta(description="single_opt_in, confirmed_opt_in, …")]] = UNSET
    updated_at: Says[str] = UNSET


class CustomerSummary(Record, frozen=True, kw_only=True, gc=False):
    """The customer as an order carries it. Its counters are those of the reading, not of the order's time."""

    id: Says[Annotated[str, Meta(description="null for a guest.")]] = UNSET
    email: Says[str] = UNSET
    phone: Says[str] = UNSET
    first_name: Says[str] = UNSET
    last_name: Says[str] = UNSET
    name: Says[Annotated[str, Meta(description="Where the platform keeps one name only.")]] = UNSET
    created_at: Says[str] = UNSET
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


class Coupon(Record, frozen=True, kw_only=True, gc=False):
    """A code that was used on an order."""

    code: str
    amount: Says[Annotated[Decimal, Meta(description="What the code took off, if the platform says.")]] = (
        UNSET
    )


class Campaign(Record, frozen=True, kw_only=True, gc=False):
    """The marketing campaign of the visit that led to the order."""

    name: Says[str] = UNSET
    source: Says[str] = UNSET
    medium: Says[str] = UNSET
    term: Says[str] = UNSET
    content: Says[str] = UNSET


class Line(Record, frozen=True, kw_only=True, gc=False):
    """One line of an order."""

    id: str
    product_id: Says[str] = UNSET
    variant_id: Says[str] = UNSET
    sku: Says[str] = UNSET
    name: Says[Annotated[str, Meta(description="The product's name.")]] = UNSET
    variant: Says[Annotated[str, Meta(description="The variant's name.")]] = UNSET
    brand: Says[str] = UNSET
    category: Says[str] = UNSET
    quantity: Annotated[
        int,
        Meta(description="Ordered and not edited away, before returns: what the order's total is made of."),
    ]
    current_quantity: Says[Annotated[int, Meta(description="After edits and returns.")]] = UNSET
    price: Says[Annotated[Decimal, Meta(description="One unit, before discounts.")]] = UNSET
    compare_at_price: Says[Decimal] = UNSET
    discount: Says[Annotated[Decimal, Meta(description="Taken off the whole line.")]] = UNSET
    total: Says[
        Annotated[
            Decimal,
            Meta(
                description="The whole line after discounts; contains the tax where the order's `taxes_included`."
            ),
        ]
    ] = UNSET
    tax: Says[Decimal] = UNSET
    coupon: Says[
        Annotated[str, Meta(description="Codes that took something off this line, comma-separated.")]
    ] = UNSET
    presentment_price: Says[Annotated[Decimal, Meta(description="One unit in the shopper's currency.")]] = (
        UNSET
    )
    presentment_total: Says[Decimal] = UNSET
    url: Says[str] = UNSET
    image_url: Says[str] = UNSET
    tags: Says[list[str]] = UNSET
    requires_shipping: Says[bool] = UNSET
    gift_card: Says[bool] = UNSET
    subscription: Says[Annotated[str, Meta(description="The selling plan's name, for a subscription.")]] = (
        UNSET
    )
    properties: Says[Annotated[list[Attribute], Meta(description="Custom properties of the line.")]] = UNSET


class Polled(Record, frozen=True, kw_only=True, gc=False):
    """What every record carries."""

    platform: str
    shop: Annotated[str, Meta(description="The setting `shop`, else the API's host.")]
    id: str
    polled_at: Annotated[
        str,
        Meta(description="The instant by which this record was polled; the replication key of every stream."),
    ]


class OrderSummary(Record, frozen=True, kw_only=True, gc=False):
    """The order as its refunds and fulfillments carry it."""

    id: str
    name: Says[str] = UNSET
    currency: Says[Annotated[str, Meta(description="The order's accounting currency.")]] = UNSET
    total: Says[Annotated[Decimal, Meta(description="Before returns, after edits.")]] = UNSET
    presentment_currency: Says[str] = UNSET
    created_at: Says[str] = UNSET
    updated_at: Says[str] = UNSET
    checkout_started_at: Says[str] = UNSET
    authorized_at: Says[str] = UNSET
    paid_at: Says[str] = UNSET
    completed_at: Says[Annotated[str, Meta(description="The platform's own meaning of completed.")]] = UNSET
    completed: Says[
        Annotated[
            bool,
            Meta(
                description="Whether it is completed, where perhaps nothing says when: by the platform's word."
            ),
        ]
    ] = UNSET
    fulfilled_at: Says[str] = UNSET
    cancelled_at: Says[str] = UNSET
    source: Says[Annotated[str, Meta(description="Where the order was made: web, pos, …")]] = UNSET
    test: Says[bool] = UNSET
    tags: Says[list[str]] = UNSET
    attributes: Says[Annotated[list[Attribute], Meta(description="Note attributes.")]] = UNSET
    email: Says[Annotated[str, Meta(description="As given with the order.")]] = UNSET
    phone: Says[str] = UNSET
    locale: Says[str] = UNSET
    customer: Says[CustomerSummary] = UNSET


class Order(Polled, frozen=True, kw_only=True, gc=False):
    """An order as it stood when it was read: a snapshot, not a change."""

    name: Says[Annotated[str, Meta(description="What the merchant calls it: #1001.")]] = UNSET
    confirmation_number: Says[str] = UNSET
    created_at: Says[str] = UNSET
    updated_at: Says[str] = UNSET
    checkout_started_at: Says[
        Annotated[str, Meta(description="Only where the platform creates orders before payment.")]
    ] = UNSET
    authorized_at: Says[str] = UNSET
    paid_at: Says[Annotated[str, Meta(description="When money for the whole order had come in.")]] = UNSET
    completed_at: Says[Annotated[str, Meta(description="The platform's own meaning of completed.")]] = UNSET
    completed: Says[
        Annotated[
            bool,
            Meta(
                description="Whether it is completed, where perhaps nothing says when: by the platform's word."
            ),
        ]
    ] = UNSET
    fulfilled_at: Says[Annotated[str, Meta(description="When the last goods had left.")]] = UNSET
    cancelled_at: Says[str] = UNSET
    closed_at: Says[str] = UNSET
    cancel_reason: Says[str] = UNSET
    status: Says[Annotated[str, Meta(description="open, closed, cancelled or the platform's own.")]] = UNSET
    financial_status: Says[str] = UNSET
    fulfillment_status: Says[str] = UNSET
    return_status: Says[str] = UNSET
    currency: Says[Annotated[str, Meta(description="The accounting currency, ISO 4217.")]] = UNSET
    total: Says[Annotated[Decimal, Meta(description="Before returns, after edits.")]] = UNSET
    original_total: Says[Annotated[Decimal, Meta(description="When the order was created.")]] = UNSET
    current_total: Says[Annotated[Decimal, Meta(description="After edits and returns.")]] = UNSET
    subtotal: Says[
        Annotated[
            Decimal,
            Meta(description="After discounts, before shipping; contains the tax where `taxes_included`."),
        ]
    ] = UNSET
    subtotal_tax: Says[
        Annotated[
            Decimal,
            Meta(description="The tax on `subtotal`, where the platform keeps it although not line by line."),
        ]
    ] = UNSET
    discount: Says[Decimal] = UNSET
    shipping: Says[Annotated[Decimal, Meta(description="After discounts.")]] = UNSET
    tax: Says[Decimal] = UNSET
    tip: Says[Decimal] = UNSET
    total_refunded: Says[Decimal] = UNSET
    taxes_included: Says[Annotated[bool, Meta(description="Whether prices contain tax.")]] = UNSET
    presentment_currency: Says[Annotated[str, Meta(description="What the shopper saw.")]] = UNSET
    presentment_total: Says[Decimal] = UNSET
    presentment_subtotal: Says[Decimal] = UNSET
    presentment_discount: Says[Decimal] = UNSET
    presentment_shipping: Says[Decimal] = UNSET
    presentment_tax: Says[Decimal] = UNSET
    coupons: Says[list[Coupon]] = UNSET
    payment_methods: Says[list[str]] = UNSET
    shipping_method: Says[str] = UNSET
    source: Says[Annotated[str, Meta(description="Where the order was made: web, pos, …")]] = UNSET
    location_id: Says[str] = UNSET
    location_name: Says[str] = UNSET
    market: Says[str] = UNSET
    app: Says[str] = UNSET
    tags: Says[list[str]] = UNSET
    test: Says[bool] = UNSET
    edited: Says[bool] = UNSET
    note: Says[str] = UNSET
    cart_id: Says[str] = UNSET
    checkout_id: Says[str] = UNSET
    attributes: Says[Annotated[list[Attribute], Meta(description="Note attributes.")]] = UNSET
    ip: Says[str] = UNSET
    user_agent: Says[str] = UNSET
    landing_page: Says[str] = UNSET
    referrer: Says[str] = UNSET
    campaign: Says[Campaign] = UNSET
    email: Says[Annotated[str, Meta(description="As given with the order.")]] = UNSET
    phone: Says[str] = UNSET
    locale: Says[str] = UNSET
    billing_address: Says[Address] = UNSET
    shipping_address: Says[Address] = UNSET
    customer: Says[Annotated[CustomerSummary, Meta(description="null for a guest.")]] = UNSET
    line_items: Says[list[Line]] = UNSET


class RefundedLine(Line, frozen=True, kw_only=True, gc=False):
    """A line that came back: `quantity` is what was refunded, `total` what was given back for it, before tax."""

    restock: Says[str] = UNSET


class Refund(Polled, frozen=True, kw_only=True, gc=False):
    """One refund that the shop made."""

    order_id: str
    subject: Annotated[
        str, Meta(description="What `total_to_date` is about: a refund, an order, a transaction.")
    ]
    created_at: Says[str] = UNSET
    updated_at: Says[str] = UNSET
    refunded_at: Says[Annotated[str, Meta(description="When money last moved; null while none has.")]] = UNSET
    currency: Says[str] = UNSET
    total: Annotated[Decimal, Meta(description="Money that this refund has given back.")]
    total_to_date: Annotated[
        Decimal, Meta(description="Money that its subject has given back as of this record.")
    ]
    order_refunded_to_date: Annotated[
        Decimal,
        Meta(
            description="Money that all subjects of the order have given back, in the order in which it last moved."
        ),
    ]
    presentment_currency: Says[str] = UNSET
    presentment_total: Says[Decimal] = UNSET
    subtotal: Says[Annotated[Decimal, Meta(description="For lines, before tax.")]] = UNSET
    tax: Says[Decimal] = UNSET
    shipping: Says[Decimal] = UNSET
    adjustment: Says[Annotated[Decimal, Meta(description="Neither lines nor shipping.")]] = UNSET
    reason: Says[str] = UNSET
    return_id: Says[str] = UNSET
    line_items: Says[list[RefundedLine]] = UNSET
    order: OrderSummary


class FulfilledLine(Line, frozen=True, kw_only=True, gc=False):
    """A line that left: `quantity` is what this parcel holds."""


class Fulfillment(Polled, frozen=True, kw_only=True, gc=False):
    """One parcel, once goods have left."""

    order_id: str
    name: Says[str] = UNSET
    created_at: Says[str] = UNSET
    updated_at: Says[str] = UNSET
    fulfilled_at: Says[Annotated[str, Meta(description="When the goods left.")]] = UNSET
    status: Says[str] = UNSET
    carrier_status: Says[str] = UNSET
    company: Says[Annotated[str, Meta(description="The carrier.")]] = UNSET
    tracking_numbers: Says[list[str]] = UNSET
    tracking_urls: Says[list[str]] = UNSET
    in_transit_at: Says[str] = UNSET
    delivered_at: Says[str] = UNSET
    estimated_delivery_at: Says[str] = UNSET
    location_id: Says[str] = UNSET
    location_name: Says[str] = UNSET
    service: Says[str] = UNSET
    line_items: Says[list[FulfilledLine]] = UNSET
    order: OrderSummary


class Customer(Polled, frozen=True, kw_only=True, gc=False):
    """A customer as it stood when it was read."""

    created_at: Says[str] = UNSET
    updated_at: Says[str] = UNSET
    deleted_at: Says[Annotated[str, Meta(description="When the platform says that it was deleted.")]] = UNSET
    is_guest: Says[
        Annotated[bool, Meta(description="True where the platform keeps guests as customers.")]
    ] = UNSET
    email: Says[str] = UNSET
    phone: Says[str] = UNSET
    first_name: Says[str] = UNSET
    last_name: Says[str] = UNSET
    name: Says[str] = UNSET
    state: Says[str] = UNSET
    verified_email: Says[bool] = UNSET
    locale: Says[str] = UNSET
    tags: Says[list[str]] = UNSET
    note: Says[str] = UNSET
    tax_exempt: Says[bool] = UNSET
    data_sale_opt_out: Says[bool] = UNSET
    order_count: Says[int] = UNSET
    lifetime_spend: Says[Decimal] = UNSET
    lifetime_currency: Says[str] = UNSET
    email_consent: Says[Consent] = UNSET
    sms_consent: Says[Consent] = UNSET
    default_address: Says[Address] = UNSET
    metafields: Says[Annotated[list[Attribute], Meta(description="Those that the settings name.")]] = UNSET
