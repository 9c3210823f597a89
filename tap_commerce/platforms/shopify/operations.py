"""What each operation of the documents answers, around the rows of `raw`.

A part of an order says as of when it is, by itself or by its order: whoever puts an order together compares them.
"""

from typing import Any, Generic, Protocol, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Connection, Maybe

T = TypeVar("T")


class Rows(Protocol[T]):
    """An answer that is one page of rows."""

    @property
    def found(self) -> Connection[T]:
        """The page."""


class Orders(Struct):
    """A page of orders."""

    found: Connection[raw.Order] = field(name="orders")


class Customers(Struct):
    """A page of customers."""

    found: Connection[raw.Customer] = field(name="customers")


class Of(Protocol):
    """A part of an order, which says as of when: by itself, or by its order."""

    updated_at: Any
    order: Any


class Node(Struct, Generic[T], rename="camel"):
    """A page of a list that hangs from something."""

    page: Connection[T]
    updated_at: str | UnsetType = UNSET
    order: Maybe[raw.Parent] = UNSET


class Paged(Struct, Generic[T]):
    """A list that comes in pages, read on by itself; `None`: what it hangs from is gone."""

    node: Node[T] | None


class List(Struct, Generic[T], rename="camel"):
    """A plain list that hangs from something."""

    list: list[T]
    updated_at: str | UnsetType = UNSET
    order: Maybe[raw.Parent] = UNSET


class Listed(Struct, Generic[T]):
    """A plain list, read by itself; `None`: what it hangs from is gone."""

    node: List[T] | None


class One(Struct, Generic[T]):
    """One thing, read by its id; `None`: it is gone."""

    node: T | None


class Scope(Struct, gc=False):
    """A right that the app was granted."""

    handle: str


class Installation(Struct, rename="camel"):
    """The app, as it is installed on this shop."""

    access_scopes: list[Scope]


class Scopes(Struct, rename="camel"):
    """The app's rights."""

    current_app_installation: Installation


class Count(Struct):
    """How many rows there are."""

    count: int


class OrdersCount(Struct):
    """How many orders a search finds."""

    count: Count = field(name="ordersCount")


class CustomersCount(Struct):
    """How many customers a search finds."""

    count: Count = field(name="customersCount")
