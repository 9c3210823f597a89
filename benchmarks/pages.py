"""A Shopify whose pages are rendered beforehand: what is measured against it is the tap.

A few hundred orders are answered once by the sandbox, which executes the very query that the tap asks (`record`). From
those answers as many orders are made as wanted, with ids and times of their own, and served from memory by their
`updated_at` window, cursor and page size, in a process that does little more than join bytes (`serve`).
"""

import asyncio
import json
import re
import sys
import threading
import urllib.error
import urllib.request
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COST = b'{"requestedQueryCost":12,"actualQueryCost":12,"throttleStatus":{"maximumAvailable":20000.0,"currentlyAvailable":19988,"restoreRate":1000.0}}'
LOWER = re.compile(rb"updated_at:>=\\?[\"']?([0-9TZ:+-]+)")
UPPER = re.compile(rb"updated_at:<\\?[\"']?([0-9TZ:+-]+)")
SPAN = timedelta(days=2)
"""Over how long the orders are spread."""


class Recorder:
    """A proxy between a tap and the sandbox that remembers what was asked and answered."""

    def __init__(self, upstream: str):
        self.answers: list[dict[str, Any]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                passed = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in {"host", "accept-encoding"}
                }
                request = urllib.request.Request(f"{upstream}{self.path}", data=body, headers=passed)  # noqa: S310
                try:
                    with urllib.request.urlopen(request) as answer:  # noqa: S310
                        status, headers, said = answer.status, answer.headers, answer.read()
                except urllib.error.HTTPError as error:
                    status, headers, said = error.code, error.headers, error.read()
                if status == 200:
                    recorder.answers.append({"asked": json.loads(body), "answer": json.loads(said)})
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def keep(self, path: Path) -> int:
        """Write what was answered, as `serve` reads it; return how many orders that were."""
        nodes: dict[str, Any] = {}
        others = {}
        for each in self.answers:
            page = _page(each["answer"])
            if page is None:
                others[_operation(each["asked"])] = each["answer"]
            else:
                nodes |= {json.dumps(node.get("id")): node for node in page[1]["nodes"]}
                root = page[0]
        path.write_text(json.dumps({"root": root, "nodes": list(nodes.values()), "others": others}))
        return len(nodes)


def _operation(asked: dict[str, Any]) -> str:
    """Name a question: by its operation, else by its text."""
    return asked.get("operationName") or re.sub(r"\s+", " ", asked["query"])


def _page(answer: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the root field and the page of an answer that lists orders, None for any other answer."""
    for name, field in (answer.get("data") or {}).items():
        if isinstance(field, dict) and "pageInfo" in field and "nodes" in field:
            return name, field
    return None


class Pages:
    """So many orders, made from a recording, as bytes."""

    def __init__(self, recording: dict[str, Any], orders: int, until: datetime):
        self.root = recording["root"].encode()
        self.others = {name: json.dumps(answer).encode() for name, answer in recording["others"].items()}
        self.times: list[bytes] = []
        self.nodes: list[bytes] = []
        templates = [
            (json.dumps(node, separators=(",", ":")).encode(), *_marks(node)) for node in recording["nodes"]
        ]
        for number in range(orders):
            node, order_id, moment = templates[number % len(templates)]
            at = (until - SPAN + SPAN * number / orders).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            self.times.append(at)
            self.nodes.append(node.replace(order_id, str(10**9 + number).encode()).replace(moment, at))

    def answer(self, asked: dict[str, Any]) -> bytes:
        """Answer a question: a page of orders for a window and a cursor, or what the sandbox said."""
        known = self.others.get(_operation(asked))
        if known is not None:
            return known
        variables = asked.get("variables") or {}
        said = json.dumps(variables).encode()
        lower, upper = LOWER.search(said), UPPER.search(said)
        first = next(
            (variables[name] for name in ("first", "page", "pageSize", "page_size") if name in variables), 250
        )
        begin = bisect_left(self.times, lower[1]) if lower else 0
        end = bisect_left(self.times, upper[1]) if upper else len(self.times)
        cursor = next((variables[name] for name in ("after", "cursor") if variables.get(name)), None)
        begin = max(begin, int(cursor) if cursor else 0)
        stop = min(begin + first, end)
        return (
            b'{"data":{"%s":{"pageInfo":{"hasNextPage":%s,"endCursor":"%d"},"nodes":[%s]}},"extensions":{"cost":%s}}'
            % (
                self.root,
                b"true" if stop < end else b"false",
                stop,
                b",".join(self.nodes[begin:stop]),
                COST,
            )
        )


def _marks(node: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the order's own number and its instant of change, to be replaced wherever the node says them."""
    text = json.dumps(node)
    number = re.search(r"gid://shopify/Order/(\d+)", text)
    moments = sorted(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text))
    updated = node.get("updatedAt") or node.get("updated_at") or moments[-1]
    if number is None:
        raise ValueError("an order without its gid cannot be told from another")
    return number[1].encode(), updated.encode()


class Server(asyncio.Protocol):
    """One keep-alive connection of a tap."""

    pages: Pages
    asked = 0

    def __init__(self):
        self._buffer = b""

    def connection_made(self, transport):
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data):
        """Answer each request as soon as it is whole."""
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            missing = int(length[1]) if length else 0
            if not end or len(rest) < missing:
                return
            body, self._buffer = rest[:missing], rest[missing:]
            Server.asked += 1
            said = self.pages.answer(json.loads(body)) if missing else b'{"asked": %d}' % Server.asked
            date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").encode()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: %s\r\n"
                b"X-Shopify-API-Version: 2026-10\r\nContent-Length: %d\r\n\r\n%s" % (date, len(said), said)
            )


async def serve(pages: Pages) -> None:
    """Listen on a free port until stdin is closed."""
    Server.pages = pages
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    recorded = json.loads(Path(sys.argv[1]).read_bytes())
    asyncio.run(serve(Pages(recorded, int(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))))
