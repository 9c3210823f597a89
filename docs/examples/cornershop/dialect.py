"""A sandbox shop that speaks as a corner shop: real HTTP on loopback, the feed as its maker documents it.

What the real one refuses is refused here: a wrong key, a wrong kind, more than 100 rows at once.
"""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.faults import EVERY, PAGE, Faults
from sandbox.loopback import Answer, Call, Calls, Loopback, Request
from sandbox.shop import Shop
from sandbox.things import Customer, Order

KEY = "corner-key"
STATUS = {"429": 429, "429_after": 429, "500": 500, "502": 502, "503": 503, "html": 200, "reset": 200}
"""What goes wrong before the feed has a say."""


class CornerShop(Loopback):
    """The feed of one shop. `tick` lets that many virtual seconds pass with every request."""

    def __init__(self, shop: Shop, *, key: str = KEY, faults: Faults | None = None, tick: float = 0) -> None:
        self.shop, self.key, self.tick = shop, key, tick
        self.calls = Calls()
        super().__init__(lambda: shop.now, {*EVERY, "html"}, faults)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a tap that reach this shop."""
        return {"platform": "cornershop", "api_url": self.url, "access_token": self.key}

    def _answer(self, request: Request) -> Answer:
        with self.shop.lock:
            if self.tick:
                self.shop.advance(self.tick)
            asked = dict(parse_qsl(urlsplit(request.path).query))
            fault = self.faults.next()
            if fault in STATUS:
                answer = Answer(STATUS[fault], PAGE % b"sorry", "text/html")
                answer.headers = {"Retry-After": "1"} if fault == "429_after" else {}
                answer.fate = "reset" if fault == "reset" else "whole"
            else:
                status, body = self._said(request, asked)
                answer = Answer(status, json.dumps(body).encode())
                self._spoil(answer, fault)
            self.calls.append(Call(asked.get("kind", "?"), answer.status, fault))
            return answer

    def _said(self, request: Request, asked: dict[str, str]) -> tuple[int, Any]:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return 401, {"error": "no such key"}
        limit = int(asked.get("limit", "100"))
        if asked.get("kind") not in ("orders", "customers") or not 0 <= limit <= 100:
            return 400, {"error": "kind is orders or customers, limit at most 100"}
        after = asked.get("after", "")
        rows = [
            (f"{changed}|{number}", changed, number)
            for changed, number in self._changed("order" if asked["kind"] == "orders" else "customer")
            if asked.get("from", "") <= changed < asked.get("to", "9")
        ]
        rows = [each for each in rows if each[0] > after]
        write = self._order if asked["kind"] == "orders" else self._customer
        page = rows[:limit]
        more = page[-1][0] if page and len(rows) > limit else None
        return 200, {"rows": [write(number, changed) for _, changed, number in page], "next": more}

    def _changed(self, subject: str) -> list[tuple[str, int]]:
        """Return when every order, or customer, last changed, oldest first."""
        last = {fact.id: _second(fact.at) for fact in self.shop.history if fact.subject == subject}
        gone = set() if subject == "order" else last.keys() - self.shop.customers.keys()
        return sorted(
            ((changed, number) for number, changed in last.items() if number not in gone),
            key=lambda row: (row[0], str(row[1])),
        )

    def _customer(self, id: int, changed: str) -> dict[str, Any]:  # noqa: A002
        who: Customer = self.shop.customer(id)
        return {
            "id": id,
            "joined": _second(who.created_at),
            "changed": changed,
            "email": who.email,
            "phone": who.phone,
            "first_name": who.first_name,
            "last_name": who.last_name,
            "state": who.state,
            "verified": who.verified,
        }

    def _order(self, id: int, changed: str) -> dict[str, Any]:  # noqa: A002
        order: Order = self.shop.order(id)
        buyer = self.shop.customer(order.customer_id) if order.customer_id else None
        return {
            "id": id,
            "number": order.name,
            "placed": _second(order.processed_at),
            "changed": changed,
            "cancelled": order.cancelled_at and _second(order.cancelled_at),
            "why": order.cancel_reason,
            "channel": order.source,
            "trial": order.test,
            "currency": order.currency,
            "goods": str(order.subtotal.shop),
            "discount": str(order.discount.shop),
            "shipping": str(order.shipping_price.shop),
            "tax": str(order.tax.shop),
            "tip": str(order.tip.shop),
            "total": str(order.total.shop),
            "prices_with_tax": order.taxes_included,
            "codes": list(order.codes),
            "email": order.email,
            "customer": {"id": order.customer_id, "email": buyer.email if buyer else None}
            if order.customer_id
            else None,
            "items": [
                {
                    "id": line.id,
                    "product": line.product.id,
                    "variant": line.product.variant_id,
                    "sku": line.product.sku,
                    "name": line.product.title,
                    "quantity": line.standing,
                    "price": str(line.price.shop),
                    "total": str(line.units(line.net, 0, line.standing).shop),
                }
                for line in order.lines
                if line.standing
            ],
            "refunds": [
                {
                    "id": refund.id,
                    "made": _second(refund.created_at),
                    "moved": max(
                        (
                            _second(each.processed_at)
                            for each in order.payments
                            if each.refund_id == refund.id
                            and each.status == "success"
                            and each.kind == "refund"
                            and each.processed_at
                        ),
                        default=None,
                    ),
                    "amount": str(order.money_of(refund).shop),
                    "parts": [{"line": each.line_id, "quantity": each.quantity} for each in refund.lines],
                }
                for refund in order.refunds
            ],
            "parcels": [
                {
                    "id": parcel.id,
                    "left": _second(parcel.created_at),
                    "state": parcel.status,
                    "tracking": [each.number for each in parcel.tracking if each.number],
                    "parts": [{"line": line, "quantity": count} for _, line, count in parcel.lines],
                }
                for parcel in order.fulfillments
            ],
        }


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
