"""One proof as it is judged: with what memory holds of all that it is about, and whether its person is told anything.

The rows are those of the record at hand: whoever judges changes them as if what is news were told.
"""

from msgspec import Struct

from target_segment.identity import Identity
from target_segment.remembered import Row
from target_segment.transitions.proofs import Proof


class Case(Struct, frozen=True, gc=False):
    """A proof, the identity that it is about, and their rows of memory.

    `row` is the proof's own, `order_row` its order's (the same one for an order), `person` its identity's. `barred` says that
    nothing is told of whom it is about.
    """

    proof: Proof
    identity: Identity
    row: Row
    order_row: Row | None
    person: Row | None
    barred: bool
