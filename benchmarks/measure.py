"""A whole process, measured: wall, CPU and peak memory as the kernel accounts for them.

Nothing here asserts a time; figures are printed and ratios taken between runs that alternate on the same machine.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

LAUNCHER = """
import json, os, subprocess, sys, time
given, taken, *command = sys.argv[1:]
with open(given, "rb") as stdin, open(taken, "wb") as stdout:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, usage.ru_maxrss / 1024]))
"""
"""Starts a command from a process that is itself small: Linux counts what the parent held at the start as the child's peak."""


class Cost(NamedTuple):
    """What one run of a process took."""

    wall: float
    cpu: float
    rss: float
    """Peak resident set, MiB."""


def run(command: Sequence[str | Path], *, stdin: Path | None = None, stdout: Path | None = None) -> Cost:
    """Run a command to its end and return what it cost; a failing command ends the benchmark with what it said."""
    nothing = Path("/dev/null")
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            LAUNCHER,
            *map(str, (stdin or nothing, stdout or nothing, *command)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    code, wall, cpu, rss = json.loads(done.stdout)
    if code:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {code}:\n{done.stderr[-4000:]}")
    return Cost(wall, cpu, rss)


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*(median(figures) for figures in zip(*costs, strict=True)))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows under headings: the first column to the left, figures to the right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    laid = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    laid.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(laid)
