"""The customers of a store, from whichever of its lists of people the settings name, and who of them was erased.

Account members cannot be filtered by when they changed: they are read down to the window, once a run.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from tap_commerce.errors import Denied, Malformed, Misconfigured, Missing, Unavailable
from tap_commerce.platforms import Page, Window
from tap_commerce.platforms.elasticpath import raw, translating
from tap_commerce.platforms.elasticpath.api import Api
from tap_commerce.platforms.elasticpath.stretches import (
    AT_LEAST,
    LARGEST,
    TRIES,
    Listing,
    Stretch,
    Stretches,
    updated,
)
from tap_commerce.platforms.elasticpath.translating import moment
from tap_commerce.records import Polled

Fields = dict[str, Any]

SOURCES = {"customers": "customers", "accounts": "accounts", "account_members": "account-members"}
"""Where each list of people is."""

ERASED = {"customers": "customer", "accounts": "account", "account_members": "account-member"}
"""What each kind of people is called by who wants to be forgotten."""


class People:
    """The people of one store that are its customers; `named` are the fields of theirs that the settings name."""

    def __init__(
        self,
        api: Api,
        stretches: Stretches,
        *,
        shop: str,
        source: str,
        named: tuple[str, ...],
        page_size: int,
    ) -> None:
        self.source = source
        self._api, self._stretches = api, stretches
        self._shop, self._named, self._page_size = shop, named, page_size
        self._path = f"/v2/{SOURCES[source]}"
        self._members: tuple[datetime, datetime, list[Fields]] | None = None
        self._gone: list[raw.Erasure] | None = None

    def probe(self) -> None:
        """See whether they may be read, before the first record."""
        try:
            if self.source == "account_members":
                self._api.ask(self._path, raw.Page[Fields], {"page[limit]": 1})
            else:
                self._stretches.probe(self._listing(1))
        except Missing as error:
            raise Misconfigured(
                f"Elastic Path: there is no {self._path} (404); check api_url, and customer_source: {self.source}"
            ) from error

    @property
    def called(self) -> str:
        """What an estimate calls them."""
        return SOURCES[self.source].replace("-", " ")

    def count(self, window: Window) -> int | None:
        """Count those that changed within a window; None: the list does not say."""
        if self.source == "account_members":
            return None
        return self._stretches.page(self._listing(AT_LEAST), window.start, window.end).total

    def read(self, window: Window, *, erasures: bool) -> Iterator[Page]:
        """Read those that changed within a window, after those that were erased within it, if that is wanted."""
        erased = self._erased(window) if erasures else []
        if erased:
            # First: nobody knows where among the others they belong.
            yield Page([("customers", each) for each in erased], self._api.wire.now(), window.start)
        for stretch in self._changed(window):
            for first in range(0, len(stretch.rows), LARGEST):
                rows = stretch.rows[first : first + LARGEST]
                told = (self._person(each) for each in rows)
                yield Page(
                    [("customers", each) for each in told if each], stretch.asked_at, _changed(rows[0])
                )

    def _person(self, fields: Fields) -> Polled | None:
        try:
            each = msgspec.convert(fields, raw.Person)
        except msgspec.ValidationError as error:
            raise Malformed(f"Elastic Path: a row of {self.source} is not as documented: {error}") from error
        return translating.customer_record(each, self._shop, fields, self._named)

    def _listing(self, largest: int, **parameters: str | int) -> Listing:
        return Listing(self._path, raw.Page[Fields], _changed, _identity, largest, parameters)

    def _changed(self, window: Window) -> Iterator[Stretch]:
        if self.source == "account_members":
            yield self._members_of(window)
            return
        yield from self._stretches.read(self._listing(LARGEST, sort="updated_at"), window)

    def _members_of(self, window: Window) -> Stretch:
        """Cut a window out of the account members: they cannot be filtered by when they changed, so they are read down to it, once a run."""
        if self._members is None or window.start < self._members[0]:
            asked_at = self._api.wire.now()
            self._members = (window.start, asked_at, self._read_members(window.start))
        _, asked_at, rows = self._members
        there = [each for each in rows if window.start <= _changed(each) < window.end]
        return Stretch(sorted(there, key=_by_change), {}, asked_at)

    def _read_members(self, since: datetime) -> list[Fields]:
        for _ in range(TRIES):
            found: dict[str, Fields] = {}
            offset, sorts = 0, True
            while True:
                page = self._api.ask(
                    "/v2/account-members",
                    raw.Page[Fields],
                    {
                        "sort": "-updated_at",
                        # Each page but the first begins with the last row of the one before it.
                        "page[limit]": max(AT_LEAST, min(self._page_size, LARGEST)),
                        "page[offset]": offset,
                    },
                )
                if offset and (not page.data or str(page.data[0]["id"]) not in found):
                    # Some were deleted meanwhile, or many changed: what was to come may have slipped by.
                    break
                for each in page.data:
                    found.setdefault(str(each["id"]), each)
                changes = [_changed(each) for each in page.data]
                # Whoever sorts otherwise may have anyone further on.
                sorts = sorts and changes == sorted(changes, reverse=True)
                if len(page.data) < AT_LEAST or (sorts and changes[-1] < since):
                    return list(found.values())
                offset += len(page.data) - 1
        raise Unavailable(
            "Elastic Path: account members are deleted faster than they can be read; poll again later"
        )

    def _erased(self, window: Window) -> list[Polled]:
        """List whose erasure was carried out within the window."""
        if self._gone is None:
            self._gone = self._erasures()
        return [
            record
            for each in self._gone
            if each.status == "SUCCESS"
            and (each.resource_type or "").replace("_", "-") == ERASED[self.source]
            and each.resource_id
            and (record := translating.erased_record(each, self._shop)).deleted_at
            and window.start <= moment(record.polled_at) < window.end
        ]

    def _erasures(self) -> list[raw.Erasure]:
        """Read who wanted to be forgotten; the documents disagree on whether they can be listed at all."""
        try:
            return self._api.rows("/v2/personal-data/erasure-requests", raw.Erasure, {"page[limit]": LARGEST})
        except (Denied, Malformed, Missing):
            self._api.warn_once(
                "Elastic Path does not list erasure requests to this application key: customers that were erased are not told as deleted"
            )
            return []


def _identity(row: Fields) -> str:
    return str(row["id"])


def _changed(row: Fields) -> datetime:
    try:
        return updated(row["meta"]["timestamps"]["updated_at"])
    except (KeyError, TypeError) as error:
        raise Malformed("Elastic Path: a row does not say when it was updated") from error


def _by_change(row: Fields) -> tuple[datetime, str]:
    return _changed(row), str(row["id"])
