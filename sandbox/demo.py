"""The main job, seen by a person: a shop is polled three times while it lives on, and Segment is told what is new.

Without credentials shop and Segment are the sandbox's, on loopback over real HTTP. With credentials in the environment
or in `.env` the same command runs the same pipe (`bin/poll`) once, against the real ones.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from sandbox.pipe import ROOT, Pipe
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.shopify import Shopify

TOKEN = "shpat_sandbox"  # noqa: S105  # opens nothing but the sandbox
KEY = "sandbox-write-key"
FOLDER = ROOT / "state" / "sandbox"
HISTORY = timedelta(days=3)


@dataclass
class Account:
    """What one run did, as the ledger, the shop's API and Segment saw it."""

    title: str
    polled: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    known: int = 0
    before: int = 0
    calls: int | None = None
    requests: int | None = None
    seconds: float = 0.0


def main() -> int:
    """Run against whatever the settings name; without settings, against the sandbox."""
    settings = _environment()
    wanted = ("TAP_COMMERCE_API_URL", "TARGET_SEGMENT_WRITE_KEY")
    given = [name for name in wanted if settings.get(name)]
    if len(given) == len(wanted):
        return _for_real(settings)
    if given:
        missing = next(name for name in wanted if name not in given)
        print(f"{given[0]} is set but {missing} is not: set both in .env to run the real thing, or neither", file=sys.stderr)
        return 2
    return _in_the_sandbox()


def _in_the_sandbox() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    start = datetime.now(UTC).replace(microsecond=0) - HISTORY
    shop = Shop(seed=7, start=start, orders_per_day=12)
    shop.live(start + HISTORY)
    with Shopify(shop, token=TOKEN) as api, Segment(write_keys={KEY}) as segment:
        pipe = Pipe(
            FOLDER,
            tap={
                "platform": "shopify",
                "api_url": api.url,
                "shop": "sandbox",
                "access_token": TOKEN,
                "start_date": start.isoformat().replace("+00:00", "Z"),
            },
            target={
                "write_key": KEY,
                "endpoint": f"{segment.url}/v1/batch",
                "since": start.isoformat().replace("+00:00", "Z"),
            },
        )
        print(f"A shop at {api.url} and a Segment at {segment.url}; three days of history.\n")
        accounts = []
        for title, happens in (("first poll", None), ("the shop lived on", _live_on), ("nothing new", None)):
            if happens:
                print(happens(shop))
            shop.advance(seconds=120)
            accounts.append(_poll(pipe, title, api, segment))
        print(_report(accounts))
        print(_closing(pipe.ledger, segment))
    return 0


if __name__ == "__main__":
    sys.exit(main())
