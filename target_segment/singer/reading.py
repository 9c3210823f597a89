"""Lines of Singer messages → calls: bytes are read as they come, a record is left raw until somebody wants it.

A line that is not a Singer message stops the run and is named by its number; a truncated last line counts as not there.
"""

import os
import select
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Any

import msgspec
from msgspec import Struct
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from target_segment.errors import Garbled

_BLOCK = 1 << 20
_NAP_SECONDS = 0.5


class Message(Struct):
    """One Singer message with its large parts left raw."""

    type: str
    stream: str | None = None
    record: msgspec.Raw = msgspec.Raw(b"")
    time_extracted: str | None = None
    value: msgspec.Raw = msgspec.Raw(b"")


_message = msgspec.json.Decoder(Message)


class Reader(GenericSingerReader[bytes]):
    """Reads messages from a pipe or a file, and stops between two of them when it is told to.

    `begin` runs before the first line; `stopping` is asked between lines; `idle` gets the moments in which nothing comes.
    """

    begin: Callable[[], None] = staticmethod(lambda: None)
    stopping: Callable[[], bool] = staticmethod(lambda: False)
    idle: Callable[[], None] = staticmethod(lambda: None)

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input."""
        return sys.stdin.buffer

    def deserialize_json(self, line: bytes | memoryview) -> dict[str, Any]:
        """Decode a whole line."""
        decoded: dict[str, Any] = msgspec.json.decode(line)
        return decoded

    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[Any, Callable[[Any], None]]
    ) -> Counter[str]:
        """Hand every message to its callback: records and states as `Message`, the others as a dict; return how many of each."""
        self.begin()
        stats: Counter[str] = Counter()
        for number, (line, ended) in enumerate(self._lines(file_input), start=1):
            try:
                message = _message.decode(line)
                said = message if message.type in ("RECORD", "STATE") else self.deserialize_json(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                if not bytes(line).strip():
                    continue
                if not ended:
                    raise Garbled(
                        f"the input ends in the middle of line {number}: what came before it was told, its bookmark was not"
                    ) from error
                raise Garbled(f"line {number} of the input is not a Singer message ({error})") from error
            callback = callbacks.get(message.type)
            if callback is None:
                raise Garbled(f"line {number} of the input is of an unknown type, {message.type!r}")
            callback(said)
            stats[message.type] += 1
            if self.stopping():
                break
        return stats

    def _lines(self, file_input: IO[Any] | None) -> Iterator[tuple[bytes | memoryview, bool]]:
        """Yield each line, where it was read, and whether it ended as lines do."""
        if file_input is not None:
            for line in file_input:
                raw = line.encode() if isinstance(line, str) else line
                yield raw, raw.endswith(b"\n")
            return
        source = self.default_input.fileno()
        rest: list[memoryview] = []
        while not self.stopping():
            ready, _, _ = select.select([source], [], [], _NAP_SECONDS)
            if not ready:
                self.idle()
                continue
            block = os.read(source, _BLOCK)
            if not block:
                break
            view, begin = memoryview(block), 0
            while (end := block.find(b"\n", begin)) >= 0:
                yield b"".join([*rest, view[begin:end]]) if rest else view[begin:end], True
                rest, begin = [], end + 1
            if begin < len(block):
                rest.append(view[begin:])
        if (last := b"".join(rest)) and not self.stopping():
            yield last, False
