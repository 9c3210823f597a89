"""The main job, seen by a person: a shop is polled while it lives on, and Segment is told what is new.

Without credentials shop and Segment are the sandbox's, on loopback over real HTTP, and the pipe runs three times, on every platform. With
credentials in the environment or in `.env` the same script, `bin/poll`, runs once against the real ones.
"""

import argparse
import inspect
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from sandbox.dialects import DIALECTS, open_shop
from sandbox.pipe import ROOT
from sandbox.segment import Segment
from sandbox.shop import Shop

KEY = "sandbox-write-key"
FOLDER = ROOT / "state" / "sandbox"
HISTORY = timedelta(days=3)
STREAMS = ("orders", "refunds", "fulfillments", "customers")
NEEDED = ("TAP_COMMERCE_API_URL", "TARGET_SEGMENT_WRITE_KEY")


@dataclass
class Account:
    """What one run did: as the ledger says it, and as the sandbox's servers saw it."""

    title: str
    polled: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    unchanged: int = 0
    known: int = 0
    before: int = 0
    filtered: int = 0
    refused: int = 0
    calls: int | None = None
    requests: int | None = None
    seconds: float = 0


class Story(NamedTuple):
    """What became of three polls of one platform."""

    accounts: list[Account]
    code: int
    events: int
    repeats: int

    @property
    def well(self) -> bool:
        """Whether all polls ended well, nothing was told twice, and the last one told nothing."""
        return self.code == 0 and not self.repeats and not self.accounts[-1].told


def main(argv: list[str] | None = None) -> int:
    """Run against whatever the settings name; without settings, against the sandbox."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--platform", choices=list(DIALECTS), help="tell the story of this platform, and no other"
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where ledger and state go (default: state/sandbox)"
    )
    asked = parser.parse_args(argv)
    settings = _environment()
    given = [name for name in NEEDED if settings.get(name)]
    if len(given) == len(NEEDED):
        return _for_real(settings)
    if given:
        (missing,) = (name for name in NEEDED if name not in given)
        print(
            f"{given[0]} is set but {missing} is not: set both in .env to run for real, or neither",
            file=sys.stderr,
        )
        return 2
    return _in_the_sandbox([asked.platform] if asked.platform else list(DIALECTS), asked.folder)


def serve(platform: str, shop: Shop, **options: Any) -> Any:
    """Return a server of a shop for clients that live in real time."""
    takes = inspect.signature(DIALECTS[platform].serve).parameters
    return open_shop(platform, shop, **({"clock": time.monotonic} if "clock" in takes else {}), **options)


def _for_real(settings: Mapping[str, str]) -> int:
    """Run the pipe once, as cron would, and show what it did."""
    ledger = ROOT / settings.get("TARGET_SEGMENT_LEDGER", "state/ledger.duckdb")
    account = Account("this poll")
    code = _poll(account, ledger, {}, ROOT)
    if account.polled:
        print(report([account]))
        print(f"\nThe ledger: {_shown(ledger)}")
    return code


def _in_the_sandbox(platforms: list[str], parent: Path) -> int:
    """Tell the whole story of the first platform, and in short that of the others, on which the same happens."""
    first, *others = platforms
    stories = {first: _story(first, parent / first, aloud=True)}
    if stories[first].code:
        return stories[first].code
    print(report(stories[first].accounts))
    held, repeats = stories[first].events, stories[first].repeats
    folder = parent / first
    print(f"\nSegment holds {held} events; {repeats or 'none'} came to it twice.")
    print(
        f"The ledger: {_shown(folder / 'ledger.duckdb')}   The state: {_shown(folder / 'state.json')}",
        flush=True,
    )
    if others:
        print("\nThe same days and the same hour, in shops on other platforms:", flush=True)
        for platform in others:
            stories[platform] = _story(platform, parent / platform)
            if stories[platform].code:
                return stories[platform].code
        print(side_by_side(stories))
    return 0 if all(each.well for each in stories.values()) else 1


def _story(platform: str, folder: Path, *, aloud: bool = False) -> Story:
    """Run three times over a shop that lives on between the first and the second."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = datetime.now(UTC).replace(microsecond=0) - HISTORY
    shop = Shop(seed=7, start=start, orders_per_day=12, max_lines=8)
    shop.live(start + HISTORY)
    known = _regulars(shop)
    accounts: list[Account] = []
    with serve(platform, shop) as api, Segment(write_keys={KEY}, clock=lambda: shop.now) as segment:
        if aloud:
            print(
                f"A shop on {platform} ({api.url}) with three days of history, and a Segment ({segment.url}).",
                flush=True,
            )
        files = _configured(folder, api.settings, segment.endpoint, start)
        steps: tuple[tuple[str, Callable[[Shop, dict[str, int]], str] | None], ...] = (
            ("first poll", None),
            ("it lived on", _live_on),
            ("nothing new", None),
        )
        for title, happens in steps:
            if happens:
                happened = happens(shop, known)
                if aloud:
                    print(f"Meanwhile, in the shop: {happened}.", flush=True)
            shop.rest(120)
            account = Account(title, calls=-len(api.calls), requests=-len(segment.requests))
            code = _poll(account, folder / "ledger.duckdb", files, folder)
            account.calls += len(api.calls)
            account.requests += len(segment.requests)
            accounts.append(account)
            if code:
                break
        return Story(accounts, code, len(segment.events), len(segment.repeats))


