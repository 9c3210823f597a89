"""The golden samples: records as the tap emits them, the news they are, and the Segment calls expected of them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec

from target_segment.identity import about, resolver
from target_segment.snapshots import snapshot
from target_segment.transitions.proofs import News
from target_segment.transitions.table import TABLE

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "events"
CASES = sorted(folder.name for folder in SAMPLES.iterdir())


class Case(NamedTuple):
    """One folder of samples."""

    name: str
    stream: str
    records: list[bytes]
    settings: dict
    news: list[News]


def case(name):
    """Read a case; ids are resolved as the settings say, message ids are derived from the case's name."""
    folder = SAMPLES / name
    told = msgspec.json.decode((folder / "news.json").read_bytes())
    (path,) = [path for path in folder.iterdir() if path.stem not in {"news", "events"}]
    records = [bytes(raw) for raw in msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])]
    snapshots = [snapshot(path.stem, raw) for raw in records]
    resolve = resolver(told["settings"])
    news = [
        _news(f"{name}/{number}", snapshots[said.pop("record", 0)], said, resolve)
        for number, said in enumerate(told["news"])
    ]
    return Case(name, path.stem, records, told["settings"], news)


def _news(key, record, said, resolve):
    customer, order = about(record)
    ids = resolve(record.platform, record.shop, customer, order)
    detail = None
    if "coupon" in said:
        (detail,) = [coupon for coupon in record.coupons if coupon.code == said["coupon"]]
    if "line" in said:
        (detail,) = [line for line in record.line_items if line.id == said["line"]]
    return News(
        entry=TABLE[said["transition"]],
        message_id=str(uuid5(NAMESPACE_URL, key)),
        subject=record.id,
        at=datetime.fromisoformat(said["at"]),
        user_id=ids.user_id,
        anonymous_id=said.get("anonymous_id", ids.anonymous_id),
        snapshot=record,
        total_before=Decimal(said["total_before"]) if "total_before" in said else None,
        total=Decimal(said["total"]) if "total" in said else None,
        first=said.get("first", True),
        detail=detail,
    )


def pretty(bodies):
    """Show calls to a person: one list, indented, every number with its digits, the program's version left out."""
    text = msgspec.json.format(b"[" + b",".join(bodies) + b"]", indent=2).decode()
    version = msgspec.json.decode(bodies[0])["context"]["library"]["version"]
    return text.replace(f'"version": "{version}"', '"version": "…"') + "\n"
