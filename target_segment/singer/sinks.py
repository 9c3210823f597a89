"""Hands records that the SDK mapped (stream maps) to the pipeline; what no event is derived from, it counts and drops.

The fast way does not come by here: `target.py` beside it hands unmapped records of canonical streams to the pipeline as raw bytes.
"""

from typing import Any

import msgspec
from singer_sdk.sinks import RecordSink

from target_segment.snapshots import SHAPES

CANONICAL = frozenset({"platform", "shop", "id"})
"""What the schema of a canonical stream has at least."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


def is_canonical(stream: str, schema: dict[str, Any]) -> bool:
    """Say whether a stream is one that events are derived from."""
    return stream in SHAPES and schema.get("properties", {}).keys() >= CANONICAL


class SnapshotSink(RecordSink):
    """The SDK's way from a mapped record to the pipeline."""

    def __init__(self, target: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        self._take = target.take

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Leave a record as it is: decoding it as a snapshot checks it, and sets aside what does not fit."""
        return record

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002
        """Hand one record on, as plain JSON."""
        self._take(self.stream_name, self.schema, msgspec.Raw(_encode(record)))
