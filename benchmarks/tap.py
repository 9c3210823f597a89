"""The tap beside a plain SDK tap: the same orders from the same kind of pages, the same records out, as whole processes."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import Cost, run, table, typical
from benchmarks.pages import SPAN, Recorder
from sandbox.shop import Shop
from sandbox.shopify import Shopify

TOKEN = "shpat_bench"
SHOP = "bench"
RECORDED = 240
"""Orders that the sandbox renders; more are made from these."""


def measure(orders: int, rounds: int, tap: Path) -> str:
    """Return the comparison for so many orders, each side run so many times, as a table for a person."""
    plain = [sys.executable, "-m", "benchmarks.plain_tap"]
    with tempfile.TemporaryDirectory(prefix="bench-tap-") as name:
        scratch = Path(name)
        shop = _shop()
        start = (shop.now - SPAN - SPAN).strftime("%Y-%m-%dT%H:%M:%SZ")
        settings = {"shop": SHOP, "access_token": TOKEN, "start_date": start}
        ours, theirs = scratch / "ours.json", scratch / "theirs.json"
        catalog = _only_orders(tap, scratch, settings)
        with Shopify(shop, token=TOKEN, clock=time.monotonic) as api:
            _record(api, [tap], settings | {"platform": "shopify"}, ours, catalog)
            _record(api, plain, settings, theirs, None)
        until = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
        with _serve(ours, orders, until) as here, _serve(theirs, orders, until) as there:
            us = [tap, *_arguments(here, settings | {"platform": "shopify"}, scratch / "shop.json", catalog)]
            them = [*plain, *_arguments(there, settings, scratch / "plain.json", None)]
            compared = _compare(us, them, scratch, orders)
            asked_here, asked_there = _asked(here), _asked(there)
            costs: tuple[list[Cost], list[Cost]] = ([], [])
            for _ in range(rounds):
                costs[0].append(run(us))
                costs[1].append(run(them))
    mine, plainly = typical(costs[0]), typical(costs[1])
    rows = [
        _row("tap-commerce", mine, orders, asked_here),
        _row("a plain SDK GraphQLStream tap", plainly, orders, asked_there),
    ]
    return "\n".join(
        [
            f"{orders:,} orders, {rounds} runs each, alternating; medians; {compared}",
            table(("", "wall s", "records/s", "CPU s", "peak MiB", "requests"), rows),
            (
                f"whole process: {plainly.wall / mine.wall:.1f} times as fast, "
                f"{plainly.cpu / mine.cpu:.1f} times less CPU"
            ),
        ]
    )


def _shop() -> Shop:
    """Make a shop of ordinary orders: three lines each, half of them by returning customers, some shipped, some reduced."""
    shop = Shop(seed=11, alive=False)
    customers = [shop.register(last_name=f"Schmidt {number}") for number in range(RECORDED // 2)]
    for number in range(RECORDED):
        shop.advance(seconds=60)
        order = shop.place_order(
            3,
            customer=customers[number % len(customers)],
            codes=["WELCOME10"] if number % 5 == 0 else [],
            currency="USD" if number % 4 == 0 else None,
        )
        if number % 2:
            shop.advance(seconds=20)
            shop.ship(order, tracking=True)
    shop.advance(seconds=600)
    return shop


def _record(api: Shopify, command: list, settings: dict, path: Path, catalog: Path | None) -> None:
    """Let a tap read the sandbox once and keep what it was answered."""
    with Recorder(api.url) as recorder:
        run([*command, *_arguments(recorder.url, settings, path.with_suffix(".config.json"), catalog)])
        kept = recorder.keep(path)
    if kept != RECORDED:
        raise SystemExit(
            f"{kept} orders were recorded, not {RECORDED}: these pages are not what the shop holds"
        )


def _arguments(url: str, settings: dict, config: Path, catalog: Path | None) -> list[str | Path]:
    config.write_text(json.dumps(settings | {"api_url": url}))
    return ["--config", config, *(["--catalog", catalog] if catalog else [])]


def _only_orders(tap: Path, scratch: Path, settings: dict) -> Path:
    """Write a catalog in which nothing but orders is selected."""
    config, path = scratch / "discover.json", scratch / "catalog.json"
    config.write_text(
        json.dumps(
            settings
            | {"platform": "shopify", "api_url": "http://127.0.0.1:9", "start_date": settings["start_date"]}
        )
    )
    run([tap, "--config", config, "--discover"], stdout=path)
    catalog = json.loads(path.read_bytes())
    for stream in catalog["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = stream["tap_stream_id"] == "orders"
    path.write_text(json.dumps(catalog))
    return path


def _compare(us: list, them: list, scratch: Path, orders: int) -> str:
    """Run both once, not timed, and see that they wrote the same records."""
    run(us, stdout=scratch / "us.singer")
    run(them, stdout=scratch / "them.singer")
    pairs = zip(_records(scratch / "us.singer"), _records(scratch / "them.singer"), strict=True)
    same = 0
    for mine, plainly in pairs:
        if mine != plainly:
            odd = {
                key: (mine.get(key, "left out"), plainly.get(key, "left out"))
                for key in mine.keys() | plainly.keys()
            }
            told = {key: values for key, values in odd.items() if values[0] != values[1]}
            raise SystemExit(f"the two taps disagree about order {mine['id']}: {str(told)[:2000]}")
        same += 1
    if same != orders:
        raise SystemExit(f"{same} records were written for {orders} orders")
    return "the records of both are equal"


def _records(path: Path) -> Iterator[dict]:
    with path.open("rb") as lines:
        for line in lines:
            message = json.loads(line, parse_float=Decimal, parse_int=Decimal)
            if message["type"] == "RECORD":
                yield message["record"]


def _row(name: str, cost: Cost, orders: int, asked: int) -> tuple[str, ...]:
    return (
        name,
        f"{cost.wall:.2f}",
        f"{orders / cost.wall:,.0f}",
        f"{cost.cpu:.2f}",
        f"{cost.rss:.0f}",
        str(asked),
    )


@contextmanager
def _serve(recording: Path, orders: int, until: str) -> Iterator[str]:
    """Serve so many orders from a recording, in a process of its own; the last changed at `until`."""
    command = [sys.executable, "-m", "benchmarks.pages", str(recording), str(orders), until]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def _asked(url: str) -> int:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  # a loopback address
        return json.loads(answer.read())["asked"] - 1
