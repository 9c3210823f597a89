"""The two lines that make a fourth platform known: one in `tap_commerce/platforms/__init__.py`, one in `sandbox/dialects.py`.

Importing this writes them, for as long as the process lives: `pytest -p docs.examples.cornershop.registered` runs the suite of all
platforms over the corner shop too.
"""

from docs.examples.cornershop.dialect import CornerShop
from sandbox.dialects import DIALECTS, Dialect
from sandbox.expectation import expect
from tap_commerce.platforms import PLATFORMS

PLATFORMS["cornershop"] = "docs.examples.cornershop.platform.asking:CornerShop"

DIALECTS["cornershop"] = Dialect(
    serve=CornerShop,
    expect=lambda api, **said: expect(api.shop, **said),
    order_id=lambda api, order: str(order),  # noqa: ARG005
    customer_id=lambda api, customer: str(customer),  # noqa: ARG005
    noticed=frozenset({"refund", "tracking", "parcel"}),
    asked_for={
        "customers": frozenset({"customers"}),
        "orders": frozenset({"orders", "refunds", "fulfillments"}),
    },
)
