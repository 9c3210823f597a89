"""The derivation of every canonical stream, for one set of settings: snapshot → what it proves.

Pure: the same snapshot, read at the same instant, proves the same, whatever is remembered.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from target_segment.transitions import customers, fulfillments, orders, refunds
from target_segment.transitions.proofs import Proof


def derivations(
    settings: Mapping[str, Any], on: frozenset[str]
) -> Mapping[str, Callable[[Any, datetime], Proof]]:
    """Return by stream the function from a snapshot and its reading to its proof, for the transitions switched on."""
    begun = orders.begun_by(settings)
    return {
        "orders": orders.derivation(settings, on),
        "refunds": refunds.derivation(begun, on),
        "fulfillments": fulfillments.derivation(begun, on),
        "customers": customers.derivation(on),
    }
