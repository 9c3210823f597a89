"""What the Admin API shows of the shop, and when: rows from a search index that lags, children that come after their parent."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sandbox.shop import Shop
from sandbox.things import Customer, Fulfillment, Line, Order, Payment, Refund, RefundLine

HIDDEN_AFTER = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a search index: the state as it was indexed. The answer shows the newest state."""

    thing: Any


class Eye:
    """The shop as the API shows it at this moment.

    A row's place in a list and whether it matches a filter are as of `index_lag` seconds ago; its own fields are of now; its
    payments, refunds and parcels are as of `child_lag` seconds ago, though its `updatedAt` moved already.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        index_lag: float,
        child_lag: float,
        all_orders: bool,
        day_filter: bool,
        version: str,
        zone: tzinfo = UTC,
    ) -> None:
        self.shop, self.all_orders, self.day_filter, self.version, self.zone = (
            shop,
            all_orders,
            day_filter,
            version,
            zone,
        )
        self.now = shop.now
        self._indexed_until = shop.now - timedelta(seconds=index_lag)
        self._children_until = shop.now - timedelta(seconds=child_lag)
        self._orders: dict[int, OrderView | None] = {}
        self._customers: dict[int, CustomerView | None] = {}

    def order(self, id: int | None) -> "OrderView | None":  # noqa: A002
        """Show an order, unless it does not exist or is hidden for its age."""
        if id not in self._orders:
            self._orders[id] = self._order(id)
        return self._orders[id]

    def customer(self, id: int | None) -> "CustomerView | None":  # noqa: A002
        """Show a customer."""
        if id not in self._customers:
            past = self.shop.past_customers.get(id)
            state = past.at(self.now) if past else None
            self._customers[id] = CustomerView(state, self) if state else None
        return self._customers[id]

    def rows(self, name: str) -> list[Row]:
        """Return the rows of a search index."""
        pasts = self.shop.past_orders if name == "orders" else self.shop.past_customers
        states = (past.at(self._indexed_until) for past in pasts.values())
        return [Row(each) for each in states if each and not (name == "orders" and self.hides(each))]

    def show(self, name: str, id: int) -> "OrderView | CustomerView | None":  # noqa: A002
        """Show the newest state of a row."""
        return self.order(id) if name == "orders" else self.customer(id)

    def hides(self, order: Order) -> bool:
        """Say whether an order is too old for an app without `read_all_orders`."""
        return not self.all_orders and order.created_at < self.now - HIDDEN_AFTER

    def orders_of(self, customer: int) -> "list[OrderView]":
        """Show the orders of a customer."""
        mine = self.shop.orders_of.get(customer, ())
        return [view for view in map(self.order, mine) if view]

    def _order(self, id: int | None) -> "OrderView | None":  # noqa: A002
        past = self.shop.past_orders.get(id)
        order = past.at(self.now) if past else None
        if order is None or self.hides(order):
            return None
        then = past.at(self._children_until)
        if then is None:
            order = replace(order, payments=(), refunds=(), fulfillments=())
        elif then is not order:
            order = replace(
                order, payments=then.payments, refunds=then.refunds, fulfillments=then.fulfillments
            )
        return OrderView(order, self)


class OrderView:
    """An order, with what its fields need once and often."""

    __slots__ = ("_lines", "eye", "fulfilled", "order", "refunded")

    def __init__(self, order: Order, eye: Eye) -> None:
        self.order, self.eye = order, eye
        self.refunded: dict[int, int] = {}
        for refund in order.refunds:
            for each in refund.lines:
                self.refunded[each.line_id] = self.refunded.get(each.line_id, 0) + each.quantity
        self.fulfilled: dict[int, int] = {}
        for parcel in order.fulfillments:
            if parcel.status == "success":
                for _, line, count in parcel.lines:
                    self.fulfilled[line] = self.fulfilled.get(line, 0) + count
        self._lines: dict[int, LineView] | None = None

    @property
    def lines(self) -> "dict[int, LineView]":
        if self._lines is None:
            self._lines = {each.id: LineView(each, self) for each in self.order.lines}
        return self._lines

    @property
    def thing(self) -> Order:
        return self.order

    def payment(self, id: int | None) -> "PaymentView | None":  # noqa: A002
        return next((PaymentView(each, self) for each in self.order.payments if each.id == id), None)


@dataclass(frozen=True, slots=True)
class LineView:
    line: Line
    order: OrderView

    @property
    def current(self) -> int:
        return self.line.standing - self.order.refunded.get(self.line.id, 0)

    @property
    def unfulfilled(self) -> int:
        return max(0, self.current - self.order.fulfilled.get(self.line.id, 0))


@dataclass(frozen=True, slots=True)
class PaymentView:
    payment: Payment
    order: OrderView


@dataclass(frozen=True, slots=True)
class RefundView:
    refund: Refund
    order: OrderView


@dataclass(frozen=True, slots=True)
class RefundLineView:
    line: RefundLine
    order: OrderView


@dataclass(frozen=True, slots=True)
class ParcelView:
    parcel: Fulfillment
    order: OrderView

    @property
    def thing(self) -> Fulfillment:
        return self.parcel


@dataclass(frozen=True, slots=True)
class ParcelLineView:
    id: int
    line: LineView
    quantity: int


@dataclass(frozen=True, slots=True)
class CustomerView:
    customer: Customer
    eye: Eye


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a connection's things, each with its cursor."""

    nodes: list[Any]
    cursors: list[str]
    before: bool
    after: bool


def window(
    keys: Sequence[Any],
    *,
    after: Any = None,
    before: Any = None,
    first: int | None = None,
    last: int | None = None,
) -> tuple[int, int]:
    """Return which places of the sorted `keys` a page shows: keyset, so that rows that come or go do not shift it.

    >>> window([1, 2, 4, 5], after=3, first=1)
    (2, 3)
    """
    start = bisect_left(keys, after) if after is not None else 0
    if after is not None and start < len(keys) and keys[start] == after:
        start += 1
    stop = bisect_left(keys, before) if before is not None else len(keys)
    if first is not None:
        stop = min(stop, start + first)
    if last is not None:
        start = max(start, stop - last)
    return start, max(start, stop)


def financial_status(order: Order) -> str:
    """Return where the order's money stands."""
    received, given = order.received.shop, order.given_back.shop
    if given > 0:
        return "REFUNDED" if given >= received else "PARTIALLY_REFUNDED"
    if received >= order.total.shop:
        return "PAID"
    if received > 0:
        return "PARTIALLY_PAID"
    if order.authorized.shop > 0:
        return "AUTHORIZED"
    return "VOIDED" if order.cancelled_at else "PENDING"


def milliseconds(at: datetime) -> int:
    """Return an instant as cursors carry it."""
    return round(at.timestamp() * 1000)
