"""The table `memory`: one row a subject, and, until all that it implied has its receipt, the rows that it replaces.

A lookup scans, so it is asked rarely and for many; the wide column is read only where something was found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from target_segment.ledger.on_duckdb import Database, instant, microseconds
from target_segment.remembered import (
    FORGOTTEN,
    Found,
    Key,
    Memory,
    Row,
    Scope,
    row_key,
    text_of,
    tombstone,
)


class MemoryTable:
    """What one source remembers of each subject."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    # --- asked

    def seen_so(self, raw_hashes: Iterable[str]) -> set[str]:
        """Return which raw records were seen in exactly this form."""
        return {each for (each,) in self._db.ask("seen_so", hashes=",".join(raw_hashes))}

    def recall(self, scope: Scope, keys: Iterable[Key]) -> list[Found]:
        """Return what is remembered under these keys, older before newer."""
        wanted = {row_key(self._source, scope, key): key for key in keys}
        if not wanted:
            return []
        places = [place for (place,) in self._db.ask("places_of_keys", keys=_text(wanted))]
        if not places:
            return []
        rows = self._db.ask("rows_at_places", places=_text(places), first=min(places), last=max(places))
        return [
            Found(
                *wanted[key],
                instant(changed_at) if changed_at is not None else None,
                instant(seen_at) if seen_at is not None else None,
                instant(seen_before_at) if seen_before_at is not None else None,
                raw_hash,
                remembered,
            )
            for key, subject, changed_at, seen_at, seen_before_at, raw_hash, remembered in rows
            if subject == wanted[key][1]
            or (subject.startswith(FORGOTTEN) and subject == tombstone(self._source, scope, wanted[key]))
        ]

    def row(self, scope: Scope, key: Key) -> Row:
        """Return the newest row of a subject, a new one if there is none."""
        found = self.recall(scope, [key])
        return Row.of(found[-1]) if found else Row(*key)

    def is_empty(self) -> bool:
        """Say whether nothing is remembered."""
        return not self._db.ask("is_anything_remembered", source=self._source)

    def newest_group(self) -> int:
        """Return the number of the newest group, of any source."""
        return int(self._db.one("newest_group_remembered"))

    def scopes(self) -> list[Scope]:
        """Return the shops that are known."""
        return self._db.ask("shops", source=self._source)

    def sources_of_the_same_shops(self) -> list[str]:
        """Return the sources that know one of these shops, this one among them."""
        return [source for (source,) in self._db.ask("sources_of_the_same_shops", source=self._source)]

    def all_with_refunded(self) -> list[tuple[int, str, Any]]:
        """Return where each row lies, what is remembered, and how much money was told as refunded of it, if any."""
        return self._db.ask("remembered_with_refunded", source=self._source)

    def remembered_under(self, keys: Iterable[tuple[Scope, Key]]) -> list[tuple[int, str]]:
        """Return where the rows under these keys of some shops lie, and what is remembered there."""
        return self._db.ask("remembered_under", keys=[row_key(self._source, *key) for key in keys])

    def identities_known_by(
        self, people: Sequence[str], customers: Iterable[str], links: Iterable[str], marks: Iterable[str]
    ) -> list[tuple[str, str, str, str]]:
        """Return the identities that may be of a person, as platform, shop, subject and what is remembered."""
        return self._db.ask(
            "identities_known_by",
            source=self._source,
            people=people,
            customers=list(customers),
            links=list(links),
            marks=list(marks),
        )

    def orders_told_for_guests(self, people: Sequence[str]) -> list[tuple[str, str, str, str, str]]:
        """Return the orders told under these anonymousIds, as platform, shop, stream and subject, and which it was."""
        return self._db.ask("orders_told_for_guests", source=self._source, people=people)

    def foreign_keys_with_names(
        self, people: Sequence[str], names: Iterable[str]
    ) -> list[tuple[str, str, str, str, bool]]:
        """Return other taps' records in whose key is a name, and whether they were told of these people."""
        return self._db.ask("foreign_keys_with_names", source=self._source, people=people, names=list(names))

    # --- changed

    def note_seen(self, read: Mapping[str, datetime]) -> None:
        """Note that raw records were read again, in the form they had, at these instants."""
        self._db.do("note_seen", hashes=list(read), instants=[microseconds(at) for at in read.values()])

    def remember(self, scope: Scope, group: int, document: bytes) -> None:
        """Add the rows of a document, as of a group."""
        platform, shop = scope
        self._db.do(
            "remember",
            source=self._source,
            platform=platform,
            shop=shop,
            batch_group=group,
            document=document.decode(),
        )

    def rewrite(self, scope: Scope, row: Row) -> None:
        """Write anew what is remembered of a subject."""
        self._db.do(
            "rewrite_row",
            key=row_key(self._source, scope, (row.stream, row.subject)),
            remembered=text_of(row.memory),
            raw_hash=row.raw_hash,
        )

    def replace(self, contents: Mapping[int, str]) -> None:
        """Write anew what is remembered at these places."""
        self._db.do("replace_remembered", places=list(contents), contents=list(contents.values()))

    def forget_raw_hashes(self) -> None:
        """Let every record be looked at anew when it is next read."""
        self._db.do("forget_raw_hashes", source=self._source)

    def settle(self, scope: Scope, group: int, replaced: Iterable[Key]) -> None:
        """Let go of what a group replaced."""
        keys = [row_key(self._source, scope, key) for key in replaced]
        if keys:
            self._db.do("settle_keys", batch_group=group, keys=_text(keys))

    def settle_all(self) -> None:
        """Let go of every row that a newer one replaces, of all sources."""
        self._db.do("settle_all")

    def take_back(self) -> None:
        """Let go of the first group that is in the outbox, and of all after it."""
        self._db.do("take_back_rows", source=self._source)

    def bury(self, graves: Collection[tuple[Scope, Key]], memory: Memory) -> None:
        """Put a tombstone that remembers so in the place of each of these subjects, also of one that was not there."""
        keys = [row_key(self._source, *grave) for grave in graves]
        subjects = [subject for _, (_, subject) in graves]
        tombstones = [tombstone(self._source, *grave) for grave in graves]
        group = self.newest_group()
        self._db.do("unbury", keys=keys, subjects=subjects + tombstones)
        self._db.do(
            "bury",
            source=self._source,
            keys=keys,
            platforms=[platform for (platform, _), _ in graves],
            shops=[shop for (_, shop), _ in graves],
            streams=[stream for _, (stream, _) in graves],
            tombstones=tombstones,
            remembered=text_of(memory),
            batch_group=group,
        )


def _text(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
