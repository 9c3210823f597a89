"""The straight way: snapshots → transitions → news → events → batches → intent, delivery, receipt → STATE.

Left of delivery everything but the intent may run any number of times. A STATE line is printed when everything before it
has its receipt; a later one supersedes an earlier one.

Who works: this thread reads and looks at whom records are about; an editor decides and renders (see `editing.py`), in
a second process once a run turns out to be long; one desk keeps the ledger, in the order in which it is asked; the
deliveries fly.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

import msgspec
from msgspec import Struct, field
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from target_segment.batch import Batch
from target_segment.deciding.decider import Decider
from target_segment.deciding.work import LOOKS_BACK, Decision, Item, Work, malformed
from target_segment.delivery.batches import halves, pack
from target_segment.delivery.courier import UNCERTAIN_AFTER
from target_segment.delivery.outlet import Outlet
from target_segment.errors import Denied, Malformed, Refused, SegmentError
from target_segment.identity import Identity, Resolve
from target_segment.ledger.ledger import Ledger
from target_segment.other_taps.mapped import MappedStreams
from target_segment.remembered import REJECTED, Found, Key, Refusal, Scope, Watch
from target_segment.snapshots import SHAPES, keys_of
from target_segment.stages.second_process import SecondProcess
from target_segment.transitions.table import kept_under

CHUNK_RECORDS = 1_000
CHUNK_BYTES = 3_000_000
CHUNK_SECONDS = 5.0
CONFIRM_EVENTS = 3_000
CONFIRM_SECONDS = 1.0
PROBATION = 20
"""How many single events may be refused, while nothing was ever accepted, before the refusal is not the events'."""

AHEAD = 2
"""How many questions the second process may have: one that it answers, one that waits there."""
LONG = 2
"""With the how-manieth chunk a second process is sent for: a shorter run is over before it has started."""

Intended = tuple[int, list[Batch]]
"""A group's number and its batches."""
P = ParamSpec("P")
R = TypeVar("R")


class Part(Struct):
    """What a chunk holds of one shop, and what memory will say of it."""

    items: list[Item] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    keys: dict[Key, None] = field(default_factory=dict)
    recalled: Future[list[Found]] | None = None


class Chunk(Struct):
    """Records cut from the input at once; which of them were seen in exactly this form; the rest by shop, once looked at."""

    sequence: int
    records: list[tuple[str, msgspec.Raw, datetime]]
    hashes: list[str]
    unchanged: Future[set[str]]
    parts: dict[Scope, Part] | None = None


class Flush(Struct):
    """What of a chunk is still to be done: itself, its intents, its batches; and what it replaced in memory."""

    left: int = 1
    groups: list[tuple[Scope, int, list[Key]]] = field(default_factory=list)


