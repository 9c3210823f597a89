"""Kill the pipe again and again while the shop lives on, then see that nothing was lost, doubled or invented.

The tap is killed while it reads and the target while it delivers, by SIGKILL, at moments drawn from a seed, over a shop
and a Segment that fail and stall. What must have been told comes from the shop's own history, never from the code under
test.

    python -m sandbox.chaos --kills 20 --seed 1
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sized
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sandbox.expectation import expect
from sandbox.faults import Faults
from sandbox.pipe import Ended, Pipe
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.shopify import Shopify
from sandbox.verdict import faults

TOKEN = "shpat_sandbox"
KEY = "sandbox-write-key"
HISTORY = timedelta(days=10)
BETWEEN = timedelta(hours=5)
"""How far the shop lives on between two kills: after a few of them Segment has long forgotten the first messageIds."""

LAG = 120
"""Seconds in which nothing happens before a run, so that everything has become visible to it."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """When to kill which side: so many calls into the run, and so much later."""

    side: str
    calls: int
    later: float

    def __str__(self) -> str:
        heard = {"tap": "the shop was asked", "target": "Segment was called"}[self.side]
        times = {1: "once", 2: "twice"}.get(self.calls, f"{self.calls} times")
        return f"the {self.side}, {self.later * 1000:.0f} ms after {heard} {times}"


class World:
    """A shop, a Segment and a pipe between them; the shop lives only between runs."""

    def __init__(
        self, folder: Path, *, seed: int, orders_per_day: float = 30, history: timedelta = HISTORY
    ) -> None:
        self.start = datetime.now(UTC).replace(microsecond=0) - history - timedelta(days=8)
        self.shop = Shop(seed=seed, start=self.start, orders_per_day=orders_per_day, pace=0.3)
        self.shop.live(self.start + history)
        self.polls: list[datetime] = []
        self.troubles: Counter[str] = Counter()
        self._stack = ExitStack()
        self.api = self._stack.enter_context(Shopify(self.shop, token=TOKEN, clock=time.monotonic))
        self.segment = self._stack.enter_context(Segment(write_keys={KEY}, clock=lambda: self.shop.now))
        since = self.start.isoformat().replace("+00:00", "Z")
        self.pipe = Pipe(
            folder,
            tap={
                "platform": "shopify",
                "api_url": self.api.url,
                "shop": "sandbox",
                "access_token": TOKEN,
                "start_date": since,
                "page_size": 20,
            },
            target={"write_key": KEY, "endpoint": self.segment.endpoint, "since": since},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def misbehave(self, seed: int, rate: float) -> None:
        """Let both servers fail and stall now and then; a rate of 0 ends it."""
        self.troubles += self.api.faults.happened + self.segment.faults.happened
        self.api.faults = Faults(seed=seed, rate=rate, retry_after=0.05)
        kinds = ("429_after", "503", "reset", "lost", "slow")
        self.segment.faults = Faults(seed=seed + 1, rate=rate, retry_after=0.05, kinds=kinds)

    def run(self, kill: Kill | None = None) -> tuple[Ended, bool]:
        """Run the pipe, killing one side if it lives that long; return how it ended and whether the kill struck."""
        self.shop.rest(LAG)
        self.polls.append(self.shop.now)
        heard: Sized = self.api.calls if kill and kill.side == "tap" else self.segment.requests
        before = len(heard)
        running = self.pipe.start()
        struck = False
        while kill and not running.over:
            if len(heard) - before >= kill.calls:
                time.sleep(kill.later)
                struck = running.kill(kill.side)
                break
            time.sleep(0.002)
        return running.wait(), struck

    def settle(self) -> list[str]:
        """End the trouble, run twice, and say everything that is wrong with what Segment then holds.

        The first run looks at every order again, also at those that changed without the order's notice.
        """
        self.misbehave(0, 0)
        self.pipe.set_tap(recheck_hours=0)
        wrong = []
        last, _ = self.run()
        told = len(self.segment.events)
        again, _ = self.run()
        for ended, which in ((last, "last"), (again, "repeated")):
            if not ended.well:
                wrong.append(
                    f"the {which} run ended with {ended.tap} and {ended.target}: {ended.log[-2000:]}"
                )
        if len(self.segment.events) != told:
            wrong.append(f"a full second reading told {len(self.segment.events) - told} events")
        return wrong + faults(self.segment, expect(self.shop, since=self.start, polls=self.polls))


def rampage(world: World, kills: int, seed: int) -> tuple[int, list[str]]:
    """Kill so many runs; return how many runs that took, and what went wrong.

    A run that was too quick to be killed is a run as well, so the next draw tries again.
    """
    dice = random.Random(seed)
    wrong, struck, runs = [], 0, 0
    while struck < kills and runs < kills * 4:
        side = dice.choice(("tap", "target"))
        # Early moments are drawn often: a poll asks few questions and sends one or two batches.
        kill = Kill(side=side, calls=min(1 + int(dice.expovariate(0.5)), 8), later=dice.uniform(0, 0.12))
        world.misbehave(seed + runs, rate=0.12)
        ended, hit = world.run(kill)
        runs += 1
        struck += hit
        killed = getattr(ended, side) == -9
        print(
            f"  {'killed' if hit else 'missed'}: {kill}; {len(world.segment.events):,} events so far",
            flush=True,
        )
        if hit and killed and ended.well:
            wrong.append(f"killed {kill}, and yet the run ended well")
        if not hit and not ended.well:
            wrong.append(
                f"without a kill the run ended with {ended.tap} and {ended.target}: {ended.log[-1500:]}"
            )
        # A third of the time the next run follows at once, the shop unchanged.
        if dice.random() > 1 / 3:
            world.shop.advance(BETWEEN.total_seconds())
    if struck < kills:
        wrong.append(f"only {struck} of {kills} kills struck")
    return runs, wrong


def main() -> int:
    """Run the rampage and say how it went; the last line counts."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as scratch,
        World(Path(scratch), seed=given.seed) as world,
    ):
        began = time.monotonic()
        runs, wrong = rampage(world, given.kills, given.seed)
        print(f"{runs} runs, {given.kills} kills, {time.monotonic() - began:.0f} s; now in peace")
        verdict = world.settle()
        print(
            f"{len(world.segment.events):,} events, {len(world.segment.repeats):,} messageIds received more than once, "
            f"{len(world.api.calls):,} calls to the shop, {sum(world.troubles.values())} calls went wrong"
        )
    for each in (*wrong, *verdict):
        print(f"FAILED: {each}")
    failed = len(wrong) + bool(verdict)
    print(f"chaos: {given.kills + (not verdict) - min(len(wrong), given.kills)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
