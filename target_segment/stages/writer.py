"""The one thread that uses the ledger while a run is under way, in the order in which it is asked.

After one failure it does nothing more: what comes later builds on what came before.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, NamedTuple, ParamSpec, TypeVar

from target_segment.batch import Batch
from target_segment.deciding.work import Decision
from target_segment.delivery.batches import halves, pack
from target_segment.hooks import Hooks
from target_segment.ledger.ledger import Ledger
from target_segment.remembered import REJECTED, Found, Key, Refusal, Scope

P = ParamSpec("P")
R = TypeVar("R")
_WARNED_OF = 10
"""After so many malformed records the next ones are set aside without a warning each."""


class Intent(NamedTuple):
    """What was committed as about to be told: its number, its batches, what it replaced in memory, how much was set aside."""

    sequence: int
    scope: Scope
    group: int
    batches: list[Batch]
    replaced: list[Key]
    set_aside: Counter[str]


class Writer:
    """Hands what is asked to the thread of the ledger; answers come as futures, or are waited for."""

    def __init__(self, ledger: Ledger, hooks: Hooks) -> None:
        self._ledger, self._hooks = ledger, hooks
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._failure: BaseException | None = None
        self._malformed = 0
        """Belongs to the writer's thread."""
        self._intents: deque[Future[Intent]] = deque()
        self._receipts: deque[tuple[Future[None], list[Batch]]] = deque()
        self._cleanups: deque[Future[None]] = deque()

    # --- questions

    def ask(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return an answer of the ledger's: it comes after all that was asked before."""
        return self._submit(do, *args, **kwargs).result()

    def outbox(self) -> list[tuple[Batch, datetime]]:
        """Return what an earlier run intended and did not finish, and when that was intended."""
        return self.ask(lambda: list(self._ledger.outbox()))

    def unchanged(self, read: Mapping[str, datetime]) -> Future[set[str]]:
        """Ask which of these hashes are of records that were seen in exactly this form."""
        return self._submit(self._ledger.unchanged, read)

    def recall(self, scope: Scope, keys: Iterable[Key]) -> Future[list[Found]]:
        """Ask what is remembered under these keys."""
        return self._submit(self._ledger.recall, scope, list(keys))

    # --- intent and receipt

    def intend(self, sequence: int, scope: Scope, decision: Decision, refusals: list[Refusal]) -> None:
        """Let what was decided be committed as about to be told."""
        self._intents.append(self._submit(self._intend, sequence, scope, decision, refusals))

    def intended(self) -> Iterator[Intent]:
        """Yield what was committed since the last time, in order."""
        while self._intents and self._intents[0].done():
            yield self._intents.popleft().result()

    def confirm(self, batches: list[Batch]) -> None:
        """Let the receipts of acknowledged batches be committed, in one transaction."""
        self._receipts.append((self._submit(self._confirm, batches), batches))

    def confirmed(self) -> Iterator[list[Batch]]:
        """Yield the batches whose receipts were committed since the last time."""
        while self._receipts and self._receipts[0][0].done():
            receipt, batches = self._receipts.popleft()
            receipt.result()
            yield batches

    def let_go(self, intent: Intent) -> None:
        """Let go of what an intent replaced in memory."""
        self._cleanups.append(self._submit(self._ledger.settle, intent.scope, intent.group, intent.replaced))
        while self._cleanups and self._cleanups[0].done():
            self._cleanups.popleft().result()

    # --- what was refused

    def halve(self, batch: Batch) -> Sequence[Batch]:
        """Replace a refused batch by its halves, so that each has its own receipt at once."""
        parts = halves(batch, self._ledger.next_batch)
        self.ask(self._ledger.split, batch, parts)
        return parts

    def reject(self, batch: Batch, refusal: Refusal) -> None:
        """Set the one event of a batch aside."""
        self.ask(self._ledger.reject, batch, refusal)

    def take_back(self) -> None:
        """Forget every intent that has no receipt."""
        self.ask(self._ledger.take_back)

    def settle_all(self) -> None:
        """Let go of all that newer rows replace in memory."""
        self.ask(self._ledger.settle_all)

    # --- waiting

    @property
    def is_intending(self) -> bool:
        """Say whether an intent is under way."""
        return bool(self._intents)

    def under_way(self) -> list[Future[Any]]:
        """Return what the pipeline may wait for."""
        return [*self._intents, *(receipt for receipt, _ in self._receipts)]

    def catch_up(self) -> None:
        """Wait until all that was asked is done; raise what went wrong in it."""
        wait(self.under_way())
        while self._cleanups:
            self._cleanups.popleft().result()

    def close(self) -> None:
        """Finish what was asked."""
        self._thread.shutdown(wait=True)

    # --- on the writer's thread

    def _submit(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        def done() -> R:
            if self._failure:
                raise self._failure
            try:
                return do(*args, **kwargs)
            except BaseException as error:
                self._failure = error
                raise

        return self._thread.submit(done)

    def _intend(self, sequence: int, scope: Scope, decision: Decision, refusals: list[Refusal]) -> Intent:
        batches = pack(decision.events, *scope, self._ledger.next_batch)
        self._hooks.at("before intent")
        group = self._ledger.intend(scope, decision.rows, batches, self._fresh(refusals))
        self._hooks.at("after intent")
        set_aside = Counter(each.fate for each in refusals)
        return Intent(sequence, scope, group, batches, decision.replaced, set_aside)

    def _confirm(self, batches: list[Batch]) -> None:
        self._hooks.at("before receipt")
        self._ledger.confirm(batches)
        self._hooks.at("after receipt")

    def _fresh(self, refusals: list[Refusal]) -> list[Refusal]:
        """Return what was not set aside before, and warn of it."""
        fresh: dict[str | None, Refusal] = {}
        for each in refusals:
            if each.fate == REJECTED:
                self._hooks.warn(
                    f"{each.transition} of {each.subject} could not be told and is set aside in the ledger's table `refused`: {each.reason}"
                )
                fresh[each.message_id] = each
                continue
            self._malformed += 1
            if each.message_id in fresh or self._ledger.knows_refused(each.message_id or ""):
                continue
            if self._malformed <= _WARNED_OF:
                self._hooks.warn(
                    f"record {each.subject or '?'} of {each.stream} is malformed and set aside in the ledger's table `refused`: {each.reason}"
                )
            fresh[each.message_id] = each
        return list(fresh.values())
