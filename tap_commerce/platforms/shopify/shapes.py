"""What all of Shopify's answers are made of: lists that can be read on, money in two currencies, names, addresses.

`UNSET` is what was not asked, or refused (protected customer data); `None` is Shopify's own null.
"""

from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar, final

from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")

Maybe: TypeAlias = T | UnsetType | None


class Raw(Struct, rename="camel", gc=False):
    """Shopify's camelCase under our names."""


@final
class PageInfo(Raw, gc=False):
    """Whether a connection goes on, and from where."""

    has_next_page: bool
    end_cursor: str | None = None


@final
class Connection(Raw, Generic[T], gc=False):
    """A list that can be read on. Without `page_info` it was asked for whole."""

    nodes: list[T]
    page_info: PageInfo | None = None


@final
class Money(Raw, gc=False):
    """An amount; Shopify writes it as a string."""

    amount: Decimal
    currency_code: Maybe[str] = UNSET


@final
class Bag(Raw, gc=False):
    """An amount in the shop's currency and in the shopper's."""

    shop_money: Money
    presentment_money: Money | UnsetType = UNSET


@final
class Pair(Raw, gc=False):
    """A custom attribute."""

    key: str
    value: str | None = None


@final
class Named(Raw, gc=False):
    """Something of which the id and perhaps the name matters."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET


@final
class Address(Raw, gc=False):
    """https://shopify.dev/docs/api/admin-graphql/latest/objects/MailingAddress."""

    first_name: Maybe[str] = UNSET
    last_name: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    company: Maybe[str] = UNSET
    address1: Maybe[str] = UNSET
    address2: Maybe[str] = UNSET
    city: Maybe[str] = UNSET
    province: Maybe[str] = UNSET
    province_code: Maybe[str] = UNSET
    zip: Maybe[str] = UNSET
    country: Maybe[str] = UNSET
    country_code_v2: Maybe[str] = UNSET
    phone: Maybe[str] = UNSET
