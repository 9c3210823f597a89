"""What of a chunk's records is news, and rendered: the pure part of the straight way, a question with one answer.

A decider keeps what the last chunks changed: the ledger may be asked about a chunk before it has heard of those just before it.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from target_segment.batch import Event
from target_segment.deciding.due import Due
from target_segment.deciding.filters import filters
from target_segment.deciding.rows import Rows
from target_segment.deciding.rules import Rules
from target_segment.deciding.work import LOOKS_BACK, Decision, Item, Work, malformed
from target_segment.errors import Malformed, SegmentError, TemplateError, Unsendable
from target_segment.events.history import history
from target_segment.events.renderer import renderer
from target_segment.events.settings import choices
from target_segment.identity import resolver
from target_segment.other_taps.mapped import MappedStreams
from target_segment.other_taps.mapping import mappings
from target_segment.remembered import REJECTED, Fate, Found, Key, Refusal, Row, Scope, Watch
from target_segment.snapshots import Content, Foreign, snapshot
from target_segment.transitions.derivations import derivations
from target_segment.transitions.proofs import News, Proof
from target_segment.transitions.table import TABLE, kept_under


class Decider:
    """Decides over one piece of work after the other, in the order in which they were read."""

    def __init__(self, settings: Mapping[str, Any], source: str) -> None:
        """Take checked settings and the Segment source; raise `TemplateError`, `Misconfigured`."""
        on, resolve = switched_on(settings), resolver(settings)
        self._source, self._on, self._baseline = source, on, settings["mode"] == "baseline"
        self._filters = filters(settings)
        self._render = renderer(settings)
        old = history(settings)
        self._age = old[0] if old else None
        self._render_history = renderer(old[1]) if old else self._render
        self.streams = MappedStreams(settings, resolve)
        self._derive = derivations(settings, on)
        self._rules: dict[Scope, Rules] = {}
        self._warnings: list[str] = []
        self._newest: dict[Scope, deque[tuple[int, dict[Key, Found]]]] = {}

    def decide(self, asked: Work) -> Decision:
        """Decide what is news, record by record, from bytes to event: what is decoded is still at hand when it is rendered."""
        if asked.stream_keys:
            self.streams.stream_keys.update(asked.stream_keys)
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
            due = Due(
                source=self._source,
                watched=watched,
                table={**TABLE, **self.streams.table},
                on=self._on,
                keeps_order=self._filters.keeps_order,
                baseline=self._baseline,
                warn=self._warnings.append,
            )
            self._rules[scope] = Rules(due, self._filters)
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
