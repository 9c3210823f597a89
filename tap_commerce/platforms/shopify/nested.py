"""The lists that hang from an order, read to their ends, all as of one moment.

An order that changes while it is read is read anew as a whole: a record must not mix two versions of it.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import UNSET

from tap_commerce.errors import Malformed
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.admin import Admin
from tap_commerce.platforms.shopify.operations import Listed, Of, One, Paged
from tap_commerce.platforms.shopify.pacing import LONGEST, Length, PageSize, TooCostly, until_affordable
from tap_commerce.platforms.shopify.rights import Rights
from tap_commerce.platforms.shopify.shapes import Connection

T = TypeVar("T")
N = TypeVar("N", bound=Of)

TRIES = 4
"""How often an order is read that changes while it is read."""

INLINE = {
    "linesFirst": (5, 100),
    "shippingFirst": (2, 10),
    "paymentsFirst": (5, 50),
    "refundsFirst": (2, 20),
    "refundPartsFirst": (3, 30),
    "fulfillmentsFirst": (2, 20),
    "fulfillmentLinesFirst": (5, 50),
    "trackingFirst": (2, 10),
}
"""The lists that come inline with an order: how much of each is asked for at first, and at most."""


class Nested:
    """What hangs from orders; `size` says how much of each list comes inline."""

    def __init__(self, admin: Admin, rights: Rights, size: PageSize) -> None:
        self._admin = admin
        self._rights = rights
        self._size = size
        self._rest = Length()
        self._lengths: dict[str, Length] = {}

    def whole(self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]) -> raw.Order | None:
        """Read an order's lists to their end, all as of one moment; `None` if it is gone, or will be polled again."""
        gone = ""
        for _ in range(TRIES):
            try:
                self._complete(order, asked, overflowed)
            except _MovedOn as error:
                gone = error.gone
                variables = {"id": order.id, **self._rights.of_customers(), **self._rights.of_orders(asked)}
                again = self._rights.ask("OneOrder", lambda: variables, One[raw.Order]).data.node  # noqa: B023
                if again is None:
                    self._admin.warn_once(f"Shopify: order {order.name} was deleted while it was read")
                    return None
                order = again
            else:
                return order
        if gone:
            raise Malformed(f"Shopify: {gone} of order {order.name} is listed but cannot be read")
        # It changed after this window ended, so a later one will bring it.
        self._admin.warn_once(
            f"Shopify: order {order.name} changes faster than it can be read; the next poll tries again"
        )
        return None

    def _complete(self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]) -> None:
        """Read on what was longer than its place in the page."""
        if order.line_items and _goes_on(order.line_items):
            overflowed.add("linesFirst")
            products = self._rights.parts["products"]
            self._read_on("OrderLines", order, order.id, order.line_items, Paged[raw.Line], products=products)
        if order.shipping_lines and _goes_on(order.shipping_lines):
            overflowed.add("shippingFirst")
            self._read_on("OrderShipping", order, order.id, order.shipping_lines, Paged[raw.ShippingLine])
        if isinstance(order.transactions, list) and len(order.transactions) >= asked["paymentsFirst"]:
            overflowed.add("paymentsFirst")
            order.transactions = self._payments(order)
        self._complete_refunds(order, asked, overflowed)
        self._complete_fulfillments(order, asked, overflowed)

    def _complete_refunds(self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]) -> None:
        if isinstance(order.refunds, list):
            if len(order.refunds) >= asked["refundsFirst"]:
                overflowed.add("refundsFirst")
                order.refunds = self._refunds(order)
        elif order.edited and order.line_items:
            # Which units an edit took away, and which came back, only the refunds can tell.
            order.refunds = self._refunds(order)
        for refund in order.refunds or ():
            self._complete_refund(order, refund, overflowed)

    def _complete_refund(self, order: raw.Order, refund: raw.Refund, overflowed: set[str]) -> None:
        for operation, connection, kind in (
            ("RefundLines", refund.refund_line_items, Paged[raw.RefundedLine]),
            ("RefundShipping", refund.refund_shipping_lines, Paged[raw.RefundedShipping]),
            ("RefundAdjustments", refund.order_adjustments, Paged[raw.Adjustment]),
            ("RefundPayments", refund.transactions, Paged[raw.Payment]),
        ):
            if _goes_on(connection):
                overflowed.add("refundPartsFirst")
                self._read_on(operation, order, refund.id, connection, kind)

    def _complete_fulfillments(
        self, order: raw.Order, asked: Mapping[str, int], overflowed: set[str]
    ) -> None:
        if not isinstance(order.fulfillments, list):
            return
        if len(order.fulfillments) >= asked["fulfillmentsFirst"]:
            overflowed.add("fulfillmentsFirst")
            order.fulfillments = self._fulfillments(order)
        for fulfillment in order.fulfillments:
            self._complete_fulfillment(order, fulfillment, asked, overflowed)

    def _complete_fulfillment(
        self,
        order: raw.Order,
        fulfillment: raw.Fulfillment,
        asked: Mapping[str, int],
        overflowed: set[str],
    ) -> None:
        lines, tracking = fulfillment.fulfillment_line_items, fulfillment.tracking_info
        if lines and _goes_on(lines):
            overflowed.add("fulfillmentLinesFirst")
            self._read_on("FulfillmentLines", order, fulfillment.id, lines, Paged[raw.FulfilledLine])
        if tracking and len(tracking) >= asked["trackingFirst"]:
            overflowed.add("trackingFirst")
            found = self._list("FulfillmentTracking", order, fulfillment.id, Listed[raw.Tracking])
            fulfillment.tracking_info = _whole(found, "tracking numbers", fulfillment.id)

    def _payments(self, order: raw.Order) -> Any:
        found = self._list("OrderPayments", order, order.id, Listed[raw.Payment])
        if found is not None and len(found) < LONGEST:
            return found
        self._admin.warn_once(
            f"Shopify: order {order.name} has {LONGEST} payments or more; when it was authorized and paid is left out"
        )
        return UNSET

    def _refunds(self, order: raw.Order) -> list[raw.Refund]:
        sizes = {
            "refundPartsFirst": self._size.inline["refundPartsFirst"],
            "returns": self._rights.parts["returns"],
        }
        found = self._list("OrderRefunds", order, order.id, Listed[raw.Refund], **sizes)
        if found is None:
            found = [
                self._one("OneRefund", order, each.id, One[raw.Refund], "refundPartsFirst", **sizes)
                for each in self._ids("OrderRefundIds", order)
            ]
        return _whole(found, "refunds", order.name)

    def _fulfillments(self, order: raw.Order) -> list[raw.Fulfillment]:
        inline = self._size.inline
        sizes = {
            "places": self._rights.parts["places"],
            "trackingFirst": inline["trackingFirst"],
            "fulfillmentLinesFirst": inline["fulfillmentLinesFirst"],
        }
        selected = {"fulfillments": self._rights.parts["fulfillments"]}
        found = self._list("OrderFulfillments", order, order.id, Listed[raw.Fulfillment], **selected, **sizes)
        if found is None:
            found = [
                self._one(
                    "OneFulfillment", order, each.id, One[raw.Fulfillment], "fulfillmentLinesFirst", **sizes
                )
                for each in self._ids("OrderFulfillmentIds", order)
            ]
        return _whole(found, "fulfillments", order.name)

    def _ids(self, operation: str, order: raw.Order) -> list[raw.Reference]:
        return _whole(
            self._list(operation, order, order.id, Listed[raw.Reference]),
            "refunds or fulfillments",
            order.name,
        )

    def _read_on(
        self,
        operation: str,
        order: raw.Order,
        gid: str,
        connection: Connection[Any],
        kind: type[Paged[Any]],
        **variables: bool,
    ) -> None:
        """Read a connection to its end, from where its first page left off."""
        while connection.page_info and connection.page_info.has_next_page:
            after = connection.page_info.end_cursor
            wanted = {"id": gid, "after": after, **variables}
            reply = until_affordable(
                lambda: self._rights.ask(
                    operation,
                    lambda: {**wanted, "first": self._rest.first},  # noqa: B023 - asked at once
                    kind,
                    on_server_error=self._rest.failed,
                ),
                self._rest.refused,
            )
            page = _same(order, gid, reply.data.node).page
            if after is None or (
                page.page_info and page.page_info.has_next_page and page.page_info.end_cursor == after
            ):
                raise Malformed(f"Shopify: {operation} of {gid} does not go on")
            connection.nodes += page.nodes
            connection.page_info = page.page_info

    def _list(
        self, operation: str, order: raw.Order, gid: str, kind: type[Listed[T]], **variables: Any
    ) -> list[T] | None:
        """Read a plain list again, as long as Shopify gives it; `None` if it is longer than what may be asked for."""
        length = self._lengths.setdefault(operation, Length())
        try:
            reply = until_affordable(
                lambda: self._rights.ask(
                    operation, lambda: {"id": gid, "first": length.first, **variables}, kind
                ),
                length.refused,
            )
        except TooCostly:
            return None
        found = _same(order, gid, reply.data.node).list
        return found if len(found) < length.first or length.first == LONGEST else None

    def _one(
        self, operation: str, order: raw.Order, gid: str, kind: type[One[N]], size: str, **variables: Any
    ) -> N:
        """Read one member of a list whose members together cost too much."""

        def refused(error: TooCostly) -> None:
            if variables[size] == 1:
                raise error
            variables[size] = max(1, variables[size] // 2)

        reply = until_affordable(
            lambda: self._rights.ask(operation, lambda: {"id": gid, **variables}, kind), refused
        )
        return _same(order, gid, reply.data.node)


class _MovedOn(Exception):
    """An order changed between its page and the rest of its lists: they do not fit together. `gone` names a missing part."""

    def __init__(self, gone: str = "") -> None:
        super().__init__()
        self.gone = gone


def _same(order: raw.Order, gid: str, node: N | None) -> N:
    """Make sure that a part of an order is of the same version as the rest."""
    if node is None:
        raise _MovedOn("" if gid == order.id else gid)
    if (node.order.updated_at if node.order else node.updated_at) != order.updated_at:
        raise _MovedOn
    return node


def _goes_on(connection: Connection[Any]) -> bool:
    return connection.page_info is not None and connection.page_info.has_next_page


def _whole(found: list[T] | None, what: str, whose: Any) -> list[T]:
    if found is None or len(found) >= LONGEST:
        raise Malformed(
            f"Shopify: {whose} has {LONGEST} {what} or more, and Shopify does not show the rest; the tap stops rather than "
            "lose them"
        )
    return found
