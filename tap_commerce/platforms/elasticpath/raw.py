"""What Elastic Path answers, as far as it is read: typed, and lenient where its own documents disagree.

`UNSET` is what an answer does not hold; fields that are not named here are ignored, since any may be added at any time
(https://elasticpath.dev/guides/Getting-Started/api-contract). Where two spellings are documented, both are read.
"""

from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar, final

from msgspec import UNSET, Struct, UnsetType, field

T = TypeVar("T")

Maybe: TypeAlias = T | UnsetType | None


class Raw(Struct, gc=False):
    """Something of an answer."""


@final
class Amount(Raw, gc=False):
    """An amount in minor units of its currency."""

    amount: Maybe[Decimal] = UNSET
    currency: Maybe[str] = UNSET
    includes_tax: Maybe[bool] = UNSET


@final
class Times(Raw, gc=False):
    """When something was made and last changed."""

    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET


@final
class Reference(Raw, gc=False):
    """What a relation leads to."""

    id: Maybe[str] = UNSET


@final
class One(Raw, gc=False):
    """A relation to one thing, or to none."""

    data: Maybe[Reference] = UNSET


@final
class Many(Raw, gc=False):
    """A relation to several things."""

    data: Maybe[list[Reference]] = UNSET


@final
class Contact(Raw, gc=False):
    """Who ordered: one name, one e-mail address."""

    name: Maybe[str] = UNSET
    email: Maybe[str] = UNSET


@final
class Address(Raw, gc=False):
    """A postal address."""

    first_name: Maybe[str] = UNSET
    last_name: Maybe[str] = UNSET
    company_name: Maybe[str] = UNSET
    line_1: Maybe[str] = UNSET
    line_2: Maybe[str] = UNSET
    city: Maybe[str] = UNSET
    postcode: Maybe[str] = UNSET
    county: Maybe[str] = UNSET
    region: Maybe[str] = UNSET
    country: Maybe[str] = UNSET
    phone_number: Maybe[str] = UNSET


@final
class Totals(Raw, gc=False):
    """An order's `meta.display_price`."""

    with_tax: Maybe[Amount] = UNSET
    without_tax: Maybe[Amount] = UNSET
    tax: Maybe[Amount] = UNSET
    discount: Maybe[Amount] = UNSET
    without_discount: Maybe[Amount] = UNSET
    shipping: Maybe[Amount] = UNSET
    shipping_discount: Maybe[Amount] = UNSET


@final
class OrderMeta(Raw, gc=False):
    """An order's `meta`."""

    timestamps: Times
    display_price: Maybe[Totals] = UNSET


@final
class OrderRelations(Raw, gc=False):
    """What belongs to an order, and to whom it belongs."""

    items: Maybe[Many] = UNSET
    customer: Maybe[One] = UNSET
    account: Maybe[One] = UNSET
    account_member: Maybe[One] = UNSET


@final
class Order(Raw, gc=False):
    """https://elasticpath.dev/docs/api/carts/orders."""

    id: str
    meta: OrderMeta
    status: Maybe[str] = UNSET
    payment: Maybe[str] = UNSET
    shipping: Maybe[str] = UNSET
    anonymized: Maybe[bool] = UNSET
    order_number: Maybe[str | int] = UNSET
    customer: Maybe[Contact] = UNSET
    contact: Maybe[Contact] = UNSET
    billing_address: Maybe[Address] = UNSET
    shipping_address: Maybe[Address] = UNSET
    custom_attributes: Maybe[dict[str, Any]] = UNSET
    relationships: Maybe[OrderRelations] = UNSET


@final
class Worth(Raw, gc=False):
    """A price of one unit and of the whole item."""

    unit: Maybe[Amount] = UNSET
    value: Maybe[Amount] = UNSET


@final
class Prices(Raw, gc=False):
    """An item's `meta.display_price`."""

    with_tax: Maybe[Worth] = UNSET
    without_tax: Maybe[Worth] = UNSET
    tax: Maybe[Worth] = UNSET
    discount: Maybe[Worth] = UNSET


@final
class ItemMeta(Raw, gc=False):
    """An item's `meta`."""

    display_price: Maybe[Prices] = UNSET


@final
class Discount(Raw, gc=False):
    """What a promotion took off an item: a negative amount."""

    amount: Maybe[Amount] = UNSET
    code: Maybe[str] = UNSET
    id: Maybe[str] = UNSET


@final
class ItemRelations(Raw, gc=False):
    """What an item belongs to."""

    shipping_group: Maybe[One] = UNSET


@final
class Item(Raw, gc=False):
    """An order item: a product, but also a promotion, a shipping charge or anything else that was charged."""

    id: str
    quantity: Maybe[Decimal] = UNSET
    product_id: Maybe[str] = UNSET
    subscription_offering_id: Maybe[str] = UNSET
    promotion_id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    sku: Maybe[str] = UNSET
    unit_price: Maybe[Amount] = UNSET
    value: Maybe[Amount] = UNSET
    discounts: Maybe[list[Discount]] = UNSET
    custom_inputs: Maybe[dict[str, Any]] = UNSET
    shipping_group_id: Maybe[str] = UNSET
    meta: Maybe[ItemMeta] = UNSET
    relationships: Maybe[ItemRelations] = UNSET


