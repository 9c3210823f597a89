"""Transitions minus memory is news: what a snapshot proves, less what was told, is due, or counts as told.

Reading the same unchanged shop again, from the beginning, through any stream, in any order, after any crash, is no news.
Every rule here closes a way to lose, double or invent.
"""

from collections.abc import Mapping

from target_segment.deciding import once, people, running, state
from target_segment.deciding.case import Case
from target_segment.deciding.due import Due
from target_segment.deciding.filters import ConsentQuestion, Filters
from target_segment.identity import Identity
from target_segment.remembered import FORGOTTEN, ConsentSaid, Key, Memory, Row
from target_segment.transitions.proofs import News, Proof
from target_segment.transitions.table import Kind

_ONCE, _STATE = Kind.ONCE, Kind.STATE


class Rules:
    """Decides what is news, snapshot by snapshot, over the rows of memory that it is given.

    The filters over customers and of consent are asked whenever something is decided.
    """

    def __init__(self, due: Due, filters: Filters) -> None:
        self._due = due
        self._keeps_customer, self._consent = filters.keeps_customer, filters.consent
        self._bars = bool(filters.keeps_customer or filters.consent)
        self.tally = due.tally
        """What was decided, per transition and fate."""

    def news(self, proof: Proof, identity: Identity, rows: Mapping[Key, Row]) -> list[News]:
        """Return what is news of one proof, identify before tracks, and change `rows` as if it were told.

        `rows` holds the proof's own row, its order's and its identity's. Raises `Malformed` for a record that
        contradicts what is remembered.
        """
        due = self._due
        row = rows[proof.stream, proof.subject]
        order_row = rows["orders", proof.order.id] if proof.order else None
        person = rows["identify", identity.person] if identity.person else None
        if _is_forgotten(row) or _is_forgotten(order_row) or _is_forgotten(person):
            self.tally["snapshot", FORGOTTEN] += 1
            return []
        if _is_stale(proof, row):
            self.tally["snapshot", "stale"] += 1
            return []
        barred = self._bars and self._is_barred(proof, person)
        case = Case(proof, identity, row, order_row, person, barred)
        news: list[News] = []
        if _has_begun(case):
            tracks = news = self._tracks(case)
            if person and proof.speaks and "identify" in due.on:
                news = [*people.news(due, case, person, forced=bool(tracks)), *tracks]
            if tracks:
                _note_guest(case)
        _note_reading(case)
        return [] if due.baseline else news

    def _tracks(self, case: Case) -> list[News]:
        """Return what is told of the transitions proved, each by its kind."""
        due, proof = self._due, case.proof
        tracks: list[News] = []
        for transition in proof.transitions:
            kind = due.table[transition.name].kind
            if kind is _ONCE:
                told = once.news(due, case, transition)
            elif kind is _STATE:
                told = state.news(due, case, transition)
            else:
                tracks += running.news(due, case, transition)
                continue
            if told:
                tracks.append(told)
        if proof.completed and proof.stream == "orders":
            _keep_parts(proof, case.row.memory)
        return tracks

    def _is_barred(self, proof: Proof, person: Row | None) -> bool:
        """Say whether nothing is told of whom a proof is about: the filter over customers says so, or they refused."""
        keeps, asked = self._keeps_customer, self._consent
        barred = bool(keeps and proof.stream == "customers" and proof.customer and not keeps(proof.customer))
        return (asked is not None and _has_refused(asked, proof, person)) or barred


def _is_forgotten(row: Row | None) -> bool:
    """Say whether it is of whom nothing is told, nor remembered anew."""
    return row is not None and FORGOTTEN in row.memory.fates


def _is_stale(proof: Proof, row: Row) -> bool:
    """Say whether a newer snapshot was seen; refunds of one subject are several records, each with its own instant."""
    return bool(row.instant and row.seen_at and proof.instant < row.instant and proof.stream != "refunds")


def _has_refused(asked: ConsentQuestion, proof: Proof, person: Row | None) -> bool:
    """Say whether somebody refused one of the consents asked about, and remember what this record says of them.

    A consent that this record does not carry is as it was last said, by whichever stream: an order's attributes say it
    when the order is made, the rest is so when it is read.
    """
    said = asked.answers(proof.customer, proof.order)
    if person is None:
        return not all(said.values())
    memory = person.memory
    made = (proof.order.created_at if proof.order else None) or proof.instant
    for name, given in said.items():
        at = made if name in asked.of_order else proof.read_at
        known = memory.consents.get(name)
        if known is None or at >= known.at:
            memory.consents = {**memory.consents, name: ConsentSaid(given, at)}
            memory.refused, person.changed = False, True
    known_of = (memory.consents.get(name) for name in asked.names)
    return memory.refused or any(known and not known.given for known in known_of)


def _has_begun(case: Case) -> bool:
    """Say whether its order has begun: a word of the order's own record may have proved what the summary in its children does not carry."""
    proof, order_row = case.proof, case.order_row
    return proof.begun or (proof.stream != "orders" and order_row is not None and order_row.memory.completed)


def _keep_parts(proof: Proof, memory: Memory) -> None:
    """Remember the coupons and lines that an order had when it was completed, and those that came later."""
    for name, parts in proof.there.items():
        if not memory.completed or name in memory.parts:
            memory.parts[name] = list(dict.fromkeys([*memory.parts.get(name, ()), *parts]))
        else:
            memory.parts[name] = list(parts)
    memory.completed = True


def _note_guest(case: Case) -> None:
    """Remember under which anonymousId something was told of a guest's order."""
    customer, order_row = case.proof.customer, case.order_row
    if order_row and not case.identity.user_id and not (customer and customer.id):
        order_row.memory.guest = case.identity.anonymous_id
        order_row.changed = True


def _note_reading(case: Case) -> None:
    row, proof = case.row, case.proof
    row.instant = max(row.instant, proof.instant) if row.instant else proof.instant
    row.see(proof.read_at)
    row.changed = True
