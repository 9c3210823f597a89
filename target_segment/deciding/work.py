"""What goes into a decider and what comes out of it.

Both are plain data, so that a decider may sit in a process of its own: what is decided depends on the question alone.
"""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from target_segment.batch import Event
from target_segment.errors import Malformed
from target_segment.identity import Identity
from target_segment.other_taps.deriving import StreamKeys
from target_segment.remembered import Found, Key, Refusal, Scope, Watch
from target_segment.snapshots import Content

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
    `stream_keys` is what the SCHEMAs of mapped streams said.
    """

    sequence: int
    scope: Scope
    watched: dict[str, Watch]
    items: list[Item]
    found: list[Found]
    stream_keys: dict[str, StreamKeys] = {}


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


def malformed(
    scope: Scope, stream: str, raw: Content, raw_hash: str, subject: str, error: Malformed
) -> Refusal:
    """Return what the ledger keeps of a record that is not what its schema says."""
    return Refusal(
        fate="malformed", stream=stream, platform=scope[0], shop=scope[1], subject=subject, message_id=raw_hash, reason=str(error),
        payload=bytes(raw),
    )  # fmt: skip
