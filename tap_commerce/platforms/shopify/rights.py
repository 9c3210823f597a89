"""What the app may read, of what is selected: its scopes, and the fields that Shopify refused it.

Every question is asked through here, so that a refusal is learnt from: a part that is refused once is not asked for
again, and a selected stream that would stay empty without a word stops the run.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from tap_commerce.errors import Denied
from tap_commerce.platforms import Selection
from tap_commerce.platforms.shopify.admin import Admin
from tap_commerce.platforms.shopify.answers import Reply
from tap_commerce.platforms.shopify.operations import Scopes

T = TypeVar("T")

PART_OF = {
    "product": "products",
    "variant": "products",
    "customer": "customer",
    "retailLocation": "places",
    "location": "places",
    "return": "returns",
    "customerJourneySummary": "journey",
    "metafields": "metafields",
}
"""Fields that need a right of their own: once refused, their part is no longer asked for."""


class Rights:
    """What may be asked for, and the way to ask it."""

    def __init__(self, admin: Admin, metafields: list[str]) -> None:
        self._admin = admin
        self._metafields = metafields
        self.scopes: frozenset[str] = frozenset()
        self.parts: dict[str, bool] = {}

    def learn(self) -> None:
        """Ask for the app's scopes."""
        found = self.ask("Scopes", dict, Scopes).data.current_app_installation.access_scopes
        self.scopes = frozenset(each.handle for each in found)

    def require(self, selection: Selection) -> None:
        """Refuse a selection that the scopes do not suffice for, and note which parts it takes."""
        self.parts = _parts(selection, bool(self._metafields))
        if selection.keys() & {"orders", "refunds", "fulfillments"}:
            self._require("orders")
        if "customers" in selection:
            self._require("customers")
        elif self.parts["customer"] and not self._has("customers"):
            self.parts["customer"] = False
            self._admin.warn_once(
                "Shopify: without the scope read_customers orders are read without their customer"
            )

    def ask(
        self,
        operation: str,
        variables: Callable[[], Mapping[str, Any]],
        kind: type[T],
        *,
        expected: float = 0.0,
        on_server_error: Callable[[], None] = lambda: None,
    ) -> Reply[T]:
        """Ask, as `Admin.ask` does, and note what was refused."""
        reply = self._admin.ask(
            operation, variables, kind, expected=expected, on_server_error=on_server_error
        )
        self.note(reply.refused)
        return reply

    def note(self, refused: Iterable[str]) -> None:
        """Leave out from now on what was refused; raise `Denied` where that would empty a stream."""
        for path in refused:
            name = path.replace(".nodes", "")
            self._admin.warn_once(
                f"Shopify refuses the field {name} (missing scope or protected customer data): it is left out"
            )
            last = path.rpartition(".")[2]
            if last in ("refunds", "fulfillments") and self.parts.get(last):
                # A selected stream that stays empty without a word would be a loss.
                raise Denied(f"Shopify refuses {name}: grant the app the scopes for it, or deselect {last}")
            part = PART_OF.get(last)
            if part:
                self.parts[part] = False

    def of_orders(self, sizes: Mapping[str, int]) -> dict[str, bool | int]:
        """Return the variables of an operation that reads orders."""
        return {name: on for name, on in self.parts.items() if name != "metafields"} | dict(sizes)

    def of_customers(self) -> dict[str, Any]:
        """Return the variables of an operation that reads customers, also those of orders."""
        return {
            "metafields": bool(self._metafields) and self.parts["metafields"],
            "metafieldKeys": self._metafields,
            "metafieldsFirst": max(1, len(self._metafields)),
        }

    def _has(self, what: str) -> bool:
        return bool(self.scopes & {f"read_{what}", f"write_{what}"})

    def _require(self, what: str) -> None:
        if not self._has(what):
            raise Denied(
                f"Shopify: the app lacks the scope read_{what}; grant it and install the app again, or deselect the "
                f"streams that need it"
            )


def _parts(selection: Selection, metafields: bool) -> dict[str, bool]:
    def wants(stream: str, *fields: str) -> bool:
        return bool(selection.get(stream, frozenset()) & set(fields))

    children = wants("refunds", "order") or wants("fulfillments", "order")
    lines = any(wants(each, "line_items") for each in ("orders", "refunds", "fulfillments"))
    return {
        "orders": "orders" in selection,
        "lines": lines,
        "products": lines,
        "customer": wants("orders", "customer") or children,
        "metafields": metafields,
        "journey": wants("orders", "landing_page", "referrer", "campaign"),
        "places": wants("orders", "location_id", "location_name")
        or wants("fulfillments", "location_id", "location_name"),
        "payments": wants("orders", "authorized_at", "paid_at") or children,
        "refunds": "refunds" in selection,
        "returns": wants("refunds", "return_id"),
        "fulfillments": "fulfillments" in selection,
    }
