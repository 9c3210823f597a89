"""What a docstring shows is what happens: every example in the two packages is run."""

import doctest
import importlib
import pkgutil

import pytest

import tap_commerce
import target_segment

MODULES = [
    each.name
    for package in (tap_commerce, target_segment)
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


def examples(name):
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    return [each for each in found if each.examples]


def test_there_are_modules_and_examples():
    """So that this cannot rot into testing nothing."""
    assert len(MODULES) > 120
    assert sum(len(examples(name)) for name in MODULES) >= 10


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_examples_are_true(name):
    runner = doctest.DocTestRunner(verbose=False)
    for each in examples(name):
        runner.run(each)
    assert runner.summarize(verbose=False).failed == 0
