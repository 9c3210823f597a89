"""The streams, and how a shop is polled for them: windows, watermarks, the second look.

There is one stream class for all platforms. A watermark moves only over what was surely read and wholly written; it is
one for all streams that a pass feeds, and never a record's own instant, which can be newer than the window that found it.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from singer_sdk import Stream
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.messages import RecordMessage

from tap_commerce.errors import Misconfigured, Stopped
from tap_commerce.platforms import Cursors, Estimates, Page, Platform, Selection, Settings, Window
from tap_commerce.records import Polled
from tap_commerce.schemas import KEYS, POLLED_BY, STREAMS, schema
from tap_commerce.settings import instant

if TYPE_CHECKING:
    from tap_commerce.tap import TapCommerce

T = TypeVar("T")

SETTLED = timedelta(hours=1)
"""Rows that changed longer ago than this stand in the platform's index as they are."""

AHEAD = timedelta(minutes=5)
"""How far two of a shop's servers may disagree about the time."""

CHECKPOINT = 100
"""Records after which a STATE is worth its line."""

TRIED = 10
"""Pages that a connection test reads at most."""

log = logging.getLogger("tap_commerce")


class CommerceStream(Stream):
    """A stream of canonical records; which platform they come from it does not know."""

    primary_keys = KEYS
    replication_key = POLLED_BY

    def __init__(self, tap: "TapCommerce", name: str) -> None:
        super().__init__(tap, schema=schema(STREAMS[name]), name=name)
        self._polling = tap.polling
        self._writer = tap.writer
        self._described = False
        self._plainly: bool | None = None

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Not how these streams are read: a pass feeds several of them at once."""
        raise NotImplementedError

    def _sync_records(
        self,
        context: Any = None,  # noqa: ARG002
        *,
        write_messages: bool = True,  # noqa: ARG002
    ) -> Generator[dict[str, Any], Any, Any]:
        self._polling.feed(self.name)
        yield from ()

    def get_replication_key_signpost(self, context: Any = None) -> None:
        """None: the watermark is the pass's business."""

    def log(self, message: str, *args: Any, level: int = logging.DEBUG, **kwargs: Any) -> None:  # noqa: ARG002
        """Keep the SDK's narration for debugging; what went wrong is said once, by whoever ends the run."""
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    def _write_schema_message(self) -> None:
        # A pass describes all its streams before its first record; the SDK asks again when their turn comes.
        if not self._described:
            super()._write_schema_message()
            self._described = True

    @property
    def fields(self) -> frozenset[str]:
        """The selected fields of the first level."""
        return frozenset(name for name in self.schema["properties"] if self.mask[("properties", name)])

    def write(self, record: Polled, extracted_at: str) -> None:
        """Write a record: as it is, unless the catalog deselects some of it or the settings map it."""
        if self._plainly is None:
            self._plainly = self._is_plain()
        if self._plainly:
            self._writer.write_record(self.name, record, extracted_at)
            return
        plain = msgspec.to_builtins(record, builtin_types=(Decimal,))
        pop_deselected_record_properties(plain, self.schema, self.mask)
        for each in self.stream_maps:
            if (mapped := each.transform(plain)) is not None:
                self._tap.write_message(
                    RecordMessage(
                        stream=each.stream_alias,
                        record=mapped,
                        time_extracted=datetime.fromisoformat(extracted_at),
                    )
                )

    def _is_plain(self) -> bool:
        maps = self.stream_maps
        return (
            len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not (maps[0].flattening_options and maps[0].flattening_options.enabled)
            and maps[0].stream_alias == self.name
            and all(self.mask.values())
        )


