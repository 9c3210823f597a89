"""How large a thing may become before it is two: files, classes and parameters of the tap."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tap_commerce"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES, LINES_OF_A_CLASS, PARAMETERS = 400, 250, 8


def name(path):
    return path.relative_to(PACKAGE).as_posix()


def found(path, kind):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kind)]


def parameters(function):
    """The parameters that a caller hands over."""
    given = function.args
    named = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [each for each in named if each not in ("self", "cls")]


def test_there_are_files():
    assert len(FILES) > 50


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_fits_on_a_few_screens(path):
    assert len(path.read_text().splitlines()) <= LINES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_class_is_about_one_thing(path):
    large = {
        each.name: each.end_lineno - each.lineno + 1
        for each in found(path, ast.ClassDef)
        if each.end_lineno - each.lineno >= LINES_OF_A_CLASS
    }
    assert large == {}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_takes_few_parameters(path):
    greedy = {
        each.name: len(parameters(each))
        for each in found(path, ast.FunctionDef | ast.AsyncFunctionDef)
        if len(parameters(each)) > PARAMETERS
    }
    assert greedy == {}
