"""Input, cut into chunks by count, bytes and seconds; each record's hash; and what of a chunk is one shop's.

Records stay where they were read: a chunk keeps alive the blocks that its records came in, so all that was read counts.
"""

from collections.abc import Collection
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from target_segment.deciding.work import Item
from target_segment.hooks import Hooks
from target_segment.remembered import Found, Key, Refusal, Scope, Watch

CHUNK_RECORDS = 1_000
CHUNK_BYTES = 3_000_000
CHUNK_SECONDS = 5.0


class Chunk(Struct):
    """Records cut from the input at once, each with the hash of its bytes; `read` counts a record once, whatever its labels."""

    sequence: int
    records: list[tuple[str, msgspec.Raw, datetime]]
    hashes: list[str]
    read: int


class ShopPart(Struct):
    """What a chunk holds of one shop, and what memory will say of it."""

    scope: Scope
    watched: dict[str, Watch] = {}
    items: list[Item] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    keys: dict[Key, None] = field(default_factory=dict)
    recalled: Future[list[Found]] | None = None


class Chunks:
    """Holds what was read until it is a chunk.

    `fingerprint` is what a record's implications depend on besides the record: the same bytes under other settings have
    another hash. `labels` are those of mapped streams, `second_labels` those under which a record is read again.
    """

    def __init__(
        self,
        fingerprint: bytes,
        hooks: Hooks,
        *,
        labels: Collection[str] = (),
        second_labels: frozenset[str] = frozenset(),
        most_records: int = CHUNK_RECORDS,
    ) -> None:
        self.cut = 0
        """The number of the newest chunk."""
        self._seed = xxh3_64_intdigest(fingerprint)
        # What two streams say in the same words is not the same.
        self._seeds = {label: xxh3_64_intdigest(label.encode(), seed=self._seed) for label in labels}
        self._second_labels, self._most_records = second_labels, most_records
        self._now, self._monotonic = hooks.now, hooks.monotonic
        self._buffer: list[tuple[str, msgspec.Raw, datetime]] = []
        self._size = 0
        self._untold = 0
        self._waiting_since = 0.0
        self._read_at: tuple[str | None, datetime | None] = (None, None)

    @property
    def newest(self) -> int:
        """The number of the chunk that the newest record is in, also while that one is not cut yet."""
        return self.cut + 1 if self._buffer else self.cut

    def add(self, stream: str, raw: msgspec.Raw, time_extracted: str | None) -> Chunk | None:
        """Take a record; return a chunk where that makes one."""
        if not self._buffer and not self._untold:
            self._waiting_since = self._monotonic()
        if time_extracted is None or self._read_at[0] != time_extracted:
            self._read_at = (time_extracted, self._instant(time_extracted))
        self._buffer.append((stream, raw, self._read_at[1] or self._now()))
        self._size += len(raw)
        if len(self._buffer) >= self._most_records or self._size >= CHUNK_BYTES:
            return self.rest()
        return None

    def note_read(self, size: int) -> None:
        """Note that so much was read of which nothing is told: records around it keep alive the block that it came in."""
        if self._buffer:
            self._size += size

    def is_overdue(self) -> bool:
        """Say whether something has waited for too long, be it cut or not."""
        waits = bool(self._buffer or self._untold)
        return waits and self._monotonic() - self._waiting_since > CHUNK_SECONDS

    def rest(self) -> Chunk | None:
        """Return what was read since the last chunk as one, None if nothing was."""
        if not self._buffer:
            return None
        records, self._buffer, self._size = self._buffer, [], 0
        self.cut += 1
        self._untold += 1
        seeds, seed = self._seeds, self._seed
        hashes = [xxh3_128_hexdigest(raw, seed=seeds.get(stream, seed)) for stream, raw, _ in records]
        second = self._second_labels
        again = sum(stream in second for stream, _, _ in records) if second else 0
        return Chunk(self.cut, records, hashes, len(records) - again)

    def told(self) -> None:
        """Note that the oldest chunk waits no longer."""
        self._untold -= 1
        self._waiting_since = self._monotonic()

    def _instant(self, text: str | None) -> datetime:
        if text is None:
            return self._now()
        try:
            at = msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            return self._now()
        return at if at.tzinfo else at.replace(tzinfo=UTC)
