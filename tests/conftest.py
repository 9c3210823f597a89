"""What all tests share: golden files, with `pytest --regenerate` to write them anew; both programs as commands; quiet.

A golden file that git has not committed is never overwritten: what was expected before must stay visible as a diff.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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


@pytest.fixture
def installed(tmp_path):
    """Return an environment in which both programs are commands, as in an installation; it holds nothing else."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for name, package in {
        "tap-commerce": "tap_commerce.tap",
        "target-segment": "target_segment.cli",
    }.items():
        (commands / name).write_text(f"#!{sys.executable}\nfrom {package} import main\nmain()\n")
        (commands / name).chmod(0o755)
    return {"PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def quiet():
    """Let nobody warn of what the test does on purpose."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
