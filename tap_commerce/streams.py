"""The SDK's stream: what the catalog selects of it, and how its messages are written.

There is one stream class for all platforms; which platform its records come from it does not know.
"""

import logging
from collections.abc import Generator, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from singer_sdk import Stream, Tap
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.messages import RecordMessage

from tap_commerce.polling import Polling
from tap_commerce.records import Polled
from tap_commerce.schemas import KEYS, POLLED_BY, STREAMS, schema
from tap_commerce.singer import Writer


class CommerceStream(Stream):
    """A stream of canonical records; which platform they come from it does not know."""

    primary_keys = KEYS
    replication_key = POLLED_BY

    def __init__(self, tap: Tap, name: str, *, polling: Polling, writer: Writer) -> None:
        super().__init__(tap, schema=schema(STREAMS[name]), name=name)
        self._polling = polling
        self._writer = writer
        self._described = False
        self._plainly: bool | None = None

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Not how these streams are read: a pass feeds several of them at once."""
        raise NotImplementedError

    def _sync_records(
        self,
        context: Any = None,  # noqa: ARG002
        *,
        write_messages: bool = True,  # noqa: ARG002
    ) -> Generator[dict[str, Any], Any, Any]:
        self._polling.feed(self.name)
        yield from ()

    def get_replication_key_signpost(self, context: Any = None) -> None:
        """None: the watermark is the pass's business."""

    def log(self, message: str, *args: Any, level: int = logging.DEBUG, **kwargs: Any) -> None:  # noqa: ARG002
        """Keep the SDK's narration for debugging; what went wrong is said once, by whoever ends the run."""
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    def _write_schema_message(self) -> None:
        # A pass describes all its streams before its first record; the SDK asks again when their turn comes.
        if not self._described:
            super()._write_schema_message()
            self._described = True

    def describe(self) -> None:
        """Write the stream's SCHEMA, once."""
        self._write_schema_message()

    @property
    def limit(self) -> int | None:
        """Records that a connection test wants to see; None: this is no test."""
        return self.ABORT_AT_RECORD_COUNT

    @property
    def fields(self) -> frozenset[str]:
        """The selected fields of the first level."""
        return frozenset(name for name in self.schema["properties"] if self.mask[("properties", name)])

    def write(self, record: Polled, extracted_at: str) -> None:
        """Write a record: as it is, unless the catalog deselects some of it or the settings map it."""
        if self._plainly is None:
            self._plainly = self._is_plain()
        if self._plainly:
            self._writer.write_record(self.name, record, extracted_at)
            return
        plain = msgspec.to_builtins(record, builtin_types=(Decimal,))
        pop_deselected_record_properties(plain, self.schema, self.mask)
        for each in self.stream_maps:
            if (mapped := each.transform(plain)) is not None:
                self._tap.write_message(
                    RecordMessage(
                        stream=each.stream_alias,
                        record=mapped,
                        time_extracted=datetime.fromisoformat(extracted_at),
                    )
                )

    def _is_plain(self) -> bool:
        maps = self.stream_maps
        return (
            len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not (maps[0].flattening_options and maps[0].flattening_options.enabled)
            and maps[0].stream_alias == self.name
            and all(self.mask.values())
        )
