"""The shapes between a snapshot and an event: what a snapshot proves, and what of it is news."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from target_segment.snapshots import CustomerSummary, OrderSummary, Snapshot
from target_segment.transitions.table import Entry

AGES_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The creation of what does not say when it was created: `updated_at` is never a start."""


class Transition(Struct, frozen=True, kw_only=True, gc=False):
    """One thing that a snapshot proves.

    `start` is the earliest instant at which it can have happened (None: an interval, which begins when the subject was
    last seen without it, else at its creation); `at` is when it is said to have happened. `part` tells subjects within one
    record apart (a coupon's code, a line's id). `facts` are what a state is compared by (see `facts.py`). `total` is the
    running total after it. `detail` is the coupon or the line it is about. `first` says that the first sight of a state is told.
    """

    name: str
    at: datetime
    start: datetime | None = None
    part: str = ""
    facts: str | None = None
    total: Decimal | None = None
    detail: Any = None
    first: bool = False


class Proof(Struct, frozen=True, kw_only=True, gc=False):
    """What one snapshot proves: its place in memory, how it is dated, and all its transitions.

    `subject` is what memory knows it by. `instant` is its `updated_at`, else when it was read. `created` is where an
    interval starts for a subject never seen before. `begun` and `completed` are the order's.
    `there` are the parts (coupon codes, line ids) of a completed order. `traits` are the facts by which the customer's
    identity is compared. `speaks` says whether it tells who its customer is.
    """

    stream: str
    subject: str
    snapshot: Snapshot
    instant: datetime
    read_at: datetime
    created: datetime
    transitions: list[Transition]
    order: OrderSummary | None = None
    customer: CustomerSummary | None = None
    begun: bool = True
    completed: bool = True
    there: dict[str, list[str]] = {}
    traits: str | None = None
    speaks: bool = True

    def proves(self, name: str) -> bool:
        """Say whether a transition of this name is among those proved."""
        return any(transition.name == name for transition in self.transitions)


class News(Struct, frozen=True, kw_only=True, gc=False):
    """A transition that is due and was not told: what the ledger's memory leaves of the transitions."""

    entry: Entry
    message_id: str
    subject: str
    at: datetime
    user_id: str | None
    anonymous_id: str | None
    snapshot: Any
    total_before: Decimal | None = None
    total: Decimal | None = None
    first: bool = True
    detail: Any = None

    @property
    def increase(self) -> Decimal:
        """The money of a running transition: how much more was given back."""
        return (self.total or Decimal(0)) - (self.total_before or Decimal(0))
