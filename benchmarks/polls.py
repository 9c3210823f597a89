"""What a poll costs: calls to the shop's API and seconds, for a first reading and for one that finds nothing new.

Over the sandbox, whose answers are executed and not rendered beforehand: seconds include its own work.
"""

import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.measure import table
from sandbox.chaos import World
from sandbox.pipe import Ended

SHOPS = ((20, 10), (20, 60), (100, 30))
"""Orders a day, days of history."""


def measure() -> str:
    """Return a table: a first poll, an idle one, one after a day, and the daily second look."""
    rows = []
    for orders_per_day, days in SHOPS:
        with (
            tempfile.TemporaryDirectory(prefix="bench-polls-") as scratch,
            World(
                Path(scratch), seed=1, orders_per_day=orders_per_day, history=timedelta(days=days)
            ) as world,
        ):
            world.pipe.set_tap(page_size=250)
            shop = f"{orders_per_day} orders a day, {days} days"
            rows.append(_row(f"{shop}: first poll", world))
            rows.append(_row("  2 minutes later, nothing new", world))
            world.shop.advance(3600 * 4)
            rows.append(_row("  4 hours later", world))
            world.shop.advance(3600 * 20)
            rows.append(_row("  a day later, the second look of 30 days", world))
    return table(("", "calls", "points", "records", "events", "wall s"), rows)


def _row(title: str, world: World) -> tuple[str, ...]:
    calls, events = len(world.api.calls), len(world.segment.events)
    ended, _ = world.run()
    if not ended.well:
        raise SystemExit(f"a run ended with {ended.tap} and {ended.target}:\n{ended.log}")
    made = world.api.calls[calls:]
    return (
        title,
        str(len(made)),
        f"{sum(each.actual or 0 for each in made):,.0f}",
        f"{_records(ended):,}",
        f"{len(world.segment.events) - events:,}",
        f"{ended.seconds:.1f}",
    )


def _records(ended: Ended) -> int:
    """Read how many records went through the pipe from the line with which the target ends."""
    said = [line for line in ended.log.splitlines() if " records read" in line][-1]
    return int(said.split(" records read")[0].split()[-1].replace(",", ""))