class Pipeline:
    """Tells Segment what snapshots prove, each thing effectively once.

    `watched` says since when the transitions of a shop are told, once its first record is there. `streams` reads the records of
    other taps. `beside` starts a second editor for a long run. `at` is called with a name at every point where a crash must lose, double or invent nothing.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        courier: Outlet,
        editor: Decider,
        resolve: Resolve,
        watched: Callable[[Scope, datetime], dict[str, Watch]],
        print_state: Callable[[str], None],
        fingerprint: bytes,
        beside: Callable[[], SecondProcess] | None = None,
        chunk_records: int = CHUNK_RECORDS,
        concurrency: int = 8,
        streams: MappedStreams | None = None,
        hold_uncertain: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        info: Callable[[str], None] = lambda _: None,
        at: Callable[[str], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._courier, self._editor, self._resolve = ledger, courier, editor, resolve
        self._make_watched, self._print_state, self._seed = (
            watched,
            print_state,
            xxh3_64_intdigest(fingerprint),
        )
        self._streams = streams
        # What two streams say in the same words is not the same.
        self._seeds = {
            label: xxh3_64_intdigest(label.encode(), seed=self._seed)
            for label in (streams.table if streams else ())
        }
        self._second_labels = streams.second_labels if streams else frozenset()
        self._make_beside, self._chunk_records = beside, chunk_records
        self._beside: SecondProcess | None = None
        self._concurrency, self._hold_uncertain = concurrency, hold_uncertain
        self._warn, self._info, self._at, self._now, self._monotonic = warn, info, at, now, monotonic
        self._watched: dict[Scope, dict[str, Watch]] = {}
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="delivery")
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._moved: set[Scope] = set()
        self._buffer: list[tuple[str, msgspec.Raw, datetime]] = []
        self._buffered = 0
        self._failure: BaseException | None = None
        self._waiting_since = 0.0
        self._sequence = 0
        self._chunks: deque[Chunk] = deque()
        self._editions: deque[tuple[Future[Decision], int, Scope, list[Refusal]]] = deque()
        self._intents: deque[tuple[Future[Intended], int, Scope, list[Key]]] = deque()
        self._receipts: deque[tuple[Future[None], list[Batch]]] = deque()
        self._chores: deque[Future[None]] = deque()
        self._open: dict[int, Flush] = {}
        self._flush_of: dict[int, int] = {}
        self._states: deque[tuple[int, str]] = deque()
        self._pending: deque[Batch] = deque()
        self._flying: dict[Future[datetime], Batch] = {}
        self._acknowledged: list[Batch] = []
        self._acknowledged_since = 0.0
        self._held: list[tuple[Batch, str]] = []
        self._accepted = ledger.has_receipts()
        self._resumed = False
        self._read_at: tuple[str | None, datetime | None] = (None, None)
        self.counts: Counter[str] = Counter()
        self.tally: Counter[tuple[str, str]] = Counter()
        """What was decided, per transition and fate."""
        self.told: Counter[str] = Counter()
        self._progress_at = monotonic() + 10

    # --- what comes in

    def resume(self) -> None:
        """Finish what the outbox holds, verbatim but for `sentAt`, before a line is read."""
        left = self._ask(lambda: list(self._ledger.outbox()))
        self._resumed = bool(left)
        for batch, intended in left:
            if self._now() - intended > UNCERTAIN_AFTER:
                self.counts["uncertain"] += batch.count
                if self._hold_uncertain:
                    continue
            self._pending.append(batch)
        if self.counts["uncertain"]:
            self._warn(
                f"{self.counts['uncertain']} events were intended more than 20 hours ago and may have reached Segment: "
                + (
                    "held back, as `hold_uncertain` says"
                    if self._hold_uncertain
                    else "told again under the same messageIds"
                )
            )
        self._drain()
        if left:
            self._ask(self._ledger.settle_all)

    def record(self, stream: str, raw: msgspec.Raw, time_extracted: str | None) -> None:
        """Take one record of a canonical stream, or of another tap's under its mapping's label."""
        if not self._buffer and not self._chunks:
            self._waiting_since = self._monotonic()
        if time_extracted is None or self._read_at[0] != time_extracted:
            self._read_at = (time_extracted, self._instant(time_extracted))
        self._buffer.append((stream, raw, self._read_at[1] or self._now()))
        self._buffered += len(raw)
        if len(self._buffer) >= self._chunk_records or self._buffered >= CHUNK_BYTES:
            # The newest chunk waits until the ledger was asked about it, while the one before is told.
            self._cut()
            if self._sequence >= LONG:
                self._send_for_help()
            self._work(keep=1)
            self.idle()

    def passed(self, size: int) -> None:
        """Note that so much was read of which nothing is told: records before and after it keep alive the block that it came in."""
        if self._buffer:
            self._buffered += size

    def declare(
        self, stream: str, schema: Mapping[str, Any], keys: Iterable[str], replication: str | None
    ) -> None:
        """Take the SCHEMA of a mapped stream; what came before it is looked at by the one before."""
        if self._streams:
            said, known = (
                self._streams.schema_says(stream, schema, keys, replication),
                self._streams.stream_keys,
            )
            if any(known.get(label, each) != each for label, each in said.items()):
                self.flush()
            known.update(said)

    def state(self, value: str) -> None:
        """Take a STATE: it is printed once everything before it has its receipt."""
        self._states.append((self._sequence + 1 if self._buffer else self._sequence, value))
        self.idle()

    def idle(self) -> None:
        """Use a moment: cut the input if it has waited, collect answers, print what may be printed."""
        if (self._buffer or self._chunks) and self._monotonic() - self._waiting_since > CHUNK_SECONDS:
            self._cut()
            self._work()
        self._collect(block=False)
        self._release()
        if self._monotonic() > self._progress_at:
            self._progress_at = self._monotonic() + 10
            self._info(f"{self.counts['records']:,} records read, {sum(self.told.values()):,} events told")

    def finish(self) -> None:
        """Tell the rest and print the last STATE."""
        self.flush()
        self._drain()
        self._release()

    def close(self) -> None:
        """Let deliveries under way end and start no other."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._beside:
            self._beside.close()
        self._desk.shutdown(wait=True)

    @property
    def waited(self) -> float:
        """Seconds spent waiting for Segment."""
        return self._courier.waited

    def flush(self) -> None:
        """Cut the input here: tell what the records so far prove."""
        self._cut()
        self._work()
        self.idle()

    # --- the straight way

    def _cut(self) -> None:
        """Make a chunk of what was read, and let the ledger be asked which of it was seen in exactly this form."""
        if not self._buffer:
            return
        records, self._buffer, self._buffered = self._buffer, [], 0
        self._sequence += 1
        self.counts["records"] += len(records) - self._second_labelled(records)
        seeds, seed = self._seeds, self._seed
        hashes = [xxh3_128_hexdigest(raw, seed=seeds.get(stream, seed)) for stream, raw, _ in records]
        read = {raw_hash: read_at for raw_hash, (_, _, read_at) in zip(hashes, records, strict=True)}
        self._open[self._sequence] = Flush()
        self._chunks.append(
            Chunk(self._sequence, records, hashes, self._submit(self._ledger.unchanged, read))
        )

    def _second_labelled(self, records: list[tuple[str, msgspec.Raw, datetime]]) -> int:
        """Count the records that were read before under another label."""
        return sum(stream in self._second_labels for stream, _, _ in records) if self._second_labels else 0

    def _work(self, keep: int = 0) -> None:
        """Tell what the chunks prove, but for the newest `keep`, which is looked at: memory is asked about it meanwhile."""
        for chunk in self._chunks:
            if chunk.parts is None:
                chunk.parts = self._looked_at(chunk)
        while len(self._chunks) > keep:
            chunk = self._chunks.popleft()
            for scope, part in (chunk.parts or {}).items():
                self._tell(chunk.sequence, scope, part)
            self._waiting_since = self._monotonic()
            self._done(chunk.sequence)
            self._collect(block=False)
            while len(self._pending) > self._concurrency:
                self._collect(block=True)

    def _looked_at(self, chunk: Chunk) -> dict[Scope, Part]:
        """Return by shop what of a chunk is new, with its keys read, and ask what is remembered of them.

        The answer may lack what the chunks just before it change: the editor has those rows at hand. Earlier ones must be
        decided: chunks in which nothing is new pass an editor that is slow.
        """
        while self._editions and self._editions[0][1] < chunk.sequence - LOOKS_BACK:
            self._collect(block=True)
        unchanged = chunk.unchanged.result()
        parts: dict[Scope, Part] = {}
        for (stream, raw, read_at), raw_hash in zip(chunk.records, chunk.hashes, strict=True):
            if raw_hash in unchanged:
                self.counts["unchanged"] += stream not in self._second_labels
                continue
            order = None
            try:
                if stream in SHAPES:
                    seen = keys_of(stream, raw)
                    scope, subject, order = (seen.platform, seen.shop), seen.subject, seen.order
                    identity = self._resolve(seen.platform, seen.shop, seen.customer, order)
                else:
                    scope, (subject, identity) = self._scope(stream), self._foreign(stream, raw)
            except Malformed as error:
                platform, shop, subject = _claims(raw)
                scope = (platform, shop) if stream in SHAPES else self._scope(stream)
                part = parts.setdefault(scope, Part())
                part.refusals.append(malformed(scope, stream, raw, raw_hash, subject, error))
                continue
            if scope not in self._watched:
                self._watched[scope] = self._ask(self._make_watched, scope, read_at)
            part = parts.setdefault(scope, Part())
            part.items.append(Item(stream, memoryview(raw), read_at, raw_hash, subject, identity))
            part.keys[stream, subject] = None
            if order and stream != "orders":
                part.keys["orders", order.id] = None
            if identity.person:
                part.keys["identify", identity.person] = None
        chunk.records, chunk.hashes = [], []
        for scope, part in parts.items():
            part.recalled = self._submit(self._ledger.recall, scope, list(part.keys))
        return parts

    def _scope(self, label: str) -> Scope:
        return self._streams.scope(label) if self._streams else ("", "")

    def _foreign(self, label: str, raw: msgspec.Raw) -> tuple[str, Identity]:
        if self._streams is None:
            raise Malformed(f"no stream is mapped to {label}")
        return self._streams.keys_of(label, raw)

    def _tell(self, sequence: int, scope: Scope, part: Part) -> None:
        """Let it be decided what of one shop is news, and that be intended."""
        self._open[sequence].left += 1
        beside = self._helped(scope, part)
        asked = Work(
            sequence=sequence,
            scope=scope,
            watched=self._watched.get(scope, {}),
            items=part.items,
            found=part.recalled.result() if part.recalled else [],
            # Asked is asked: the next SCHEMA may come before this question leaves.
            stream_keys=dict(self._streams.stream_keys) if self._streams else {},
        )
        if beside is None:
            self._edited(self._editor.decide(asked), sequence, scope, part.refusals)
            return
        while len(self._editions) >= AHEAD:
            self._collect(block=True)
        self._editions.append((beside.decide(asked), sequence, scope, part.refusals))

    def _send_for_help(self) -> None:
        """Begin, once, to start a second process: more is coming than one chunk."""
        make, self._make_beside = self._make_beside, None
        if make:
            try:
                self._beside = make()
            except (OSError, SegmentError) as error:
                self._do_without(error)

    def _helped(self, scope: Scope, part: Part) -> SecondProcess | None:
        """Return the second process once it has started."""
        if self._beside is None or scope in self._moved:
            return self._beside
        try:
            if not self._beside.ready():
                return None
        except SegmentError as error:
            if self._moved:
                raise
            # Nothing was left to it yet.
            self._do_without(error)
            return None
        self._moved.add(scope)
        # It knows nothing of what was decided here: all of that is before this question at the desk.
        part.recalled = self._submit(self._ledger.recall, scope, list(part.keys))
        return self._beside

    def _do_without(self, error: Exception) -> None:
        self._warn(f"a second process could not be started, so this run does without ({error})")
        gone, self._beside = self._beside, None
        if gone:
            gone.close()

    def _edited(self, edition: Decision, sequence: int, scope: Scope, refusals: list[Refusal]) -> None:
        """Let what was decided be intended."""
        for name, fate, count in edition.tally:
            self.tally[name, fate] += count
        for warning in edition.warnings:
            self._warn(warning)
        intent = self._submit(self._intend, scope, edition, refusals + edition.refusals)
        self._intents.append((intent, sequence, scope, edition.replaced))

    def _intend(self, scope: Scope, edition: Decision, refusals: list[Refusal]) -> Intended:
        """At the desk: commit what is about to be told."""
        batches = pack(edition.events, *scope, self._ledger.next_batch)
        self._at("before intent")
        group = self._ledger.intend(scope, edition.rows, batches, self._fresh(refusals))
        self._at("after intent")
        return group, batches

    def _fresh(self, refusals: list[Refusal]) -> list[Refusal]:
        """Return what was not set aside before, and warn of it."""
        fresh: dict[str | None, Refusal] = {}
        for each in refusals:
            self.counts[each.fate] += 1
            if each.fate == REJECTED:
                self._warn(
                    f"{each.transition} of {each.subject} could not be told and is set aside in the ledger's table `refused`: {each.reason}"
                )
            elif each.message_id in fresh or self._ledger.knows_refused(each.message_id or ""):
                continue
            elif self.counts[each.fate] <= 10:
                self._warn(
                    f"record {each.subject or '?'} of {each.stream} is malformed and set aside in the ledger's table `refused`: {each.reason}"
                )
            fresh[each.message_id] = each
        return list(fresh.values())

    # --- deliveries

    def _start(self) -> None:
        """Let batches fly whose people are in no other request under way or waiting before it."""
        limit = self._concurrency if self._accepted else 1
        busy: set[str] = set()
        for batch in self._flying.values():
            busy |= batch.people
        waiting: deque[Batch] = deque()
        while self._pending and len(self._flying) < limit:
            batch = self._pending.popleft()
            if busy.isdisjoint(batch.people):
                self._flying[self._pool.submit(self._fly, batch)] = batch
            else:
                waiting.append(batch)
            busy |= batch.people
        self._pending.extendleft(reversed(waiting))

    def _fly(self, batch: Batch) -> datetime:
        self._at("before delivery")
        told = self._courier.deliver(batch)
        self._at("after delivery")
        return told

    def _collect(self, *, block: bool) -> None:
        """Note what was committed and what was answered; raise what stops the run once everything under way has landed."""
        if block:
            under_way: list[Future[Any]] = [*self._flying]
            under_way += [edition for edition, *_ in self._editions]
            under_way += [intent for intent, *_ in self._intents]
            under_way += [receipt for receipt, _ in self._receipts]
            wait(under_way, return_when=FIRST_COMPLETED)
        self._committed()
        stop = self._answers([future for future in self._flying if future.done()])
        if stop:
            landed, _ = wait(self._flying)
            self._answers(list(landed))
            self._confirm()
            self._committed(all_of_it=True)
            if isinstance(stop, Denied) and not (self._accepted or self._resumed):
                # Whoever does not know us has accepted nothing: with the right key all begins anew.
                self._ask(self._ledger.take_back)
            raise stop
        self._start()
        if self._acknowledged and (
            not self._accepted
            or not (self._flying or self._pending or self._editions or self._intents)
            or sum(batch.count for batch in self._acknowledged) >= CONFIRM_EVENTS
            or self._monotonic() - self._acknowledged_since > CONFIRM_SECONDS
        ):
            self._confirm()

    def _committed(self, *, all_of_it: bool = False) -> None:
        """Go on with what the desk has committed: batches may fly, receipts count."""
        while self._chores and (all_of_it or self._chores[0].done()):
            self._chores.popleft().result()
        while self._editions and self._editions[0][0].done():
            edition, number, where, refusals = self._editions.popleft()
            self._edited(edition.result(), number, where, refusals)
        while self._intents and (all_of_it or self._intents[0][0].done()):
            intent, sequence, scope, replaced = self._intents.popleft()
            group, batches = intent.result()
            flush = self._open[sequence]
            flush.groups.append((scope, group, replaced))
            flush.left += len(batches)
            self._flush_of.update({batch.id: sequence for batch in batches})
            self._pending.extend(batches)
            self._done(sequence)
        while self._receipts and (all_of_it or self._receipts[0][0].done()):
            receipt, batches = self._receipts.popleft()
            receipt.result()
            for batch in batches:
                self.told.update(batch.events())
                self._landed(batch)
            if not self._accepted:
                self._accepted = True
                held, self._held = self._held, []
                for batch, reason in held:
                    self._reject(batch, reason)

    def _answers(self, done: list[Future[datetime]]) -> BaseException | None:
        """Sort what was answered into acknowledged and refused; return the error that stops the run, if there is one."""
        stop: BaseException | None = None
        for future in done:
            batch = self._flying.pop(future)
            error = future.exception()
            if error is None:
                if not self._acknowledged:
                    self._acknowledged_since = self._monotonic()
                self._acknowledged.append(batch)
            elif isinstance(error, Refused):
                self._refused(batch, error)
            else:
                stop = stop or error
        return stop

    def _confirm(self) -> None:
        """Let the receipts of all batches acknowledged since the last time be committed, in one transaction."""
        acknowledged, self._acknowledged = self._acknowledged, []
        if acknowledged:
            self._receipts.append((self._submit(self._receipt, acknowledged), acknowledged))
            self._committed(all_of_it=not self._accepted)

    def _receipt(self, acknowledged: list[Batch]) -> None:
        self._at("before receipt")
        self._ledger.confirm(acknowledged)
        self._at("after receipt")

    def _refused(self, batch: Batch, error: Refused) -> None:
        """Halve a refused batch until the offending event stands alone; that one is set aside."""
        if batch.count > 1:
            parts = halves(batch, self._ledger.next_batch)
            self._ask(self._ledger.split, batch, parts)
            sequence = self._flush_of.pop(batch.id, None)
            if sequence is not None:
                self._open[sequence].left += 1
                self._flush_of.update({part.id: sequence for part in parts})
            self._pending.extendleft(reversed(parts))
        elif self._accepted:
            self._reject(batch, str(error))
        else:
            self._held.append((batch, str(error)))
            if len(self._held) >= PROBATION:
                self._take_back()

    def _reject(self, batch: Batch, reason: str) -> None:
        (about,) = batch.receipts()
        self.counts["rejected"] += 1
        self._warn(
            f"{about.transition} of {about.subject} was refused and is set aside in the ledger's table `refused`: {reason}"
        )
        self._ask(
            self._ledger.reject,
            batch,
            Refusal(
                fate="rejected", stream=kept_under(about.transition, about.subject).stream, platform=about.platform, shop=about.shop, transition=about.transition,
                subject=about.subject, message_id=about.message_id, reason=reason, payload=batch.bodies()[0], occurred=about.occurred,
            ),
        )  # fmt: skip
        self._landed(batch)

    def _take_back(self) -> None:
        reason = self._held[0][1]
        self._ask(self._ledger.take_back)
        self._pending.clear()
        raise Denied(
            f"Segment has refused everything and has never accepted anything of this source ({reason}): the refusal is not the events'. "
            "Check `write_key`, `region` and `endpoint`; nothing was recorded as told"
        )

    def _drain(self) -> None:
        self._start()
        while any(
            (self._flying, self._pending, self._acknowledged, self._editions, self._intents, self._receipts)
        ):
            self._collect(block=True)
        self._committed(all_of_it=True)
        if self._held and not self._accepted:
            self._take_back()

    # --- STATE

    def _landed(self, batch: Batch) -> None:
        sequence = self._flush_of.pop(batch.id, None)
        if sequence is not None:
            self._done(sequence)

    def _done(self, sequence: int) -> None:
        """Note that one thing of a chunk is done: itself, an intent or a batch."""
        self._open[sequence].left -= 1
        self._close_flushes()

    def _close_flushes(self) -> None:
        """Let go of what the oldest flushes replaced, in their order: should all be taken back, the rest is still there."""
        while self._open:
            sequence, flush = next(iter(self._open.items()))
            if flush.left:
                return
            for scope, group, replaced in flush.groups:
                if replaced:
                    self._chores.append(self._submit(self._ledger.settle, scope, group, replaced))
            del self._open[sequence]

    def _release(self) -> None:
        """Print the newest STATE before which everything has its receipt."""
        unsaid = min(self._open, default=self._sequence + 1)
        value = None
        while self._states and self._states[0][0] < unsaid:
            value = self._states.popleft()[1]
        if value is not None:
            self._at("before state")
            self._print_state(value)
            self._at("after state")

    def _ask(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask at the desk and wait for the answer: it comes after all that was asked before."""
        return self._submit(do, *args, **kwargs).result()

    def _submit(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Ask at the desk. After one failure it does nothing more: what comes later builds on what came before."""

        def done() -> R:
            if self._failure:
                raise self._failure
            try:
                return do(*args, **kwargs)
            except BaseException as error:
                self._failure = error
                raise

        return self._desk.submit(done)

    def _instant(self, text: str | None) -> datetime:
        if text is None:
            return self._now()
        try:
            at = msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            return self._now()
        return at if at.tzinfo else at.replace(tzinfo=UTC)


class _Claims(Struct):
    platform: Any = None
    shop: Any = None
    id: Any = None


def _claims(raw: msgspec.Raw) -> tuple[str, str, str]:
    """Return platform, shop and id as a malformed record claims them."""
    try:
        claims = msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", "", ""
    return str(claims.platform or ""), str(claims.shop or ""), str(claims.id or "")
