"""How far each stream is read, as the state keeps it: from where a pass begins, and how it moves on.

A watermark moves only over what was surely read and wholly written; it is one for all streams that a pass feeds, and
never a record's own instant, which can be newer than the window that found it.
"""

import logging
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms import Cursors, Page, Settings, Window
from tap_commerce.schemas import POLLED_BY
from tap_commerce.settings import instant

SETTLED = timedelta(hours=1)
"""Rows that changed longer ago than this stand in the platform's index as they are."""

AHEAD = timedelta(minutes=5)
"""How far two of a shop's servers may disagree about the time."""

log = logging.getLogger("tap_commerce")


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


class Watermarks:
    """The marks of all streams in one state, which they change in place."""

    def __init__(self, state: dict[str, Any], settings: Settings) -> None:
        self._state = state
        self._settings = settings

    def plan(self, streams: tuple[str, ...], now: datetime, lag: timedelta, anew: Container[str]) -> Plan:
        """Say from where to where a pass reads; those of its streams that are read `anew` have no watermark."""
        begin = instant("start_date", self._settings["start_date"])
        back = timedelta(minutes=self._settings["lookback_minutes"])
        known = {name: mark for name in streams if (mark := self._watermark(name, now, anew)) is not None}
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
                self._bookmarks(name).setdefault("rechecked_at", written(now))
        return Plan(streams, start, now - lag, again, unread, cursors)

    def passed(self, plan: Plan, window: Window, page: Page) -> bool:
        """Move the watermark as far as this page proves, and say whether it moved.

        Rows come in the order of the platform's index, and no row that is still to come is older than `oldest`. While
        that is less than an hour ago the index may not have settled, and a row may still come in before it.
        """
        if page.oldest is None or page.oldest > page.extracted_at - SETTLED:
            return False
        self.move(plan, max(window.start, min(page.oldest, window.end)))
        return True

    def move(self, plan: Plan, instant: datetime) -> None:
        """Move the watermarks of a pass to an instant, never back."""
        for name in plan.streams:
            mark = self._bookmarks(name)
            mark["replication_key"] = POLLED_BY
            mark["replication_key_value"] = self._later(plan, name, "replication_key_value", instant)
            if plan.looks_again:
                mark["recheck_reached"] = self._later(plan, name, "recheck_reached", instant)

    def count(self, plan: Plan, cursors: Cursors) -> None:
        """Keep how far the pass has come by number."""
        for name, reached in cursors.items():
            plan.cursors[name] = max(reached, plan.cursors.get(name, reached))
        if cursors:
            for name in plan.streams:
                self._bookmarks(name)["cursors"] = dict(plan.cursors)

    def finish(self, plan: Plan) -> None:
        """Note when a second look has come to its end."""
        for name in plan.streams:
            mark = self._bookmarks(name)
            if plan.looks_again:
                # null, not absent: whoever merges states would bring an absent one back.
                mark |= {"rechecked_at": written(plan.end), "recheck_reached": None}

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

    def _watermark(self, name: str, now: datetime, anew: Container[str]) -> datetime | None:
        if name in anew:
            return None
        mark = self._bookmark(name, "replication_key_value")
        if mark and mark > now + AHEAD:
            log.warning(
                "state: the bookmark of %s, %s, is ahead of the shop's clock, so nobody knows what was read: "
                "reading again from start_date",
                name,
                written(mark),
            )
            return None
        return mark

    def _later(self, plan: Plan, name: str, key: str, instant: datetime) -> str:
        """Say which is later, the mark that stands or an instant, unless the mark is ahead of the shop's clock."""
        before = self._bookmark(name, key)
        return written(max(instant, before) if before and before <= plan.end + AHEAD else instant)

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

    def _bookmarks(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._state.setdefault("bookmarks", {}).setdefault(name, {})
        return found

    def _bookmark(self, name: str, key: str) -> datetime | None:
        value = self._bookmarks(name).get(key)
        return None if value is None else instant(f"state: bookmarks.{name}.{key}", value)


def written(instant: datetime) -> str:
    """Write an instant as state and records have it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
