"""Events → batches within Segment's limits.

Limits: 2,500 events and 500 KB a request (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch).
Whether they are of plain or compressed bytes is not documented; plain is assumed. Events of one person stay together and in order.
"""

from collections.abc import Callable, Iterable, Sequence

from target_segment.batch import WRAPPING, Batch, Event, Receipt, sealed

MOST_EVENTS = 2_500
MOST_BYTES = 475_000


def pack(
    events: Iterable[Event], platform: str, shop: str, number: Callable[[], int], most_bytes: int = MOST_BYTES
) -> list[Batch]:
    """Return batches that hold all events within the limits, those of one person together and in their order."""
    by_person: dict[str, list[Event]] = {}
    for event in events:
        by_person.setdefault(event.person, []).append(event)
    batches: list[Batch] = []
    held: list[Event] = []
    size = WRAPPING
    for event in (event for theirs in by_person.values() for event in theirs):
        # The + 1 is the comma between the items of a JSON array.
        if held and (size + len(event.body) + 1 > most_bytes or len(held) == MOST_EVENTS):
            batches.append(_batch(number(), held, platform, shop))
            held, size = [], WRAPPING
        held.append(event)
        size += len(event.body) + 1
    if held:
        batches.append(_batch(number(), held, platform, shop))
    return batches


def halves(batch: Batch, number: Callable[[], int]) -> tuple[Batch, Batch]:
    """Return a batch in two, in order."""
    bodies, receipts, middle = batch.bodies(), batch.receipts(), batch.count // 2
    # Who goes by two names may be in either half.
    second_names = batch.people - {receipt.person for receipt in receipts}

    def half(part: slice) -> Batch:
        people = frozenset(receipt.person for receipt in receipts[part])
        return sealed(number(), bodies[part], receipts[part], people | second_names)

    return half(slice(None, middle)), half(slice(middle, None))


def _batch(number: int, events: Sequence[Event], platform: str, shop: str) -> Batch:
    people: set[str] = set()
    for event in events:
        people.update(event.people)
    receipts = [
        Receipt(
            event.message_id, platform, shop, event.transition, event.event, event.subject, event.person, event.at,
            event.amount, event.currency,
        )
        for event in events
    ]  # fmt: skip
    return sealed(number, [event.body for event in events], receipts, frozenset(people))
