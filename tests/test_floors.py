"""What only one file may know, and what no file may say; the direction of imports itself is import-linter's."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

KNOWS = {
    "singer_sdk": {
        "tap_commerce/tap.py",
        "tap_commerce/streams.py",
        "tap_commerce/singer.py",
        "target_segment/singer/target.py",
        "target_segment/singer/sinks.py",
        "target_segment/singer/reading.py",
    },
    "duckdb": {"target_segment/ledger/on_duckdb.py"},
    "requests": {"tap_commerce/http.py", "target_segment/delivery/courier.py"},
}
"""A neighbour's package, and the only files that may import it."""


def sources():
    """Every Python file of the two packages, as its path from the root and its tree."""
    found = [
        path for package in ("tap_commerce", "target_segment") for path in (ROOT / package).rglob("*.py")
    ]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())) for path in found]


def imported(tree):
    """The names of all modules that a file imports, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("neighbour", KNOWS)
def test_a_neighbour_is_known_in_its_own_place_only(neighbour):
    """The SDK, DuckDB and HTTP each have a place; nothing else learns of them."""
    knowing = {
        path for path, tree in sources() if any(name.split(".")[0] == neighbour for name in imported(tree))
    }
    assert knowing <= KNOWS[neighbour]


DECIPHERS = {
    "tap_commerce/http.py:decipher",
    "target_segment/delivery/courier.py:decipher",
    "target_segment/delivery/courier.py:check_write_key",
}
"""The functions that decide by an HTTP status; the last asks another server, whether a key exists."""


def test_a_status_becomes_a_meaning_in_one_function_of_each_package():
    """Nobody but the function that deciphers an answer compares its status."""
    deciding = {
        f"{path}:{function.name}"
        for path, tree in sources()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, (ast.Compare, ast.Match)) and _of_a_status(node)
    }
    assert deciding <= DECIPHERS


def test_only_the_command_line_of_the_target_exits():
    """What is wrong is an error until there; one place makes it one line and a code."""
    exiting = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.exit", "os._exit")
    }
    assert {path for path in exiting if path.startswith("target_segment/")} == {"target_segment/cli.py"}


def _of_a_status(node):
    """Whether a comparison or a match is about a status and a number of three digits."""
    numbers = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
    return any(isinstance(number, int) and 400 <= number < 600 for number in numbers)


def test_nothing_below_the_platforms_asks_which_platform_it_is():
    """A difference between platforms lives in the platform, never in an `if` about its name."""
    asking = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                named = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
                if named & {"shopify", "prestashop", "elasticpath"}:
                    asking.append(f"{path}:{node.lineno}")
    assert asking == []


def test_every_module_says_what_it_is_for():
    assert [path for path, tree in sources() if not ast.get_docstring(tree)] == []


def test_no_file_has_a_name_that_says_nothing():
    names = {path.rsplit("/", 1)[-1] for path, _ in sources()}
    assert (
        names & {"utils.py", "util.py", "helpers.py", "helper.py", "base.py", "common.py", "misc.py"} == set()
    )


def test_the_repository_says_nothing_of_the_machine_it_was_written_on():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    telling = re.compile("|".join(["/" + "work/", "/" + "root/", "/opt/" + "wheels"]))
    found = [name for name in filter(None, listed.stdout.split("\0")) if _says(ROOT / name, telling)]
    assert found == []


def _says(path, pattern):
    try:
        return path.is_file() and bool(pattern.search(path.read_text()))
    except UnicodeDecodeError:
        return False