def _regulars(shop: Shop) -> dict[str, int]:
    """Let the people come in about whom the second poll will have news; return who and what they are."""
    anna = shop.register("Anna", "Schmidt", "anna@example.com")
    ben = shop.register("Ben", "Okafor", "ben@example.com")
    return {
        "anna": anna.id,
        "unpaid": shop.place_order(2, customer=anna, pay="pending").id,
        "unshipped": shop.place_order(2, customer=ben).id,
        "delivered": shop.place_order([{"quantity": 3, "price": "20.00"}], customer=anna).id,
        "regretted": shop.place_order(1, customer=ben).id,
    }


def _live_on(shop: Shop, known: dict[str, int]) -> str:
    """Let the best part of an hour pass in which everything that the second poll is to tell happens."""
    happened = []

    def then(what: str) -> None:
        shop.rest(480)
        happened.append(what)

    then("two new orders, one by a guest")
    shop.place_order(2, customer=known["anna"], codes=["WELCOME10"])
    shop.place_order(1, email="guest@example.com")
    then("a payment")
    shop.pay(known["unpaid"])
    then("a parcel with its tracking number")
    shop.ship(known["unshipped"], tracking=True)
    then("a partial refund")
    order = shop.order(known["delivered"])
    shop.refund(order, {order.lines[0].id: 1})
    then("a cancellation")
    shop.cancel(known["regretted"], "customer")
    then("a customer's new e-mail address")
    shop.edit_customer(known["anna"], email="anna.schmidt@example.com")
    return ", ".join(happened)


def _configured(folder: Path, shop: dict[str, Any], endpoint: str, start: datetime) -> dict[str, str]:
    """Write the two config files and return what `bin/poll` is told of them."""
    since = start.isoformat().replace("+00:00", "Z")
    settings = {
        "shop.json": {**shop, "shop": "sandbox", "start_date": since},
        "segment.json": {"write_key": KEY, "endpoint": endpoint, "since": since, "ledger": "ledger.duckdb"},
    }
    for name, each in settings.items():
        (folder / name).write_text(json.dumps(each, indent=2) + "\n")
    return {"TAP_CONFIG": "shop.json", "TARGET_CONFIG": "segment.json", "STATE": "state.json"}


def _poll(account: Account, ledger: Path, settings: Mapping[str, str], folder: Path) -> int:
    """Run `bin/poll`, put down what the ledger says of it, and return its exit code."""
    before = _seen_until(ledger)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603  # the project's own script
        [ROOT / "bin" / "poll"],
        cwd=folder,
        env={**os.environ, **settings, "PATH": path},
        stderr=subprocess.PIPE if settings else None,
        text=True,
        check=False,
    )
    account.seconds = time.monotonic() - began
    if done.returncode:
        print(done.stderr or "", end="", file=sys.stderr)
    if ledger.exists():
        _read(account, ledger, before)
    return done.returncode


def _seen_until(ledger: Path) -> datetime | None:
    """Return until when, by the shop's clock, the ledger had seen anything."""
    if not ledger.exists():
        return None
    with duckdb.connect(str(ledger), read_only=True) as db:
        ((seen,),) = db.execute("SELECT max(seen_at) FROM memory").fetchall()
    return seen


