"""`make bench`: the target and the tap beside what they are compared with, and what a poll costs.

python -m benchmarks --orders 20000 --reference .venvs/reference/bin/python
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import polls, tap, target

MOST_PAGES = 20_000
"""Orders that the tap reads at most: their pages are held in memory, ready to be sent."""


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("target", "tap", "polls"))
    parser.add_argument(
        "--reference", type=Path, required=True, help="a Python that has segment-analytics-python"
    )
    given = parser.parse_args()
    commands = Path(sys.executable).parent
    said = ", ".join(f"{name} {version(name)}" for name in ("singer-sdk", "duckdb", "msgspec"))
    print(f"Python {platform.python_version()}, {said}; {os.cpu_count()} cores of {platform.machine()}\n")
    if given.only in (None, "target"):
        print("## The target\n")
        print(
            target.measure(given.orders, given.rounds, given.reference, commands / "target-segment"),
            "\n",
            flush=True,
        )
    if given.only in (None, "tap"):
        print("## The tap\n")
        print(
            tap.measure(min(given.orders, MOST_PAGES), given.rounds, commands / "tap-commerce"),
            "\n",
            flush=True,
        )
    if given.only in (None, "polls"):
        print("## A poll\n")
        print(polls.measure(), flush=True)


if __name__ == "__main__":
    main()
