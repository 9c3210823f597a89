"""Every statement is used, every one that is used exists, and is given what it asks for."""

import ast
import re
from pathlib import Path

import pytest

from target_segment import ledger
from target_segment.ledger import on_duckdb
from target_segment.ledger.on_duckdb import STATEMENTS
from target_segment.ledger.statements import named, text_of

FILES = ("duckdb.sql", "versions.sql")


def calls():
    """Every call of a named statement but for those of the one file that runs them: where, its name, and the names of what is given."""
    found = []
    for path in sorted(set(Path(ledger.__file__).parent.glob("*.py")) - {Path(on_duckdb.__file__)}):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"ask", "one", "do"}
            ):
                (name,) = node.args
                found.append((f"{path.name}:{node.lineno}", name.value, {each.arg for each in node.keywords}))
    return found


CALLS = calls()


def test_every_statement_is_used_and_every_one_that_is_used_exists():
    assert {name for _, name, _ in CALLS} | {"make_listed"} == set(STATEMENTS)


@pytest.mark.parametrize(
    ("where", "name", "given"), CALLS, ids=[f"{where}-{name}" for where, name, _ in CALLS]
)
def test_a_statement_is_given_what_it_asks_for(where, name, given):
    assert given == set(re.findall(r"\$([a-z]\w*)", STATEMENTS[name]))


@pytest.mark.parametrize("file", FILES)
def test_every_statement_has_a_name_of_its_own_a_line_of_what_it_does_and_no_second(file):
    text = text_of(file)
    assert len(re.findall("^-- name:", text, re.MULTILINE)) == len(named(text)) > 15
    for part in text.split("-- name: ")[1:]:
        name, about, *statement = part.split("\n")
        assert re.fullmatch(r"[a-z0-9_]+", name)
        assert re.fullmatch(r"-- [A-Z0-9].*\.", about), name
        assert "\n".join(statement).count(";") == 1, name


def test_a_statement_stands_in_one_file():
    first, second = (set(named(text_of(file))) for file in FILES)
    assert first & second == set()
