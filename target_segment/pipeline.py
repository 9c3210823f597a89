"""The straight way: records → chunks → what is new of them → decided → intended → delivered → receipted → STATE.

Nothing lost      a STATE is printed only when everything before it is settled (`checkpoints`).
Nothing doubled   what is delivered was committed before, in its own bytes (`writer`, then `dispatch`).
Nothing invented  what is decided depends on the question alone (`deciders`): asked again, it is answered the same.

This thread moves work on. How a step works is in `stages/`, a file each; what goes from one to the next goes by here.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, NamedTuple

import msgspec

from target_segment.deciding.work import LOOKS_BACK, Decision
from target_segment.hooks import Hooks
from target_segment.other_taps.mapped import MappedStreams
from target_segment.stages.checkpoints import Checkpoints
from target_segment.stages.chunks import Chunk, Chunks
from target_segment.stages.deciders import Deciders
from target_segment.stages.dispatch import Dispatch
from target_segment.stages.lookup import LookedAt, Lookup
from target_segment.stages.writer import Writer

PROGRESS_SECONDS = 10.0


class Stages(NamedTuple):
    """The steps of one run."""

    chunks: Chunks
    lookup: Lookup
    deciders: Deciders
    writer: Writer
    dispatch: Dispatch
    checkpoints: Checkpoints


class Pipeline:
    """Tells Segment what snapshots prove, each thing effectively once.

    `counts`, `tally` (what was decided, per transition and fate) and `told` (events by name) belong to this thread.
    """

    def __init__(self, stages: Stages, streams: MappedStreams, hooks: Hooks) -> None:
        self._chunks, self._lookup, self._deciders, self._writer, self._dispatch, self._checkpoints = stages
        self._streams, self._hooks = streams, hooks
        self._looked_at: deque[LookedAt] = deque()
        self._progress_at = hooks.monotonic() + PROGRESS_SECONDS
        self.counts: Counter[str] = Counter()
        self.tally: Counter[tuple[str, str]] = Counter()
        self.told: Counter[str] = Counter()

    # --- what comes in

    def resume(self, *, hold_uncertain: bool) -> None:
        """Finish what the outbox holds, verbatim but for `sentAt`, before a line is read."""
        left = self._writer.outbox()
        self.counts["uncertain"] = self._dispatch.resume(left, hold_uncertain=hold_uncertain)
        self._settle()
        if left:
            self._writer.settle_all()

    def record(self, stream: str, raw: msgspec.Raw, time_extracted: str | None) -> None:
        """Take one record of a canonical stream, or of another tap's under its mapping's label."""
        if chunk := self._chunks.add(stream, raw, time_extracted):
            self._deciders.expect_more(chunk.sequence)
            self._take(chunk)
            # The newest chunk waits until the ledger was asked about it, while the one before is told.
            self._decide(keep=1)
            self.idle()

    def note_read(self, size: int) -> None:
        """Note that so much was read of which nothing is told."""
        self._chunks.note_read(size)

    def take_schema(
        self, stream: str, schema: Mapping[str, Any], keys: Iterable[str], replication: str | None
    ) -> None:
        """Take the SCHEMA of a mapped stream; what came before it is looked at by the one before."""
        said = self._streams.schema_says(stream, schema, keys, replication)
        if self._streams.reads_otherwise(said):
            self.flush()
        self._streams.stream_keys.update(said)

    def state(self, value: str) -> None:
        """Take a STATE: it is printed once everything before it has its receipt."""
        self._checkpoints.state(self._chunks.newest, value)
        self.idle()

    def idle(self) -> None:
        """Use a moment: cut the input if it has waited, move on what is done, print what may be printed."""
        if self._chunks.is_overdue():
            self._flush()
        self._turn()
        if self._hooks.monotonic() > self._progress_at:
            self._progress_at = self._hooks.monotonic() + PROGRESS_SECONDS
            told = sum(self.told.values())
            self._hooks.info(f"{self.counts['records']:,} records read, {told:,} events told")

    def flush(self) -> None:
        """Cut the input here: tell what the records so far prove."""
        self._flush()
        self.idle()

    def finish(self) -> None:
        """Tell the rest and print the last STATE."""
        self.flush()
        self._settle()

    def close(self) -> None:
        """Let deliveries under way end and start no other; finish what the ledger was asked."""
        self._dispatch.close()
        self._deciders.close()
        self._writer.close()

    # --- the straight way

    def _flush(self) -> None:
        if chunk := self._chunks.rest():
            self._take(chunk)
        self._decide()

    def _take(self, chunk: Chunk) -> None:
        """Let a chunk be looked at: the ledger must have heard of all but the last few before it."""
        self.counts["records"] += chunk.read
        self._checkpoints.open(chunk.sequence)
        asked = self._lookup.ask(chunk)
        self._turn(until=lambda: self._deciders.has_answered(chunk.sequence - LOOKS_BACK - 1))
        looked_at = self._lookup.look(chunk, asked)
        self.counts["unchanged"] += looked_at.unchanged
        self._looked_at.append(looked_at)

    def _decide(self, keep: int = 0) -> None:
        """Let it be decided what the chunks prove, but for the newest `keep`, about which memory is being asked."""
        while len(self._looked_at) > keep:
            sequence, parts, _ = self._looked_at.popleft()
            for part in parts:
                self._checkpoints.expect(sequence)
                self._turn(until=lambda: self._deciders.has_room)
                self._deciders.ask(sequence, part)
            self._chunks.told()
            self._checkpoints.settle(sequence)
            self._turn(until=lambda: self._dispatch.has_room)

    def _turn(self, until: Callable[[], bool] = lambda: True) -> None:
        """Move on all that is done, and print what may be printed; wait for more until that holds."""
        while True:
            self._move()
            if (value := self._checkpoints.printable(self._chunks.cut)) is not None:
                self._hooks.at("before state")
                self._hooks.print_state(value)
                self._hooks.at("after state")
            if until():
                return
            wait(self._under_way(), return_when=FIRST_COMPLETED)

    def _move(self) -> None:
        """Hand on along the straight way what each step has done; raise what stops the run, once all in flight has landed."""
        for sequence, scope, decision, refusals in self._deciders.answered():
            self._note(decision)
            self._writer.intend(sequence, scope, decision, refusals)
        for intent in self._writer.intended():
            self.counts.update(intent.set_aside)
            self._checkpoints.intended(intent)
            self._dispatch.add(intent.batches)
        for batches in self._dispatch.acknowledged(
            more=not self._deciders.is_idle or self._writer.is_intending
        ):
            self._writer.confirm(batches)
        if self._dispatch.is_stopped:
            self._writer.catch_up()
        for batches in self._writer.confirmed():
            self.told.update(name for batch in batches for name in batch.events())
            self._dispatch.confirmed(batches)
        self.counts["rejected"] += self._dispatch.set_aside()
        self._dispatch.stop()
        for replaced in self._checkpoints.let_go():
            self._writer.let_go(replaced)

    def _note(self, decision: Decision) -> None:
        for name, fate, count in decision.tally:
            self.tally[name, fate] += count
        for warning in decision.warnings:
            self._hooks.warn(warning)

    def _settle(self) -> None:
        """Wait until nothing is under way; raise where nothing was left but refusals."""
        self._turn(until=self._is_settled)
        self._writer.catch_up()
        self._dispatch.judge()

    def _is_settled(self) -> bool:
        return self._deciders.is_idle and self._dispatch.is_idle and not self._writer.under_way()

    def _under_way(self) -> list[Future[Any]]:
        return [*self._deciders.under_way(), *self._writer.under_way(), *self._dispatch.under_way()]
