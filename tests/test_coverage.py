"""docs/coverage.toml holds all that the other integrations' documents name, and what it says of each is true.

The documents are not part of the repository: where they lie beside it, their tables are read, and none of their rows may be
missing.
"""

import json
import re
from pathlib import Path

import pytest

from docs.coverage import DATA, TITLES, cells, page, rows
from tap_commerce.settings import SETTINGS as OF_TAP
from target_segment.config import SETTINGS
from target_segment.transitions.table import TABLE

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "samples" / "events"
DOCUMENTS = ROOT.parent / "shared" / "seeds"
ROWS = rows()
ALIKE = dict(zip(["000", "001", "002", "003", "004"], TITLES, strict=True))
"""The documents are numbered in the order of the titles."""

HEADS = {
    "event name": "event",
    "property name": "property",
    "property": "property",
    "event property": "property",
    "template": "template",
    "option": "setting",
}
"""What the rows of a table are, by the head of its first column."""


def tables(text):
    """Yield kind and name of every row of every table."""
    kind, heading = None, ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            heading = line.strip("# ").lower()
        if "|" not in line:
            kind = None
            continue
        first = plain(line.strip("|").split("|")[0])
        if first.lower() in HEADS:
            kind = HEADS[first.lower()]
            kind = "trait" if kind == "property" and "identify" in heading else kind
            kind = "product property" if kind == "property" and heading == "product properties" else kind
        elif kind and set(first) - set("-: "):
            yield ("product property" if first.startswith("products.$.") else kind), first


def options(text):
    """Yield the settings that a document names elsewhere: in lists, in bold, as switches."""
    lists = re.search(r"^## Configuration$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    for bullet in re.finditer(r"^ +- ([A-Z][\w ]+?) *(?::| - )", lists[1] if lists else "", re.MULTILINE):
        yield bullet[1]
    yield from re.findall(r"\bTrack (?:Products|Checkout|Order|Customer)\b(?=,| and| with)", text)
    identity = re.search(r"^### User identity$(.*?)^### ", text, re.DOTALL | re.MULTILINE)
    for bullet in re.finditer(r"^\* \[?\*\*(.+?)\*\*", identity[1] if identity else "", re.MULTILINE):
        yield bullet[1]
    yield from re.findall(
        r"^\*\*(\w+(?: \w+)?)\*\*\\?$", text.partition("## Advanced settings")[2], re.MULTILINE
    )
    yield from re.findall(r"Enable \w+ \w+ Tracking", text)


def plain(cell):
    return re.sub(r"[`*\\]", "", cell).strip()


def test_the_parser_reads_what_the_documents_look_like():
    text = """
### Identify calls
| Property Name | Description |
|---|---|
| `userId` \\* | x |

### Product Properties
| Property | Description |
| --- | --- |
| **brand** | x |

Option | Description |
---|---|
Write Key | x |
"""
    assert list(tables(text)) == [
        ("trait", "userId"),
        ("product property", "brand"),
        ("setting", "Write Key"),
    ]


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the documents are not part of the repository")
def test_every_row_of_every_table_is_there():
    known = {(row.seed, row.kind, row.name) for row in ROWS}
    named = set()
    for path in DOCUMENTS.glob("*.txt"):
        seed, text = ALIKE[path.name[:3]], path.read_text(encoding="utf-8")
        named |= {(seed, kind, name) for kind, name in tables(text)}
        named |= {(seed, "setting", name) for name in options(text)}
    assert named - known == set()
    # A parser that no longer reads would find nothing missing.
    assert len(named) > 350
    assert {seed for seed, _, _ in named} == set(TITLES)


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the documents are not part of the repository")
def test_every_row_is_named_by_its_document():
    for path in DOCUMENTS.glob("*.txt"):
        text = plain(path.read_text(encoding="utf-8"))
        seed = ALIKE[path.name[:3]]
        assert [row.name for row in ROWS if row.seed == seed and row.name not in text] == []


def test_no_cell_is_empty():
    assert len(ROWS) > 350
    for row in ROWS:
        assert bool(row.reason) is not bool(row.offered), row
        assert bool(row.sample) is bool(row.offered), row
        assert all(cell.strip() for cell in cells(row)), row


def test_nothing_is_said_twice():
    keys = [(row.seed, row.kind, row.name) for row in ROWS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.offered], ids=lambda row: f"{row.seed}:{row.name}"
)
def test_what_is_offered_is_shown(row):
    if "#" in row.sample:
        path, value = pointed(row.sample)
        if row.kind == "event":
            assert (path, value) == ("event", row.offered)
        elif row.kind != "setting":
            assert path == row.offered
            assert value not in (None, "", [], {})
    elif row.kind == "template":
        transition = row.offered.removeprefix("templates.")
        assert transition in TABLE
        assert row.sample == f"target_segment/events/templates/{transition}.jsonata"
        assert (ROOT / row.sample).exists()
    else:
        file, _, test = row.sample.partition("::")
        assert re.search(rf"^def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def pointed(sample):
    """Return what a JSON pointer leads to, and the names on its way without the places in lists."""
    file, _, pointer = sample.partition("#/")
    found = json.loads((SAMPLES / file).read_text(encoding="utf-8"))
    names = pointer.split("/")
    for name in names:
        found = found[int(name)] if isinstance(found, list) else found[name]
    return ".".join(name for name in names if not name.isdigit()), found


def test_every_setting_is_one():
    known = {each.name for each in (*OF_TAP, *SETTINGS)}
    offered = {
        name for row in ROWS if row.kind == "setting" and row.offered for name in row.offered.split(", ")
    }
    assert len(offered) > 10
    assert offered <= known


def test_a_setting_that_a_note_names_is_one():
    known = {each.name for each in (*OF_TAP, *SETTINGS)}
    for row in ROWS:
        for name in re.findall(r"(?:by|as|with|With|until) `(\w+)`", f"{row.note} {row.reason}"):
            assert name in known, row


def test_the_page_is_fresh():
    assert DATA.with_suffix(".md").read_text(encoding="utf-8") == page(), "run: python -m docs.generate"
