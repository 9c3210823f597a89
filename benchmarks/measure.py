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
import glob, json, os, subprocess, sys, threading, time
given, taken, *command = sys.argv[1:]
peak, done = 0, threading.Event()
def watch(root):
    global peak
    while not done.wait(0.25):
        size = 0
        for process in [root] + [int(pid) for path in glob.glob(f"/proc/{root}/task/*/children") for pid in open(path).read().split()]:
            try:
                size += next(int(line.split()[1]) for line in open(f"/proc/{process}/smaps_rollup") if line.startswith("Pss:"))
            except (OSError, StopIteration):
                pass
        peak = max(peak, size)
with open(given, "rb") as stdin, open(taken, "wb") as stdout:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    watcher = threading.Thread(target=watch, args=(process.pid,))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
done.set()
watcher.join()
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, max(peak, usage.ru_maxrss) / 1024]))
"""
"""Starts a command from a process that is itself small: Linux counts what the parent held at the start as the child's peak.

The peak is that of a process and its children together, pages that they share counted once, looked at four times a second (a look
costs the process milliseconds); at least that of the largest of them, as the kernel accounts for it.
"""


class Cost(NamedTuple):
    """What one run of a process took."""

    wall: float
    cpu: float
    rss: float
    """Peak resident set of the whole family of processes, MiB."""


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
