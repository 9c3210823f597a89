"""Singer lines on their way out: encoded once, buffered, and on their way before any STATE says so.

The SDK flushes every record and copies it several times; a whole line is encoded here straight from the record.
"""

import sys
from typing import Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message

from tap_commerce.errors import ReaderGone
from tap_commerce.records import Polled

FULL = 1 << 18
"""Bytes after which the buffer is handed on."""


class Line(msgspec.Struct, gc=False):
    """A RECORD message."""

    type: str
    stream: str
    record: Polled
    time_extracted: str


class Writer(GenericSingerWriter[bytes, Message]):
    """Writes messages to stdout, whole lines at a time."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)
        self._buffer = bytearray()

    def serialize_message(self, message: Message) -> bytes:
        """Encode one of the SDK's messages."""
        return self._encoder.encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Write one of the SDK's messages; a STATE goes out at once, behind all that came before it."""
        self._buffer += self.serialize_message(message)
        if message.type == "STATE" or len(self._buffer) > FULL:
            self.flush()

    def write_record(self, stream: str, record: Polled, extracted_at: str) -> None:
        """Write a record as it is."""
        self._encoder.encode_into(Line("RECORD", stream, record, extracted_at), self._buffer, -1)
        self._buffer += b"\n"
        if len(self._buffer) > FULL:
            self.flush()

    def flush(self) -> None:
        """Hand on what is buffered."""
        held, self._buffer = memoryview(self._buffer), bytearray()
        out = sys.stdout.buffer
        try:
            # Where output is unbuffered (PYTHONUNBUFFERED) a write that a pause of the process cuts short says how much it took.
            while held:
                held = held[out.write(held) :]
            out.flush()
        except BrokenPipeError as error:
            raise ReaderGone(
                "the reader of our output has gone; the next run goes on from the last STATE that it kept"
            ) from error


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))
