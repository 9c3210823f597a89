"""Which records of a chunk were seen in exactly this form, whom the rest is about, and what memory holds of them.

Nothing is decided here: records are read no further than their keys.
"""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from target_segment.deciding.work import Item, malformed
from target_segment.errors import Malformed
from target_segment.identity import Identity, Resolve
from target_segment.other_taps.mapped import MappedStreams
from target_segment.remembered import Scope, Watch
from target_segment.snapshots import SHAPES, OrderKeys, keys_of
from target_segment.stages.chunks import Chunk, ShopPart
from target_segment.stages.writer import Writer

Watches = Callable[[Scope, datetime], dict[str, Watch]]
"""Says since when the transitions of a shop are told, once its first record is there; asked on the writer's thread."""


class LookedAt(NamedTuple):
    """A chunk by shop, without what was seen in exactly this form; how many records that was."""

    sequence: int
    parts: list[ShopPart]
    unchanged: int


class Lookup:
    """Looks at chunks, in their order."""

    def __init__(self, writer: Writer, resolve: Resolve, streams: MappedStreams, watches: Watches) -> None:
        self._writer, self._resolve, self._streams, self._watches = writer, resolve, streams, watches
        self._watched: dict[Scope, dict[str, Watch]] = {}

    def ask(self, chunk: Chunk) -> Future[set[str]]:
        """Ask which of a chunk's records were seen in exactly this form."""
        read_at = {each: at for each, (_, _, at) in zip(chunk.hashes, chunk.records, strict=True)}
        return self._writer.unchanged(read_at)

    def look(self, chunk: Chunk, asked: Future[set[str]]) -> LookedAt:
        """Return by shop what of a chunk is new, with its keys read, and ask what is remembered of them.

        The answer may lack what the chunks just before it change: the decider has those rows at hand. Earlier ones must be
        decided, as the pipeline sees to.
        """
        unchanged, parts, same = asked.result(), dict[Scope, ShopPart](), 0
        for (stream, raw, read_at), raw_hash in zip(chunk.records, chunk.hashes, strict=True):
            if raw_hash in unchanged:
                same += stream not in self._streams.second_labels
                continue
            try:
                scope, subject, identity, order = self._keys(stream, raw)
            except Malformed as error:
                platform, shop, subject = _claims(raw)
                scope = (platform, shop) if stream in SHAPES else self._streams.scope(stream)
                part = parts.get(scope) or parts.setdefault(scope, ShopPart(scope))
                part.refusals.append(malformed(scope, stream, raw, raw_hash, subject, error))
                continue
            if scope not in self._watched:
                self._watched[scope] = self._writer.ask(self._watches, scope, read_at)
            part = parts.get(scope) or parts.setdefault(scope, ShopPart(scope))
            part.items.append(Item(stream, memoryview(raw), read_at, raw_hash, subject, identity))
            part.keys[stream, subject] = None
            if order and stream != "orders":
                part.keys["orders", order.id] = None
            if identity.person:
                part.keys["identify", identity.person] = None
        for scope, part in parts.items():
            part.watched = self._watched.get(scope, {})
            part.recalled = self._writer.recall(scope, part.keys)
        return LookedAt(chunk.sequence, [*parts.values()], same)

    def _keys(self, stream: str, raw: msgspec.Raw) -> tuple[Scope, str, Identity, OrderKeys | None]:
        """Return the shop that a record is of, its subject, whom it is about, and its order; raise `Malformed`."""
        if stream in SHAPES:
            seen = keys_of(stream, raw)
            identity = self._resolve(seen.platform, seen.shop, seen.customer, seen.order)
            return (seen.platform, seen.shop), seen.subject, identity, seen.order
        subject, identity = self._streams.keys_of(stream, raw)
        return self._streams.scope(stream), subject, identity, None


class _Claims(Struct):
    platform: Any = None
    shop: Any = None
    id: Any = None


def _claims(raw: msgspec.Raw) -> tuple[str, str, str]:
    """Return platform, shop and id as a malformed record claims them."""
    try:
        claims = msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", "", ""
    return str(claims.platform or ""), str(claims.shop or ""), str(claims.id or "")
