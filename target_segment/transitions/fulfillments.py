"""A fulfillment's snapshot → every transition it proves. The record exists only once goods have left."""

from collections.abc import Callable
from datetime import datetime

from target_segment.snapshots import Fulfillment, OrderSummary
from target_segment.transitions.facts import fact_hash, joined, parts, words
from target_segment.transitions.proofs import AGES_AGO, Proof, Transition

_lines = parts("id", "quantity")


def facts(fulfillment: Fulfillment) -> str:
    """Return the facts that Fulfillment Updated looks at, in the table's order."""
    return joined(
        [
            fact_hash(fulfillment.status),
            fact_hash(fulfillment.carrier_status),
            fact_hash(fulfillment.company),
            words(fulfillment.tracking_numbers),
            words(fulfillment.tracking_urls),
            _lines(fulfillment.line_items),
        ]
    )


def derivation(
    begun: Callable[[OrderSummary], bool], on: frozenset[str]
) -> Callable[[Fulfillment, datetime], Proof]:
    """Return the function that lists what a fulfillment's snapshot proves, for the events switched on."""

    def derive(fulfillment: Fulfillment, read_at: datetime) -> Proof:
        instant = fulfillment.updated_at or read_at
        left = fulfillment.fulfilled_at or fulfillment.created_at or None
        proved: list[Transition] = []
        if "fulfillment_created" in on:
            proved.append(Transition(name="fulfillment_created", start=left, at=left or instant))
        if "fulfillment_updated" in on:
            proved.append(Transition(name="fulfillment_updated", at=instant, facts=facts(fulfillment)))
        return Proof(
            stream="fulfillments",
            subject=fulfillment.id,
            snapshot=fulfillment,
            instant=instant,
            read_at=read_at,
            created=left or fulfillment.order.created_at or AGES_AGO,
            transitions=proved,
            order=fulfillment.order,
            customer=fulfillment.order.customer or None,
            begun=begun(fulfillment.order),
        )

    return derive
