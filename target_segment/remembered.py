"""What is remembered of a subject: its fates, states, totals and parts; what decides whether a transition is news.

One `Row` per subject of a stream, and one per Segment identity (stream `identify`). The ledger keeps rows, deciding
reads and changes them; nothing here does either.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec import Struct, field
from xxhash import xxh3_64_intdigest

Scope = tuple[str, str]
"""A platform and a shop."""
Key = tuple[str, str]
"""A stream and a subject."""

TOLD, BEFORE, KNOWN, FILTERED, REJECTED = "told", "before", "known", "filtered", "rejected"
KEPT = "kept"
FORGOTTEN = "forgotten"
"""The fate, and in the account the name, of whom nothing more is told."""


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


class ConsentSaid(Struct, frozen=True, array_like=True, gc=False):
    """Whether somebody consented, when that was last said."""

    given: bool
    at: datetime


class Memory(Struct, omit_defaults=True):
    """What is remembered of one subject.

    `total` is the highest running total, `unsaid` those of its increases that lay before `since`. `told_records` are the
    refunds whose lines went with an increase. `parts` are the coupon codes and lines that an order had when it was
    completed. `verdict` is the filter's, judged once per order. `guest` is the anonymousId under which an order was told.
    `spoken` is the stream that an identity's traits come from, `speaker` the subject in it; `consents` are those that are
    asked for, as last said (`refused`: one of them was, before each was remembered by itself).
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
    refused: bool = False
    consents: dict[str, ConsentSaid] = {}
    currency: str | None = None
    total: Decimal | None = None
    unsaid: list[Unsaid] = []
    told_records: list[str] = []


class Row(Struct):
    """A subject's memory with its dates: `instant` of the newest snapshot, when it was last read and when before that."""

    stream: str
    subject: str
    memory: Memory = field(default_factory=Memory)
    instant: datetime | None = None
    seen_at: datetime | None = None
    raw_hash: str | None = None
    changed: bool = False
    replaces: bool = False
    seen_before: datetime | None = None

    @classmethod
    def of(cls, found: "Found", *, replaces: bool = True) -> "Row":
        """Return the row that was found, its memory decoded."""
        return cls(
            found.stream, found.subject, memory_of(found.remembered), found.instant, found.seen_at, found.raw_hash,
            replaces=replaces, seen_before=found.seen_before,
        )  # fmt: skip

    def see(self, read_at: datetime) -> None:
        """Note that it was read."""
        if self.seen_at is None or read_at > self.seen_at:
            self.seen_before, self.seen_at = self.seen_at, read_at

    def seen(self, before: datetime) -> datetime | None:
        """Return when it was last read before an instant, as far as that is remembered."""
        return self.seen_at if self.seen_at is None or self.seen_at < before else self.seen_before


class Found(Struct, frozen=True, array_like=True, gc=False):
    """A row of memory as the ledger holds it: what is remembered is left as text until somebody decides over it."""

    stream: str
    subject: str
    instant: datetime | None
    seen_at: datetime | None
    seen_before: datetime | None
    raw_hash: str | None
    remembered: str


class Watch(Struct, frozen=True):
    """Since when a transition is told, under which condition, and which telling of it this is."""

    condition: str
    since: datetime
    generation: int


class Refusal(Struct, frozen=True, kw_only=True):
    """Something that could not be told: an event that Segment or a check refused, or a malformed record."""

    fate: str
    stream: str
    reason: str
    platform: str | None = None
    shop: str | None = None
    transition: str | None = None
    subject: str | None = None
    message_id: str | None = None
    payload: bytes | None = None
    occurred: datetime | None = None


_encode = msgspec.json.Encoder(decimal_format="string").encode
memory_of = msgspec.json.Decoder(Memory).decode
"""From what the ledger holds of a subject, as text, to its memory."""


def text_of(memory: Memory) -> str:
    """Return a memory as the ledger holds it."""
    return _encode(memory).decode()


def piece(key: int, found: Found) -> bytes:
    """Return a row as it stands in a document for the ledger, under short names; `key` is its `row_key`."""
    return _encode(
        {
            "k": key,
            "t": found.stream,
            "s": found.subject,
            "i": found.instant,
            "n": found.seen_at,
            "b": found.seen_before,
            "f": found.raw_hash,
            "r": found.remembered,
        }
    )


def documents(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lists in JSON that hold these pieces, each for one statement of the ledger."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _DOCUMENT:
            yield b"[" + b",".join(held) + b"]"
            held, size = [], 0
    if held:
        yield b"[" + b",".join(held) + b"]"


_DOCUMENT = 1_000_000
"""From so many bytes on a list is another statement's: DuckDB needs about ten times as much memory, and has little."""


def row_key(source: str, scope: Scope, key: Key) -> int:
    """Return the hash by which the ledger looks a row up."""
    return xxh3_64_intdigest("\0".join((source, *scope, *key)).encode())


def tombstone(source: str, scope: Scope, key: Key) -> str:
    """Return what stands for a forgotten subject: who holds its name recognises it, nobody reads it."""
    return f"{FORGOTTEN}:{sha256(chr(0).join((source, *scope, *key)).encode()).hexdigest()}"
