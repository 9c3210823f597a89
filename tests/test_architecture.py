"""The map is true: every file that it names is there, every room of the target is on it, and nothing outgrows the house."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAP = ROOT / "ARCHITECTURE.md"
PACKAGES = ("tap_commerce", "target_segment")
MOST_LINES, MOST_OF_CLASS, MOST_PARAMETERS = 400, 250, 8


def sources():
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def trees():
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))) for path in sources()]


def named():
    """The files and folders that stand in backticks on the map, as written."""
    return sorted(set(re.findall(r"`([\w./]+(?:\.py|\.sql|/))`", MAP.read_text("utf-8"))))


@pytest.mark.parametrize("name", named())
def test_every_file_that_the_map_names_is_there(name):
    wanted = name.rstrip("/")
    places = [*PACKAGES, "tests", "sandbox", "."]
    found = [
        path
        for place in places
        for path in (ROOT / place).rglob(Path(wanted).name)
        if path.as_posix().endswith(f"/{wanted}")
    ]
    assert found, f"{name} is nowhere"


def test_the_map_names_every_room_of_the_target():
    text = MAP.read_text("utf-8")
    rooms = {path.parent.name for path in (ROOT / "target_segment").glob("*/__init__.py")}
    assert {room for room in rooms if f"{room}/" not in text and f"{room}]" not in text} == set()


def test_no_file_is_too_long_to_be_one_idea():
    long = {path.name: len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_no_class_is_too_long_to_be_read():
    classes = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert {name: lines for name, lines in classes.items() if lines > MOST_OF_CLASS} == {}


def test_no_function_takes_more_than_can_be_kept_in_mind():
    functions = {
        f"{path}:{node.name}": len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
        - (node.args.args[:1] != [] and node.args.args[0].arg in ("self", "cls"))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: count for name, count in functions.items() if count > MOST_PARAMETERS} == {}
