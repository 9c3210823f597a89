"""The shapes of properties: what each event says, declared once, each field with the type that the spec gives it.

A field that is None or UNSET is left out when it is written: absent stays absent. The docs print these declarations.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Text = str | None
Amount = Decimal | None

ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Writes money as JSON numbers, with the digits that it came with."""


class Shape(Struct, frozen=True, omit_defaults=True, gc=False):
    """What every shape of properties is: plain values, written without those that are absent."""


class Product(Shape, frozen=True, omit_defaults=True, gc=False):
    """One of the `products`: the Ecommerce Spec's fields, then what other integrations add."""

    product_id: Text = None
    variant_id: Text = None
    sku: Text = None
    name: Text = None
    variant: Annotated[
        Text,
        Meta(
            description="The variant's name; else its id; else the product's, which has no other variant (Braze wants one)."
        ),
    ] = None
    brand: Text = None
    category: Text = None
    quantity: int | None = None
    price: Annotated[Amount, Meta(description="One unit, before discounts.")] = None
    compare_at_price: Amount = None
    discount: Annotated[Amount, Meta(description="Taken off the whole line.")] = None
    coupon: Annotated[
        Text, Meta(description="The codes that took something off this line, comma-separated.")
    ] = None
    url: Text = None
    image_url: Text = None
    position: Annotated[int | None, Meta(description="From 1.")] = None
    tags: Annotated[Text, Meta(description="Comma-separated.")] = None
    product_properties: Annotated[
        list[dict[str, str]] | None,
        Meta(description="Custom properties of the line, each with `name` and `value`."),
    ] = None
    subscription: Annotated[
        Text, Meta(description="The selling plan's name, where the line is a subscription's.")
    ] = None


class ProductSeeds(Shape, frozen=True, omit_defaults=True, gc=False):
    """What other integrations say of a product as well."""

    currency: Annotated[Text, Meta(description="Of `price`.")] = None
    presentment_amount: Annotated[Amount, Meta(description="One unit as the shopper saw it.")] = None
    presentment_currency: Text = None
    platform_product_id: Annotated[Text, Meta(description="The same as `product_id`.")] = None
    platform_variant_id: Annotated[Text, Meta(description="The same as `variant_id`.")] = None


class OfOrder(Shape, frozen=True, omit_defaults=True, gc=False):
    """What every event about an order begins with."""

    order_id: Annotated[
        Text, Meta(description="The platform's id of the order, or its name, as `order_id` is set.")
    ] = None
    order_name: Annotated[
        Text, Meta(description="What the merchant calls the order; with `order_id` = id.")
    ] = None
    platform_order_id: Annotated[
        Text, Meta(description="The platform's id of the order; with `order_id` = name.")
    ] = None
    affiliation: Annotated[
        Text, Meta(description="The order's tags, comma-separated, else the platform's name.")
    ] = None
    email: Annotated[Text, Meta(description="The customer's, else the one given with the order.")] = None
    source_name: Annotated[Text, Meta(description="Where the order was made: web, pos, …")] = None
    source: Annotated[
        Text, Meta(description="The platform's name in lower case, as Braze's mapping for orders wants it.")
    ] = None
    test: Annotated[bool | None, Meta(description="Whether it is a test order.")] = None
    sent_from: Annotated[Text, Meta(description="As set.")] = None
    category: Annotated[Text, Meta(description="As `event_category` is set.")] = None


class CustomerSeeds(Shape, frozen=True, omit_defaults=True, gc=False):
    """What other integrations say of the customer on every event; the counters are those of the reading."""

    platform_customer_id: Annotated[Text, Meta(description="The platform's id of the customer.")] = None
    lifetime_revenue: Annotated[
        Amount, Meta(description="What the customer had spent when the shop was read.")
    ] = None
    purchase_count: Annotated[
        int | None, Meta(description="The customer's orders when the shop was read.")
    ] = None


class OrderProperties(OfOrder, frozen=True, omit_defaults=True, gc=False):
    """An order's money and contents, before returns."""

    checkout_id: Annotated[
        Text, Meta(description="With Checkout Started, where there is none, the order's own id.")
    ] = None
    cart_id: Text = None
    confirmation_number: Text = None
    currency: Annotated[Text, Meta(description="The order's accounting currency.")] = None
    total: Annotated[Amount, Meta(description="What the order costs, before returns.")] = None
    subtotal: Annotated[Amount, Meta(description="After discounts, before tax and shipping.")] = None
    shipping: Amount = None
    tax: Amount = None
    discount: Amount = None
    tip: Amount = None
    taxes_included: Annotated[bool | None, Meta(description="Whether prices contain tax.")] = None
    shipping_method: Text = None
    location_id: Text = None
    location_name: Text = None
    market: Text = None
    presentment_currency: Annotated[Text, Meta(description="What the shopper saw.")] = None
    presentment_total: Amount = None
    original_total: Annotated[Amount, Meta(description="When the order was created, where it differs.")] = (
        None
    )
    revenue: Annotated[Amount, Meta(description="As `revenue` is set.")] = None
    coupon: Annotated[Text, Meta(description="The codes used, comma-separated.")] = None
    payment_method: Annotated[Text, Meta(description="Comma-separated.")] = None
    quantity: Annotated[int | None, Meta(description="The units of all products.")] = None
    products: list[Any] | None = None


