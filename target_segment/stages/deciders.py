"""Whoever decides: this process, or a second one once a run turns out to be long; answers come in the order of the questions."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from target_segment.deciding.decider import Decider
from target_segment.deciding.work import Decision, Work
from target_segment.errors import SegmentError
from target_segment.hooks import Hooks
from target_segment.remembered import Refusal, Scope
from target_segment.stages.chunks import ShopPart
from target_segment.stages.second_process import SecondProcess
from target_segment.stages.writer import Writer

AHEAD = 2
"""How many questions the second process may have: one that it answers, one that waits there."""
LONG = 2
"""With the how-manieth full chunk a second process is started: a shorter run is over before it is there."""


class Answer(NamedTuple):
    """What was decided of one shop's part of a chunk; the refusals are those of both, of looking and of deciding."""

    sequence: int
    scope: Scope
    decision: Decision
    refusals: list[Refusal]


class Deciders:
    """Asks whoever decides. `start` starts a second process for a long run, None where that is not wanted."""

    def __init__(
        self, decider: Decider, writer: Writer, hooks: Hooks, start: Callable[[], SecondProcess] | None = None
    ) -> None:
        self._decider, self._writer, self._hooks, self._start = decider, writer, hooks, start
        self._process: SecondProcess | None = None
        self._moved: set[Scope] = set()
        self._asked: deque[tuple[int, Scope, list[Refusal], Future[Decision]]] = deque()

    def expect_more(self, sequence: int) -> None:
        """Note that a chunk was full: from the second one on more is coming than this process should decide alone."""
        if sequence >= LONG and self._start:
            start, self._start = self._start, None
            try:
                self._process = start()
            except (OSError, SegmentError) as error:
                self._give_up_process(error)

    @property
    def has_room(self) -> bool:
        """Say whether another question may be asked."""
        return len(self._asked) < AHEAD

    @property
    def is_idle(self) -> bool:
        """Say whether everything that was asked was answered and yielded."""
        return not self._asked

    def has_answered(self, sequence: int) -> bool:
        """Say whether everything up to a chunk is answered and yielded."""
        return not self._asked or self._asked[0][0] > sequence

    def ask(self, sequence: int, part: ShopPart) -> None:
        """Let it be decided what of one shop's part of a chunk is news."""
        process = self._ready_process(part)
        work = Work(
            sequence=sequence,
            scope=part.scope,
            watched=part.watched,
            items=part.items,
            found=part.recalled.result() if part.recalled else [],
            # Asked is asked: the next SCHEMA may come before this question leaves.
            stream_keys=dict(self._decider.streams.stream_keys),
        )
        if process:
            decided = process.decide(work)
        else:
            decided = Future()
            decided.set_result(self._decider.decide(work))
        self._asked.append((sequence, part.scope, part.refusals, decided))

    def answered(self) -> Iterator[Answer]:
        """Yield what was answered since the last time, in order."""
        while self._asked and self._asked[0][-1].done():
            sequence, scope, refusals, decided = self._asked.popleft()
            decision = decided.result()
            yield Answer(sequence, scope, decision, refusals + decision.refusals)

    def under_way(self) -> list[Future[Decision]]:
        """Return what the pipeline may wait for."""
        return [decided for *_, decided in self._asked]

    def close(self) -> None:
        """Let the second process end."""
        if self._process:
            self._process.close()

    def _ready_process(self, part: ShopPart) -> SecondProcess | None:
        """Return the second process once it has started."""
        process = self._process
        if process is None or part.scope in self._moved:
            return process
        try:
            if not process.ready():
                return None
        except SegmentError as error:
            if self._moved:
                raise
            # Nothing was left to it yet.
            self._give_up_process(error)
            return None
        self._moved.add(part.scope)
        # It knows nothing of what was decided here: all of that is before this question at the writer.
        part.recalled = self._writer.recall(part.scope, part.keys)
        return process

    def _give_up_process(self, error: Exception) -> None:
        self._hooks.warn(f"a second process could not be started, so this run does without ({error})")
        gone, self._process = self._process, None
        if gone:
            gone.close()
