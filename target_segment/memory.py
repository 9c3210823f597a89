"""What is remembered of a subject: its fates, states, totals and parts; what decides whether a transition is news.

One `Row` per subject of a stream, and one per Segment identity (stream `identify`). The ledger keeps rows; `news.py`
reads and changes them; nothing here does either.
"""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct, field

TOLD, BEFORE, KNOWN, FILTERED, REJECTED = "told", "before", "known", "filtered", "rejected"
KEPT = "kept"


class Fate(Struct, frozen=True, array_like=True, gc=False):
    """What became of a transition: `start` is what `since` is compared with, `at` when it happened."""

    fate: str
    start: datetime
    at: datetime


class State(Struct, frozen=True, array_like=True, gc=False):
    """The last known state: how many versions were told, its facts, and what was changed before `since`, unsaid.

    `before` is the start of the oldest change that lay before `since`, `facts_before` the state that it changed: should
    `since` be lowered, that is what the present state is compared with.
    """

    version: int
    facts: str
    before: datetime | None = None
    facts_before: str | None = None


class Unsaid(Struct, frozen=True, array_like=True, gc=False):
    """An increase of a running total that lay before `since`: from which total to which, its start and its instant."""

    low: Decimal
    high: Decimal
    start: datetime
    at: datetime


class Memory(Struct, omit_defaults=True):
    """What is remembered of one subject.

    `total` is the highest running total, `unsaid` those of its increases that lay before `since`. `told_records` are the
    refunds whose lines went with an increase. `parts` are the coupon codes and lines that an order had when it was
    completed. `verdict` is the filter's, judged once per order. `guest` is the anonymousId under which an order was told.
    `spoken` is the stream that an identity's traits come from, `speaker` the subject in it.
    """

    fates: dict[str, Fate] = {}
    states: dict[str, State] = {}
    parts: dict[str, list[str]] = {}
    completed: bool = False
    verdict: str | None = None
    guest: str | None = None
    spoken: str | None = None
    speaker: str | None = None
    identified: bool = False
    currency: str | None = None
    total: Decimal | None = None
    unsaid: list[Unsaid] = []
    told_records: list[str] = []


class Row(Struct):
    """A subject's memory with its dates: `instant` of the newest snapshot, `seen_at` when it was last read."""

    stream: str
    subject: str
    memory: Memory = field(default_factory=Memory)
    instant: datetime | None = None
    seen_at: datetime | None = None
    form: str | None = None
    changed: bool = False
    replaces: bool = False