class CheckoutStarted(OrderProperties, frozen=True, omit_defaults=True, gc=False):
    """An order that was begun."""

    value: Annotated[Amount, Meta(description="The same as `total`, by the spec's name for this event.")] = (
        None
    )


class OrderCancelled(OrderProperties, frozen=True, omit_defaults=True, gc=False):
    """An order that will not be."""

    reason: Text = None
    cancel_reason: Annotated[Text, Meta(description="The same as `reason`.")] = None


class OrderUpdated(OrderProperties, frozen=True, omit_defaults=True, gc=False):
    """An order that changed: all that is compared is shown, so that no two updates read alike."""

    note: Text = None
    phone: Annotated[Text, Meta(description="As given with the order.")] = None
    attributes: Annotated[dict[str, str] | None, Meta(description="Note attributes, by name.")] = None
    shipping_address: Annotated[dict[str, str] | None, Meta(description="With the record's names.")] = None
    billing_address: Annotated[dict[str, str] | None, Meta(description="With the record's names.")] = None


class CouponApplied(OfOrder, frozen=True, omit_defaults=True, gc=False):
    """A code that was used on an order."""

    checkout_id: Text = None
    cart_id: Text = None
    coupon_id: Annotated[Text, Meta(description="The code.")] = None
    coupon_name: Annotated[Text, Meta(description="The code.")] = None
    discount: Annotated[Amount, Meta(description="What the code took off, if the platform says.")] = None
    currency: Text = None


class PostPurchaseUpsell(OfOrder, frozen=True, omit_defaults=True, gc=False):
    """A line that joined the order after it was told; all money is that line's."""

    checkout_id: Text = None
    cart_id: Text = None
    currency: Text = None
    market: Text = None
    presentment_currency: Text = None
    presentment_total: Amount = None
    total: Annotated[Amount, Meta(description="The new line after discounts.")] = None
    discount: Amount = None
    tax: Amount = None
    revenue: Annotated[Amount, Meta(description="Of the new line, as `revenue` is set.")] = None
    coupon: Text = None
    quantity: int | None = None
    products: Annotated[list[Any] | None, Meta(description="The new line alone.")] = None


class OrderRefunded(OfOrder, frozen=True, omit_defaults=True, gc=False):
    """Money that was given back: `total` is this time's, positive."""

    refund_id: Text = None
    refund_type: Annotated[
        Text,
        Meta(
            description="full once all refunds together reach the order's total before returns, else partial."
        ),
    ] = None
    currency: Text = None
    total: Annotated[Amount, Meta(description="What was given back this time.")] = None
    total_refunded: Annotated[Amount, Meta(description="What the order has given back so far.")] = None
    order_total: Annotated[Amount, Meta(description="The order's total before returns.")] = None
    reason: Text = None
    refund_reason: Annotated[Text, Meta(description="The same as `reason`.")] = None
    return_id: Text = None
    subtotal: Annotated[Amount, Meta(description="For products; with the refund's first event.")] = None
    shipping: Annotated[Amount, Meta(description="With the refund's first event.")] = None
    tax: Annotated[Amount, Meta(description="With the refund's first event.")] = None
    adjustment: Annotated[
        Amount, Meta(description="Neither products nor shipping; with the refund's first event.")
    ] = None
    presentment_currency: Text = None
    presentment_total: Annotated[Amount, Meta(description="Where the event tells the whole refund.")] = None
    quantity: Annotated[int | None, Meta(description="The units that came back.")] = None
    products: Annotated[
        list[Any] | None,
        Meta(description="The refunded products with refunded quantities; with the refund's first event."),
    ] = None


class FulfillmentProperties(OfOrder, frozen=True, omit_defaults=True, gc=False):
    """A parcel that left."""

    fulfillment_id: Text = None
    fulfillment_name: Text = None
    status: Text = None
    carrier_status: Text = None
    company: Annotated[Text, Meta(description="The carrier.")] = None
    tracking_numbers: list[str] | None = None
    tracking_urls: list[str] | None = None
    fulfilled_at: datetime | None = None
    in_transit_at: datetime | None = None
    delivered_at: datetime | None = None
    estimated_delivery_at: datetime | None = None
    location_id: Text = None
    location_name: Text = None
    service: Text = None
    quantity: Annotated[int | None, Meta(description="The units in this parcel.")] = None
    products: Annotated[list[Any] | None, Meta(description="What this parcel holds.")] = None


class PerPlatform(dict[str, type[Shape]]):
    """A shape with its seeds, by platform: a field named `platform_…` is written with the platform's own name.

    >>> msgspec.json.encode(PerPlatform(Shape, CustomerSeeds)["shopify"](platform_customer_id="7"))
    b'{"shopify_customer_id":"7"}'

    With a suffix, every field of the seeds ends with it.
    """

    def __init__(self, shape: type[Shape], seeds: type[Shape], suffix: str = "") -> None:
        super().__init__()
        self._shape, self._fields, self._suffix = shape, seeds.__struct_fields__, suffix

    def __missing__(self, platform: str) -> type[Shape]:
        prefix = re.sub(r"[^\w-]", "_", platform)
        shape: Any = msgspec.defstruct(
            self._shape.__name__,
            [(name, Any, None) for name in self._fields],
            bases=(self._shape,),
            rename={
                name: (prefix + name[8:] if name.startswith("platform_") else name) + self._suffix
                for name in self._fields
            },
            omit_defaults=True,
            frozen=True,
            gc=False,
        )
        self[platform] = shape
        return shape  # type: ignore[no-any-return]
