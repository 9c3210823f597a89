"""One small piece of news of every stream, on which templates are tried before the first record is read."""

from datetime import UTC, datetime
from decimal import Decimal

from target_segment.snapshots import snapshot
from target_segment.transitions.proofs import News
from target_segment.transitions.table import TABLE

_ORDER = """{"id": "1", "name": "#1001", "currency": "EUR", "total": 27.50, "tags": [], "source": "web", "test": false,
    "created_at": "2026-01-02T03:04:05Z", "completed_at": "2026-01-02T03:04:05Z", "email": "anna@example.com",
    "customer": {"id": "7", "email": "anna@example.com", "first_name": "Anna", "last_name": "Schmidt"}"""
_LINES = """[{"id": "11", "product_id": "21", "variant_id": "31", "sku": "MUG", "name": "Mug", "quantity": 2, "price": 11.25,
    "total": 22.50, "tax": 0.00}]"""
_OF = '"platform": "example", "shop": "example"'

EXAMPLES = {
    "orders": f"""{_ORDER}, {_OF}, "subtotal": 22.50, "shipping": 3.00, "tax": 2.00, "discount": 0.00,
        "coupons": [{{"code": "SPRING"}}], "cancelled_at": "2026-01-03T00:00:00Z", "cancel_reason": "customer",
        "line_items": {_LINES}}}""",
    "refunds": f"""{{{_OF}, "id": "2", "order_id": "1", "subject": "2", "refunded_at": "2026-01-04T00:00:00Z",
        "currency": "EUR", "total": 11.25, "total_to_date": 11.25, "order_refunded_to_date": 11.25, "reason": "broken",
        "line_items": {_LINES}, "order": {_ORDER}}}}}""",
    "fulfillments": f"""{{{_OF}, "id": "3", "order_id": "1", "fulfilled_at": "2026-01-03T00:00:00Z", "status": "success",
        "company": "DHL", "tracking_numbers": ["JD0001"], "tracking_urls": ["https://example.com/JD0001"],
        "line_items": {_LINES}, "order": {_ORDER}}}}}""",
    "customers": f"""{{{_OF}, "id": "7", "email": "anna@example.com", "first_name": "Anna", "last_name": "Schmidt",
        "created_at": "2026-01-01T00:00:00Z", "state": "enabled", "verified_email": true, "order_count": 1,
        "lifetime_spend": 27.50, "lifetime_currency": "EUR", "tags": ["vip"]}}""",
}
"""A record of each stream, as the tap would emit it."""


def example(name: str, stream: str) -> News:
    """Return news of a transition of that stream."""
    record, entry = snapshot(stream, EXAMPLES[stream].encode()), TABLE[name]
    return News(
        entry=entry,
        message_id="00000000-0000-5000-8000-000000000000",
        subject="example",
        at=datetime(2026, 1, 5, tzinfo=UTC),
        user_id="7",
        anonymous_id=None,
        snapshot=record,
        total=Decimal("11.25"),
        detail=getattr(record, entry.of)[0] if entry.of else None,
    )
