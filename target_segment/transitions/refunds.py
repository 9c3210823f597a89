"""A refund's snapshot → how much money its subject has given back as of it."""

from collections.abc import Callable
from datetime import datetime

from target_segment.snapshots import OrderSummary, Refund
from target_segment.transitions.proofs import AGES_AGO, Proof, Transition


def derivation(
    begun: Callable[[OrderSummary], bool], on: frozenset[str]
) -> Callable[[Refund, datetime], Proof]:
    """Return the function that lists what a refund's snapshot proves, for the events switched on."""

    def derive(refund: Refund, read_at: datetime) -> Proof:
        instant = refund.updated_at or read_at
        moved = refund.refunded_at or None
        proved: list[Transition] = []
        if "order_refunded" in on:
            proved.append(
                Transition(
                    name="order_refunded", start=moved, at=moved or instant, total=refund.total_to_date
                )
            )
        return Proof(
            stream="refunds",
            subject=refund.subject,
            snapshot=refund,
            instant=instant,
            read_at=read_at,
            created=refund.created_at or moved or AGES_AGO,
            transitions=proved,
            order=refund.order,
            customer=refund.order.customer or None,
            begun=begun(refund.order),
        )

    return derive
