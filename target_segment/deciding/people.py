"""Who somebody is: identify, and what links a guest to the customer they became.

A person is identified before the first track of them, whatever `since` says; from orders only until the customers stream has
spoken of them.
"""

from datetime import datetime

from msgspec.structs import replace

from target_segment.deciding.case import Case
from target_segment.deciding.compare import carries_more, changed, digest, merged
from target_segment.deciding.due import Due
from target_segment.identity import Identity
from target_segment.remembered import BEFORE, KNOWN, TOLD, Fate, Row, State
from target_segment.snapshots import CustomerSummary
from target_segment.transitions.customers import traits_of_summary
from target_segment.transitions.facts import text
from target_segment.transitions.proofs import News, Proof, Transition


def news(due: Due, case: Case, person: Row, *, forced: bool) -> list[News]:
    """Return what is told of a person, the link first; `forced` says that a track of theirs follows."""
    identified = None if case.barred else _identify(due, case, person, forced=forced)
    linked = _linked(due, case, person) if case.proof.stream == "orders" else []
    return [*linked, identified] if identified else linked


def _identify(due: Due, case: Case, person: Row, *, forced: bool) -> News | None:
    proof, memory = case.proof, person.memory
    if case.order_row and proof.order and not due.keeps(case.order_row, proof.order):
        return None
    speaks = proof.stream == "customers"
    # An order's customer summary is dated by the order's creation.
    at = proof.instant if speaks else (proof.order and proof.order.created_at) or proof.instant
    state = memory.states.get("identify") or State(0, "")
    start = None
    if proof.traits is not None and (speaks or memory.spoken != "customers"):
        state, start = _traits(due, case, person, proof.traits, state, at)
    if not state.facts:
        state = State(
            0, proof.traits or (traits_of_summary(proof.customer, proof.order) if proof.order else "")
        )
    is_due = start is not None and start >= due.since("identify")
    if not (is_due or due.baseline or (forced and not memory.identified)):
        if start:
            due.tally["identify", BEFORE] += 1
        if proof.traits is not None:
            memory.states["identify"] = state
        return None
    version, fate = state.version + 1, KNOWN if due.baseline else TOLD
    memory.states["identify"] = State(version, state.facts)
    memory.fates["identify"] = Fate(fate, start or at, at)
    memory.identified = True
    person.instant, person.seen_at, person.changed = (
        person.instant or at,
        person.seen_at or proof.read_at,
        True,
    )
    due.tally["identify", fate] += 1
    if memory.spoken == "customers" and not speaks:
        case = replace(case, proof=_uncontradicted(proof, state.facts))
    return due.tell(
        Transition(name="identify", at=at), case, case.identity.person or "", at,
        str(version), digest(state.facts), text(at),
    )  # fmt: skip


def _traits(
    due: Due, case: Case, person: Row, traits: str, state: State, at: datetime
) -> tuple[State, datetime | None]:
    """Return an identity's state with these traits in it, and the start of the change if there is one."""
    proof, memory = case.proof, person.memory
    speaks = proof.stream == "customers"
    first = speaks and memory.spoken != "customers"
    speaker = proof.subject
    if not first and person.instant and (at, speaker) < (person.instant, memory.speaker or speaker):
        return state, None
    base, oldest = state.facts, state.before
    if oldest and oldest >= due.since("identify"):
        base, oldest = state.facts_before or "", None
    start: datetime | None = None
    if not base or changed(base, traits) or (first and carries_more(base, traits)):
        if not speaks:
            start = at if proof.order and proof.order.created_at else proof.created
        elif first:
            # What orders told of it is compared with, what they never carried is news once; else it is a first sight.
            start = person.seen_at if memory.identified else proof.created
        else:
            start = case.row.seen_at
        start = (state.before if oldest is None else None) or start or proof.created
    pending = (oldest, state.facts_before) if oldest else (start, base) if start else (None, None)
    memory.spoken, memory.speaker = proof.stream, speaker
    person.instant, person.seen_at, person.changed = at, proof.read_at, True
    return State(state.version, merged(state.facts, traits), *pending), start


def _linked(due: Due, case: Case, person: Row) -> list[News]:
    """Return what says that an order told for a guest now has a customer: the alias first, whoever needs it merges by it."""
    guest, user_id, customer = case.row.memory.guest, case.identity.user_id, case.proof.customer
    if not (guest and user_id and customer and customer.id):
        return []
    both = replace(case, identity=Identity(user_id=user_id, anonymous_id=guest))
    links = [_link(due, both, person, name) for name in ("alias", "identity_linked") if name in due.on]
    return [each for each in links if each]


def _link(due: Due, case: Case, person: Row, name: str) -> News | None:
    """Return what is told of a guest and the customer whom the case's identity names; both ids are the subject."""
    guest, user_id = case.identity.anonymous_id, case.identity.user_id
    # Several orders of one guest are one link.
    key = f"{name}:{guest}"
    fates = person.memory.fates
    known = fates.get(key)
    if known and (known.fate != BEFORE or known.start < due.since(name)):
        return None
    start, at = case.row.seen_at or case.proof.created, case.proof.instant
    if known:
        start, at = known.start, known.at
    elif linked := fates.get(f"identity_linked:{guest}"):
        # An alias that is switched on later is as old as the link.
        start, at = linked.start, linked.at
    fate = due.fate(name, start, case)
    fates[key] = Fate(fate, start, at)
    person.changed = True
    if fate != TOLD:
        return None
    return due.tell(Transition(name=name, at=at), case, f"{guest}:{user_id}", at)


def _uncontradicted(proof: Proof, facts: str) -> Proof:
    """Return a proof whose customer shows nothing that differs from what the customers stream said: an order may carry what was so once."""
    order = proof.order
    if order is None or not changed(facts, proof.traits or traits_of_summary(proof.customer, order)):
        return proof
    bare = CustomerSummary(id=proof.customer.id if proof.customer else None)
    plainly = replace(order, customer=bare)
    snapshot = plainly if proof.snapshot is order else replace(proof.snapshot, order=plainly)
    return replace(proof, snapshot=snapshot, order=plainly, customer=bare)
