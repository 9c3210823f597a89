"""One question to PrestaShop's webservice: its URL, its key, and how its lists are read.

Lists are read from a moving start, never by offsets: a row that changes meanwhile would make an offset skip its neighbour.
https://devdocs.prestashop-project.org/8/webservice/
"""

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from tap_commerce.errors import CommerceError, Denied, Malformed, Misconfigured, Missing, Unauthorized
from tap_commerce.http import Answer, Wire
from tap_commerce.platforms.prestashop import answers, raw
from tap_commerce.platforms.prestashop.answers import Refused, Unknown
from tap_commerce.platforms.prestashop.clocks import SECOND

R = TypeVar("R", bound=raw.Raw)

LONGEST = 5000
"""Characters that a list of values may take in a URL; servers refuse one of more than 8 KB."""

BULK = 500
"""Rows of small things that are asked for at once."""

AGAIN = 20
"""How often a page is asked for again of which every row changed between being listed and being shown."""

FRESH = timedelta(minutes=1)
"""Rows that changed so lately may have changed after they were listed; a shop's servers may disagree about the time by less."""

ALL = 1000
"""Rows of the shop's own lists (states, countries, …) that are asked for at once."""

log = logging.getLogger("tap_commerce.prestashop")


class Rows(NamedTuple):
    """Some rows of a list that was asked for by when its rows changed."""

    rows: list[Any]
    reached: datetime | None
    """What the shop's clocks showed up to which everything has been read; `None` at the list's end."""
    asked_at: datetime
    """The shop's time before the question."""


