"""Lines leave whole, however little of them is taken at once."""

import io
import sys
from types import SimpleNamespace

from singer_sdk.singerlib import StateMessage

from tap_commerce.singer import Writer


class Unbuffered(io.RawIOBase):
    """As stdout is under PYTHONUNBUFFERED when a pause of the process cuts each write short."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, content):
        self.taken += bytes(content[:7])
        return min(7, len(content))


def test_what_an_unbuffered_stdout_does_not_take_at_once_is_not_lost(monkeypatch):
    out = Unbuffered()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    Writer().write_message(StateMessage({"bookmarks": {"orders": "2026-01-01T00:00:00Z"}}))
    assert out.taken == b'{"type":"STATE","value":{"bookmarks":{"orders":"2026-01-01T00:00:00Z"}}}\n'
