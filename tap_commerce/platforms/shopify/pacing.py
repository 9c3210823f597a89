"""How much to ask for at once, and when: what Shopify charges is not published, so it is read from its answers.

https://shopify.dev/docs/api/usage/limits says that a query's requested points must be in the bucket before it runs, and
that no query may ask for more than 1,000. Everything else here is learnt: start modestly, grow towards the budget
while answers are cheap, shrink when refused.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple, TypeVar

from tap_commerce.errors import Terminal

T = TypeVar("T")

CAP = 1000.0
"""Points that one query may ask for, until Shopify says otherwise."""

SHARE = 0.8
"""The part of the cap, and of the bucket, that one query is let grow to."""

LONGEST = 250
"""The most that Shopify gives of a list at once."""

SLOW = 8.0
"""Seconds that an answer may take: slower ones come near to where Shopify's servers give up."""

GOOD = 20
"""Pages without trouble after which a page size that failed is tried again."""


class TooCostly(Terminal):
    """Shopify refused a query for what it would cost at most: ask for less."""

    def __init__(self, message: str, *, cost: float | None, cap: float | None) -> None:
        super().__init__(message)
        self.cost = cost
        self.cap = cap


class Cost(NamedTuple):
    """What an answer says of its cost; `None` where it does not."""

    requested: float | None = None
    available: float | None = None
    maximum: float | None = None
    rate: float | None = None

    def lacking(self) -> float | None:
        """Seconds until the bucket holds what was requested."""
        if self.requested is None or self.available is None or not self.rate:
            return None
        seconds = (self.requested - self.available) / self.rate
        return seconds if seconds > 0 else None


class Bucket:
    """What is left of the points, as of the last answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cost = Cost()
        self._at = 0.0

    def saw(self, cost: Cost) -> None:
        """Note an answer's throttle status."""
        if cost.available is not None:
            self._cost, self._at = cost, self._clock()

    def lacking(self, points: float) -> float:
        """Seconds to wait until `points` should be there; 0 while nothing is known."""
        available, rate, maximum = self._cost.available, self._cost.rate, self._cost.maximum
        if available is None or not rate or maximum is None:
            return 0.0
        there = min(maximum, available + rate * (self._clock() - self._at))
        return max(0.0, (min(points, maximum) - there) / rate)


class PageSize:
    """The size of the next page, and of the lists that come inline with each of its rows."""

    def __init__(self, *, first: int, largest: int, inline: dict[str, tuple[int, int]] | None = None) -> None:
        """Start with pages of `first`; `inline` names each nested list with its first size and its largest."""
        self.first = min(first, largest)
        self.inline = {name: size for name, (size, _) in (inline or {}).items()}
        self.expected = 0.0
        self._largest = largest
        self._ceiling = largest
        self._ceilings = {name: largest for name, (_, largest) in (inline or {}).items()}
        self._cap = CAP
        self._good = 0

    def answered(self, cost: Cost, overflowed: Collection[str] = (), seconds: float = 0.0) -> None:
        """Learn from an answer: what it cost, which inline lists were too short for some row, how long it took."""
        self._good += 1
        if self._good >= GOOD:
            self._ceiling, self._good = min(self._largest, self._ceiling * 2), 0
        if cost.requested is None:
            return
        budget = SHARE * min(self._cap, cost.maximum or self._cap)
        for name in overflowed if cost.requested <= budget / 2 else ():
            self.inline[name] = min(self._ceilings[name], self.inline[name] * 2)
        affordable = int(self.first * min(budget / max(cost.requested, 1.0), SLOW / max(seconds, 0.1)))
        before, self.first = self.first, max(1, min(affordable, self.first * 2, self._ceiling))
        self.expected = cost.requested * self.first / before

    def refused(self, error: TooCostly) -> None:
        """Ask for less, or give up when there is no less."""
        self._cap = error.cap or self._cap
        self.expected = 0.0
        if self.first > 1:
            fits = self.first // 2
            if error.cost:
                fits = min(fits, int(self.first * SHARE * self._cap / error.cost))
            self.first = max(1, fits)
        elif any(size > 1 for size in self.inline.values()):
            self.inline = {name: max(1, size // 2) for name, size in self.inline.items()}
            # What was refused once is not grown into again.
            self._ceilings = dict(self.inline)
        else:
            raise error

    def failed(self) -> None:
        """Ask for less after a server error: big pages are what Shopify's servers fail at."""
        self._good = 0
        if self.first == 1:
            # Perhaps it is the lists of this one row.
            self.inline = {name: max(1, size // 2) for name, size in self.inline.items()}
        self._ceiling = self.first = max(1, self.first // 2)
        self.expected /= 2


class Length:
    """How much of one list is asked for at once: all that Shopify gives, until that is refused or fails."""

    def __init__(self) -> None:
        self.first = LONGEST

    def refused(self, error: TooCostly) -> None:
        """Ask for less, or give up when there is no less."""
        if self.first == 1:
            raise error
        fits = int(self.first * SHARE * error.cap / error.cost) if error.cost and error.cap else self.first
        self.first = max(1, min(self.first // 2, fits))

    def failed(self) -> None:
        """Ask for less after a server error."""
        self.first = max(1, self.first // 2)


def until_affordable(ask: Callable[[], T], refused: Callable[[TooCostly], None]) -> T:
    """Ask again and again, for less each time it costs too much: `refused` makes the question smaller, or raises."""
    while True:
        try:
            return ask()
        except TooCostly as error:
            refused(error)
