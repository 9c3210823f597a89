"""A Segment that takes everything at once: reads a body by its Content-Length, answers 200, counts afterwards.

It does as little as HTTP allows, in its own process, so that what is measured is the sender. Bodies are kept as they
came; they are unpacked only when the count is asked for, when nobody is being timed any more.

    python -m benchmarks.sink            prints its port
    GET /count                           how many requests and events came since the last count; forgets them
    GET /events                          the same events as JSON lines, before they are forgotten
"""

import asyncio
import gzip
import sys

import msgspec

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"success": true}'


class Batch(msgspec.Struct):
    """The body of a batch, its events left as they came."""

    batch: list[msgspec.Raw]


class Sink(asyncio.Protocol):
    """One keep-alive connection."""

    bodies: list[tuple[bool, bytes]] = []  # noqa: RUF012  # one list for all connections is meant

    def __init__(self):
        self._parts: list[bytes] = []
        self._missing = 0
        self._zipped = False

    def connection_made(self, transport):
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data):
        """Take what came; answer each request as soon as its body is whole."""
        while data:
            if not self._missing:
                data = self._begin(b"".join([*self._parts, data]))
                if data is None:
                    return
            self._parts.append(data[: self._missing])
            taken = len(self._parts[-1])
            self._missing -= taken
            data = data[taken:]
            if not self._missing:
                self.bodies.append((self._zipped, b"".join(self._parts)))
                self._parts = []
                self._transport.write(ANSWER)

    def _begin(self, data):
        """Read the head of a request; return what follows it, or None while there is no body to wait for."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            self._parts = [data]
            return None
        self._parts = []
        first, *lines = head.split(b"\r\n")
        if first.startswith(b"GET"):
            self._report(first.split()[1])
            return None
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        self._missing = int(headers[b"content-length"])
        self._zipped = headers.get(b"content-encoding") == b"gzip"
        return rest

    def _report(self, path):
        decoder = msgspec.json.Decoder(Batch)
        requests, events, lines = len(self.bodies), 0, []
        for zipped, body in self.bodies:
            batch = decoder.decode(gzip.decompress(body) if zipped else body).batch
            events += len(batch)
            if path == b"/events":
                lines += [bytes(event) for event in batch]
        self.bodies.clear()
        said = (
            b"\n".join(lines)
            if path == b"/events"
            else b'{"requests": %d, "events": %d}' % (requests, events)
        )
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(said), said)
        )
        self._transport.close()


async def serve():
    """Listen on a free port until stdin is closed."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
