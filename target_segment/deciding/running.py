"""A total that grows (the money refunded): news if it is larger than the total told or known; each increase is told once.

A remembered total never goes down: a lower one is a warning, and tells nothing.
"""

from decimal import Decimal

from target_segment.deciding.case import Case
from target_segment.deciding.due import Due
from target_segment.errors import Malformed
from target_segment.remembered import BEFORE, TOLD, Fate, Memory, Unsaid
from target_segment.snapshots import Refund
from target_segment.transitions.facts import plain
from target_segment.transitions.proofs import News, Transition

NOTHING = Decimal(0)


def news(due: Due, case: Case, transition: Transition) -> list[News]:
    """Return the increases that are told; raise `Malformed` for what is no money, or of another currency than remembered."""
    proof, row, name, total = case.proof, case.row, transition.name, transition.total
    memory, refund = row.memory, proof.snapshot
    if not isinstance(refund, Refund) or total is None:
        raise TypeError(name)
    _expect_money(refund, total, memory, proof.subject)
    # What lay before a `since` that was lowered, as soon as a record reaches it again.
    increases = [each for each in memory.unsaid if each.high <= total and each.start >= due.since(name)]
    memory.unsaid = [each for each in memory.unsaid if each not in increases]
    counted = memory.total or NOTHING
    if total > counted:
        memory.total = total
        start = transition.start or row.seen_at or proof.created
        increases.append(Unsaid(counted, total, start, transition.at))
    elif total < counted and row.instant and proof.instant > row.instant:
        due.warn(
            f"refund {refund.id}: {total} given back to date is less than the {counted} remembered for "
            f"{proof.subject}; nothing is told, the higher total stays"
        )
    if total and not increases:
        due.tally[name, "already"] += 1
    return [told for each in increases if (told := _increase(due, case, name, refund, each))]


def _expect_money(refund: Refund, total: Decimal, memory: Memory, subject: str) -> None:
    """Raise `Malformed` for what is no amount, or of another currency than the one remembered; remember the first."""
    if not total.is_finite():
        raise Malformed(f"refund {refund.id}: {total} is no amount of money")
    currency = refund.currency or None
    if memory.currency and currency and memory.currency != currency:
        raise Malformed(
            f"refund {refund.id}: its currency is {currency}, but {memory.currency} is remembered for {subject}"
        )
    memory.currency = memory.currency or currency


def _increase(due: Due, case: Case, name: str, refund: Refund, grown: Unsaid) -> News | None:
    """Return what is told of one increase; what lies before `since` is remembered as unsaid."""
    memory = case.row.memory
    fate = due.fate(name, grown.start, case)
    if fate == BEFORE:
        memory.unsaid = sorted([*memory.unsaid, grown], key=lambda each: each.low)
        return None
    memory.fates[name] = Fate(fate, grown.start, grown.at)
    first = refund.id not in memory.told_records
    if first:
        memory.told_records = [*memory.told_records, refund.id]
    if fate != TOLD:
        return None
    return due.tell(
        Transition(name=name, at=grown.at, total=grown.high), case, case.proof.subject, grown.at,
        str(plain(grown.low)), str(plain(grown.high)), total_before=grown.low, first=first,
    )  # fmt: skip
