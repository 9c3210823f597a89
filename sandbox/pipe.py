"""The shell pipe `tap-commerce | target-segment` as two real processes, to be run, watched and killed.

Like a scheduler it knows only their command lines, exit codes and STATE lines: the state file is replaced by whole
lines alone. It imports neither package.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120
"""Seconds after which a run is taken to hang: both ends are killed and that is an error."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended: the exit codes of both sides (negative: the signal that killed it) and what it left."""

    tap: int
    target: int
    seconds: float
    states: int
    """STATE lines that the target printed."""
    log: str
    """What both sides wrote to stderr, the tap first."""

    @property
    def well(self) -> bool:
        """Whether both sides ended with 0."""
        return self.tap == 0 and self.target == 0


class Pipe:
    """A tap, a target and the state file between their runs, in a folder of their own."""

    def __init__(
        self, folder: Path, *, tap: Mapping[str, Any], target: Mapping[str, Any], catalog: Path | None = None
    ):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ledger = folder / "ledger.duckdb"
        self.state = folder / "state.json"
        self._catalog = catalog
        self._tap = dict(tap)
        self.tap_config = _written(folder / "shop.json", self._tap)
        self.target_config = _written(folder / "segment.json", {"ledger": str(self.ledger), **target})

    def set_tap(self, **settings: Any) -> None:
        """Change settings of the tap for the runs to come."""
        self._tap |= settings
        _written(self.tap_config, self._tap)

    def run(self) -> Ended:
        """Run both to their end."""
        return self.start().wait()

    def start(self) -> "Running":
        """Start both, joined by a pipe; the caller may kill either and must wait."""
        return Running(self)

    def tap_command(self) -> list[str]:
        """Return the tap's command line, with the state if there is one."""
        command = [*_command("tap-commerce"), "--config", str(self.tap_config)]
        if self._catalog:
            command += ["--catalog", str(self._catalog)]
        return [*command, "--state", str(self.state)] if self.state.exists() else command

    def target_command(self) -> list[str]:
        """Return the target's command line."""
        return [*_command("target-segment"), "--config", str(self.target_config)]


class Running:
    """A run under way."""

    def __init__(self, pipe: Pipe):
        self._pipe = pipe
        self._began = time.monotonic()
        self._states = 0
        self._logs = [pipe.folder / "tap.log", pipe.folder / "target.log"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self._logs[0].open("wb") as tap_log, self._logs[1].open("wb") as target_log:
            self.tap = subprocess.Popen(  # noqa: S603  # the project's own command
                pipe.tap_command(), stdout=subprocess.PIPE, stderr=tap_log, env=env, cwd=pipe.folder
            )
            self.target = subprocess.Popen(  # noqa: S603  # the project's own command
                pipe.target_command(),
                stdin=self.tap.stdout,
                stdout=subprocess.PIPE,
                stderr=target_log,
                env=env,
                cwd=pipe.folder,
            )
        self.tap.stdout.close()  # the target holds the other end; without this the tap never sees a dead target
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    @property
    def over(self) -> bool:
        """Whether both sides have ended."""
        return self.tap.poll() is not None and self.target.poll() is not None

    def kill(self, side: str) -> bool:
        """Kill one side, `tap` or `target`, as the kernel would; return whether it was still alive."""
        process = {"tap": self.tap, "target": self.target}[side]
        if process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return True

    def wait(self) -> Ended:
        """Wait for both sides and for the last STATE line to be kept."""
        deadline = time.monotonic() + PATIENCE
        try:
            for process in (self.tap, self.target):
                process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill("tap")
            self.kill("target")
            raise RuntimeError(f"the pipe hangs: see {self._logs[0]} and {self._logs[1]}") from None
        finally:
            self.tap.wait()
            self.target.wait()
            self._keeper.join()
            self.target.stdout.close()
        return Ended(
            tap=self.tap.returncode,
            target=self.target.returncode,
            seconds=time.monotonic() - self._began,
            states=self._states,
            log="".join(log.read_text(errors="replace") for log in self._logs),
        )

    def _keep(self) -> None:
        """Replace the state file by each whole STATE line, atomically."""
        for line in self.target.stdout:
            if line.endswith(b"\n"):
                fresh = self._pipe.state.with_suffix(".new")
                fresh.write_bytes(line)
                fresh.replace(self._pipe.state)
                self._states += 1


def _command(name: str) -> list[str]:
    """Return how to start one of the two programs: the installed script, else from the checkout."""
    script = Path(sys.executable).with_name(name)
    if script.exists():
        return [str(script)]
    package = {"tap-commerce": "tap_commerce.tap", "target-segment": "target_segment.cli"}[name]
    return [sys.executable, "-c", f"from {package} import main; main()"]


def _written(path: Path, settings: Mapping[str, Any]) -> Path:
    path.touch(mode=0o600)
    path.write_text(json.dumps(dict(settings), indent=2) + "\n")
    return path
