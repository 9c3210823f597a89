"""A dry run's file: takes batches as Segment does, and writes their events as JSON lines instead."""

import os
import threading
from pathlib import Path

from target_segment.batch import Batch


class DryRun:
    """Takes batches like Segment and writes their events to a file instead, which is its owner's alone."""

    tells = False
    verb = "written, not told"

    def __init__(self, path: str) -> None:
        self.where = f"the file {path}"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        self._lock = threading.Lock()

    def deliver(self, batch: Batch) -> float:
        """Write a batch's events, one line each."""
        with self._lock:
            self._file.writelines(body + b"\n" for body in batch.bodies())
            self._file.flush()
        return 0.0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
