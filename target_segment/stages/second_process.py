"""A decider in a process of its own: work goes in, decisions come out, in order, as frames over two pipes.

It holds nothing that is not in the ledger or on its way there: should it be killed, the run stops and the next one goes on.
"""

import contextlib
import fcntl
import gc
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

import msgspec

from target_segment.deciding.decider import Decider
from target_segment.deciding.work import Decision, Work
from target_segment.errors import SegmentError

_ANSWER, _ERROR, _READY = b"a", b"e", b"r"
_LENGTH = 8
_encode = msgspec.msgpack.Encoder(decimal_format="string").encode
_work = msgspec.msgpack.Decoder(Work)
_decision = msgspec.msgpack.Decoder(Decision)


class SecondProcess:
    """A decider in a second process; the same questions, the same answers.

    It begins to start when it is made; `ready` says whether it has. Raises `SegmentError` when the process is gone.
    """

    def __init__(self, settings: Mapping[str, Any], source: str) -> None:
        # What it is to know goes through the pipe: a command line can be read by others.
        begin = f"import sys; sys.path[:] = {sys.path!r}; from target_segment.stages import second_process; second_process.serve()"
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and nobody else's words
            [sys.executable, "-c", begin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C goes to the whole group, also before the process can say that it does not heed it.
            process_group=0,
        )
        for pipe in (self._into, self._from):
            _widen(pipe)
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="asking the second process")
        self._answering = ThreadPoolExecutor(1, thread_name_prefix="answers of the second process")
        self._started = False
        told = {name: value for name, value in settings.items() if name != "write_key"}
        self._send(_encode({"settings": told, "source": source}))

    def ready(self, seconds: float | None = 0) -> bool:
        """Say whether it has started; wait for so long, or (None) until it has."""
        if not self._started and select.select([self._from], [], [], seconds)[0]:
            self._receive()
            self._started = True
        return self._started

    def decide(self, asked: Work) -> Future[Decision]:
        """Ask; answers come in the order of the questions. A question may wait there while the one before is answered."""
        self.ready(None)
        sent = self._asking.submit(lambda: self._send(_encode(asked)))
        return self._answering.submit(self._answered, sent)

    def _answered(self, sent: Future[None]) -> Decision:
        sent.result()
        return _decision.decode(self._receive())

    def close(self) -> None:
        """Let it end, once it has answered what it was asked last."""
        self._asking.shutdown(cancel_futures=True)
        with contextlib.suppress(OSError):
            self._into.close()
        self._answering.shutdown(cancel_futures=True)
        self._from.close()
        self._process.wait()

    @property
    def _into(self) -> IO[bytes]:
        return self._process.stdin  # type: ignore[return-value]

    @property
    def _from(self) -> IO[bytes]:
        return self._process.stdout  # type: ignore[return-value]

    def _send(self, content: bytes) -> None:
        try:
            _write(self._into, b"", content)
        except OSError as error:
            raise self._gone() from error

    def _receive(self) -> bytes:
        kind, content = _read(self._from, 1)
        if content is None:
            raise self._gone()
        if kind == _ERROR:
            raise SegmentError(content.decode())
        return content

    def _gone(self) -> SegmentError:
        code = self._process.wait()
        return SegmentError(
            f"the second process of this run ended by itself (code {code}; killed for want of memory?): what was intended stays, "
            "the next run goes on; `second_process` = false does without it"
        )


def serve() -> None:
    """Be the second process: answer until the input ends."""
    # A signal is the first process's to heed; it lets this one end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.umask(0o077)
    gc.disable()
    # A file of our own over stdout: where output is unbuffered (PYTHONUNBUFFERED) Python's drops what a pause of the process
    # leaves of a long write. What anybody prints goes to stderr, not between the frames.
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _, first = _read(source, 0)
    if first is None:
        return
    said = msgspec.msgpack.decode(first)
    with contextlib.suppress(BrokenPipeError):
        decider = Decider(said["settings"], said["source"])
        _write(out, _READY, b"")
        questions: SimpleQueue[bytes | None] = SimpleQueue()
        Thread(target=_take, args=(source, questions), daemon=True).start()
        while (asked := questions.get()) is not None:
            try:
                answer = _encode(decider.decide(_work.decode(asked)))
            except Exception as error:  # noqa: BLE001 - it is raised in the first process, which ends the run
                said = (
                    str(error)
                    if isinstance(error, SegmentError)
                    else f"unexpected {type(error).__name__}: {error}"
                )
                _write(out, _ERROR, said.encode())
                return
            _write(out, _ANSWER, answer)


def _take(source: IO[bytes], questions: "SimpleQueue[bytes | None]") -> None:
    """Take questions in while others are being answered, so that nobody waits for a pipe."""
    content: bytes | None = b""
    while content is not None:
        _, content = _read(source, 0)
        questions.put(content)


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold a megabyte, where the system can do that: fewer turns for the same bytes."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def _write(file: IO[bytes], kind: bytes, content: bytes) -> None:
    file.write(kind + len(content).to_bytes(_LENGTH))
    file.write(content)
    file.flush()


def _read(file: IO[bytes], tag: int) -> tuple[bytes, bytes | None]:
    """Return a frame's tag and content, None where the other side is gone."""
    head = file.read(tag + _LENGTH)
    if len(head) < tag + _LENGTH:
        return b"", None
    size = int.from_bytes(head[tag:])
    content = file.read(size)
    return head[:tag], content if len(content) == size else None
