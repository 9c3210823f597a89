"""A bound on the time of one evaluation that also holds inside a regular expression or any other C code.

An alarm can strike the main thread only, and templates are evaluated there, in the first process as in the second; in
another thread, or on a system without alarms, the evaluation has only the bounds that it keeps itself.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

R = TypeVar("R")


class Overrun(BaseException):
    """The time is up. No error like others: what is evaluated must not catch it."""


class Watchdog:
    """Strikes what runs longer than so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watching = False

    def watched(self, evaluate: Callable[[], R]) -> R:
        """Return what is evaluated; raise `Overrun` if it takes too long."""
        if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
            return evaluate()
        signal.signal(signal.SIGALRM, self._strike)
        self._watching = True
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            return evaluate()
        finally:
            # An alarm that comes between these two is of no consequence.
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _strike(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._watching:
            raise Overrun
