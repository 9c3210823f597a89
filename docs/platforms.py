# ruff: noqa: INP001
"""Write what is measured, and what is code, into docs/platforms.md; and the platforms that there are into meltano.yml.

The words between are that page's own. `python -m docs.platforms` writes it, a test fails when it is stale; with `--polls` what polls cost
is measured as well, in two minutes.
"""

import ast
import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import polls
from docs import telling
from tap_commerce.platforms import PLATFORMS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "platforms.md"
MELTANO = ROOT / "meltano.yml"

PART = re.compile(
    r"^(?P<open><!-- (?P<what>[a-z_ ]+) -->\n)(?P<now>.*?)(?P<end><!-- end -->)$", re.DOTALL | re.MULTILINE
)
CODE = re.compile(
    r"^(?P<open>```python (?P<path>docs/\S+)(?P<names>[^\n]*)\n).*?^```$", re.DOTALL | re.MULTILINE
)


def page() -> str:
    """Return the page of the platforms: its own words, with what was measured anew, and code as its files have it."""
    text = PAGE.read_text(encoding="utf-8")
    text = PART.sub(lambda found: found["open"] + _measured(found) + found["end"], text)
    return CODE.sub(lambda found: f"{found['open']}{code(found['path'], found['names'].split())}```", text)


def _measured(found: re.Match[str]) -> str:
    match found["what"].split():
        case ["polls"]:
            return f"```\n{polls.measure()}\n```\n" if "--polls" in sys.argv else found["now"]
        case ["events"]:
            rows = telling.events()
        case ["cannot"]:
            rows = telling.cannot()
        case [stream, *part]:
            rows = telling.fields(stream, *part)
    return table(rows[0], rows[1:]) + "\n"


def code(path: str, names: Sequence[str] = ()) -> str:
    """Return a file, or of it what goes by these names, such as `order` or `Shop.settings`, as it stands there."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if not names:
        return text
    return "\n\n".join(_source(text, name.split(".")) for name in names) + "\n"


def _source(text: str, names: Sequence[str]) -> str:
    body: list[ast.stmt] = ast.parse(text).body
    node: Any = None
    for name in names:
        node = next(each for each in body if getattr(each, "name", None) == name)
        body = getattr(node, "body", [])
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return inspect.cleandoc("\n" + "\n".join(text.splitlines()[first - 1 : node.end_lineno]))


def meltano() -> str:
    """Return meltano.yml with the platforms that there are."""
    options = "".join(f"      - label: '{name}'\n        value: '{name}'\n" for name in sorted(PLATFORMS))
    listed = re.compile(
        r"(?<=    - name: platform\n      kind: options\n      options:\n)(?:      - .*\n        .*\n)+"
    )
    return listed.sub(options, MELTANO.read_text(encoding="utf-8"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    MELTANO.write_text(meltano(), encoding="utf-8")
