"""The text of each operation: itself and the fragments that it reaches, out of the `.graphql` files beside this one.

A version of the API differs from the others in its own file only.
"""

import re
from functools import cache
from importlib.resources import files

VERSIONS = ("2026-04", "2026-07", "2026-10")
"""The versions that the queries were checked against (https://shopify.dev/docs/api/usage/versioning)."""

DOCUMENTS = ("shop.graphql", "orders.graphql", "nested.graphql", "customers.graphql")


def document(version: str, operation: str) -> str:
    """Compose the document of one operation: itself, and the fragments that it reaches."""
    return _document(version, operation)


@cache
def _document(version: str, operation: str) -> str:
    definitions = _definitions(version)
    wanted, rest = {operation: definitions[operation]}, [operation]
    while rest:
        for name in _SPREAD.findall(definitions[rest.pop()]):
            if name not in wanted:
                wanted[name] = definitions[name]
                rest.append(name)
    return "\n".join(wanted.values())


@cache
def _definitions(version: str) -> dict[str, str]:
    here = files(__package__)
    text = "\n".join((here / name).read_text("utf-8") for name in (*DOCUMENTS, f"version_{version}.graphql"))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {found[1]: found[0] for found in _DEFINITION.finditer("\n".join(lines))}


_DEFINITION = re.compile(r"^(?:query|fragment) (\w+).*?^\}$", re.MULTILINE | re.DOTALL)
_SPREAD = re.compile(r"\.\.\.(?!\s*on\b)\s*(\w+)")