def _read(account: Account, ledger: Path, before: datetime | None) -> None:
    """Put down what the ledger says of its last run; docs/ledger.md explains the tables."""
    with duckdb.connect(str(ledger), read_only=True) as db:
        seen = db.execute(
            "SELECT stream, count(DISTINCT (platform, shop, subject)) FROM memory"
            " WHERE stream <> 'identify' AND ($1 IS NULL OR seen_at > $1) GROUP BY stream",
            [before],
        ).fetchall()
        runs = db.execute("SELECT unchanged, refused, counts FROM runs ORDER BY run DESC LIMIT 1").fetchall()
    account.polled = {stream: dict(seen).get(stream, 0) for stream in STREAMS}
    for unchanged, refused, counts in runs:
        said = json.loads(counts or "{}")
        fates = said.get("transitions", {}).values()
        account.told = said.get("told", {})
        account.unchanged, account.refused = unchanged or 0, refused or 0
        account.known = sum(each.get("already", 0) + each.get("known", 0) for each in fates)
        account.before = sum(each.get("before", 0) for each in fates)
        account.filtered = sum(each.get("filtered", 0) for each in fates)


def report(accounts: list[Account]) -> str:
    """Lay the runs out side by side."""
    events = sorted(
        {name for account in accounts for name in account.told}, key=lambda name: (name == "identify", name)
    )
    rows: list[tuple[str, list[str]]] = [("", [account.title for account in accounts])]

    def row(title: str, value: Callable[[Account], int | None]) -> None:
        values = [value(account) for account in accounts]
        if any(each is not None for each in values):
            rows.append((title, [f"{each:,}" if each else "–" for each in values]))

    rows.append(("polled", []))
    for stream in STREAMS:
        row(f"  {stream}", lambda account, stream=stream: account.polled.get(stream, 0))
    row("  … of which unchanged", lambda account: account.unchanged)
    rows.append(("told to Segment", []))
    for event in events:
        row(f"  {event}", lambda account, event=event: account.told.get(event, 0))
    row("  together", lambda account: sum(account.told.values()))
    row("already known", lambda account: account.known)
    row("before `since`, not told", lambda account: account.before or None)
    row("of test orders, not told", lambda account: account.filtered or None)
    row("set aside", lambda account: account.refused or None)
    row("calls to the shop's API", lambda account: account.calls)
    row("requests to Segment", lambda account: account.requests)
    rows.append(("seconds", [f"{account.seconds:.1f}" for account in accounts]))
    left = max(len(title) for title, _ in rows)
    width = max(len(account.title) for account in accounts) + 3
    lines = [title.ljust(left) + "".join(value.rjust(width) for value in values) for title, values in rows]
    return "\n" + "\n".join(line.rstrip() for line in lines)


def side_by_side(stories: Mapping[str, Story]) -> str:
    """Lay the platforms out below each other, a line for each poll."""
    head = ("", "polled", "told", "already known", "calls to the shop", "requests to Segment", "seconds")
    rows = [head]
    for platform, story in stories.items():
        rows.append((platform, *[""] * 6))
        rows += [
            (
                f"  {each.title}",
                *(
                    f"{number:,}" if number else "–"
                    for number in (
                        sum(each.polled.values()),
                        sum(each.told.values()),
                        each.known + each.unchanged,
                        each.calls,
                        each.requests,
                    )
                ),
                f"{each.seconds:.1f}",
            )
            for each in story.accounts
        ]
        rows.append(
            (f"  Segment holds {story.events} events; {story.repeats or 'none'} came twice", *[""] * 6)
        )
    left = max(len(title) for title, *rest in rows if any(rest)) + 2
    lines = [
        title.ljust(left)
        + "".join(value.rjust(len(name) + 3) for value, name in zip(values, head[1:], strict=True))
        for title, *values in rows
    ]
    return "\n" + "\n".join(line.rstrip() for line in lines)


def _environment() -> dict[str, str]:
    """Return the environment as `bin/poll` will see it, `.env` included."""
    script = 'file=${ENV_FILE:-./.env}; if [ -f "$file" ]; then set -a; . "$file"; set +a; fi; env -0'
    done = subprocess.run(  # noqa: S603  # the line above
        ["bash", "-c", script],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.partition("=")[::2] for line in done.stdout.split("\0") if line)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
