"""From lines to `products`, with the spec's fields and units: `price` is that of one unit, `position` counts from 1."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from msgspec import UnsetType

from target_segment.events.shapes import PerPlatform, Product, ProductSeeds
from target_segment.snapshots import Attribute, Line

Products = Callable[[list[Line], str, Any, Any], list[Any]]

_DIRECT = attrgetter(*Product.__struct_fields__[: Product.__struct_fields__.index("position")])


_VARIANT = Product.__struct_fields__.index("variant")


def _direct(line: Line) -> tuple[Any, ...]:
    """Return the fields that are the line's own; a product without variants is its only one.

    Braze's mapping for orders wants a variant of every product:
    https://segment.com/docs/connections/destinations/catalog/actions-braze-cloud/
    """
    said: tuple[Any, ...] = _DIRECT(line)
    if said[_VARIANT]:
        return said
    return (*said[:_VARIANT], line.variant_id or line.product_id, *said[_VARIANT + 1 :])


def products(*, seed_names: bool) -> Products:
    """Return the function from lines, platform, currency and presentment currency to products.

    A line of which nothing is left, because it was edited away, is no product.
    """
    plain: Any = Product
    if not seed_names:
        return lambda lines, _platform, _currency, _presentment: [
            plain(
                *_direct(line), position, _joined(line.tags), _properties(line.properties), line.subscription
            )
            for position, line in enumerate(_present(lines), 1)
        ]
    shapes = PerPlatform(Product, ProductSeeds)

    def seeded(lines: list[Line], platform: str, currency: Any, presentment: Any) -> list[Product]:
        shape: Any = shapes[platform]
        return [
            shape(
                *_direct(line),
                position,
                _joined(line.tags) if line.tags else None,
                _properties(line.properties) if line.properties else None,
                line.subscription,
                currency,
                line.presentment_price,
                presentment,
                line.product_id,
                line.variant_id,
            )
            for position, line in enumerate(_present(lines), 1)
        ]

    return seeded


def quantity(lines: Iterable[Line] | UnsetType | None) -> int | None:
    """Return the units of all lines together, or None where there are none."""
    return sum([line.quantity for line in lines]) or None if lines else None


def _present(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.quantity > 0]


def _joined(words: list[str] | UnsetType | None) -> str | None:
    return ",".join(words) if words else None


def _properties(attributes: list[Attribute] | UnsetType | None) -> list[dict[str, str]] | None:
    """Return custom properties as the platforms write them; one without a value says nothing."""
    found = [{"name": each.name, "value": each.value} for each in attributes or () if each.value]
    return found or None
