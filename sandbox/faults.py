"""When a server misbehaves: a schedule drawn from a seed, or said in advance. The n-th request meets the n-th fate, whoever asks."""

from collections import Counter, deque
from collections.abc import Iterable
from random import Random
from threading import Lock

EVERY = ("429", "429_after", "500", "502", "503", "reset", "truncated", "slow")
"""What befalls a shop's API and Segment alike. Each server knows some more, and refuses a kind that it does not know."""

PAGE = b"<!DOCTYPE html>\n<html><head><title>Something went wrong</title></head><body><h1>%b</h1></body></html>\n"


class Faults:
    """Spoil a share `rate` of all requests, each in one of the ways `kinds`; first of all those in `plan` (None: none).

    `in_a_row` bounds how often it goes wrong without a pause, so that a client that retries within bounds gets through.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        rate: float = 0.0,
        kinds: Iterable[str] = EVERY,
        plan: Iterable[str | None] = (),
        in_a_row: int = 3,
        retry_after: float = 1,
        slow: float = 0.05,
    ) -> None:
        self.rate, self.kinds, self.plan = rate, tuple(kinds), deque(plan)
        self.retry_after, self.slow, self.in_a_row = retry_after, slow, in_a_row
        self.happened: Counter[str] = Counter()
        self._draw, self._row, self._lock = Random(f"faults/{seed}"), 0, Lock()

    def next(self) -> str | None:
        """Return what goes wrong with this request, None if nothing does."""
        with self._lock:
            kind = self.plan.popleft() if self.plan else self._drawn()
            self._row = self._row + 1 if kind else 0
            if kind:
                self.happened[kind] += 1
            return kind

    def known(self, kinds: Iterable[str]) -> None:
        """Raise if there is a kind in here that a server does not know: it would silently do nothing."""
        if unknown := {*self.kinds, *filter(None, self.plan)} - set(kinds):
            raise ValueError(
                f"no such faults here: {', '.join(sorted(unknown))}; there are {', '.join(sorted(kinds))}"
            )

    def _drawn(self) -> str | None:
        if not self.kinds or self._draw.random() >= self.rate or self._row >= self.in_a_row:
            return None
        return self._draw.choice(self.kinds)
