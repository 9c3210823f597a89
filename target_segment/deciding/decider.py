"""What of a chunk's records is news, and rendered: the pure part of the straight way, a question with one answer.

Questions and answers are plain data, so that a decider may sit in a process of its own (see `stages/second_process.py`). A decider keeps
what the last chunks changed: the ledger may be asked about a chunk before it has heard of those just before it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from target_segment.batch import Event
from target_segment.deciding.filters import consent_question, keeps_customer, keeps_order
from target_segment.deciding.rows import Rows
from target_segment.deciding.rules import Rules
from target_segment.errors import Malformed, SegmentError, TemplateError, Unsendable
from target_segment.events.history import history
from target_segment.events.renderer import renderer
from target_segment.events.settings import choices
from target_segment.identity import Identity, resolver
from target_segment.other_taps.deriving import StreamKeys
from target_segment.other_taps.mapped import MappedStreams
from target_segment.other_taps.mapping import mappings
from target_segment.remembered import REJECTED, Fate, Found, Key, Refusal, Row, Scope, Watch
from target_segment.snapshots import Content, Foreign, snapshot
from target_segment.transitions import customers, fulfillments, orders, refunds
from target_segment.transitions.proofs import News, Proof
from target_segment.transitions.table import TABLE, kept_under

LOOKS_BACK = 3
"""How many chunks before the one that it is asked about a decider knows by itself: the ledger must have heard of all earlier ones."""


class Item(NamedTuple):
    """One record that was not seen in exactly this form before: raw, where it was read, but for whom it is about."""

    stream: str
    raw: memoryview
    read_at: datetime
    raw_hash: str
    subject: str
    identity: Identity


class Work(Struct, array_like=True, gc=False):
    """Records of one shop, with what the ledger says of all that they are about.

    `found` is what is remembered of these; `sequence` counts chunks.
    `declared` is what the SCHEMAs of mapped streams said.
    """

    sequence: int
    scope: Scope
    watched: dict[str, Watch]
    items: list[Item]
    found: list[Found]
    declared: dict[str, StreamKeys] = {}


class Decision(Struct, array_like=True, gc=False):
    """What is to be told of a piece of work, and what memory will then hold.

    `events` are in the order in which they are told. `rows` are the changed rows of memory as `Rows.documents` writes them,
    `replaced` the keys of those that there were before. `tally` counts what was decided, per transition and fate.
    """

    events: list[Event]
    rows: list[bytes]
    replaced: list[Key]
    refusals: list[Refusal]
    tally: list[tuple[str, str, int]]
    warnings: list[str]


class Decider:
    """Decides over one piece of work after the other, in the order in which they were read."""

    def __init__(self, settings: Mapping[str, Any], source: str) -> None:
        """Take checked settings and the Segment source; raise `TemplateError`, `Misconfigured`."""
        on = switched_on(settings)
        begun = orders.begun_by(settings)
        self._settings, self._source, self._on = settings, source, on
        self._resolve = resolver(settings)
        self._kept = keeps_order(settings) or (lambda _: True)
        self._keeps_customer, self._refused = keeps_customer(settings), consent_question(settings)
        self._render = renderer(settings)
        old = history(settings)
        self._age = old[0] if old else None
        self._render_history = renderer(old[1]) if old else self._render
        self.streams = MappedStreams(settings, self._resolve)
        self._derive: Mapping[str, Callable[[Any, datetime], Proof]] = {
            "orders": orders.derivation(settings, on),
            "refunds": refunds.derivation(begun, on),
            "fulfillments": fulfillments.derivation(begun, on),
            "customers": customers.derivation(on),
        }
        self._rules: dict[Scope, Rules] = {}
        self._warnings: list[str] = []
        self._newest: dict[Scope, deque[tuple[int, dict[Key, Found]]]] = {}

    def decide(self, asked: Work) -> Decision:
        """Decide what is news, record by record, from bytes to event: what is decoded is still at hand when it is rendered."""
        if asked.declared:
            self.streams.declared.update(asked.declared)
        rows = self._rows(asked)
        rules = self._rules_of(asked.scope, asked.watched)
        events: list[Event] = []
        refusals: list[Refusal] = []
        for item in asked.items:
            self._decide_item(item, asked.scope, rules, rows, events, refusals)
            rows.keep()
        decision = Decision(
            events=events,
            rows=rows.documents(),
            replaced=[*rows.replaced],
            refusals=refusals,
            tally=[(*what, count) for what, count in rules.tally.items()],
            warnings=self._warnings[:],
        )
        rules.tally.clear()
        self._warnings.clear()
        return decision

    def _rows(self, asked: Work) -> Rows:
        """Return the rows of memory, with what the last chunks changed in the place of what the ledger knew."""
        newest = self._newest.setdefault(asked.scope, deque())
        while newest and newest[0][0] < asked.sequence - LOOKS_BACK:
            newest.popleft()
        rows = Rows(self._source, asked.scope, asked.found, [each for _, each in newest])
        newest.append((asked.sequence, rows.decided))
        return rows

    def _rules_of(self, scope: Scope, watched: Mapping[str, Watch]) -> Rules:
        if scope not in self._rules:
            self._rules[scope] = Rules(
                source=self._source,
                since=lambda name: watched[name].since,
                generation=lambda name: watched[name].generation,
                resolve=self._resolve,
                kept=self._kept,
                keeps_customer=self._keeps_customer,
                refused=self._refused,
                table={**TABLE, **self.streams.table},
                on=self._on,
                baseline=self._settings["mode"] == "baseline",
                warn=self._warnings.append,
            )
        return self._rules[scope]

    def _decide_item(
        self,
        item: Item,
        scope: Scope,
        rules: Rules,
        rows: Rows,
        events: list[Event],
        refusals: list[Refusal],
    ) -> None:
        stream, raw, read_at, raw_hash, subject, identity = item
        try:
            proof = self._proof(item)
            news = rules.news(proof, identity, rows)
        except Malformed as error:
            # Of what it changed before it was refused, nothing is remembered.
            rows.clear()
            refusals.append(malformed(scope, stream, raw, raw_hash, subject, error))
            return
        row = rows[stream, subject]
        row.raw_hash = raw_hash
        for each in news:
            try:
                events.append(self._rendered(each, read_at))
            except (TemplateError, Unsendable) as error:
                person = identity.person if each.entry.identify else None
                refusals.append(
                    _rejected(each, raw, proof, rows["identify", person] if person else row, error)
                )

    def _proof(self, item: Item) -> Proof:
        derive = self._derive.get(item.stream)
        if derive:
            proof = derive(snapshot(item.stream, item.raw), item.read_at)
        else:
            proof = self.streams.proof(item.stream, item.raw, item.identity, item.read_at)
        if proof.subject != item.subject:
            raise Malformed(
                f"a record of {item.stream} has the subject {proof.subject!r}, which no memory was asked for"
            )
        return proof

    def _rendered(self, news: News, read_at: datetime) -> Event:
        of_history = self._age is not None and read_at - news.at > self._age
        if type(news.snapshot) is Foreign:
            return self.streams.render(news, of_history=of_history)
        return self._render_history(news) if of_history else self._render(news)


def switched_on(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the transitions that are told."""
    named = {name for name, (is_on, _) in choices(settings, TABLE).items() if is_on}
    if settings["alias"]:
        named.add("alias")
    return frozenset(named.union(each.label for each in mappings(settings)))


def malformed(
    scope: Scope, stream: str, raw: Content, raw_hash: str, subject: str, error: Malformed
) -> Refusal:
    """Return what the ledger keeps of a record that is not what its schema says."""
    return Refusal(
        fate="malformed", stream=stream, platform=scope[0], shop=scope[1], subject=subject, message_id=raw_hash, reason=str(error),
        payload=bytes(raw),
    )  # fmt: skip


def _rejected(news: News, raw: Content, proof: Proof, row: Row, error: SegmentError) -> Refusal:
    """Note in memory that an event could not be rendered, and return what the ledger keeps of it."""
    part = kept_under(news.entry.name, news.subject).part
    if part in row.memory.fates:
        fate = row.memory.fates[part]
        row.memory.fates[part] = Fate(REJECTED, fate.start, fate.at)
    return Refusal(
        fate=REJECTED, stream=row.stream, platform=proof.snapshot.platform, shop=proof.snapshot.shop,
        transition=news.entry.name, subject=news.subject, message_id=news.message_id, reason=str(error), payload=bytes(raw),
        occurred=news.at,
    )  # fmt: skip
