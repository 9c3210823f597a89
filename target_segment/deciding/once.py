"""What happens at most once to its subject (Order Completed of order 17): news if it is due and was not told.

What was told under one condition, or as the other of two, is not told again under another.
"""

from target_segment.deciding.case import Case
from target_segment.deciding.due import Due
from target_segment.remembered import BEFORE, KNOWN, TOLD, Fate
from target_segment.transitions.proofs import News, Transition


def news(due: Due, case: Case, transition: Transition) -> News | None:
    """Return what is told of it; None if it was told, is not due, or counts as told."""
    proof, row, order_row = case.proof, case.row, case.order_row
    memory, name, part = row.memory, transition.name, transition.part
    key = f"{name}:{part}" if part else name
    # What came with its order had not happened when the order was last read without it.
    with_order = order_row.seen(proof.read_at) if order_row and order_row is not row else None
    interval = row.seen_at or with_order or proof.created
    start, at = transition.start or interval, transition.at
    if fate := memory.fates.get(key):
        if fate.fate != BEFORE or name not in due.on or fate.start < due.since(name):
            due.tally[name, fate.fate if fate.fate != TOLD else "already"] += 1
            return None
        if part or not transition.start:
            start, at = fate.start, fate.at
    elif _is_adopted(due, case, transition):
        memory.fates[key] = Fate(KNOWN, start, at)
        return None
    elif part:
        if memory.completed and part not in memory.parts[name]:
            start, at = interval, proof.instant
        elif due.table[name].added:
            return None
    if name not in due.on:
        # Should it be switched on later, nobody else will know since when it is so.
        memory.fates[key] = Fate(BEFORE, start, at)
        return None
    fate_now = due.fate(name, start, case)
    memory.fates[key] = Fate(fate_now, start, at)
    if fate_now != TOLD:
        return None
    return due.tell(transition, case, f"{proof.subject}:{part}" if part else proof.subject, at)


def _is_adopted(due: Due, case: Case, transition: Transition) -> bool:
    """Say whether it counts as told: as the other one, when a word was said or left out, or left out when its order was told."""
    memory, name = case.row.memory, transition.name
    if transition.part:
        return memory.completed and name not in memory.parts
    other = due.table[name].instead
    if other is None:
        return False
    fate = memory.fates.get(other)
    return fate is not None and fate.fate != BEFORE and not case.proof.proves(other)
