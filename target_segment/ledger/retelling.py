"""Changes by hand that let something be told once more: all of a transition under other ids, or what was rejected under its own.

Only what was told or rejected is forgotten: what lay before `since`, was known to a baseline or filtered stays so.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from target_segment.ledger.memory import MemoryTable
from target_segment.ledger.on_duckdb import Database
from target_segment.ledger.receipts import ReceiptsTable
from target_segment.ledger.refused import RefusedTable
from target_segment.ledger.watch import WatchTable
from target_segment.remembered import (
    REJECTED,
    TOLD,
    Fate,
    Memory,
    Refusal,
    Scope,
    State,
    memory_of,
    text_of,
)
from target_segment.transitions.table import kept_under


def retell(db: Database, source: str, transitions: Sequence[str]) -> int:
    """Forget that these transitions of a source were told, raise their generation; return how many fates were forgotten."""
    memories, forgotten, contents = MemoryTable(db, source), 0, {}
    with db.transaction():
        for place, remembered, refunded in memories.all_with_refunded():
            memory = memory_of(remembered)
            count = _forget(memory, set(transitions), refunded or Decimal(0))
            if count:
                forgotten += count
                contents[place] = text_of(memory)
        memories.replace(contents)
        memories.forget_raw_hashes()
        ReceiptsTable(db, source).forget_transitions(transitions)
        WatchTable(db, source).raise_generation(transitions)
    return forgotten


def retry(db: Database, source: str) -> int:
    """Let rejected transitions of a source be decided anew when they are next read; return how many there were."""
    memories = MemoryTable(db, source)
    with db.transaction():
        rejected = RefusedTable(db, source).take_rejected()
        for platform, shop, stream, transition, subject in rejected:
            _unsettle(memories, (platform, shop), stream, transition, subject)
        memories.forget_raw_hashes()
    return len(rejected)


def mark_rejected(memories: MemoryTable, refusal: Refusal, now: datetime) -> None:
    """Remember that a transition that was intended was rejected."""
    scope = (refusal.platform or "", refusal.shop or "")
    _, key, part = kept_under(refusal.transition or "", refusal.subject or "")
    row = memories.row(scope, (refusal.stream, key))
    if not row.replaces:
        return
    fate = row.memory.fates.get(part)
    at = refusal.occurred or now
    row.memory.fates[part] = Fate(REJECTED, fate.start if fate else at, fate.at if fate else at)
    memories.rewrite(scope, row)


def _unsettle(memories: MemoryTable, scope: Scope, stream: str, transition: str, subject: str) -> None:
    _, key, part = kept_under(transition, subject)
    row = memories.row(scope, (stream, key))
    if row.replaces:
        fate = row.memory.fates.get(part)
        # What was read meanwhile may have written the fate of a once event anew, as it was before the refusal.
        if fate and (fate.fate == REJECTED or (fate.fate == TOLD and part not in row.memory.states)):
            _untold(row.memory, part, fate, less=1)
        memories.rewrite(scope, row)


def _forget(memory: Memory, transitions: Iterable[str], refunded: Decimal) -> int:
    """Forget what was told of these transitions, and only that; return how many fates were forgotten."""
    gone = {
        key: fate
        for key, fate in memory.fates.items()
        if key.partition(":")[0] in transitions and fate.fate in (TOLD, REJECTED)
    }
    for key, fate in gone.items():
        _untold(memory, key, fate)
    if "order_refunded" in gone and memory.total is not None:
        memory.total, memory.told_records = max(memory.total - refunded, Decimal(0)), []
    return len(gone)


def _untold(memory: Memory, key: str, fate: Fate, less: int = 0) -> None:
    """Forget one fate; a state is then told as it is, from the start that it had."""
    del memory.fates[key]
    if key in memory.states:
        state = memory.states[key]
        memory.states[key] = State(state.version - less, state.facts, fate.start, "")
    if key == "identify":
        memory.identified = False
