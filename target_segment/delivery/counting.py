"""What a run would tell, counted instead of told: events by name, the people Segment would bill, requests.

It takes batches as Segment does, keeps numbers only, and writes nothing.
"""

import threading
from collections import Counter
from typing import Any

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from target_segment.batch import Batch


class _Said(Struct, rename="camel"):
    """What is counted of a call."""

    type: str
    event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None


_said = msgspec.json.Decoder(_Said).decode


class Estimate:
    """Counts batches as if Segment took them.

    An identity is a userId, or an anonymousId that no call ties to one: Segment bills each once a month.
    https://segment.com/docs/guides/usage-and-billing/mtus-and-throughput/
    """

    tells = False
    verb = "would be told"
    where = "nobody, for an estimate"

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.requests = 0
        self._users: set[int] = set()
        self._anonymous: set[int] = set()
        self._tied: set[int] = set()
        self._lock = threading.Lock()

    def deliver(self, batch: Batch) -> float:
        """Count a batch's events."""
        with self._lock:
            self.requests += 1
            for call in map(_said, batch.bodies()):
                self.events[call.event or call.type] += 1
                if call.user_id:
                    self._users.add(xxh3_64_intdigest(call.user_id.encode()))
                other = call.anonymous_id or call.previous_id
                if other:
                    (self._tied if call.user_id else self._anonymous).add(xxh3_64_intdigest(other.encode()))
        return 0.0

    def close(self) -> None:
        """Nothing was opened."""

    @property
    def identities(self) -> int:
        """How many people were told of."""
        return len(self._users) + len(self._anonymous - self._tied)

    def counts(self, events_per_second: float) -> dict[str, Any]:
        """Return everything that was counted; `seconds` at that pace, None without one."""
        total = sum(self.events.values())
        return {
            "events": dict(sorted(self.events.items(), key=lambda each: (-each[1], each[0]))),
            "events_total": total,
            "identities": self.identities,
            "requests": self.requests,
            "seconds": round(total / events_per_second) if events_per_second else None,
        }
