"""What Shopify answers, as far as it is asked: typed, so that a page is parsed once and straight into place.

`UNSET` is what was not asked, or refused (protected customer data); `None` is Shopify's own null. Enums are open
strings: every version of the API adds some.
"""

from decimal import Decimal
from typing import final

from msgspec import UNSET, field

from tap_commerce.platforms.shopify.shapes import Address, Bag, Connection, Maybe, Money, Named, Pair, Raw


@final
class Email(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerEmailAddress."""

    email_address: Maybe[str] = UNSET
    marketing_state: Maybe[str] = UNSET
    marketing_opt_in_level: Maybe[str] = UNSET
    marketing_updated_at: Maybe[str] = UNSET


@final
class SmsConsent(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerSmsMarketingConsent."""

    state: Maybe[str] = UNSET
    opt_in_level: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET


@final
class Phone(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerPhoneNumber.

    Before 2026-10 the consent is spread over `marketing…`.
    """

    phone_number: Maybe[str] = UNSET
    sms_marketing_consent: Maybe[SmsConsent] = UNSET
    marketing_state: Maybe[str] = UNSET
    marketing_opt_in_level: Maybe[str] = UNSET
    marketing_updated_at: Maybe[str] = UNSET


@final
class Metafield(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/Metafield."""

    namespace: str
    key: str
    value: str | None = None


@final
class Customer(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/Customer."""

    id: str
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    first_name: Maybe[str] = UNSET
    last_name: Maybe[str] = UNSET
    state: Maybe[str] = UNSET
    verified_email: Maybe[bool] = UNSET
    locale: Maybe[str] = UNSET
    note: Maybe[str] = UNSET
    tags: Maybe[list[str]] = UNSET
    tax_exempt: Maybe[bool] = UNSET
    data_sale_opt_out: Maybe[bool] = UNSET
    number_of_orders: Maybe[str | int] = UNSET
    amount_spent: Maybe[Money] = UNSET
    default_email_address: Maybe[Email] = UNSET
    default_phone_number: Maybe[Phone] = UNSET
    default_address: Maybe[Address] = UNSET
    metafields: Maybe[Connection[Metafield]] = UNSET


@final
class DiscountApplication(Raw, gc=False):
    """Only a DiscountCodeApplication has a code."""

    code: Maybe[str] = UNSET


@final
class Allocation(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/DiscountAllocation."""

    allocated_amount_set: Bag
    discount_application: DiscountApplication


@final
class Product(Raw, gc=False):
    """A line's product or variant, as it stands when it is read."""

    id: Maybe[str] = UNSET
    product_type: Maybe[str] = UNSET
    online_store_url: Maybe[str] = UNSET
    tags: Maybe[list[str]] = UNSET
    compare_at_price: Maybe[Decimal] = UNSET


@final
class Image(Raw, gc=False):
    """A line's image."""

    url: Maybe[str] = UNSET


@final
class TaxLine(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/TaxLine."""

    price_set: Bag


@final
class Line(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/LineItem."""

    id: str
    quantity: int
    current_quantity: int
    sku: Maybe[str] = UNSET
    title: Maybe[str] = UNSET
    variant_title: Maybe[str] = UNSET
    vendor: Maybe[str] = UNSET
    requires_shipping: Maybe[bool] = UNSET
    is_gift_card: Maybe[bool] = UNSET
    custom_attributes: Maybe[list[Pair]] = UNSET
    selling_plan: Maybe[Named] = UNSET
    image: Maybe[Image] = UNSET
    original_unit_price_set: Maybe[Bag] = UNSET
    discount_allocations: Maybe[list[Allocation]] = UNSET
    tax_lines: Maybe[list[TaxLine]] = UNSET
    product: Maybe[Product] = UNSET
    variant: Maybe[Product] = UNSET


@final
class Payment(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/OrderTransaction."""

    id: str
    kind: str
    status: str
    amount_set: Bag
    created_at: str
    processed_at: str | None = None


@final
class Reference(Raw, gc=False):
    """An id where the rest is known from elsewhere."""

    id: str


@final
class Parent(Raw, gc=False):
    """The order of a refund or a fulfillment that was read by itself."""

    updated_at: str


@final
class RefundedLine(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/RefundLineItem."""

    quantity: int
    line_item: Reference
    restock_type: Maybe[str] = UNSET
    price_set: Maybe[Bag] = UNSET
    subtotal_set: Maybe[Bag] = UNSET
    total_tax_set: Maybe[Bag] = UNSET


@final
class RefundedShipping(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/RefundShippingLine."""

    subtotal_amount_set: Bag
    tax_amount_set: Bag


@final
class Adjustment(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/OrderAdjustment."""

    amount_set: Bag
    tax_amount_set: Bag
    reason: str | None = None


@final
class Refund(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/Refund."""

    id: str
    total_refunded_set: Bag
    refund_line_items: Connection[RefundedLine]
    refund_shipping_lines: Connection[RefundedShipping]
    order_adjustments: Connection[Adjustment]
    transactions: Connection[Payment]
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    note: Maybe[str] = UNSET
    return_: Maybe[Reference] = field(default=UNSET, name="return")
    order: Maybe[Parent] = UNSET


@final
class Tracking(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/FulfillmentTrackingInfo."""

    company: str | None = None
    number: str | None = None
    url: str | None = None


@final
class FulfilledLine(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/FulfillmentLineItem."""

    line_item: Reference
    quantity: int | None = None


@final
class Service(Raw, gc=False):
    """A fulfillment service."""

    service_name: Maybe[str] = UNSET


@final
class Fulfillment(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/Fulfillment.

    Where nobody selected fulfillments, only `status` and `created_at` are asked: they date the order.
    """

    status: str
    created_at: str
    id: str = ""
    name: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET
    display_status: Maybe[str] = UNSET
    in_transit_at: Maybe[str] = UNSET
    delivered_at: Maybe[str] = UNSET
    estimated_delivery_at: Maybe[str] = UNSET
    location: Maybe[Named] = UNSET
    service: Maybe[Service] = UNSET
    tracking_info: Maybe[list[Tracking]] = UNSET
    fulfillment_line_items: Maybe[Connection[FulfilledLine]] = UNSET
    order: Maybe[Parent] = UNSET


@final
class Campaign(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/UTMParameters."""

    campaign: Maybe[str] = UNSET
    source: Maybe[str] = UNSET
    medium: Maybe[str] = UNSET
    term: Maybe[str] = UNSET
    content: Maybe[str] = UNSET


@final
class Visit(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerVisit."""

    landing_page: Maybe[str] = UNSET
    referrer_url: Maybe[str] = UNSET
    utm_parameters: Maybe[Campaign] = UNSET


@final
class Journey(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerJourneySummary."""

    ready: bool
    last_visit: Maybe[Visit] = UNSET


@final
class ShippingLine(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/ShippingLine."""

    title: Maybe[str] = UNSET
    discounted_price_set: Maybe[Bag] = UNSET
    discount_allocations: Maybe[list[Allocation]] = UNSET


@final
class Order(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/Order."""

    id: str
    created_at: str
    processed_at: str
    updated_at: str
    currency_code: str
    presentment_currency_code: str
    total_price_set: Bag
    display_fulfillment_status: str
    name: Maybe[str] = UNSET
    cancelled_at: Maybe[str] = UNSET
    test: Maybe[bool] = UNSET
    source_name: Maybe[str] = UNSET
    tags: Maybe[list[str]] = UNSET
    custom_attributes: Maybe[list[Pair]] = UNSET
    customer_locale: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    phone: Maybe[str] = UNSET
    taxes_included: Maybe[bool] = UNSET
    edited: Maybe[bool] = UNSET
    fully_paid: Maybe[bool] = UNSET
    original_total_price_set: Maybe[Bag] = UNSET
    confirmation_number: Maybe[str] = UNSET
    closed_at: Maybe[str] = UNSET
    closed: Maybe[bool] = UNSET
    cancel_reason: Maybe[str] = UNSET
    display_financial_status: Maybe[str] = UNSET
    return_status: Maybe[str] = UNSET
    app: Maybe[Named] = UNSET
    retail_location: Maybe[Named] = UNSET
    note: Maybe[str] = UNSET
    client_ip: Maybe[str] = UNSET
    discount_codes: Maybe[list[str]] = UNSET
    payment_gateway_names: Maybe[list[str]] = UNSET
    current_total_price_set: Maybe[Bag] = UNSET
    subtotal_price_set: Maybe[Bag] = UNSET
    total_discounts_set: Maybe[Bag] = UNSET
    total_shipping_price_set: Maybe[Bag] = UNSET
    total_tax_set: Maybe[Bag] = UNSET
    total_tip_received_set: Maybe[Bag] = UNSET
    total_refunded_set: Maybe[Bag] = UNSET
    billing_address: Maybe[Address] = UNSET
    shipping_address: Maybe[Address] = UNSET
    shipping_lines: Maybe[Connection[ShippingLine]] = UNSET
    customer_journey_summary: Maybe[Journey] = UNSET
    cart_token: Maybe[str] = UNSET
    checkout_token: Maybe[str] = UNSET
    customer: Maybe[Customer] = UNSET
    line_items: Maybe[Connection[Line]] = UNSET
    transactions: Maybe[list[Payment]] = UNSET
    refunds: Maybe[list[Refund]] = UNSET
    fulfillments: Maybe[list[Fulfillment]] = UNSET
