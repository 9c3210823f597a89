"""Transitions minus memory is news: what a snapshot proves, less what was told, is due, or counts as told.

Reading the same unchanged shop again, from the beginning, through any stream, in any order, after any crash, is no news.
Every rule here closes a way to lose, double or invent.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from target_segment.deciding.filters import ConsentQuestion, KeepsCustomer
from target_segment.errors import Malformed
from target_segment.identity import Identity, Resolve, uuid5
from target_segment.remembered import (
    BEFORE,
    FILTERED,
    FORGOTTEN,
    KEPT,
    KNOWN,
    TOLD,
    ConsentSaid,
    Fate,
    Row,
    State,
    Unsaid,
)
from target_segment.snapshots import CustomerSummary, OrderSummary, Refund
from target_segment.transitions.customers import traits_of_summary
from target_segment.transitions.facts import carries_more, changed, digest, merged, plain, text
from target_segment.transitions.proofs import AGES_AGO, News, Proof, Transition
from target_segment.transitions.table import TABLE, Entry, Kind

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://segment.com/docs/connections/spec/common/#message-id")
message_id = uuid5(NAMESPACE)
"""From the key of a telling to its messageId."""
NOTHING = Decimal(0)
_ONCE, _STATE = Kind.ONCE, Kind.STATE
_EITHER = {"order_completed": "pos_order_placed", "pos_order_placed": "order_completed"}
"""With `pos_orders` = instead an order proves one of the two."""


class Rules:
    """Decides what is news, snapshot by snapshot, over the rows of memory that it is given.

    `since` says from when each transition of the `table` is told, `generation` which retelling of it this is; `kept` is the
    filter over orders, judged once, `keeps_customer` the one over customers and `refused` that of consent, asked whenever
    something is decided; `baseline` counts everything as known. `tally` counts what was decided, per transition and fate.
    """

    def __init__(
        self,
        *,
        source: str,
        since: Callable[[str], datetime],
        generation: Callable[[str], int],
        resolve: Resolve,
        kept: Callable[[OrderSummary], bool],
        on: frozenset[str],
        table: Mapping[str, Entry] = TABLE,
        keeps_customer: KeepsCustomer | None = None,
        refused: ConsentQuestion | None = None,
        baseline: bool = False,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._source = source
        # A baseline knows all, also what lay before `since`.
        self._since = (lambda _: AGES_AGO) if baseline else since
        self._generation = generation
        self._resolve = resolve
        self._kept = kept
        self._keeps_customer, self._refused = keeps_customer, refused
        self._on, self._table = on, table
        self._fate = KNOWN if baseline else TOLD
        self._baseline = baseline
        self._warn = warn
        self.tally: Counter[tuple[str, str]] = Counter()

    def news(self, proof: Proof, identity: Identity, rows: Mapping[tuple[str, str], Row]) -> list[News]:
        """Return what is news of one proof, identify before tracks, and change `rows` as if it were told.

        `rows` holds the proof's own row, its order's and its identity's. Raises `Malformed` for a record that
        contradicts what is remembered.
        """
        row = rows[proof.stream, proof.subject]
        order_row = rows["orders", proof.order.id] if proof.order else None
        person = rows["identify", identity.person] if identity.person else None
        # Of whom was forgotten nothing is told, nor remembered anew.
        if (
            FORGOTTEN in row.memory.fates
            or (order_row and FORGOTTEN in order_row.memory.fates)
            or (person and FORGOTTEN in person.memory.fates)
        ):
            self.tally["snapshot", FORGOTTEN] += 1
            return []
        if row.instant and row.seen_at and proof.instant < row.instant and proof.stream != "refunds":
            self.tally["snapshot", "stale"] += 1
            return []
        barred = bool(self._keeps_customer or self._refused) and self._is_barred(proof, person)
        tracks: list[News] = []
        # A word of the order's own record may have proved what the summary in its children does not carry.
        begun = proof.begun or (
            proof.stream != "orders" and order_row is not None and order_row.memory.completed
        )
        if begun:
            completing = proof.completed and not row.memory.completed
            for transition in proof.transitions:
                told: News | None = None
                kind = self._table[transition.name].kind
                if kind is _ONCE:
                    told = self._once(transition, proof, row, order_row, identity, barred=barred)
                elif kind is _STATE:
                    told = self._state(
                        transition, proof, row, order_row, identity, adopt=completing, barred=barred
                    )
                else:
                    tracks += self._running(transition, proof, row, order_row, identity, barred=barred)
                if told:
                    tracks.append(told)
            if proof.stream == "orders" and proof.completed:
                self._keep_parts(proof, row)
        news = tracks
        if person and "identify" in self._on and begun and proof.speaks:
            identify = None
            if not barred:
                identify = self._identify(proof, identity, person, row, order_row, forced=bool(tracks))
            linked: list[News] = []
            if proof.stream == "orders":
                linked = self._linked(proof, identity, row, person, barred=barred)
            news = [*linked, *([identify] if identify else []), *tracks]
        if tracks and order_row and not identity.user_id and not (proof.customer and proof.customer.id):
            order_row.memory.guest = identity.anonymous_id
            order_row.changed = True
        row.instant = max(row.instant, proof.instant) if row.instant else proof.instant
        row.see(proof.read_at)
        row.changed = True
        return [] if self._baseline else news

    def _is_barred(self, proof: Proof, person: Row | None) -> bool:
        """Say whether nothing is told of whom a proof is about: the filter over customers says so, or they refused.

        A consent that this record does not carry is as it was last said, by whichever stream: an order's attributes say it
        when the order is made, the rest is so when it is read.
        """
        keeps = self._keeps_customer
        barred = bool(keeps and proof.stream == "customers" and proof.customer and not keeps(proof.customer))
        asked = self._refused
        if asked is None:
            return barred
        said = asked.answers(proof.customer, proof.order)
        if person is None:
            return barred or not all(said.values())
        memory = person.memory
        made = (proof.order.created_at if proof.order else None) or proof.instant
        for name, given in said.items():
            at = made if name in asked.of_order else proof.read_at
            known = memory.consents.get(name)
            if known is None or at >= known.at:
                memory.consents = {**memory.consents, name: ConsentSaid(given, at)}
                memory.refused, person.changed = False, True
        known_of = (memory.consents.get(name) for name in asked.names)
        return barred or memory.refused or any(known and not known.given for known in known_of)

    def _once(
        self,
        transition: Transition,
        proof: Proof,
        row: Row,
        order_row: Row | None,
        identity: Identity,
        *,
        barred: bool,
    ) -> News | None:
        memory = row.memory
        name, part = transition.name, transition.part
        key = f"{name}:{part}" if part else name
        fate = memory.fates.get(key)
        # What came with its order had not happened when the order was last read without it.
        with_order = order_row.seen(proof.read_at) if order_row and order_row is not row else None
        interval = row.seen_at or with_order or proof.created
        start, at = transition.start or interval, transition.at
        if fate:
            if fate.fate != BEFORE or name not in self._on or fate.start < self._since(name):
                self.tally[name, fate.fate if fate.fate != TOLD else "already"] += 1
                return None
            start, at = (start, at) if transition.start and not part else (fate.start, fate.at)
        elif (
            (other := memory.fates.get(_EITHER.get(name, "")))
            and other.fate != BEFORE
            and not proof.proves(_EITHER[name])
        ):
            # Told as the other one, when the source was said or left out: that is adopted.
            memory.fates[key] = Fate(KNOWN, start, at)
            return None
        elif part:
            there = memory.parts.get(name)
            if memory.completed and there is None:
                # Left out when the order was told: adopted.
                memory.fates[key] = Fate(KNOWN, start, at)
                return None
            if memory.completed and part not in (there or ()):
                start, at = interval, proof.instant
            elif name == "post_purchase_upsell":
                return None
        if name not in self._on:
            # Should it be switched on later, nobody else will know since when it is so.
            memory.fates[key] = Fate(BEFORE, start, at)
            return None
        fate_now = self._due(name, start, order_row, proof.order, barred=barred)
        memory.fates[key] = Fate(fate_now, start, at)
        self.tally[name, fate_now] += 1
        if fate_now != TOLD:
            return None
        subject = f"{proof.subject}:{part}" if part else proof.subject
        return self._tell(transition, proof, identity, subject, at)

    def _state(
        self,
        transition: Transition,
        proof: Proof,
        row: Row,
        order_row: Row | None,
        identity: Identity,
        *,
        adopt: bool,
        barred: bool,
    ) -> News | None:
        name, facts = transition.name, transition.facts or ""
        states = row.memory.states
        state = states.get(name)
        first = state is None and transition.first
        if state is None:
            state = states[name] = State(0, "" if first else facts)
            if not first:
                return None
        if adopt and proof.stream == "orders":
            states[name] = State(state.version, merged(state.facts, facts))
            return None
        base, before = state.facts, None
        if state.before and state.facts_before is not None:
            if state.before < self._since(name):
                before = (state.before, state.facts_before)
            else:
                base = state.facts_before
        if base and not changed(base, facts):
            states[name] = State(state.version, merged(state.facts, facts), *(before or ()))
            return None
        start = (
            (state.before if base is not state.facts else None)
            or (not first and row.seen_at)
            or proof.created
        )
        fate = self._due(name, start, order_row, proof.order, barred=barred)
        self.tally[name, fate] += 1
        if fate == BEFORE:
            states[name] = State(state.version, merged(state.facts, facts), *(before or (start, base)))
            return None
        told = State(state.version + (fate == TOLD), merged(state.facts, facts))
        states[name] = told
        row.memory.fates[name] = Fate(fate, start, transition.at)
        if fate != TOLD:
            return None
        return self._tell(
            transition,
            proof,
            identity,
            proof.subject,
            transition.at,
            str(told.version),
            digest(told.facts),
            text(transition.at),
        )

    def _running(
        self,
        transition: Transition,
        proof: Proof,
        row: Row,
        order_row: Row | None,
        identity: Identity,
        *,
        barred: bool,
    ) -> list[News]:
        memory, refund, name, total = row.memory, proof.snapshot, transition.name, transition.total
        if not isinstance(refund, Refund) or total is None:
            raise TypeError(name)
        if not total.is_finite():
            raise Malformed(f"refund {refund.id}: {total} is no amount of money")
        currency = refund.currency or None
        if memory.currency and currency and memory.currency != currency:
            raise Malformed(
                f"refund {refund.id}: its currency is {currency}, but {memory.currency} is remembered for {proof.subject}"
            )
        memory.currency = memory.currency or currency

        def increase(low: Decimal, high: Decimal, start: datetime, at: datetime) -> News | None:
            fate = self._due(name, start, order_row, proof.order, barred=barred)
            self.tally[name, fate] += 1
            if fate == BEFORE:
                memory.unsaid = sorted(
                    [*memory.unsaid, Unsaid(low, high, start, at)], key=lambda each: each.low
                )
                return None
            memory.fates[name] = Fate(fate, start, at)
            first = refund.id not in memory.told_records
            if first:
                memory.told_records = [*memory.told_records, refund.id]
            if fate != TOLD:
                return None
            grown = Transition(name=name, at=at, total=high)
            span = str(plain(low)), str(plain(high))
            return self._tell(grown, proof, identity, proof.subject, at, *span, total_before=low, first=first)

        # What lay before a `since` that was lowered, as soon as a record reaches it again.
        due = [each for each in memory.unsaid if each.high <= total and each.start >= self._since(name)]
        memory.unsaid = [each for each in memory.unsaid if each not in due]
        told = [increase(each.low, each.high, each.start, each.at) for each in due]
        counted = memory.total or NOTHING
        if total > counted:
            memory.total = total
            start = transition.start or row.seen_at or proof.created
            told.append(increase(counted, total, start, transition.at))
        elif total < counted and row.instant and proof.instant > row.instant:
            self._warn(
                f"refund {refund.id}: {total} given back to date is less than the {counted} remembered for "
                f"{proof.subject}; nothing is told, the higher total stays"
            )
        if total and not told:
            self.tally[name, "already"] += 1
        return [each for each in told if each]

    def _identify(
        self, proof: Proof, identity: Identity, row: Row, own: Row, order_row: Row | None, *, forced: bool
    ) -> News | None:
        memory = row.memory
        if order_row and proof.order and not self._keeps(order_row, proof.order):
            return None
        speaks = proof.stream == "customers"
        # An order's customer summary is dated by the order's creation.
        at = proof.instant if speaks else (proof.order and proof.order.created_at) or proof.instant
        state = memory.states.get("identify") or State(0, "")
        start = None
        if proof.traits is not None and (speaks or memory.spoken != "customers"):
            state, start = self._traits(proof, proof.traits, state, row, own, at)
        if not state.facts:
            state = State(
                0, proof.traits or (traits_of_summary(proof.customer, proof.order) if proof.order else "")
            )
        due = start is not None and start >= self._since("identify")
        if not (due or self._baseline or (forced and not memory.identified)):
            if start:
                self.tally["identify", BEFORE] += 1
            if proof.traits is not None:
                memory.states["identify"] = state
            return None
        version = state.version + 1
        memory.states["identify"] = State(version, state.facts)
        memory.fates["identify"] = Fate(self._fate, start or at, at)
        memory.identified = True
        row.instant, row.seen_at, row.changed = row.instant or at, row.seen_at or proof.read_at, True
        self.tally["identify", self._fate] += 1
        if memory.spoken == "customers" and not speaks:
            proof = _uncontradicted(proof, state.facts)
        transition = Transition(name="identify", at=at)
        person = identity.person or ""
        return self._tell(
            transition, proof, identity, person, at, str(version), digest(state.facts), text(at)
        )

    def _traits(
        self, proof: Proof, traits: str, state: State, row: Row, own: Row, at: datetime
    ) -> tuple[State, datetime | None]:
        """Return an identity's state with these traits in it, and the start of the change if there is one."""
        memory = row.memory
        speaks = proof.stream == "customers"
        first = speaks and memory.spoken != "customers"
        speaker = proof.subject
        if not first and row.instant and (at, speaker) < (row.instant, memory.speaker or speaker):
            return state, None
        base, oldest = state.facts, state.before
        if oldest and oldest >= self._since("identify"):
            base, oldest = state.facts_before or "", None
        start: datetime | None = None
        if not base or changed(base, traits) or (first and carries_more(base, traits)):
            if not speaks:
                start = at if proof.order and proof.order.created_at else proof.created
            elif first:
                # What orders told of it is compared with, what they never carried is news once; else it is a first sight.
                start = row.seen_at if memory.identified else proof.created
            else:
                start = own.seen_at
            start = (state.before if oldest is None else None) or start or proof.created
        pending = (oldest, state.facts_before) if oldest else (start, base) if start else (None, None)
        memory.spoken, memory.speaker = proof.stream, speaker
        row.instant, row.seen_at, row.changed = at, proof.read_at, True
        return State(state.version, merged(state.facts, traits), *pending), start

    def _linked(self, proof: Proof, identity: Identity, row: Row, person: Row, *, barred: bool) -> list[News]:
        """Return what says that an order told for a guest now has a customer: the alias first, whoever needs it merges by it."""
        if not (row.memory.guest and identity.user_id and proof.customer and proof.customer.id):
            return []
        links = [
            self._link(name, row.memory.guest, identity.user_id, proof, row, person, barred=barred)
            for name in ("alias", "identity_linked")
            if name in self._on
        ]
        return [each for each in links if each]

    def _link(
        self, name: str, guest: str, user_id: str, proof: Proof, row: Row, person: Row, *, barred: bool
    ) -> News | None:
        # Both ids are the subject: several orders of one guest are one link.
        key = f"{name}:{guest}"
        fates = person.memory.fates
        known = fates.get(key)
        if known and (known.fate != BEFORE or known.start < self._since(name)):
            return None
        start, at = row.seen_at or proof.created, proof.instant
        if known:
            start, at = known.start, known.at
        elif linked := fates.get(f"identity_linked:{guest}"):
            # An alias that is switched on later is as old as the link.
            start, at = linked.start, linked.at
        fate = self._due(name, start, row, proof.order, barred=barred)
        fates[key] = Fate(fate, start, at)
        person.changed = True
        self.tally[name, fate] += 1
        if fate != TOLD:
            return None
        both = Identity(user_id=user_id, anonymous_id=guest)
        return self._tell(Transition(name=name, at=at), proof, both, f"{guest}:{user_id}", at)

    def _due(
        self,
        name: str,
        start: datetime,
        order_row: Row | None,
        order: OrderSummary | None,
        *,
        barred: bool,
    ) -> str:
        """Return the fate that a transition now gets: told, unless it lies before `since` or a filter keeps it back."""
        if self._baseline:
            return KNOWN
        if start < self._since(name):
            return BEFORE
        if order_row and order:
            if order_row.memory.verdict is None:
                order_row.memory.verdict = KEPT if not barred and self._kept(order) else FILTERED
                order_row.changed = True
            if order_row.memory.verdict == FILTERED:
                return FILTERED
        return FILTERED if barred else TOLD

    def _keeps(self, order_row: Row, order: OrderSummary) -> bool:
        """Say whether the filter keeps an order, as it was judged, else as it would be."""
        verdict = order_row.memory.verdict
        return self._kept(order) if verdict is None else verdict == KEPT

    @staticmethod
    def _keep_parts(proof: Proof, row: Row) -> None:
        memory = row.memory
        for name, parts in proof.there.items():
            if not memory.completed or name in memory.parts:
                memory.parts[name] = list(dict.fromkeys([*memory.parts.get(name, ()), *parts]))
            else:
                memory.parts[name] = list(parts)
        memory.completed = True

    def _tell(
        self,
        transition: Transition,
        proof: Proof,
        identity: Identity,
        subject: str,
        at: datetime,
        *more: str,
        total_before: Decimal | None = None,
        first: bool = True,
    ) -> News:
        snapshot, name = proof.snapshot, transition.name
        key = (
            self._source,
            snapshot.platform,
            snapshot.shop,
            name,
            subject,
            str(self._generation(name)),
            *more,
        )
        return News(
            entry=self._table[name],
            message_id=message_id("\x1f".join(key)),
            subject=subject,
            at=at,
            user_id=identity.user_id,
            anonymous_id=identity.anonymous_id,
            snapshot=snapshot,
            total_before=total_before,
            total=transition.total,
            first=first,
            detail=transition.detail,
        )


def _uncontradicted(proof: Proof, facts: str) -> Proof:
    """Return a proof whose customer shows nothing that differs from what the customers stream said: an order may carry what was so once."""
    order = proof.order
    if order is None or not changed(facts, proof.traits or traits_of_summary(proof.customer, order)):
        return proof
    bare = CustomerSummary(id=proof.customer.id if proof.customer else None)
    plainly = replace(order, customer=bare)
    snapshot = plainly if proof.snapshot is order else replace(proof.snapshot, order=plainly)
    return replace(proof, snapshot=snapshot, order=plainly, customer=bare)
