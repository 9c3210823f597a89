"""What becomes of a call that is larger than Segment takes: parts of it are left out in a fixed order, never its money.

1. Of every product, step by step: custom properties; url, image and tags; the names of other integrations; compare-at price,
   discount, brand and category.
2. If the call is too large even without products: metafields, description, tags, note, the order's attributes; then page,
   user agent and traits of its context.
3. The last products: as many of the first stay as fit, `products_truncated` is true and `products_total_count` tells how many
   there were. A call is never split: one thing that happened stays one event.

`total`, `revenue`, `quantity` and all other money of the call stay as they were: they are the order's own, not the sum of the
products that are shown.
"""

from decimal import Decimal
from typing import Any

import msgspec

from target_segment.errors import Unsendable
from target_segment.events.shapes import ENCODER, ProductSeeds

LIMIT = 32_000
"""Bytes of compact UTF-8 JSON; https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ says 32 KB."""

_PRODUCT_STEPS = (
    ("product_properties",),
    ("url", "image_url", "tags"),
    tuple(name.removeprefix("platform") for name in ProductSeeds.__struct_fields__),
    ("compare_at_price", "discount", "brand", "category"),
)
_OTHER_STEPS = (
    (("properties", "traits"), ("metafields",)),
    (("properties", "traits"), ("description",)),
    (("properties", "traits"), ("tags",)),
    (("properties",), ("note",)),
    (("properties",), ("attributes",)),
    (("context",), ("page", "userAgent", "traits")),
)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def trimmed(body: bytes) -> bytes:
    """Return the call as it fits into Segment's limit; raise `Unsendable` if nothing helps."""
    if len(body) <= LIMIT:
        return body
    call = _DECODER.decode(body)
    said = call.get("properties") or call.get("traits") or {}
    products = said["products"] if isinstance(said.get("products"), list) else []
    if products and _plainer(call, products):
        return ENCODER.encode(call)
    if products:
        said |= {"products": [], "products_truncated": True, "products_total_count": len(products)}
    if not _shorter(call):
        raise Unsendable(f"{len(ENCODER.encode(call)):,} bytes after trimming, Segment takes {LIMIT:,}")
    if products:
        said["products"] = _first(products, LIMIT - len(ENCODER.encode(call)))
        if len(said["products"]) == len(products):
            del said["products_truncated"], said["products_total_count"]
    return ENCODER.encode(call)


def _plainer(call: dict[str, Any], products: list[Any]) -> bool:
    """Take optional properties from all products until the call fits; say whether it does."""
    for step in _PRODUCT_STEPS:
        for product in products:
            _drop(product, step)
        if len(ENCODER.encode(call)) <= LIMIT:
            return True
    return False


def _shorter(call: dict[str, Any]) -> bool:
    """Take long texts from the call until it fits; say whether it does."""
    for places, names in _OTHER_STEPS:
        if len(ENCODER.encode(call)) <= LIMIT:
            return True
        for place in places:
            _drop(call.get(place), names)
    return len(ENCODER.encode(call)) <= LIMIT


def _drop(thing: Any, names: tuple[str, ...]) -> None:
    """Take out the named fields; a name that begins with `_` is the end of one that begins with a platform."""
    if isinstance(thing, dict):
        for key in [key for key in thing if any(key == name or _ends(key, name) for name in names)]:
            del thing[key]


def _ends(key: str, name: str) -> bool:
    return name.startswith("_") and key.endswith(name)


def _first(products: list[Any], room: int) -> list[Any]:
    """Return as many of the first products as fit into so many bytes, commas included."""
    for count, product in enumerate(products):
        room -= len(ENCODER.encode(product)) + (count > 0)
        if room < 0:
            return products[:count]
    return products
