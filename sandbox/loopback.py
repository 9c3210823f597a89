"""A small HTTP server on 127.0.0.1 that asks one method for every answer, and can spoil the answer on its way.

Leaving its `with` closes every connection, so that nothing of a test survives it, and raises what the method itself got wrong.
"""

import contextlib
import gzip
import socket
import struct
import sys
import time
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self

from sandbox.faults import Faults


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. `body` is unpacked; `packed` is its size on the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    packed: int = 0


@dataclass(slots=True)
class Answer:
    """What a client gets. `fate` is `whole`, `truncated` (half of the promised body) or `reset` (nothing at all)."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = "whole"
    delay: float = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the server saw it."""

    name: str
    """What was asked for."""
    status: int
    fault: str | None = None


class Calls(list[Call]):
    """All calls, oldest first."""

    @property
    def count(self) -> Counter[tuple[str, int]]:
        """How often, by name and status."""
        return Counter((each.name, each.status) for each in self)


class Loopback(ABC):
    """What serves its `_answer` at `url`, within its `with`, on a port that the system chose.

    `now` dates the answers; `faults` says what goes wrong, and knows no other `kinds`.
    """

    def __init__(self, now: Callable[[], datetime], kinds: Iterable[str], faults: Faults | None) -> None:
        self.faults = faults or Faults()
        self.faults.known(kinds)
        self._server = _Server(
            self._answer,
            date=lambda: format_datetime(now().astimezone(UTC).replace(microsecond=0), usegmt=True),
        )
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="loopback")

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end: of a shop, the setting `api_url`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        if self._server.failures and kind is None:
            raise self._server.failures[0]

    @abstractmethod
    def _answer(self, request: Request) -> Answer:
        """Answer a request; several may be asked at once."""

    def _spoil(self, answer: Answer, fault: str | None) -> None:
        """Let an answer come broken, late or not at all, if the fault is one that spoils it on its way."""
        if fault == "truncated":
            answer.fate = "truncated"
        elif fault == "slow":
            answer.delay = self.faults.slow
        elif fault == "reset_after":
            answer.fate = "reset"


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, answer: Callable[[Request], Answer], date: Callable[[], str]) -> None:
        self.answer, self.date = answer, date
        self.failures: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", 0), _Talk)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the conversations that clients keep alive."""
        with self._lock:
            still_open = list(self._open)
        for each in still_open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong in here, to be raised at the end; a client that hung up is not that."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.failures.append(error)


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def _answer(self) -> None:
        packed = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.answer(
            Request(self.command, self.path, self.headers, _unpacked(packed, self.headers), len(packed))
        )
        if answer.delay:
            time.sleep(answer.delay)
        if answer.fate == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        self.send_header("Date", self.server.date())
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.fate == "truncated":
            self.close_connection = True
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(answer.body)
        self.wfile.flush()


def _unpacked(packed: bytes, headers: Mapping[str, str]) -> bytes:
    if (headers.get("Content-Encoding") or "").lower() != "gzip":
        return packed
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return packed
