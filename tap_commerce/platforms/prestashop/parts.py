"""What is read beside a stream's own rows, and orders with all of it: each kind of row for many orders at once.

What nobody selected is not asked for; what can be done without, and may not be read, is left out.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from msgspec import UNSET, UnsetType

from tap_commerce.platforms import Selection
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.knowledge import Knowledge
from tap_commerce.platforms.prestashop.translating import Family
from tap_commerce.platforms.prestashop.webservice import Webservice, cut

R = TypeVar("R", bound=raw.Raw)


class Part(NamedTuple):
    """Something that is read beside a stream's own rows: of what, for which fields, and whether it can be done without."""

    kind: type[raw.Raw]
    streams: dict[str, frozenset[str]]
    needed: bool = True


CHILD = frozenset({"order"})
PARTS = (
    Part(raw.Customer, {"orders": frozenset({"customer"}), "refunds": CHILD, "fulfillments": CHILD}),
    Part(raw.Detail, dict.fromkeys(("orders", "refunds", "fulfillments"), frozenset({"line_items"}))),
    Part(
        raw.Address,
        {
            "orders": frozenset({"billing_address", "shipping_address", "phone"}),
            "customers": frozenset({"default_address", "phone"}),
        },
        needed=False,
    ),
    Part(
        raw.Slip,
        {"orders": frozenset({"financial_status", "total_refunded", "current_total"})},
        needed=False,
    ),
    Part(raw.Payment, {"orders": frozenset({"payment_methods"})}, needed=False),
    Part(
        raw.OrderRule,
        {"orders": frozenset({"coupons", "subtotal", "shipping", "line_items"})},
        needed=False,
    ),
    Part(raw.Rule, {"orders": frozenset({"coupons"})}, needed=False),
)

OWN: dict[str, tuple[type[raw.Raw], ...]] = {
    "orders": (raw.Order, raw.History),
    "refunds": (raw.Slip, raw.Order, raw.History),
    "fulfillments": (raw.Parcel, raw.Order, raw.History),
    "customers": (raw.Customer,),
}
"""What a stream cannot do without."""


class Parts:
    """The orders of one shop with what belongs to them, `size` of them at a time."""

    def __init__(self, service: Webservice, knowledge: Knowledge, size: int) -> None:
        self._service = service
        self._knowledge = knowledge
        self._size = size
        self.wanted: dict[str, set[type[raw.Raw]]] = {}
        """The kinds of rows that are read beside those of each stream."""

    def select(self, selection: Selection) -> tuple[list[type[raw.Raw]], list[type[raw.Raw]]]:
        """Say what must be read for what is selected, and what may be, beside the shop's own lists."""
        needed: dict[type[raw.Raw], None] = {}
        wanted: dict[type[raw.Raw], None] = {}
        for stream, fields in selection.items():
            needed |= dict.fromkeys(OWN[stream])
            self.wanted[stream] = {raw.Slip} if stream == "refunds" else set()
            for part in PARTS:
                if fields & part.streams.get(stream, frozenset()):
                    self.wanted[stream].add(part.kind)
                    (needed if part.needed else wanted)[part.kind] = None
        return list(needed), [each for each in wanted if each not in needed]

    def lack(self, kind: type[raw.Raw]) -> None:
        """Do without a kind of rows that may not be read."""
        self._knowledge.lack(kind)
        for kinds in self.wanted.values():
            kinds.discard(kind)

    def of_orders(
        self, ids: Iterable[int | UnsetType | None], parts: set[type[raw.Raw]]
    ) -> Iterator[list[Family]]:
        """Read some orders with what belongs to them; those of other shops of the installation are not found."""
        for rows in self.orders(ids):
            yield self.families(rows, parts)

    def orders(self, ids: Iterable[int | UnsetType | None]) -> Iterator[list[raw.Order]]:
        """Read some orders by their ids, without what belongs to them."""
        for part in cut(sorted({each for each in ids if each}), self._size):
            yield list(self._service.of(raw.Order, "id", part))

    def families(
        self,
        orders: list[raw.Order],
        parts: set[type[raw.Raw]],
        histories: dict[int, list[raw.History]] | None = None,
    ) -> list[Family]:
        """Read what belongs to some orders, each kind of it for all of them at once."""
        if not orders:
            return []
        if histories is None:
            histories = self.grouped(raw.History, orders)
        details = self.grouped(raw.Detail, orders) if raw.Detail in parts else None
        slips = self.grouped(raw.Slip, orders) if raw.Slip in parts else None
        rules = self.grouped(raw.OrderRule, orders) if raw.OrderRule in parts else None
        payments = self._payments(orders) if raw.Payment in parts else None
        customers = self._found(raw.Customer, parts, (each.id_customer for each in orders))
        addresses = self._found(
            raw.Address,
            parts,
            (which for each in orders for which in (each.id_address_invoice, each.id_address_delivery)),
        )
        nobody = {self._knowledge.nobody}
        if customers is not UNSET:
            nobody |= {str(each.id) for each in customers.values() if self._knowledge.is_nobody(each)}
            customers = {each: row for each, row in customers.items() if str(each) not in nobody}
        if addresses is not UNSET:
            addresses = {each: row for each, row in addresses.items() if str(row.id_customer) not in nobody}
        used = (each.id_cart_rule for found in (rules or {}).values() for each in found)
        codes = self._found(raw.Rule, parts, used) if rules is not None else UNSET
        return [
            Family(
                order=each,
                histories=histories.get(each.id, []),
                customer=UNSET if customers is UNSET else customers.get(each.id_customer or 0, UNSET),
                addresses=addresses,
                details=UNSET if details is None else details.get(each.id, []),
                slips=UNSET if slips is None else slips.get(each.id, []),
                payments=UNSET if payments is None else payments.get(each.reference or "", []),
                rules=UNSET if rules is None else rules.get(each.id, []),
                codes=codes,
            )
            for each in orders
        ]

    def grouped(self, kind: type[R], orders: Iterable[raw.Order]) -> dict[int, list[R]]:
        """Read the rows of a kind that belong to some orders."""
        found: dict[int, list[R]] = {}
        for each in self._service.of(kind, "id_order", [order.id for order in orders]):
            found.setdefault(getattr(each, "id_order", 0), []).append(each)
        return found

    def _payments(self, orders: Iterable[raw.Order]) -> dict[str, list[raw.Payment]]:
        # A reference of the shop's own that is longer than its payments can hold is not asked for: cut, it would mean others too.
        found: dict[str, list[raw.Payment]] = {}
        references = {each.reference for each in orders if each.reference}
        for each in self._service.of(raw.Payment, "order_reference", references):
            found.setdefault(each.order_reference or "", []).append(each)
        return found

    def _found(
        self, kind: type[R], parts: set[type[raw.Raw]], ids: Iterable[int | UnsetType | None]
    ) -> dict[int, R] | UnsetType:
        """Read rows of a kind by their ids, if they are wanted."""
        if kind not in parts:
            return UNSET
        return {each.id: each for each in self._service.of(kind, "id", {each for each in ids if each})}
