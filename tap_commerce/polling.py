"""How a shop is polled: each pass once, window after window, for all streams that it feeds.

What a page brought is written before any watermark moves over it, and a STATE follows the records that it speaks of.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple, Protocol

from tap_commerce.errors import Stopped
from tap_commerce.platforms import Estimates, Platform, Selection, Settings, Window
from tap_commerce.prefetch import ahead
from tap_commerce.records import Polled
from tap_commerce.watermarks import Plan, Watermarks, written

CHECKPOINT = 100
"""Records after which a STATE is worth its line."""

TRIED = 10
"""Pages that a connection test reads at most."""

log = logging.getLogger("tap_commerce")


class Fed(Protocol):
    """A stream, as a pass feeds it; the SDK's is in `streams`."""

    @property
    def selected(self) -> bool:
        """Whether anybody wants it."""

    @property
    def fields(self) -> frozenset[str]:
        """The selected fields of the first level."""

    @property
    def replication_method(self) -> str:
        """FULL_TABLE, if the catalog forces a reading from the start."""

    @property
    def limit(self) -> int | None:
        """Records that a connection test wants to see; None: this is no test."""

    def describe(self) -> None:
        """Write the stream's SCHEMA, once."""

    def write(self, record: Polled, extracted_at: str) -> None:
        """Write a record."""


class Expected(NamedTuple):
    """What one pass will cost the shop's API; `rows` and `calls` are None where nobody can say."""

    streams: tuple[str, ...]
    start: datetime
    end: datetime
    of: str
    rows: int | None
    calls: int | None
    calls_per_thousand: float | None


class Polling:
    """One run's polling of a shop: each pass once, for all selected streams that it feeds."""

    def __init__(
        self,
        settings: Settings,
        *,
        platform: Callable[[], Platform],
        state: dict[str, Any],
        write_state: Callable[[], None],
        streams: Callable[[], Mapping[str, Fed]],
        stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._make = platform
        self._platform: Platform | None = None
        self._watermarks = Watermarks(state, settings)
        self._write_state = write_state
        self._streams = streams
        self._stopped = stopped
        self._clock = clock
        self._plans: dict[tuple[str, ...], Plan] = {}

    def feed(self, name: str) -> None:
        """Make the pass that feeds a stream, unless it was made for another one; first those that the platform puts before it.

        An order is told before its refunds, in whichever order the streams are wanted.
        """
        platform = self._opened()
        for streams in platform.passes:
            if plan := self._plans.pop(streams, None):
                self._run(platform, plan)
            if name in streams:
                return

    def expected(self) -> list[Expected]:
        """Return what each pass of this run will cost, without making it."""
        platform = self._opened()
        found = []
        for plan in self._plans.values():
            start, end = plan.start, plan.end
            if not isinstance(platform, Estimates):
                found.append(Expected(plan.streams, start, end, "rows", None, None, None))
                continue
            said = platform.estimate(plan.streams, Window(start, end))
            # Every window is asked for, whatever it holds.
            asked = sum(1 for _ in windows(start, end, timedelta(days=self._settings["window_days"])))
            calls = None if said.rows is None else asked + ceil(said.rows * said.calls_per_thousand / 1000)
            found.append(
                Expected(plan.streams, start, end, said.of, said.rows, calls, said.calls_per_thousand)
            )
        return found

    def _opened(self) -> Platform:
        if self._platform is None:
            platform = self._make()
            selection = {name: each.fields for name, each in self._streams().items() if each.selected}
            # Beside, so that a signal is heard even while nobody answers.
            for _ in ahead(_opening(platform, selection), self._stopped):
                pass
            for streams in platform.passes:
                if selected := tuple(name for name in streams if name in selection):
                    plan = self._plan(selected, platform)
                    platform.permit(selected, plan.unread)
                    self._plans[streams] = plan
            self._platform = platform
        return self._platform

    def _plan(self, streams: tuple[str, ...], platform: Platform) -> Plan:
        # Whoever forces a full table in the catalog wants to read from the start.
        anew = [name for name in streams if self._streams()[name].replication_method == "FULL_TABLE"]
        now = platform.now().replace(microsecond=0)
        return self._watermarks.plan(streams, now, platform.lag, anew)

    def _run(self, platform: Platform, plan: Plan) -> None:
        streams = {name: each for name, each in self._streams().items() if name in plan.streams}
        for each in streams.values():
            each.describe()
        if limit := next(iter(streams.values())).limit:
            self._try(platform, plan, streams, limit)
            return
        progress = _Progress(plan, self._clock)
        unsaved = 0
        for window in windows(plan.start, plan.end, timedelta(days=self._settings["window_days"])):
            asked = window._replace(cursors=dict(plan.cursors))
            for page in ahead(platform.read(plan.streams, asked), self._stopped):
                extracted_at = written(page.extracted_at)
                for name, record in page.records:
                    streams[name].write(record, extracted_at)
                self._watermarks.count(plan, page.cursors)
                unsaved += len(page.records)
                progress.saw(len(page.records), page.oldest or window.start)
                if self._watermarks.passed(plan, window, page) and unsaved >= CHECKPOINT:
                    self._write_state()
                    unsaved = 0
                if self._stopped():
                    raise Stopped
            # A clock that ran ahead when the window was cut has been set right by the answers since.
            self._watermarks.move(plan, min(window.end, platform.now().replace(microsecond=0) - platform.lag))
            self._write_state()
            unsaved = 0
        self._watermarks.finish(plan)
        self._write_state()
        progress.done()

    def _try(self, platform: Platform, plan: Plan, streams: Mapping[str, Fed], limit: int) -> None:
        """Write a few records of each stream, and move nothing."""
        left = dict.fromkeys(streams, limit)
        pages = 0
        for window in windows(plan.start, plan.end, timedelta(days=self._settings["window_days"])):
            asked = window._replace(cursors=dict(plan.cursors))
            for page in platform.read(plan.streams, asked):
                pages += 1
                for name, record in page.records:
                    if left[name]:
                        left[name] -= 1
                        streams[name].write(record, written(page.extracted_at))
                if not any(left.values()) or pages >= TRIED:
                    break
            if not any(left.values()) or pages >= TRIED:
                break
        self._write_state()


def windows(start: datetime, end: datetime, longest: timedelta) -> Iterator[Window]:
    """Cut a stretch of time into windows, oldest first; none, if there is nothing to read."""
    while start < end:
        cut = min(end, (start + longest).replace(microsecond=0))
        cut = max(cut, start + timedelta(seconds=1))
        yield Window(start, cut)
        start = cut


def _opening(platform: Platform, selection: Selection) -> Iterator[Selection]:
    platform.open(selection)
    yield selection


class _Progress:
    """Says now and then where a long pass is."""

    EVERY = 10.0

    def __init__(self, plan: Plan, clock: Callable[[], float]) -> None:
        self._plan, self._clock = plan, clock
        self._began = self._said = clock()
        self._records = 0

    def saw(self, records: int, at: datetime) -> None:
        self._records += records
        now = self._clock()
        if now - self._said >= self.EVERY:
            self._said = now
            rate = self._records / (now - self._began)
            log.info(
                "%s: %s records (%.0f/s), at %s on the way to %s",
                ", ".join(self._plan.streams),
                f"{self._records:,}",
                rate,
                written(at),
                written(self._plan.end),
            )

    def done(self) -> None:
        log.info(
            "%s: %s records from %s to %s%s",
            ", ".join(self._plan.streams),
            f"{self._records:,}",
            written(self._plan.start),
            written(self._plan.end),
            " (second look)" if self._plan.looks_again else "",
        )