class Webservice:
    """The webservice of one shop, read by one key."""

    def __init__(
        self,
        wire: Wire,
        base: str,
        key: str,
        *,
        in_query: bool = False,
        rewritten: bool = True,
        id_shop: int | None = None,
        without: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.wire = wire
        self._base, self._rewritten, self._id_shop = base, rewritten, id_shop
        self._key = key if in_query else ""
        self._headers = {"Output-Format": "JSON"}
        if in_query:
            # Whoever debugs the run shall not read the key: this logger writes whole URLs.
            logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        else:
            self._headers["Authorization"] = "Basic " + b64encode(f"{key}:".encode()).decode()
        self._hint = "webservice_key" + (
            "" if in_query else " (or set auth_in_query: some hosts drop the header that carries the key)"
        )
        self._without: dict[str, frozenset[str]] = dict(without or {})
        self._told: tuple[datetime, float] | None = None
        self._warned: set[str] = set()

    def now(self) -> datetime:
        """Tell the shop's time: by `Access-Time`, else by its web server's clock."""
        if self._told is None:
            return self.wire.now()
        told, at = self._told
        return told + timedelta(seconds=int(self.wire.clock() - at))

    @property
    def tells_the_time(self) -> bool:
        """Whether the shop has told the time."""
        return self._told is not None or self.wire.knows_the_time

    def warn_once(self, message: str) -> None:
        """Warn, but not again."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message)

    def page(
        self, kind: type[R], filters: Mapping[str, str], *, sort: str = "id_ASC", limit: int
    ) -> tuple[list[R], int]:
        """Ask for the first rows of a list, and tell how many there were, gone ones included."""
        while True:
            without = self._without.get(kind.RESOURCE, frozenset())
            parameters = {"display": raw.display(kind, without)}
            if any("date_" in each for each in (*filters, sort)):
                # Without it no date may be filtered or sorted by.
                parameters["date"] = "1"
            parameters |= {f"filter[{name}]": value for name, value in filters.items()}
            parameters |= {"sort": f"[{sort}]", "limit": str(limit)}
            try:
                rows = self._ask(kind.RESOURCE, parameters)
            except Unknown as error:
                name = _unknown(error, kind, without)
                self._without[kind.RESOURCE] = without | {name}
                self.warn_once(
                    f"PrestaShop: this shop's version knows no {name} of {kind.RESOURCE}: what follows from it is left out"
                )
                continue
            if any("id" not in row for row in rows):
                raise Malformed(f"PrestaShop: the answer to {kind.RESOURCE} has a row without its id")
            found = [each for row in rows if (each := raw.read(kind, row)) is not None]
            return found, len(rows)

    def every(
        self, kind: type[R], filters: Mapping[str, str] | None = None, *, after: int = 0, limit: int = BULK
    ) -> Iterator[R]:
        """Read a list to its end, by id, from behind one."""
        while True:
            wanted = dict(filters or {})
            if after:
                wanted["id"] = f">[{after}]"
            rows, count = self.page(kind, wanted, limit=limit)
            yield from rows
            if count < limit:
                return
            if not rows or rows[-1].id <= after:
                raise Malformed(f"PrestaShop: the list {kind.RESOURCE} does not go on by id")
            after = rows[-1].id

    def of(self, kind: type[R], name: str, values: Iterable[int | str], **filters: str) -> Iterator[R]:
        """Read all rows whose field has one of these values, many values at a time."""
        for part in parts(values):
            if name == "id":
                # There cannot be more rows than ids.
                rows, _ = self.page(kind, {name: f"[{'|'.join(part)}]", **filters}, limit=len(part))
                yield from rows
            else:
                yield from self.every(kind, {name: f"[{'|'.join(part)}]", **filters})

    def last_id(self, kind: type[R]) -> int:
        """Return the highest id of a list, 0 if it is empty."""
        rows, _ = self.page(kind, {}, sort="id_DESC", limit=1)
        return rows[0].id if rows else 0

    def changed(
        self,
        kind: type[R],
        first: datetime,
        last: datetime,
        *,
        shown: Callable[[datetime], datetime],
        by: str = "date_upd",
        limit: int,
        **filters: str,
    ) -> Iterator[Rows]:
        """Read the rows that changed while the shop's clocks showed `first` to `last`, in that order.

        `shown` tells what they show at an instant. Each row comes once, unless it changed lately, or while the list is read.
        """
        at, behind, end = first, 0, first > last
        seen: set[tuple[int, datetime]] = set()
        before: set[tuple[int, datetime]] = set()
        again = 0
        while not end:
            asked_at = self.now()
            wanted = {by: f"[{at},{at if behind else last}]"} | filters
            if behind:
                # More rows changed in one second than come at once: within it they are read by id.
                wanted["id"] = f">[{behind}]"
            rows, count = self.page(kind, wanted, sort=f"{by}_ASC,id_ASC", limit=limit)
            dated = [(row, _date(row, by)) for row in rows]
            self._check(kind, dated, first, last, asked_at)
            fresh = [row for row, when in dated if (row.id, when) not in seen]
            if count < limit and not behind:
                end = True
            elif count < limit:
                at, behind = at + SECOND, 0
                end = at > last
            elif behind:
                behind = max((row.id for row in rows), default=behind)
            else:
                # A row that changed after it was listed shows another date than that by which it was listed: the present, and
                # that may have been asked for, where clocks are put back. It is believed if it showed the same before.
                present = shown(asked_at) - FRESH
                listed_by = [
                    (row.id, when)
                    for row, when in dated
                    if when <= last and (when <= present or (row.id, when) in before)
                ]
                before = {(row.id, when) for row, when in dated if when > present}
                again = 0 if listed_by else again + 1
                if again > AGAIN:
                    raise Malformed(f"PrestaShop: {kind.RESOURCE} change faster than they can be read")
                reached = max((when for _, when in listed_by), default=at)
                if reached == at:
                    behind = max((each for each, _ in listed_by), default=0)
                seen = {each for each in listed_by if each[1] == reached}
                at = reached
            yield Rows(fresh, None if end else at, asked_at)

    def _check(
        self,
        kind: type[R],
        dated: Sequence[tuple[R, datetime]],
        first: datetime,
        last: datetime,
        asked_at: datetime,
    ) -> None:
        """Refuse rows that were not asked for: some shop's module has been seen to override the filter.

        https://github.com/Myddleware/myddleware/issues/143
        """
        # What changed between being listed and being shown is newer than what was asked for, by the shop's clock, which
        # shows a time of some zone: no zone is further from UTC than 14 hours.
        newest = asked_at.replace(tzinfo=None) - timedelta(hours=15)
        for row, when in dated:
            if when < first or (when > last and when < newest):
                raise Malformed(
                    f"PrestaShop: {kind.RESOURCE} {row.id} of {when} was not asked for (from {first} to {last}): the shop "
                    "ignores the filter by date, so that nobody can say what was read; look for an override of the webservice"
                )

    def _ask(self, resource: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        query = dict(parameters) | {"output_format": "JSON"}
        if self._id_shop is not None:
            query["id_shop"] = str(self._id_shop)
        if self._key:
            query["ws_key"] = self._key
        if self._rewritten:
            url = f"{self._base}/api/{resource}"
        else:
            url = f"{self._base}/webservice/dispatcher.php"
            query = {"url": resource, **query}
        whole = f"{url}?" + "&".join(
            f"{quote(name)}={quote(value, safe='')}" for name, value in query.items()
        )

        def attempt() -> list[dict[str, Any]]:
            answer = self.wire.ask(
                "GET",
                whole,
                headers=self._headers,
                hint=self._hint,
                inspect=lambda body: answers.inspect(resource, body),
            )
            self._read_clock(answer)
            return answers.listed(resource, answer.body)

        try:
            return self.wire.persist(attempt)
        except Missing:
            raise Misconfigured(
                f"PrestaShop: there is no webservice at {url} (404); set api_url to the shop's address, without /api, or set "
                "without_rewrite if the host rewrites no URLs"
            ) from None
        except CommerceError as error:
            if self._key:
                # What caused it may quote the URL, and with it the key; so may whoever answered.
                error.__cause__ = error.__context__ = None
                error.args = tuple(_without(self._key, each) for each in error.args)
                if isinstance(error, Malformed):
                    error.body = b""
            if isinstance(error, Denied) and not isinstance(error, (Refused, Unauthorized)):
                raise Denied(
                    f"PrestaShop: something in front of the webservice refuses, perhaps a firewall ({str(error).partition(';')[0]}): "
                    "let this machine's address and the setting user_agent pass to /api"
                ) from None
            raise

    def _read_clock(self, answer: Answer) -> None:
        try:
            told = datetime.fromtimestamp(int(answer.headers.get("Access-Time") or ""), UTC)
        except (ValueError, OverflowError, OSError):
            return
        self._told = (told, self.wire.clock())


def parts(values: Iterable[int | str]) -> Iterator[list[str]]:
    """Cut values, each once, into parts that fit in a URL."""
    texts = iter(sorted({str(each) for each in values}, key=lambda each: (len(each), each)))
    part: list[str] = []
    length = 0
    for each in texts:
        needed = len(quote(each, safe="")) + 3
        if part and length + needed > LONGEST:
            yield part
            part, length = [], 0
        part.append(each)
        length += needed
    if part:
        yield part


def cut(values: list[int], size: int) -> Iterator[list[int]]:
    """Cut values into lists of a size."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _unknown(error: Unknown, kind: type[raw.Raw], without: frozenset[str]) -> str:
    """Return the field that a shop does not know, if it can be done without."""
    named = re.search(r'field \\?"(\w+)', str(error))
    name = named[1] if named else ""
    if name not in kind.__struct_fields__ or name in raw.ESSENTIAL or name in without:
        raise error
    return name


def _date(row: Any, by: str) -> datetime:
    found = getattr(row, by)
    if not isinstance(found, datetime):
        raise Malformed(f"PrestaShop: a row of {row.RESOURCE} (id {row.id}) has no {by}")
    return found


def _without(secret: str, said: object) -> object:
    if not isinstance(said, str):
        return said
    for each in (secret, quote(secret, safe="")):
        said = said.replace(each, "…")
    # An excerpt may have cut it.
    return re.sub(r"(ws_key(?:=|%3D))[^\s&\"'<>]*", r"\1…", said, flags=re.IGNORECASE)
