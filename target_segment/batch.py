"""One batch as the bytes of one request: compressed once, stamped with `sentAt` on every attempt.

The events' own bytes never change between intent and receipt, however often and by whichever run they are sent.
"""

import struct
import zlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from isal import isal_zlib
from msgspec import Struct

_HEAD = b'{"batch":['
_TAIL = b'],"sentAt":"%s"}'
WRAPPING = len(_HEAD) + len(_TAIL) + 30
"""What a request weighs besides its events, in bytes."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Event(Struct, frozen=True, array_like=True, gc=False):
    """One Segment call, ready for a batch: `body` is its compact JSON, but for `sentAt`."""

    transition: str
    event: str
    message_id: str
    subject: str
    person: str
    people: tuple[str, ...]
    at: datetime
    amount: Decimal | None
    currency: str | None
    body: bytes


class Batch(Struct, frozen=True, kw_only=True):
    """Events that travel together.

    `deflated` is a raw deflate stream of the request's beginning, cut at a byte (`Z_SYNC_FLUSH`), so that the end can follow
    it without touching the events' bytes; `size` and `crc` are of what it holds. `about` are the receipts to be written, as JSON:
    see `Receipt`.
    """

    id: int
    count: int
    people: frozenset[str]
    deflated: bytes
    size: int
    crc: int
    about: bytes

    def gzipped(self, sent_at: str) -> bytes:
        """Return the body of one attempt, gzipped."""
        tail = _TAIL % sent_at.encode()
        end = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
        crc = isal_zlib.crc32(tail, self.crc)
        size = (self.size + len(tail)) & 0xFFFFFFFF
        return b"".join(
            (_GZIP_HEADER, self.deflated, end.compress(tail), end.flush(), struct.pack("<LL", crc, size))
        )

    def plain(self, sent_at: str) -> bytes:
        """Return the body of one attempt as it is."""
        return self._head() + _TAIL % sent_at.encode()

    def bodies(self) -> list[bytes]:
        """Return the bytes of each event."""
        return [
            bytes(each)
            for each in msgspec.json.decode(self._head()[len(_HEAD) - 1 :] + b"]", type=list[msgspec.Raw])
        ]

    def receipts(self) -> list["Receipt"]:
        """Return the receipts to be written, one per event."""
        return _receipts.decode(self.about)

    def events(self) -> list[str]:
        """Return the name of each event."""
        return [each.event for each in _names.decode(self.about)]

    def _head(self) -> bytes:
        return zlib.decompressobj(-15).decompress(self.deflated)


_SHORT = {
    "message_id": "m", "platform": "l", "shop": "h", "transition": "t", "event": "e", "subject": "s", "person": "p", "occurred": "o",
    "amount": "a", "currency": "c",
}  # fmt: skip
"""How the fields of a receipt are called in a batch's bytes: there are as many of them as events."""


class Receipt(Struct, frozen=True, gc=False, rename=_SHORT):
    """A row of the ledger's table `receipts`, as it will be once its event is acknowledged."""

    message_id: str
    platform: str
    shop: str
    transition: str
    event: str
    subject: str
    person: str
    occurred: datetime
    amount: Decimal | None
    currency: str | None


class _Name(Struct, gc=False, rename=_SHORT):
    event: str


_receipts = msgspec.json.Decoder(list[Receipt])
_names = msgspec.json.Decoder(list[_Name])
_encode = msgspec.json.Encoder(decimal_format="string").encode


def sealed(
    number: int, bodies: Sequence[bytes], receipts: Sequence[Receipt], people: frozenset[str]
) -> Batch:
    """Return the batch that holds these events."""
    head = _HEAD + b",".join(bodies)
    squeeze = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
    deflated = squeeze.compress(head) + squeeze.flush(isal_zlib.Z_SYNC_FLUSH)
    return Batch(
        id=number,
        count=len(bodies),
        people=people,
        deflated=deflated,
        size=len(head),
        crc=isal_zlib.crc32(head),
        about=_encode(receipts),
    )


def stamp(now: datetime) -> str:
    """Return an instant as Segment's `sentAt`."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
