"""One question to PrestaShop's webservice: its URL, its key, what its errors mean, and how its lists are read.

An error is known by its code, whatever status carries it: the webservice answers 500 to a wrong filter too. Lists are read
from a moving start, never by offsets: a row that changes meanwhile would make an offset skip its neighbour.
https://devdocs.prestashop-project.org/8/webservice/
"""

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn, TypeVar
from urllib.parse import quote

import msgspec

from tap_commerce.errors import (
    CommerceError,
    Denied,
    Malformed,
    Misconfigured,
    Missing,
    Unauthorized,
    Unavailable,
)
from tap_commerce.http import Answer, Wire
from tap_commerce.platforms.prestashop import raw
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

LEAST = 16
"""From this code on errors are the webservice's own; those below are PHP's."""

ALL = 1000
"""Rows of the shop's own lists (states, countries, …) that are asked for at once."""

log = logging.getLogger("tap_commerce.prestashop")


class Refused(Denied):
    """The webservice itself refuses, and says why."""


class NotGranted(Refused):
    """The key has no right to read `resource`."""

    def __init__(self, message: str, *, resource: str) -> None:
        super().__init__(message)
        self.resource = resource


class Unknown(Malformed):
    """The shop's version knows no such field."""


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
                heed=lambda body: heed(resource, body),
            )
            self._read_clock(answer)
            return listed(resource, answer.body)

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


def heed(resource: str, body: bytes) -> None:
    """Raise what an answer means that tells of errors, or in which PHP speaks to people."""
    found = _errors(body)
    if found:
        # The first that the webservice itself told of: warnings of PHP follow it, and those of a module may stand before it.
        _refuse(resource, *next((each for each in found if each[0] >= LEAST), found[0]))
    start = body[:512].lstrip()
    if start[:1] in (b"{", b"[") or not start:
        if not _JSON.search(body[-64:]) and (behind := _PHP_IN_HTML.search(body)):
            raise Malformed(
                f"PrestaShop: behind its answer to {resource} the shop prints something else ({_excerpt(body[behind.start() :])}); "
                "switch its debug mode and PHP's display_errors off, or repair the module that prints"
            )
        return
    if start.startswith(b"\xef\xbb\xbf") or (_PHP.search(body[:4096]) and _JSON.search(body)):
        raise Malformed(
            f"PrestaShop: before its answer to {resource} the shop prints something else ({_excerpt(body)}); switch its debug "
            "mode and PHP's display_errors off, or repair the module that prints"
        )


_PHP = re.compile(rb"(?:Warning|Notice|Deprecated|Strict Standards)(?:</b>)?:")
_PHP_IN_HTML = re.compile(rb"<b>(?:Warning|Notice|Deprecated|Strict Standards|Fatal error)</b>:")
"""No JSON of PHP's holds this: it would escape the slash."""
_JSON = re.compile(rb"[}\]]\s*\Z")


def listed(resource: str, body: bytes) -> list[dict[str, Any]]:
    """Take the rows out of an answer; an empty list is `[]`, without its name."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"PrestaShop: the answer to {resource} broke off") from error
    if isinstance(answer, dict) and len(answer) == 1:
        # `order_slip` is named `order_slips` in here. Anything else is no answer of PrestaShop's, though it may look empty.
        answer = answer.get(resource, answer.get(f"{resource}s"))
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        raise Malformed(f"PrestaShop: the answer to {resource} is no list")
    return answer


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


def _refuse(resource: str, code: int, message: str) -> NoReturn:
    """Raise what an error's code means.

    https://devdocs.prestashop-project.org/8/webservice/reference/ and classes/webservice/WebserviceRequest.php
    """
    said = f"{' '.join(message.split())[:300]} (code {code})"
    if LEAST <= code <= 21:
        raise Refused(f"PrestaShop does not accept the key: {said}; check the setting webservice_key")
    match code:
        case 22:
            raise Refused(
                "PrestaShop's webservice is switched off: enable it in Advanced Parameters > Webservice (code 22)"
            )
        case 25 | 26:
            raise NotGranted(
                f"PrestaShop: webservice_key may not read {resource}: tick GET for it in Advanced Parameters > Webservice ({said})",
                resource=resource,
            )
        case 132:
            raise Refused(
                f"PrestaShop: {said}; associate the key with the shop in Advanced Parameters > Webservice, or check id_shop"
            )
        case 999:
            raise Misconfigured(f"PrestaShop: {said}; check id_shop")
        case 27:
            raise NotGranted(f"PrestaShop: this shop has no {resource}: {said}", resource=resource)
        case 35:
            raise Unknown(f"PrestaShop does not know a field of {resource}: {said}")
        case _ if code >= 23:
            raise Malformed(f"PrestaShop does not understand the question for {resource}: {said}")
    # 2 to 15 are PHP's own warnings and errors, of some module perhaps, perhaps of a database that is busy.
    raise Unavailable(f"PrestaShop: {resource}: {said}")


def _errors(body: bytes) -> list[tuple[int, str]]:
    """Read the errors of an answer; the first is the one that matters, PHP's warnings may follow it."""
    if b'"errors"' in body[:4096]:
        try:
            told = msgspec.json.decode(body)["errors"]
            return [(int(each.get("code") or 0), str(each.get("message") or "")) for each in told]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, ValueError, KeyError, AttributeError):
            return []
    if b"<errors>" in body[:4096]:
        return [(int(code), message.decode("utf-8", "replace")) for code, message in _XML.findall(body)]
    return []


_XML = re.compile(
    rb"<code>(?:<!\[CDATA\[)?(\d+)(?:\]\]>)?</code>\s*<message>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</message>",
    re.DOTALL,
)


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


def _excerpt(body: bytes) -> str:
    return " ".join(re.sub(rb"<[^>]*>", b" ", body[:300]).decode("utf-8", "replace").split())[:120]
