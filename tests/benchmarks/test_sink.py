"""The sink counts what came, packed or not, in however many pieces; otherwise its figures would flatter."""

import gzip
import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def sink():
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


def body(*events):
    return json.dumps({"batch": [{"messageId": each} for each in events], "sentAt": "now"}).encode()


def asked(port, path, data=None, headers=()):
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", data=data, headers=dict(headers))) as answer:
        return answer.read()


def test_plain_and_packed_batches_are_counted_once_and_forgotten_after():
    with sink() as port:
        asked(port, "/v1/batch", body("a", "b"))
        asked(port, "/v1/batch", gzip.compress(body("c")), {"Content-Encoding": "gzip"})
        assert json.loads(asked(port, "/count")) == {"requests": 2, "events": 3}
        assert json.loads(asked(port, "/count")) == {"requests": 0, "events": 0}


def test_a_request_may_come_in_pieces_and_two_at_once():
    whole = b"POST /v1/batch HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body("a")), body("a"))
    with sink() as port, socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for piece in (whole[:10], whole[10:60], whole[60:] + whole + whole[:5], whole[5:]):
            connection.sendall(piece)
        for _ in range(3):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            while stream.readline() != b"\r\n":
                pass
            stream.read(17)
        assert asked(port, "/events").splitlines() == [b'{"messageId": "a"}'] * 3
