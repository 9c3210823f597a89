"""What all tests share: golden files, and `pytest --regenerate` to write them anew.

A golden file that git has not committed is never overwritten: what was expected before must stay visible as a diff.
"""

import subprocess

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write the golden files anew, but for those that are not committed",
    )


@pytest.fixture
def golden(request):
    """Compare a text with a golden file, or write it there with `--regenerate`."""

    def compare(path, text):
        if not request.config.getoption("regenerate"):
            assert path.exists(), f"{path} is missing: run pytest --regenerate"
            assert text == path.read_text(encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            assert not path.exists() or is_committed(path), (
                f"{path} is not committed: commit or remove it first"
            )
            path.write_text(text, encoding="utf-8")

    return compare


def is_committed(path):
    """Whether git holds the file as it is."""
    asked = subprocess.run(  # noqa: S603
        ["git", "status", "--porcelain", "--ignored", "--", path.name],  # noqa: S607
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return not asked.stdout.strip()
