"""An order with what belongs to it: its items, its transactions, its shipping groups, all as of one version.

What nobody selected is not asked for.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import UNSET

from tap_commerce.errors import Missing
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.api import Api, allowed
from tap_commerce.platforms.elasticpath.pacing import side_by_side
from tap_commerce.platforms.elasticpath.stretches import TRIES, by_id, updated
from tap_commerce.platforms.elasticpath.translating import moment


class Families:
    """The orders of one store; `parts` says what of them is wanted."""

    def __init__(self, api: Api, workers: int) -> None:
        self._api = api
        self._workers = workers
        self.parts: dict[str, bool] = {}

    @property
    def deep(self) -> bool:
        """Whether anything is wanted that takes questions for each order."""
        return self.parts["transactions"] or self.parts["groups"]

    def of(self, rows: Sequence[raw.Order], items: Mapping[str, raw.Item]) -> list[raw.Family]:
        """Read what belongs to some orders; `items` came along with them. Orders that are gone are left out."""
        if not self.deep:
            return [self._family(each, items) for each in rows]
        found = side_by_side(lambda each: self._whole(each, items), rows, self._workers)
        return [each for each in found if each]

    def probe(self, row: raw.Order) -> None:
        """See whether all that is needed of orders may be read."""
        with suppress(Missing):
            self._complete(raw.Family(row))

    def _whole(self, order: raw.Order, items: Mapping[str, raw.Item]) -> raw.Family | None:
        """Read what belongs to an order, as of the order's own version where that can be seen; None if it is gone."""
        family = self._family(order, items)
        try:
            for _ in range(TRIES):
                self._complete(family)
                if not _is_newer(family):
                    break
                # Something moved since the list was read; or payments do not touch their orders, then it is as it was.
                again = self._one(order.id)
                if changed(again.order) == changed(family.order):
                    break
                family = again
            else:
                self._complete(family)
        except Missing:
            if self._is_there(order.id):
                raise
            self._api.warn_once(f"Elastic Path: order {order.id} was deleted while it was read")
            return None
        return family

    def _complete(self, family: raw.Family) -> None:
        path = f"/v2/orders/{family.order.id}"
        if self.parts["transactions"]:
            family.transactions = allowed(
                "transactions", lambda: self._api.rows(f"{path}/transactions", raw.Transaction)
            )
        if self.parts["groups"]:
            family.groups = allowed("shipping groups", lambda: self._groups(path))

    def _groups(self, path: str) -> list[raw.Group]:
        try:
            return self._api.rows(f"{path}/shipping-groups", raw.Group)
        except Missing:
            # Not proven: a store that never had shipping groups might not know the address at all.
            if self._is_there(path.rpartition("/")[2]):
                return []
            raise

    def _one(self, identity: str) -> raw.Family:
        lines = self.parts["lines"]
        said = self._api.ask(
            f"/v2/orders/{identity}", raw.Entity[raw.Order], {"include": "items"} if lines else {}
        )
        return self._family(said.data, by_id(said.included))

    def _family(self, order: raw.Order, items: Mapping[str, raw.Item]) -> raw.Family:
        if not self.parts["lines"]:
            return raw.Family(order)
        related = order.relationships.items if order.relationships else None
        named = related.data if related else None
        identities = [each.id for each in named] if isinstance(named, list) else None
        if identities is None or any(each not in items for each in identities):
            # An order that does not say what it holds, or a list that holds less than it says.
            return raw.Family(order, self._api.rows(f"/v2/orders/{order.id}/items", raw.Item))
        return raw.Family(order, [items[each] for each in identities if each])

    def _is_there(self, identity: str) -> bool:
        try:
            self._api.ask(f"/v2/orders/{identity}", raw.Entity[raw.Order])
        except Missing:
            return False
        return True


def changed(row: raw.Order) -> datetime:
    """Return when an order was updated."""
    return updated(row.meta.timestamps.updated_at)


def _is_newer(family: raw.Family) -> bool:
    """Say whether a transaction changed after its order was read; transactions are dated to the second."""
    if family.transactions is UNSET:
        return False
    ordered = changed(family.order).replace(microsecond=0)
    times = (
        each.meta.timestamps.updated_at for each in family.transactions if each.meta and each.meta.timestamps
    )
    return any(moment(at).replace(microsecond=0) > ordered for at in times if at)
