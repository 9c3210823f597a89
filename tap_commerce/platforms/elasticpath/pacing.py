"""When to ask, and how much at once: a store bears so many requests a second and does not say how many are left.

Production stores bear 100 a second, development stores 25, and whoever asks shares them with all else that asks. Over it comes a
429 without any header (https://elasticpath.dev/guides/Getting-Started/rate-limits): then ask slower, and faster again when it goes well.
"""

from collections.abc import Callable, Iterable, Iterator
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

GOOD = 50
"""Answers without trouble after which the rate doubles again, up to what was set."""

SLOWEST = 1.0
"""Questions a second that are asked whatever comes back."""


class Pace:
    """Lets questions go, so many a second, whoever asks."""

    def __init__(self, rate: float, *, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self.rate = self._set = rate
        self._clock, self._sleep = clock, sleep
        self._free, self._at = 1.0, clock()
        self._good = 0
        self._lock = Lock()

    def wait(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = self._clock()
            self._free = min(1.0, self._free + max(0.0, now - self._at) * self.rate)
            if self._free < 1:
                self._sleep((1 - self._free) / self.rate)
                # What was slept has passed, whatever the clock says.
                self._free, now = 1.0, self._clock()
            self._free, self._at = self._free - 1, now

    def throttled(self) -> None:
        """Ask half as fast from now on."""
        with self._lock:
            self.rate = max(min(SLOWEST, self._set), self.rate / 2)
            self._good = 0

    def answered(self) -> None:
        """Ask faster again after a while."""
        with self._lock:
            self._good += 1
            if self._good >= GOOD and self.rate < self._set:
                self.rate, self._good = min(self._set, self.rate * 2), 0


def side_by_side(work: Callable[[T], R], of: Iterable[T], workers: int) -> list[R]:
    """Do something for each, several at a time, and return the results in order; the first error ends it.

    The threads are daemons: who is told to stop need not wait for an answer that does not come.
    """
    todo: Iterator[tuple[int, T]] = enumerate(of)
    done: dict[int, R] = {}
    errors: list[BaseException] = []
    lock = Lock()

    def run() -> None:
        while not errors:
            with lock:
                place, each = next(todo, (-1, None))
            if place < 0:
                return
            try:
                done[place] = work(each)  # type: ignore[arg-type]
            except BaseException as error:  # noqa: BLE001 - it is raised where the results are wanted
                errors.append(error)

    threads = [Thread(target=run, name="question", daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [done[place] for place in sorted(done)]
