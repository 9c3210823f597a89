"""The documents cannot lie: what can be parsed is parsed, what is marked to run is run, and every link leads somewhere.

A shell block runs when its opening fence says so (three backticks, then `sh run`); a program's first line of output may follow in
the block as a comment, and is then compared.
"""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```\s*$", re.DOTALL | re.MULTILINE
)
LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block of a document."""

    where: str
    info: tuple[str, ...]
    body: str


def documents():
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "state").glob("*.md")]


def blocks():
    for path in documents():
        text = path.read_text()
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            name = path.relative_to(ROOT).as_posix()
            indent = len(found["indent"])
            body = "".join(
                line[indent:] if line.strip() else line for line in found["body"].splitlines(keepends=True)
            )
            yield Block(f"{name}:{line}", tuple(found["info"].split()), body)


def marked(*languages):
    return [
        pytest.param(block, id=block.where)
        for block in blocks()
        if block.info[:1] and block.info[0] in languages
    ]


def runnable():
    return [
        pytest.param(block, id=block.where)
        for block in blocks()
        if block.info[:2] in {("sh", "run"), ("python", "run")}
    ]


def test_there_are_documents_with_blocks():
    """A test that finds nothing would say that all is well."""
    assert len(documents()) >= 4
    assert len(list(blocks())) >= 8


PARSERS = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
    "python": lambda text: compile(text, "a block", "exec"),
}


@pytest.mark.parametrize("block", marked(*PARSERS))
def test_data_and_code_parse(block):
    assert PARSERS[block.info[0]](block.body) is not None


@pytest.mark.parametrize("block", marked("sql"))
def test_sql_can_be_asked_of_a_ledger(block):
    with duckdb.connect() as ledger:
        ledger.execute((ROOT / "target_segment" / "ledger" / "ledger.sql").read_text())
        for statement in filter(None, map(str.strip, block.body.split(";"))):
            assert ledger.execute(statement).description


@pytest.mark.parametrize("block", marked("sh", "bash"))
def test_shell_parses_and_names_what_exists(block):
    done = subprocess.run(["bash", "-n"], input=block.body, text=True, capture_output=True, check=False)  # noqa: S607
    assert done.returncode == 0, done.stderr
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in block.body.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets, line
        for word in words:
            if word.startswith(("bin/", "catalogs/")):
                assert (ROOT / word).exists(), line


@pytest.mark.parametrize("block", runnable())
def test_what_is_marked_to_run_runs(block, installed, tmp_path):
    for name in ("bin", "catalogs", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = ["bash", "-euo", "pipefail"] if block.info[0] == "sh" else [sys.executable]
    done = subprocess.run(  # noqa: S603  # a document of this repository
        [*command, "-c", block.body],
        cwd=tmp_path,
        env=installed | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for line in block.body.splitlines():
        if line.startswith("# > "):
            assert line.removeprefix("# > ") in done.stdout


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    text = FENCE.sub("", path.read_text())
    for found in LINK.finditer(text):
        to, _, anchor = found["to"].partition("#")
        if to.startswith(("http://", "https://", "mailto:")):
            continue
        target = (path.parent / to).resolve() if to else path
        assert target.exists(), f"{path.name}: {found['to']} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{path.name}: {found['to']} has no such heading"


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
