"""What each resource is made of, and how each version of PrestaShop writes a value.

The lists in `fields.json` are PrestaShop's own; a row holds plain values (int, Decimal, str, None), written only here.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

ZERO = "0000-00-00 00:00:00"

PLACES = {
    "carrier_tax_rate": 3,
    "ecotax_tax_rate": 3,
    "group_reduction": 2,
    "reduction_percent": 2,
    "reduction": 2,
}
"""Decimals of a column where they are not six."""


BLANK = {
    "int": 0,
    "bool": 0,
    "decimal": Decimal(0),
    "text": "",
    "time": ZERO,
    "date": ZERO[:10],
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource."""

    name: str
    kind: str
    """`int`, `bool`, `decimal`, `text`, `time` or `date`."""
    i18n: bool = False
    dynamic: bool = False
    """Computed by PHP, so that SQL cannot filter by it."""
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the webservice."""

    name: str
    listed: str
    """Its name in JSON and in XML; not always the one in the URL."""
    single: str
    fields: dict[str, Field]
    associations: dict[str, list[str]]

    def blank(self) -> dict[str, Any]:
        """Return a row that says nothing, as PrestaShop's columns default."""
        return {name: BLANK[each.kind] for name, each in self.fields.items()}


@cache
def resources(version: str) -> dict[str, Resource]:
    """Return all resources by the name in the URL."""
    said = json.loads(Path(__file__).with_name("fields.json").read_text(encoding="utf-8"))
    if version < "9":  # 8.2 puts the warehouse before the country
        fields = said["addresses"]["fields"]
        names = [name for name in fields if name != "id_warehouse"]
        names.insert(names.index("id_country"), "id_warehouse")
        said["addresses"]["fields"] = {name: fields[name] for name in names}
    return {
        name: Resource(
            name,
            each["list"],
            each["single"],
            {field: _field(field, words.split()) for field, words in each["fields"].items()},
            each.get("associations", {}),
        )
        for name, each in said.items()
    }


def _field(name: str, words: list[str]) -> Field:
    ref = next((word[1:] for word in words if word.startswith(">")), None)
    return Field(name, words[0], "i18n" in words, "dynamic" in words, ref)


ASSOCIATED = {
    **dict.fromkeys(
        ("id", "product_id", "product_attribute_id", "product_quantity", "id_customization"), "int"
    ),
    "id_order_detail": "int",
    **dict.fromkeys(("product_price", "unit_price_tax_incl", "unit_price_tax_excl"), "decimal"),
    **dict.fromkeys(("amount_tax_excl", "amount_tax_incl"), "decimal"),
}
"""The kinds of an association's fields; all others are texts."""


def numbers(version: str) -> bool:
    """Say whether this version writes whole numbers as JSON numbers.

    >>> numbers("9.0.3"), numbers("8.1.7"), numbers("8.2.1"), numbers("1.7")
    (True, True, False, False)
    """
    return version.startswith(("9", "8.0", "8.1"))


def written(field: Field, value: Any, version: str) -> Any:
    """Write one value as JSON carries it.

    >>> written(Field("id_carrier", "int"), 2, "8.2.1"), written(Field("id_state", "int"), None, "9.0.3")
    ('2', '')
    >>> written(Field("total_paid", "decimal"), Decimal("61.8"), "9.0.3")
    '61.800000'
    """
    if field.name == "id_tax_rules_group" and field.dynamic:
        return int(value or 0)
    match field.kind:
        case "int":
            if value is None:
                return ""
            return int(value) if field.name == "id" or numbers(version) else str(value)
        case "bool":
            return str(int(value or 0))
        case "decimal":
            return None if value is None else f"{Decimal(value):.{PLACES.get(field.name, 6)}f}"
        case _:
            return value


def associated(name: str, value: Any, version: str) -> Any:
    """Write one value inside an association, where ids are numbers like any other."""
    kind = ASSOCIATED.get(name, "text")
    if kind == "int":
        return value if numbers(version) else str(value)
    return f"{Decimal(value):.6f}" if kind == "decimal" else value
