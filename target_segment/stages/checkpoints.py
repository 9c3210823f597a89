"""What of each chunk is not settled yet, and which STATE may be printed: one before which everything is settled.

A chunk is settled once all that it implies is told or set aside; what it replaced in memory is then let go of, in the order
of chunks: should all be taken back, the rest is still there.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from target_segment.batch import Batch
from target_segment.stages.writer import Intent


class _Open(Struct):
    """What of a chunk is still to be done: itself, its intents, its batches; and the intents that replaced something."""

    left: int = 1
    intents: list[Intent] = field(default_factory=list)


class Checkpoints:
    """Counts what is left of each chunk."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._chunk_of: dict[int, int] = {}
        self._states: deque[tuple[int, str]] = deque()

    def open(self, sequence: int) -> None:
        """Begin a chunk; it is itself to be settled once all of it is expected."""
        self._open[sequence] = _Open()

    def expect(self, sequence: int) -> None:
        """Expect one intent of a chunk."""
        self._open[sequence].left += 1

    def settle(self, sequence: int) -> None:
        """Note that one thing of a chunk is done."""
        self._open[sequence].left -= 1

    def intended(self, intent: Intent) -> None:
        """Take an intent: its batches are left in its place."""
        chunk = self._open[intent.sequence]
        if intent.replaced:
            chunk.intents.append(intent)
        chunk.left += len(intent.batches) - 1
        self._chunk_of.update({batch.id: intent.sequence for batch in intent.batches})

    def halved(self, batch: Batch, halves: Iterable[Batch]) -> None:
        """Let two batches be left where there was one; what an earlier run intended is of no chunk."""
        sequence = self._chunk_of.pop(batch.id, None)
        if sequence is not None:
            self._open[sequence].left += 1
            self._chunk_of.update({half.id: sequence for half in halves})

    def settle_batches(self, batches: Iterable[Batch]) -> None:
        """Note that these batches are told or set aside."""
        for batch in batches:
            sequence = self._chunk_of.pop(batch.id, None)
            if sequence is not None:
                self.settle(sequence)

    def let_go(self) -> Iterator[Intent]:
        """Close the oldest chunks that are settled; yield their intents, of which memory may now let go what they replaced."""
        while self._open:
            sequence, chunk = next(iter(self._open.items()))
            if chunk.left:
                return
            yield from chunk.intents
            del self._open[sequence]

    def state(self, newest: int, value: str) -> None:
        """Take a STATE that came behind the chunk of this number, which may not be cut yet."""
        self._states.append((newest, value))

    def printable(self, cut: int) -> str | None:
        """Return the newest STATE before which everything is settled, where there is one; `cut` is the newest chunk."""
        unsettled = min(self._open, default=cut + 1)
        value = None
        while self._states and self._states[0][0] < unsettled:
            value = self._states.popleft()[1]
        return value