@final
class Timed(Raw, gc=False):
    """A `meta` of which only the times are read."""

    timestamps: Maybe[Times] = UNSET


@final
class Shown(Raw, gc=False):
    """An amount as it is shown: in `total` by the examples, by itself in the OpenAPI document."""

    total: Maybe[Amount] = UNSET
    amount: Maybe[Decimal] = UNSET


@final
class TransactionMeta(Raw, gc=False):
    """A transaction's `meta`."""

    timestamps: Maybe[Times] = UNSET
    display_refunded_amount: Maybe[Shown] = UNSET


@final
class Transaction(Raw, gc=False):
    """A payment, and how much of it went back: https://elasticpath.dev/docs/api/carts/get-a-transaction.

    Its type is spelled with a hyphen in the OpenAPI document, with an underscore in the examples.
    """

    id: str
    amount: Maybe[Decimal] = UNSET
    refunded_amount: Maybe[Decimal] = UNSET
    currency: Maybe[str] = UNSET
    gateway: Maybe[str] = UNSET
    status: Maybe[str] = UNSET
    transaction_type: Maybe[str] = UNSET
    transaction_hyphen_type: Maybe[str] = field(name="transaction-type", default=UNSET)
    meta: Maybe[TransactionMeta] = UNSET


@final
class Estimate(Raw, gc=False):
    """When a delivery should arrive."""

    end: Maybe[str] = UNSET


@final
class Group(Raw, gc=False):
    """A shipping group: https://elasticpath.dev/docs/api/carts/get-order-shipping-groups.

    Its times are spelled in camel case in the OpenAPI document, and it has none at all in that document's example.
    `shipping_status` is only in the types of the JavaScript SDK.
    """

    id: str
    cart_id: Maybe[str] = UNSET
    shipping_type: Maybe[str] = UNSET
    tracking_reference: Maybe[str] = UNSET
    external_ref: Maybe[str] = UNSET
    shipping_status: Maybe[str] = UNSET
    delivery_estimate: Maybe[Estimate] = UNSET
    discounts: Maybe[list[Discount]] = UNSET
    created_at: Maybe[str] = UNSET
    created_at_camel: Maybe[str] = field(name="createdAt", default=UNSET)
    updated_at: Maybe[str] = UNSET
    updated_at_camel: Maybe[str] = field(name="updatedAt", default=UNSET)
    meta: Maybe[Timed] = UNSET


@final
class Person(Raw, gc=False):
    """A customer, an account or an account member."""

    id: str
    meta: Timed
    name: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    anonymized: Maybe[bool] = UNSET


@final
class Erasure(Raw, gc=False):
    """A wish to be forgotten: https://elasticpath.dev/docs/api/personal-data/get-erasure-requests."""

    id: str
    resource_id: Maybe[str] = UNSET
    resource_type: Maybe[str] = UNSET
    status: Maybe[str] = UNSET
    created_at: Maybe[str] = UNSET
    updated_at: Maybe[str] = UNSET


@final
class Currency(Raw, gc=False):
    """A currency as the store defined it."""

    code: str
    decimal_places: Maybe[int] = UNSET


@final
class Included(Raw, gc=False):
    """What was asked to come along."""

    items: Maybe[list[Item]] = UNSET


@final
class Results(Raw, gc=False):
    """How many rows there are in all; `observed` counts at least those."""

    total: Maybe[int] = UNSET
    total_method: Maybe[str] = UNSET


@final
class PageMeta(Raw, gc=False):
    """Where a page stands."""

    results: Maybe[Results] = UNSET


@final
class Page(Raw, Generic[T], gc=False):
    """A list's page."""

    listed: list[T] | None = field(name="data")
    included: Maybe[Included] = UNSET
    meta: Maybe[PageMeta] = UNSET
    errors: Maybe[list[Any]] = UNSET

    @property
    def data(self) -> list[T]:
        """Its rows; not documented, but usual with the language that the service is written in: an empty list may be null."""
        return self.listed or []

    @property
    def total(self) -> int | None:
        """How many rows there are, where that is said exactly."""
        results = self.meta.results if self.meta else None
        if not results or not isinstance(results.total, int) or results.total_method == "observed":
            return None
        return results.total


@final
class Entity(Raw, Generic[T], gc=False):
    """One thing by itself."""

    data: T
    included: Maybe[Included] = UNSET


@final
class Family(Struct, gc=False):
    """An order with all that belongs to it; `UNSET` is what nobody asked for."""

    order: Order
    items: list[Item] | UnsetType = UNSET
    transactions: list[Transaction] | UnsetType = UNSET
    groups: list[Group] | UnsetType = UNSET
