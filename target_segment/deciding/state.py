"""The current state of a subject (Order Updated, Fulfillment Updated): news if a listed fact differs from the last state known.

First sight is not a change, unless the transition says that it is told; and what completes an order is adopted as its state.
"""

from target_segment.deciding.case import Case
from target_segment.deciding.compare import changed, digest, merged
from target_segment.deciding.due import Due
from target_segment.remembered import BEFORE, TOLD, Fate, State
from target_segment.transitions.facts import text
from target_segment.transitions.proofs import News, Transition


def news(due: Due, case: Case, transition: Transition) -> News | None:
    """Return what is told of a state that changed; None where none did, or the change is not due."""
    proof, row, name, facts = case.proof, case.row, transition.name, transition.facts or ""
    states = row.memory.states
    state = states.get(name)
    first = state is None and transition.first
    if state is None:
        state = states[name] = State(0, "" if first else facts)
        if not first:
            return None
    if proof.completed and not row.memory.completed and proof.stream == "orders":
        states[name] = State(state.version, merged(state.facts, facts))
        return None
    base, before = state.facts, None
    if state.before and state.facts_before is not None:
        if state.before < due.since(name):
            before = (state.before, state.facts_before)
        else:
            base = state.facts_before
    if base and not changed(base, facts):
        states[name] = State(state.version, merged(state.facts, facts), *(before or ()))
        return None
    start = (
        (state.before if base is not state.facts else None) or (not first and row.seen_at) or proof.created
    )
    fate = due.fate(name, start, case)
    if fate == BEFORE:
        states[name] = State(state.version, merged(state.facts, facts), *(before or (start, base)))
        return None
    told = states[name] = State(state.version + (fate == TOLD), merged(state.facts, facts))
    row.memory.fates[name] = Fate(fate, start, transition.at)
    if fate != TOLD:
        return None
    return due.tell(
        transition, case, proof.subject, transition.at,
        str(told.version), digest(told.facts), text(transition.at),
    )  # fmt: skip
