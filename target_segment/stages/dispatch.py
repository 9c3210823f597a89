"""Batches in flight: one at a time for a person; a refused one is halved until the offending event stands alone.

Until something was ever accepted one request travels at a time, and a refusal may be everybody's: nothing is set aside on
its account before it is known to be the event's own.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from target_segment.batch import Batch
from target_segment.delivery.courier import UNCERTAIN_AFTER
from target_segment.delivery.outlet import Outlet
from target_segment.errors import Denied, Refused, SegmentError
from target_segment.hooks import Hooks
from target_segment.remembered import REJECTED, Refusal
from target_segment.stages.checkpoints import Checkpoints
from target_segment.stages.writer import Writer
from target_segment.transitions.table import kept_under

CONFIRM_EVENTS = 3_000
CONFIRM_SECONDS = 1.0
PROBATION = 20
"""How many single events may be refused, while nothing was ever accepted, before the refusal is not the events'."""


class Dispatch:
    """Hands batches over and says which were acknowledged; `accepted` says whether this source ever was told anything."""

    def __init__(
        self,
        outlet: Outlet,
        writer: Writer,
        checkpoints: Checkpoints,
        hooks: Hooks,
        *,
        concurrency: int = 8,
        accepted: bool = False,
    ) -> None:
        self._outlet, self._writer, self._checkpoints, self._hooks = outlet, writer, checkpoints, hooks
        self._concurrency, self._accepted = concurrency, accepted
        self._resumed = False
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="delivery")
        self._pending: deque[Batch] = deque()
        self._in_flight: dict[Future[float], Batch] = {}
        self._acknowledged: list[Batch] = []
        self._acknowledged_since = 0.0
        self._held: list[tuple[Batch, str]] = []
        self._stop: BaseException | None = None
        self._set_aside = 0
        self.waited = 0.0
        """For how many seconds deliveries had to wait, added up."""

    # --- what is to be handed over

    def add(self, batches: Iterable[Batch]) -> None:
        """Take batches that were intended."""
        self._pending.extend(batches)

    def resume(self, left: Sequence[tuple[Batch, datetime]], *, hold_uncertain: bool) -> int:
        """Take what an earlier run intended; return how many events of it Segment may have accepted and forgotten since."""
        self._resumed = bool(left)
        uncertain = 0
        for batch, intended in left:
            if self._hooks.now() - intended > UNCERTAIN_AFTER:
                uncertain += batch.count
                if hold_uncertain:
                    continue
            self._pending.append(batch)
        if uncertain:
            self._hooks.warn(
                f"{uncertain} events were intended more than 20 hours ago and may have reached Segment: "
                + (
                    "held back, as `hold_uncertain` says"
                    if hold_uncertain
                    else "told again under the same messageIds"
                )
            )
        return uncertain

    @property
    def has_room(self) -> bool:
        """Say whether what waits is no more than can be under way at once."""
        return len(self._pending) <= self._concurrency

    @property
    def is_idle(self) -> bool:
        """Say whether nothing waits, travels or was acknowledged without being yielded."""
        return not (self._pending or self._in_flight or self._acknowledged)

    def under_way(self) -> list[Future[float]]:
        """Return what the pipeline may wait for."""
        return [*self._in_flight]

    # --- what was answered

    def acknowledged(self, *, more: bool) -> Iterator[list[Batch]]:
        """Look at the answers, let more set out, and yield what was acknowledged, once it is worth a transaction.

        `more` says that other batches are coming. Once an answer stops the run, all that is in flight lands first: `stop` raises.
        """
        self._look_at([future for future in self._in_flight if future.done()])
        if self._stop:
            landed, _ = wait(self._in_flight)
            self._look_at(landed)
        else:
            self._set_out()
        if self._acknowledged and (self._stop or self._is_worth_it(more=more)):
            batches, self._acknowledged = self._acknowledged, []
            yield batches

    def confirmed(self, batches: Iterable[Batch]) -> None:
        """Note that batches have their receipts: a refusal is an event's own from now on."""
        self._checkpoints.settle_batches(batches)
        self._accepted = True
        held, self._held = self._held, []
        for batch, reason in held:
            self._reject(batch, reason)

    def set_aside(self) -> int:
        """Return how many events were set aside since the last time."""
        count, self._set_aside = self._set_aside, 0
        return count

    @property
    def is_stopped(self) -> bool:
        """Say whether an answer stops the run."""
        return self._stop is not None

    def stop(self) -> None:
        """Raise what stops the run, if an answer does; what was acknowledged before has to be confirmed."""
        if self._stop is None:
            return
        if isinstance(self._stop, Denied) and not (self._accepted or self._resumed):
            # Whoever does not know us has accepted nothing: with the right key all begins anew.
            self._writer.take_back()
        raise self._stop

    def judge(self) -> None:
        """Raise `Denied` where nothing is left but what was refused, and nothing was ever accepted."""
        if self._held and not self._accepted:
            self._take_back()

    def close(self) -> None:
        """Let what is in flight land and nothing else set out."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    # --- within

    def _set_out(self) -> None:
        """Let batches travel whose people are in no other request under way or waiting before it."""
        limit = self._concurrency if self._accepted else 1
        busy: set[str] = set()
        for batch in self._in_flight.values():
            busy |= batch.people
        waiting: deque[Batch] = deque()
        while self._pending and len(self._in_flight) < limit:
            batch = self._pending.popleft()
            if busy.isdisjoint(batch.people):
                self._in_flight[self._pool.submit(self._deliver, batch)] = batch
            else:
                waiting.append(batch)
            busy |= batch.people
        self._pending.extendleft(reversed(waiting))

    def _deliver(self, batch: Batch) -> float:
        """Hand a batch over, on a thread of its own."""
        self._hooks.at("before delivery")
        waited = self._outlet.deliver(batch)
        self._hooks.at("after delivery")
        return waited

    def _is_worth_it(self, *, more: bool) -> bool:
        return (
            not self._accepted
            or not (self._in_flight or self._pending or more)
            or sum(batch.count for batch in self._acknowledged) >= CONFIRM_EVENTS
            or self._hooks.monotonic() - self._acknowledged_since > CONFIRM_SECONDS
        )

    def _look_at(self, done: Iterable[Future[float]]) -> None:
        """Sort what was answered into acknowledged and refused; keep the first error that stops the run."""
        for future in done:
            batch = self._in_flight.pop(future)
            error = future.exception()
            self.waited += error.waited if isinstance(error, SegmentError) else 0.0
            if error is None:
                self.waited += future.result()
                if not self._acknowledged:
                    self._acknowledged_since = self._hooks.monotonic()
                self._acknowledged.append(batch)
            elif isinstance(error, Refused):
                self._halve_or_set_aside(batch, error)
            else:
                self._stop = self._stop or error

    def _halve_or_set_aside(self, batch: Batch, error: Refused) -> None:
        if batch.count > 1:
            parts = self._writer.halve(batch)
            self._checkpoints.halved(batch, parts)
            self._pending.extendleft(reversed(parts))
        elif self._accepted:
            self._reject(batch, str(error))
        else:
            self._held.append((batch, str(error)))
            if len(self._held) >= PROBATION:
                self._take_back()

    def _reject(self, batch: Batch, reason: str) -> None:
        (about,) = batch.receipts()
        self._set_aside += 1
        self._hooks.warn(
            f"{about.transition} of {about.subject} was refused and is set aside in the ledger's table `refused`: {reason}"
        )
        refusal = Refusal(
            fate=REJECTED, stream=kept_under(about.transition, about.subject).stream, platform=about.platform, shop=about.shop,
            transition=about.transition, subject=about.subject, message_id=about.message_id, reason=reason,
            payload=batch.bodies()[0], occurred=about.occurred,
        )  # fmt: skip
        self._writer.reject(batch, refusal)
        self._checkpoints.settle_batches([batch])

    def _take_back(self) -> None:
        reason = self._held[0][1]
        self._writer.take_back()
        self._pending.clear()
        raise Denied(
            f"Segment has refused everything and has never accepted anything of this source ({reason}): the refusal is not the events'. "
            "Check `write_key`, `region` and `endpoint`; nothing was recorded as told"
        )
