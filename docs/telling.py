# ruff: noqa: INP001
"""What each platform tells, measured: a sandbox shop lives for a while, every platform is polled, tap and target say what they found.

A mark in these tables is something that was seen, never something that was promised.
"""

import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.polls import OPTIONS, START, Poller, messages, quiet
from sandbox.dialects import CANNOT, DIALECTS, open_shop
from sandbox.segment import Segment
from sandbox.shop import Shop
from tap_commerce.schemas import STREAMS, schema
from target_segment.singer.target import TargetSegment
from target_segment.transitions.table import TABLE, Entry

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "samples"
KEY = "key"
DAYS = 8
ALL = {"customer_updated": True, "customer_deleted": True, "post_purchase_upsell": True}

ASKED: Mapping[str, Mapping[str, Any]] = {"shopify": {"customer_metafields": ["custom.member_since"]}}
"""What has to be named to be read."""

SPOKEN: Mapping[str, Mapping[str, Any]] = {"elasticpath": {"privacy": 0.2}}
"""Customers who ask to be forgotten."""

SEEN, NONE, LEFT_OUT = "●", "○", ""
"""It had a value; it was null, so that the shop had none; it was left out of every record."""

Paths = dict[str, bool]
"""A record's fields, as paths: whether one was ever seen with a value, or only as null."""


class Told(NamedTuple):
    """What was seen of one platform."""

    fields: Mapping[str, Paths]
    """By stream."""
    events: frozenset[str]
    """Names of the transitions that were told."""


@cache
def told(platform: str) -> Told:
    """Let a shop live, poll it on this platform, and say what came out; the golden samples count as seen too."""
    shop = Shop(seed=4, start=START, orders_per_day=6, customers_per_day=3, max_lines=6, pace=0.4)
    fields: dict[str, Paths] = {name: {} for name in STREAMS}
    for path in sorted((SAMPLES / platform).rglob("records.json")):
        for said in json.loads(path.read_text("utf-8")):
            _note(fields[said["stream"]], said["record"])
    spoken = {**OPTIONS.get(platform, {}), **SPOKEN.get(platform, {})}
    with (
        quiet(),
        tempfile.TemporaryDirectory() as folder,
        open_shop(platform, shop, **spoken) as api,
        Segment(write_keys={KEY}, clock=lambda: shop.now) as segment,
    ):
        poller = Poller(api)

        def poll() -> None:
            lines = poller.read(**ASKED.get(platform, {}))
            for said in messages(lines):
                if said["type"] == "RECORD":
                    _note(fields[said["stream"]], said["record"])
            _tell(lines, segment, folder)

        for day in range(4):
            shop.live(shop.now + timedelta(days=DAYS / 4))
            customer = shop.register(metafields=(("custom", "member_since", "2020"),))
            order = shop.place_order(2, customer=customer, codes=["WELCOME10"])
            parcel = shop.ship(order, tracking=False)
            shop.rest(600)
            poll()
            shop.track(parcel)
            # Within the hour in which an added line is an upsell.
            shop.edit_order(order, add=[{"quantity": 1}])
            if day == 0:
                shop.delete_customer(shop.register())
            shop.rest(600)
            poll()
        return Told(fields, frozenset(_transitions(segment)))


def _note(paths: Paths, value: Any, path: str = "") -> None:
    match value:
        case dict():
            for name, inner in value.items():
                _note(paths, inner, f"{path}.{name}" if path else name)
        case list():
            paths[path] = paths.get(path, False) or bool(value)
            for inner in value:
                if isinstance(inner, dict):
                    _note(paths, inner, path)
        case _:
            paths[path] = paths.get(path, False) or value is not None
    if isinstance(value, dict) and path:
        paths[path] = True


def _tell(lines: bytes, segment: Segment, folder: str) -> None:
    with redirect_stdout(io.StringIO()):
        TargetSegment(
            config={
                "write_key": KEY,
                "endpoint": segment.endpoint,
                "since": START.isoformat(),
                "ledger": f"{folder}/ledger.duckdb",
                "max_events_per_second": 0,
                "events": ALL,
            }
        ).run(io.BytesIO(lines))


def _transitions(segment: Segment) -> Iterator[str]:
    names = {each.event: each.name for each in tracks()}
    for event in segment.events:
        yield names[event["event"]] if event["type"] == "track" else event["type"]


def tracks() -> list[Entry]:
    """Return the transitions that are told as events with a name."""
    return [each for each in TABLE.values() if each.event[0].isupper()]


def events() -> list[tuple[str, ...]]:
    """Return a row for each event, a column for each platform."""
    rows = [("event", *DIALECTS)]
    for entry in (TABLE["identify"], *tracks()):
        marks = (SEEN if entry.name in told(each).events else LEFT_OUT for each in DIALECTS)
        rows.append((f"[{entry.event}](events.md#{entry.name})", *marks))
    return rows


def cannot() -> list[tuple[str, ...]]:
    """Return a row for each thing that some platform cannot know, with its reasons."""
    things = dict.fromkeys(thing for platform in DIALECTS for thing in CANNOT.get(platform, {}))
    return [
        ("", *DIALECTS),
        *((thing, *(CANNOT.get(each, {}).get(thing, SEEN) for each in DIALECTS)) for thing in things),
    ]


def fields(stream: str, part: str = "") -> list[tuple[str, ...]]:
    """Return a row for each field of a stream's records, or of a part of them, a column for each platform."""
    properties: dict[str, Any] = schema(STREAMS[stream])["properties"]
    for name in filter(None, part.split(".")):
        inner = properties[name].get("items", properties[name])
        properties = inner["properties"]
    rows = [("field", *DIALECTS)]
    for name in properties:
        path = f"{part}.{name}" if part else name
        marks = []
        for platform in DIALECTS:
            seen = told(platform).fields[stream]
            marks.append(LEFT_OUT if path not in seen else SEEN if seen[path] else NONE)
        rows.append((f"`{name}`", *marks))
    return rows
