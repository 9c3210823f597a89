"""The table `watch`: since when each transition of a shop is told, and which telling of it this is.

An instant that is once written here stays, however often a transition is read: `since: now` is now only once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from target_segment.errors import Misconfigured
from target_segment.ledger.on_duckdb import Database, instant, naive
from target_segment.remembered import Scope, Watch


class WatchTable:
    """Since when one source tells what."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def of(self, scope: Scope) -> dict[str, Watch]:
        """Return since when each transition of a shop is told."""
        platform, shop = scope
        rows = self._db.ask("watched", source=self._source, platform=platform, shop=shop)
        return {
            name: Watch(condition, instant(since), generation) for name, condition, since, generation in rows
        }

    def expect_source(self, scope: Scope, *, named: bool) -> None:
        """Raise `Misconfigured` if a shop is known only under another source and none was named."""
        platform, shop = scope
        sources = [source for (source,) in self._db.ask("sources_of_shop", platform=platform, shop=shop)]
        if sources and self._source not in sources and not named:
            raise Misconfigured(
                f"setting `segment_source`: this ledger knows {shop} under {', '.join(sources)}, but write key and endpoint now give {self._source}. "
                f"Set `segment_source` to {sources[-1]} to continue it (a rotated key), or to any other name to begin anew"
            )

    # --- changed

    def keep(self, scope: Scope, watched: Mapping[str, Watch]) -> None:
        """Remember since when these transitions of a shop are told."""
        platform, shop = scope
        with self._db.transaction():
            for name, each in watched.items():
                self._db.do("unwatch", source=self._source, platform=platform, shop=shop, transition=name)
                self._db.do(
                    "watch",
                    source=self._source,
                    platform=platform,
                    shop=shop,
                    transition=name,
                    condition=each.condition,
                    since=naive(each.since),
                    generation=each.generation,
                )

    def raise_generation(self, transitions: Iterable[str]) -> None:
        """Let these transitions be told under other ids from now on."""
        self._db.do("raise_generation", source=self._source, transitions=list(transitions))

    def forget(self) -> None:
        """Forget since when anything is told."""
        self._db.do("unwatch_all", source=self._source)


def since_when(
    known: Mapping[str, Watch],
    first_read_at: datetime,
    on: Iterable[str],
    conditions: Mapping[str, str],
    as_set: datetime | None,
) -> dict[str, Watch]:
    """Return since when each transition that is on is told: as set, or (None) since it was first on under its condition."""
    watched: dict[str, Watch] = {}
    for name in on:
        before = known.get(name)
        condition = conditions.get(name, "")
        generation = before.generation if before else 0
        if as_set is None and before and before.condition == condition:
            watched[name] = before
        else:
            watched[name] = Watch(condition, as_set or first_read_at, generation)
    return watched
