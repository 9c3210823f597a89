# ruff: noqa: INP001
"""What other integrations' documents name, read from docs/coverage.toml: offered here as what, or why nobody who polls can know it.

The data are typed by hand; the page is written from them, and a test holds both to the documents, the samples and the settings.
"""

import tomllib
from itertools import groupby
from pathlib import Path

import msgspec

DATA = Path(__file__).with_suffix(".toml")

TITLES = {
    "xcommerce": "Xcommerce, the template of its documents",
    "xcommerce-prestashop": "Xcommerce for PrestaShop",
    "elasticpath-help": "Elastic Path's Integrations Hub, in its help",
    "littledata": "Littledata for Shopify",
    "elasticpath-docs": "Elastic Path's Integrations Hub, in its documentation",
}

INTRODUCTION = """# Coverage

<!-- Generated: python -m docs.generate -->

Every event, property, trait and setting that the documents of the integrations which people come from name: what it is here,
and a sample that shows it; or why a poller cannot know it, and what to use instead. Samples are the project's golden files,
templates and tests. What one platform knows and another does not is in the notes."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One name in one document: `offered` and `sample`, or `reason`."""

    seed: str
    kind: str
    name: str
    offered: str | None = None
    sample: str | None = None
    note: str | None = None
    reason: str | None = None


def rows() -> list[Row]:
    """Return every row, in the order of the documents."""
    return msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8"))["row"], type=list[Row])


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    for seed, some in groupby(rows(), lambda row: row.seed):
        lines = [cells(row) for row in some]
        head = "| | named | here | shown by, or why not |\n|---|---|---|---|"
        parts += [f"## {TITLES[seed]}", "\n".join([head, *(f"| {' | '.join(line)} |" for line in lines)])]
    return "\n\n".join(parts) + "\n"


def cells(row: Row) -> tuple[str, str, str, str]:
    """Return what a row says in its four cells."""
    name = f"`{row.name}`" if row.kind not in ("event", "setting", "template") else row.name
    if row.reason:
        return row.kind, name, "not knowable", row.reason.replace("|", "\\|")
    note = f". {row.note}" if row.note else ""
    return row.kind, name, here(row), (_link(row.sample or "") + note).replace("|", "\\|")


def here(row: Row) -> str:
    """Return what a row is offered as: an event by its name, all else as code."""
    offered = row.offered or ""
    return offered if row.kind == "event" else ", ".join(f"`{each}`" for each in offered.split(", "))


def _link(sample: str) -> str:
    if "#/" in sample:
        file, _, pointer = sample.partition("#")
        return f"[{file.partition('/')[0]}](../tests/samples/events/{file}) `{pointer}`"
    file, _, test = sample.partition("::")
    return f"[{test.replace('_', ' ').removeprefix('test ') or Path(file).name}](../{file})"
