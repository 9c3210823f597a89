"""Where batches go: Segment, a dry run's file, or a count; whoever takes one says so by returning."""

from typing import Protocol

from target_segment.batch import Batch


class Outlet(Protocol):
    """Takes batches. `deliver` is called from several threads."""

    @property
    def tells(self) -> bool:
        """Whether what it takes is told: else the run works on a copy of the ledger and prints no STATE."""

    @property
    def verb(self) -> str:
        """What became of the events that it took, in the run's last line."""

    @property
    def where(self) -> str:
        """Where they go, in the run's first line."""

    def deliver(self, batch: Batch) -> float:
        """Hand a batch over, wholly, and return for how many seconds that had to wait; raise why it was not taken."""

    def close(self) -> None:
        """Let go of what was opened."""
