"""What is remembered of a subject: its fates, states, totals and parts; what decides whether a transition is news.

One `Row` per subject of a stream, and one per Segment identity (stream `identify`). The ledger keeps rows; `news.py`
reads and changes them; nothing here does either.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Consent(Struct, frozen=True, array_like=True, gc=False):
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
    consents: dict[str, Consent] = {}
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
    form: str | None = None
    changed: bool = False
    replaces: bool = False
    seen_before: datetime | None = None

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
    form: str | None
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


class Rows(dict[Key, Row]):
    """The rows that one record is about, made when they are first asked for: as last decided, else as found, else new.

    `found` is what the ledger holds, what was found later counts; `newest` what was decided just before, of which the ledger may
    not have heard, newest last. `keep` decides a record's rows: from then on they are in `decided`.
    """

    def __init__(
        self,
        source: str,
        scope: Scope,
        found: Iterable[Found],
        newest: Sequence[Mapping[Key, Found]] = (),
    ) -> None:
        super().__init__()
        self._source, self._scope = source, scope
        self.decided: dict[Key, Found] = {}
        self.replaced: dict[Key, None] = {}
        """The keys of those that there were before."""
        self._pieces: dict[Key, bytes] = {}
        self._before = [{(each.stream, each.subject): each for each in found}, *newest]

    def __missing__(self, key: Key) -> Row:
        row = self[key] = self._remembered(key) or Row(*key)
        return row

    def keep(self) -> None:
        """Remember what changed of these rows, while they are at hand; let them go."""
        for key, row in self.items():
            if row.changed:
                remembered = text_of(row.memory)
                self.decided[key] = Found(
                    row.stream, row.subject, row.instant, row.seen_at, row.seen_before, row.form, remembered
                )
                self._pieces[key] = _encode(
                    {
                        "k": hashed(self._source, self._scope, key),
                        "t": row.stream,
                        "s": row.subject,
                        "i": row.instant,
                        "n": row.seen_at,
                        "b": row.seen_before,
                        "f": row.form,
                        "r": remembered,
                    }
                )
                if row.replaces:
                    self.replaced[key] = None
        self.clear()

    def documents(self) -> list[bytes]:
        """Return what was decided as it goes into the ledger."""
        return list(documents(self._pieces.values()))

    def _remembered(self, key: Key) -> Row | None:
        for known in (self.decided, *reversed(self._before)):
            if found := known.get(key):
                return Row(
                    found.stream, found.subject, memory_of(found.remembered), found.instant, found.seen_at, found.form,
                    replaces=known is not self.decided or key in self.replaced, seen_before=found.seen_before,
                )  # fmt: skip
        return None


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


def hashed(source: str, scope: Scope, key: Key) -> int:
    """Return the hash by which the ledger looks a row up."""
    return xxh3_64_intdigest("\0".join((source, *scope, *key)).encode())


def tombstone(source: str, scope: Scope, key: Key) -> str:
    """Return what stands for a forgotten subject: who holds its name recognises it, nobody reads it."""
    return f"{FORGOTTEN}:{sha256(chr(0).join((source, *scope, *key)).encode()).hexdigest()}"


def place(transition: str, subject: str) -> tuple[str, str, str]:
    """Return a transition's name, its key among the fates and the subject of the row that remembers it."""
    if transition in ("coupon_applied", "post_purchase_upsell"):
        order, _, part = subject.partition(":")
        return transition, f"{transition}:{part}", order
    if transition in ("alias", "identity_linked"):
        guest, _, user = subject.partition(":")
        return transition, f"{transition}:{guest}", user
    return transition, transition, subject