class Plan(NamedTuple):
    """One pass that is to be made."""

    streams: tuple[str, ...]
    start: datetime
    end: datetime
    looks_again: bool
    """Whether this is the second look."""
    unread: datetime
    """From when on some of the streams were never read: a second look begins earlier, but at what is known."""
    cursors: dict[str, int]
    """How far all of the streams were read by number; moves on while the pass is made."""


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
        streams: Callable[[], Mapping[str, CommerceStream]],
        stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._make = platform
        self._platform: Platform | None = None
        self._state = state
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
        now = platform.now().replace(microsecond=0)
        begin = instant("start_date", self._settings["start_date"])
        back = timedelta(minutes=self._settings["lookback_minutes"])
        known = {name: mark for name in streams if (mark := self._watermark(name, now)) is not None}
        start, again, unread = begin, False, begin
        cursors = self._cursors(streams) if len(known) == len(streams) else {}
        if known:
            unread = min(known.values())
            start, again = self._resumed(tuple(known), unread, back, now)
            # A later start_date is no reason to leave a gap behind the bookmark.
            start = max(start, begin if begin <= unread else unread - back)
        if len(known) < len(streams):
            # Some stream has never been read: the pass begins where all begins, and there is nothing to look at again.
            start, unread = min(start, begin), min(unread, begin)
            for name in streams:
                self._bookmarks(name).setdefault("rechecked_at", _written(now))
        return Plan(streams, start, now - platform.lag, again, unread, cursors)

    def _resumed(
        self, streams: tuple[str, ...], oldest: datetime, back: timedelta, now: datetime
    ) -> tuple[datetime, bool]:
        """Say where to begin, and whether it is the second look."""
        again = timedelta(days=self._settings["recheck_days"])
        every = timedelta(hours=self._settings["recheck_hours"])
        if interrupted := [
            each for name in streams if (each := self._bookmark(name, "recheck_reached")) is not None
        ]:
            return min(oldest, *interrupted) - back, True
        looked = [self._bookmark(name, "rechecked_at") for name in streams]
        if again and any(each is None or now - each >= every or each > now + AHEAD for each in looked):
            return oldest - max(again, back), True
        return oldest - back, False

    def _run(self, platform: Platform, plan: Plan) -> None:
        streams = {name: each for name, each in self._streams().items() if name in plan.streams}
        for each in streams.values():
            each._write_schema_message()  # noqa: SLF001 - the SDK has no public name for it
        if limit := next(iter(streams.values())).ABORT_AT_RECORD_COUNT:
            self._try(platform, plan, streams, limit)
            return
        progress = _Progress(plan, self._clock)
        unsaved = 0
        for window in windows(plan.start, plan.end, timedelta(days=self._settings["window_days"])):
            asked = window._replace(cursors=dict(plan.cursors))
            for page in ahead(platform.read(plan.streams, asked), self._stopped):
                extracted_at = _written(page.extracted_at)
                for name, record in page.records:
                    streams[name].write(record, extracted_at)
                self._count(plan, page.cursors)
                unsaved += len(page.records)
                progress.saw(len(page.records), page.oldest or window.start)
                if self._passed(plan, window, page) and unsaved >= CHECKPOINT:
                    self._write_state()
                    unsaved = 0
                if self._stopped():
                    raise Stopped
            # A clock that ran ahead when the window was cut has been set right by the answers since.
            self._move(plan, min(window.end, platform.now().replace(microsecond=0) - platform.lag))
            self._write_state()
            unsaved = 0
        self._finish(plan)
        self._write_state()
        progress.done()

    def _try(self, platform: Platform, plan: Plan, streams: Mapping[str, CommerceStream], limit: int) -> None:
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
                        streams[name].write(record, _written(page.extracted_at))
                if not any(left.values()) or pages >= TRIED:
                    break
            if not any(left.values()) or pages >= TRIED:
                break
        self._write_state()

    def _passed(self, plan: Plan, window: Window, page: Page) -> bool:
        """Move the watermark as far as this page proves, and say whether it moved.

        Rows come in the order of the platform's index, and no row that is still to come is older than `oldest`. While
        that is less than an hour ago the index may not have settled, and a row may still come in before it.
        """
        if page.oldest is None or page.oldest > page.extracted_at - SETTLED:
            return False
        self._move(plan, max(window.start, min(page.oldest, window.end)))
        return True

    def _move(self, plan: Plan, instant: datetime) -> None:
        for name in plan.streams:
            mark = self._bookmarks(name)
            mark["replication_key"] = POLLED_BY
            mark["replication_key_value"] = self._later(plan, name, "replication_key_value", instant)
            if plan.looks_again:
                mark["recheck_reached"] = self._later(plan, name, "recheck_reached", instant)

    def _count(self, plan: Plan, cursors: Cursors) -> None:
        """Keep how far the pass has come by number."""
        for name, reached in cursors.items():
            plan.cursors[name] = max(reached, plan.cursors.get(name, reached))
        if cursors:
            for name in plan.streams:
                self._bookmarks(name)["cursors"] = dict(plan.cursors)

    def _cursors(self, streams: tuple[str, ...]) -> dict[str, int]:
        """Return the numbers up to which all of the streams were read; a name that one of them lacks was not read for it."""
        kept = []
        for name in streams:
            found = self._bookmarks(name).get("cursors") or {}
            if not isinstance(found, dict) or not all(type(each) is int for each in found.values()):
                raise Misconfigured(f"state: bookmarks.{name}.cursors must hold whole numbers by name")
            kept.append(found)
        shared = set.intersection(*(set(each) for each in kept)) if kept else set()
        return {name: min(each[name] for each in kept) for name in sorted(shared)}

    def _later(self, plan: Plan, name: str, key: str, instant: datetime) -> str:
        """Say which is later, the mark that stands or an instant, unless the mark is ahead of the shop's clock."""
        before = self._bookmark(name, key)
        return _written(max(instant, before) if before and before <= plan.end + AHEAD else instant)

    def _finish(self, plan: Plan) -> None:
        for name in plan.streams:
            mark = self._bookmarks(name)
            if plan.looks_again:
                # null, not absent: whoever merges states would bring an absent one back.
                mark |= {"rechecked_at": _written(plan.end), "recheck_reached": None}

    def _watermark(self, name: str, now: datetime) -> datetime | None:
        # Whoever forces a full table in the catalog wants to read from the start.
        if self._streams()[name].replication_method == "FULL_TABLE":
            return None
        mark = self._bookmark(name, "replication_key_value")
        if mark and mark > now + AHEAD:
            log.warning(
                "state: the bookmark of %s, %s, is ahead of the shop's clock, so nobody knows what was read: "
                "reading again from start_date",
                name,
                _written(mark),
            )
            return None
        return mark

    def _bookmarks(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._state.setdefault("bookmarks", {}).setdefault(name, {})
        return found

    def _bookmark(self, name: str, key: str) -> datetime | None:
        value = self._bookmarks(name).get(key)
        return None if value is None else instant(f"state: bookmarks.{name}.{key}", value)


def windows(start: datetime, end: datetime, longest: timedelta) -> Iterator[Window]:
    """Cut a stretch of time into windows, oldest first; none, if there is nothing to read."""
    while start < end:
        cut = min(end, (start + longest).replace(microsecond=0))
        cut = max(cut, start + timedelta(seconds=1))
        yield Window(start, cut)
        start = cut


def ahead(pages: Iterator[T], stopped: Callable[[], bool] = lambda: False) -> Iterator[T]:
    """Yield pages while the next one is being fetched, one at a time."""
    box: Queue[T | BaseException | None] = Queue(maxsize=1)
    gone = Event()

    def fetch() -> None:
        try:
            for page in pages:
                if not put(page):
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the pages are wanted
            put(error)

    def put(what: T | BaseException | None) -> bool:
        while not gone.is_set():
            try:
                box.put(what, timeout=0.2)
            except Full:
                continue
            return True
        return False

    Thread(target=fetch, name="next page", daemon=True).start()
    try:
        while True:
            try:
                found = box.get(timeout=0.2)
            except Empty:
                if stopped():
                    raise Stopped from None
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        gone.set()


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
                _written(at),
                _written(self._plan.end),
            )

    def done(self) -> None:
        log.info(
            "%s: %s records from %s to %s%s",
            ", ".join(self._plan.streams),
            f"{self._records:,}",
            _written(self._plan.start),
            _written(self._plan.end),
            " (second look)" if self._plan.looks_again else "",
        )


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
