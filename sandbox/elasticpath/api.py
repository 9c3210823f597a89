"""Elastic Path Commerce Cloud over a sandbox shop: real HTTP on loopback, in the shapes and with the refusals that its documentation shows.

What the documentation leaves open is an option here. Parameters that the real service does not know are ignored, as there.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from zlib import crc32

from sandbox import loopback
from sandbox.elasticpath import answers
from sandbox.elasticpath.answers import Answer as Body
from sandbox.elasticpath.answers import Spelling
from sandbox.elasticpath.book import Book, Buyer, Kept, contact_of, uuid
from sandbox.elasticpath.filters import AMOUNT, DATE, EXACT, WORD, Field, Unparsable, matcher
from sandbox.faults import PAGE, Faults
from sandbox.loopback import Answer, Calls, Loopback, Request
from sandbox.shop import Shop

ID, SECRET = "sandbox-client", "sandbox-secret"

BEFORE = ("429", "429_after", "500", "502", "503", "504", "reset", "html")
"""Faults that come instead of an answer; the others spoil one."""

KINDS = (*BEFORE, "reset_after", "truncated", "slow", "expired")

PER_REQUEST = 0.02
"""Seconds that each request takes by the clock that only counts requests."""

LARGEST = 100


@dataclass(frozen=True, slots=True)
class Call(loopback.Call):
    """One request; `name` is `oauth`, the resource (`orders`, `transactions`, …; `order` for a single one), or the path."""

    query: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, /, **error: Any) -> None:
        super().__init__(code, error)
        self.status, self.error = code, error


class Row(NamedTuple):
    """One row of a list, as it was indexed."""

    id: str
    thing: Any
    created_at: datetime
    updated_at: datetime


class ElasticPath(Loopback):
    """One store's API; `with ElasticPath(shop) as api:` serves it at `api.url`, and `api.settings` reach it.

    `groups`, `group_status`, `refund_bumps`, `group_bumps` and `privacy` are the `Book`'s. `buyers` is whether the store keeps `customers`, `accounts` or `both`.

    How it writes: `places` (decimal places of a currency, as the store defined them), `instants` (`ms`, or `s` for whole seconds), `offset` (of transactions' instants,
    e.g. `-07:00`), `hyphens` (transaction-type), `camel` (createdAt of shipping groups), `wrapped_token` (in `data`), `links` (whether lists have any), `total_method` (None, `exact`, or
    `observed`: then the total is only a lower bound), `status_as` (errors' status as `int`, `string`, `missing`; None as the documentation's examples do).

    How it behaves: tokens live `token_lifetime` virtual seconds. `rate` requests a second are let through (None: all), by `clock` in seconds; by default that counts
    requests, beside the shop's own time, which a client moves that sleeps there. A row reaches the lists up to `index_lag` seconds after it changed, and shows until
    then what it was. `tick` lets that many virtual seconds pass with every request; `between` is called before each. No offset above `most`. `forbidden` names resources that the
    credentials may not read. `sorts_updated`: whether orders can be sorted by updated_at, which is not documented. `erasure_filter`: whether erasure requests are only listed by resource. `erased`: whether who was erased is `gone`
    from the lists, or `starred`. `compares`: whether filters compare instants to the `ms`, or to the second (`s`).
    """

    def __init__(
        self,
        shop: Shop,
        *,
        faults: Faults | None = None,
        client_id: str = ID,
        client_secret: str = SECRET,
        buyers: str = "customers",
        groups: str | bool = "parcels",
        group_status: bool = True,
        refund_bumps: bool = True,
        group_bumps: bool = True,
        privacy: float = 0,
        places: Mapping[str, int] | None = None,
        instants: str = "ms",
        offset: str | None = None,
        hyphens: bool = False,
        camel: bool = False,
        wrapped_token: bool = False,
        links: bool = True,
        total_method: str | None = None,
        status_as: str | None = None,
        token_lifetime: float = 3600,
        rate: float | None = 25,
        clock: Callable[[], float] | None = None,
        index_lag: float = 5,
        tick: float = 0,
        between: Callable[[], object] | None = None,
        page_length: int = 25,
        most: int = 10_000,
        forbidden: Iterable[str] = (),
        sorts_updated: bool = False,
        erasure_filter: bool = False,
        erased: str = "gone",
        compares: str = "ms",
    ) -> None:
        if buyers not in ("customers", "accounts", "both"):
            raise ValueError(f"buyers is customers, accounts or both, not {buyers}")
        self.shop, self.client_id, self.client_secret = shop, client_id, client_secret
        self.book = Book(
            shop,
            groups=groups,
            group_status=group_status,
            refund_bumps=refund_bumps,
            group_bumps=group_bumps,
            privacy=privacy,
        )
        self.spelling = Spelling(
            places=dict(places or {}),
            instants=instants,
            offset=offset,
            hyphens=hyphens,
            camel=camel,
            group_status=group_status,
            charge_in_group=groups == "checkout",
        )
        self.buyers, self.wrapped_token, self.links = buyers, wrapped_token, links
        self.total_method, self.status_as, self.token_lifetime = total_method, status_as, token_lifetime
        self.index_lag, self.tick, self.between = index_lag, tick, between
        self.page_length, self.most, self.forbidden = page_length, most, frozenset(forbidden)
        self.sorts_updated, self.erasure_filter, self.erased = sorts_updated, erasure_filter, erased
        self.compares = compares
        self.calls = Calls()
        self._bucket = Bucket(rate, clock or self._counted) if rate else None
        self._granted: dict[str, tuple[datetime, str]] = {}
        self._grants = 0
        self._items: dict[int, list[Body]] = {}
        self._numbers: dict[str, int] = {}
        self._found: tuple[Any, list[Row]] | None = None
        super().__init__(lambda: shop.now, KINDS, faults)

    @property
    def settings(self) -> dict[str, Any]:
        """The tap's settings that reach this store."""
        return {
            "platform": "elasticpath",
            "api_url": self.url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "customer_source": "accounts" if self.buyers == "accounts" else "customers",
        }

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, as a client does that sleeps."""
        self.shop.advance(seconds)

    def revoke(self) -> None:
        """Let every token that was granted expire now."""
        self._granted.clear()

    def id_of(self, kind: str, id: int | str) -> str:  # noqa: A002
        """Return what the API calls a thing of the shop: an `order`, `transaction`, `group`, `customer`, `account`, `account_member`, …."""
        return uuid(self.shop, kind, id)

    def _counted(self) -> float:
        return self.shop.now.timestamp() + len(self.calls) * PER_REQUEST

    # HTTP

    def _answer(self, request: Request) -> Answer:
        with self.shop.lock:
            fault = self.faults.next()
            if self.tick:
                self.shop.advance(self.tick)
            if self.between:
                self.between()
            parts = urlsplit(request.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            path = [unquote(each) for each in parts.path.strip("/").split("/")]
            name = _named(path)
            if fault == "expired":
                self.revoke()
            if fault in BEFORE:
                status, answer = self._spoiled(fault)
            else:
                status, body = self._routed(request, name, path, query)
                answer = Answer(status, json.dumps(body, ensure_ascii=False).encode())
            self._spoil(answer, fault)
            self.calls.append(Call(name, status, fault, query))
            return answer

    def _spoiled(self, fault: str) -> tuple[int, Answer]:
        if fault == "reset":
            return 0, Answer(fate="reset")
        if fault == "html":
            return 200, Answer(200, PAGE % b"Maintenance", "text/html; charset=utf-8")
        status = int(fault[:3])
        if status == 500:
            error = {
                "status": 500,
                "title": "Internal Server Error",
                "detail": "There was an internal server error, you can report with your request id.",
                "request_id": f"{len(self.calls):08x}",
            }
            return 500, Answer(500, json.dumps({"errors": [error]}).encode())
        if status == 429:
            headers = {"Retry-After": f"{self.faults.retry_after:.0f}"} if fault == "429_after" else {}
            error = {"status": 429, "title": "Too Many Requests"}
            return 429, Answer(429, json.dumps({"errors": [error]}).encode(), headers=headers)
        return status, Answer(
            status, PAGE % f"{status} Something went wrong".encode(), "text/html; charset=utf-8"
        )

    def _routed(
        self, request: Request, name: str, path: list[str], query: dict[str, str]
    ) -> tuple[int, Body]:
        try:
            self._let_through()
            if name == "oauth":
                return self._grant(request)
            self._admit(request, SINGLE.get(name, name))
            return 200, self._resource(request, name, path[1:], query)
        except Refused as refused:
            return refused.status, {"errors": [self._error(refused)]}

    def _let_through(self) -> None:
        if self._bucket and not self._bucket.take():
            raise Refused(429, status=429, title="Too Many Requests")

    def _admit(self, request: Request, resource: str) -> None:
        holder = self._holder(request)
        if resource not in RESOURCES:
            raise Refused(404, status=404, title="Not Found")
        if request.method != "GET":
            raise Refused(405, status="405", title="Method Not Allowed")
        if resource in self.forbidden or (holder == "implicit" and resource != "currencies"):
            raise Refused(403, status=403, title="Forbidden")

    def _error(self, refused: Refused) -> Body:
        error = dict(refused.error)
        if self.status_as:
            error.pop("status", None)
        if self.status_as == "int":
            error["status"] = refused.status
        elif self.status_as == "string":
            error["status"] = str(refused.status)
        return error

    # Tokens

    def _grant(self, request: Request) -> tuple[int, Body]:
        kind = (request.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        if request.method != "POST" or kind != "application/x-www-form-urlencoded":
            raise Refused(400, title="Bad Request", status="400")
        form = {key: values[0] for key, values in parse_qs(request.body.decode(errors="replace")).items()}
        grant = form.get("grant_type")
        if grant not in ("client_credentials", "implicit"):
            raise Refused(400, title="Bad Request", status="400")
        known = form.get("client_id") == self.client_id
        if not known or (grant == "client_credentials" and form.get("client_secret") != self.client_secret):
            raise Refused(401, title="Unauthorized", status="401")
        self._grants += 1
        expires = self.shop.now + timedelta(seconds=self.token_lifetime)
        token = uuid(self.shop, "token", self._grants).replace("-", "")
        self._granted[token] = (expires, grant)
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self.token_lifetime),
            "expires": int(expires.timestamp()),
            "identifier": grant,
        }
        return 200, {"data": body} if self.wrapped_token else body

    def _holder(self, request: Request) -> str:
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        expires, grant = self._granted.get(token, (self.shop.start, ""))
        if scheme.lower() != "bearer" or not grant or expires <= self.shop.now:
            raise Refused(401, status=401, title="Unable to validate access token")
        return grant

    # Resources

    def _resource(self, request: Request, name: str, path: list[str], query: dict[str, str]) -> Body:
        match name:
            case "orders" | "customers" | "accounts" | "account-members" | "erasure-requests" | "currencies":
                return self._list(request, name, query)
            case "order":
                kept = self._kept(path[1])
                body: Body = {"data": self._order(kept)}
                if "items" in query.get("include", "").split(","):
                    body["included"] = {"items": self._items_of(kept)}
                return body
            case "items":
                return {"data": self._items_of(self._kept(path[1]))}
            case "transactions":
                kept = self._kept(path[1])
                return {
                    "data": [
                        answers.transaction(each, kept, shop=self.shop, spell=self.spelling)
                        for each in kept.transactions
                    ]
                }
            case "shipping-groups":
                kept = self._kept(path[1])
                return {
                    "data": [
                        answers.group(each, kept, shop=self.shop, spell=self.spelling) for each in kept.groups
                    ]
                }
            case "customer" | "account" | "account-member":
                return {"data": self._buyer(name.replace("-", "_"), self._known(name, path[1]))}
            case "addresses":
                owner = path[0].removesuffix("s")
                buyer = self._known(owner, path[1])
                return {
                    "data": [
                        answers.address(
                            each, owner, path[1], shop=self.shop, spell=self.spelling, at=buyer.created_at
                        )
                        for each in self.shop.customer(buyer.id).addresses
                    ]
                }
            case _:
                return self._memberships(self._known("account", path[1]), query)

    def _list(self, request: Request, name: str, query: dict[str, str]) -> Body:
        limit, offset = self._page(query)
        rows = self._rows(request, name, query)
        if name == "orders" and not query.get("filter") and len(rows) >= self.most:
            raise Refused(
                400,
                status="400",
                title="Bad Request",
                detail=f"there are more than {self.most} orders; use a filter",
            )
        shown = rows[offset : offset + limit]
        body: Body = {"data": [self._shown(name, row.thing) for row in shown]}
        if name == "orders" and "items" in query.get("include", "").split(","):
            body["included"] = {"items": [item for row in shown for item in self._items_of(row.thing)]}
        if name == "currencies":
            return body
        total = len(rows)
        results: Body = {"total": total}
        if self.total_method:
            results["total_method"] = self.total_method
        if self.total_method == "observed":
            total = results["total"] = min(total, offset + 2 * limit)
        if self.links:
            body["links"] = self._links(name, query, limit, offset, total)
        body["meta"] = {
            "page": {
                "limit": limit,
                "offset": offset,
                "current": offset // limit + 1,
                "total": max(1, -(-total // limit)),
            },
            "results": results,
        }
        return body

    def _page(self, query: dict[str, str]) -> tuple[int, int]:
        try:
            limit = int(query.get("page[limit]", self.page_length))
            offset = int(query.get("page[offset]", 0))
        except ValueError:
            raise Refused(
                400, status="400", title="Bad Request", detail="page must be made of integers"
            ) from None
        if not 1 <= limit <= LARGEST:
            raise Refused(
                400, status="400", title="Bad Request", detail=f"page[limit] must be from 1 to {LARGEST}"
            )
        if not 0 <= offset <= self.most:
            raise Refused(
                400, status="400", title="Bad Request", detail=f"page[offset] must not exceed {self.most}"
            )
        return limit, offset

    def _links(self, name: str, query: dict[str, str], limit: int, offset: int, total: int) -> Body:
        rest = "".join(f"{key}={value}&" for key, value in query.items() if not key.startswith("page["))
        where = f"{self.url}/v2/{'personal-data/' if name == 'erasure-requests' else ''}{name}?{rest}"

        def link(at: int) -> str:
            return f"{where}page[limit]={limit}&page[offset]={at}"

        last = max(0, (total - 1) // limit * limit)
        return {
            "current": link(offset),
            "first": link(0),
            "last": link(last) if last else None,
            "next": link(offset + limit) if offset + limit < total else None,
            "prev": link(max(0, offset - limit)) if offset else None,
        }

    def _rows(self, request: Request, name: str, query: dict[str, str]) -> list[Row]:
        """Return the rows of a list, filtered and sorted; the same question at the same instant is worked out once."""
        beta = (request.headers.get("EP-Disable-Beta-Filtering") or "").lower() != "true"
        narrow = bool(
            request.headers.get("X-Moltin-Customer-Token")
            or request.headers.get("EP-Account-Management-Authentication-Token")
        )
        text, sort = query.get("filter"), query.get("sort")
        asked = (
            name,
            text,
            sort,
            beta,
            narrow,
            self.shop.now,
            len(self.shop.history),
            len(self.book.erasures),
        )
        if self._found and self._found[0] == asked:
            return self._found[1]
        rows = {
            "orders": self._orders,
            "customers": lambda: self._people("customer"),
            "accounts": lambda: self._people("account"),
            "account-members": lambda: self._people("account_member"),
            "erasure-requests": self._erasures,
            "currencies": self._currencies,
        }[name]()
        if name == "orders" and narrow:
            # Such a header narrows the list to one shopper's own; it is nobody's here.
            rows = []
        if name == "erasure-requests" and self.erasure_filter and "eq(resource_id," not in (text or ""):
            raise Refused(400, title="Bad Request", detail="Could not parse the supplied filter")
        if text and name in FIELDS:
            try:
                matches = matcher(
                    text,
                    FIELDS[name],
                    beta=beta,
                    plain_instants=name == "orders",
                    whole=self.compares == "s",
                )
            except Unparsable:
                raise Refused(
                    400, title="Bad Request", detail="Could not parse the supplied filter"
                ) from None
            rows = [row for row in rows if matches(row)]
        rows = self._sorted(name, rows, sort)
        self._found = (asked, rows)
        return rows

    def _sorted(self, name: str, rows: list[Row], sort: str | None) -> list[Row]:
        if name not in SORTS:
            return rows
        default = "-updated_at" if name == "orders" else "-created_at"
        known = SORTS[name] | ({"updated_at"} if self.sorts_updated else set())
        key = (sort or default).removeprefix("-")
        if sort and key not in known:
            raise Refused(
                400, status="400", title="Bad Request", detail=f"The sort field {key} is not supported"
            )
        down = (sort or default).startswith("-")
        return sorted(rows, key=lambda row: (_sort_value(row, key), row.id), reverse=down)

    # Rows

    def _orders(self) -> list[Row]:
        rows = []
        for key, tale in self.book.tales().items():
            place = self._indexed(tale.instants, f"order/{key}")
            if place is not None:
                kept = tale.states[place]
                rows.append(
                    Row(
                        uuid(self.shop, "order", key),
                        _Listed(kept, self),
                        self.spelling.shown(kept.order.created_at),
                        self.spelling.shown(kept.updated_at),
                    )
                )
        return rows

    def _people(self, kind: str) -> list[Row]:
        rows = []
        for key, states in self.book.buyers().items():
            if not self._keeps(kind, key) or (self.book.forgotten(key) and self.erased == "gone"):
                continue
            place = self._indexed([each.updated_at for each in states], f"buyer/{key}")
            if place is not None:
                each = self._starred(states[place])
                rows.append(
                    Row(
                        uuid(self.shop, kind, key),
                        each,
                        self.spelling.shown(each.created_at),
                        self.spelling.shown(each.updated_at),
                    )
                )
        return rows

    def _erasures(self) -> list[Row]:
        self.book.buyers()
        return [
            Row(str(place), (each, kind, uuid(self.shop, kind, each.buyer)), each.at, each.at)
            for place, each in enumerate(sorted(self.book.erased(), key=lambda each: each.at))
            for kind in ("customer", "account", "account_member")
            if self._keeps(kind, each.buyer)
        ]

    def _currencies(self) -> list[Row]:
        return [
            Row(code, code, self.shop.start, self.shop.start)
            for code in (self.shop.currency, *self.shop.presentment)
        ]

    def _indexed(self, instants: list[datetime], what: str) -> int | None:
        """Return which version of a row the index holds: each arrives up to `index_lag` seconds late."""
        now = self.shop.now
        for place in range(len(instants) - 1, -1, -1):
            at = instants[place]
            if at > now:
                continue
            late = self.index_lag * crc32(f"{self.shop.seed}/{what}/{place}".encode()) / 2**32
            if at + timedelta(seconds=late) <= now:
                return place
        return None

    def _keeps(self, kind: str, buyer: int) -> bool:
        """Say whether the store keeps a buyer as such."""
        account = self._is_account(buyer)
        return account if kind != "customer" else not account

    def _is_account(self, buyer: int) -> bool:
        return self.buyers == "accounts" or (self.buyers == "both" and buyer % 2 == 1)

    # Things

    def _shown(self, name: str, thing: Any) -> Body:
        match name:
            case "orders":
                return self._order(thing.kept)
            case "erasure-requests":
                return answers.erasure(*thing[:2], shop=self.shop, spell=self.spelling)
            case "currencies":
                return answers.currency(thing, shop=self.shop, spell=self.spelling)
        return self._buyer(name.removesuffix("s").replace("-", "_"), thing)

    def _order(self, kept: Kept) -> Body:
        buyer = self.buyer_of(kept)
        return answers.order(
            kept,
            self._items_of(kept),
            shop=self.shop,
            spell=self.spelling,
            buyer=buyer,
            account=bool(buyer) and self._is_account(buyer.id),
        )

    def buyer_of(self, kept: Kept) -> Buyer | None:
        """Return who placed an order, as they were then; None for a guest."""
        if kept.order.customer_id is None:
            return None
        states = self.book.buyers()[kept.order.customer_id]
        return max(
            (each for each in states if each.updated_at <= kept.order.created_at),
            key=lambda each: each.updated_at,
        )

    def _items_of(self, kept: "Kept | _Listed") -> list[Body]:
        first = kept.order
        if first.id not in self._items:
            self._items[first.id] = answers.items(first, shop=self.shop, spell=self.spelling)
        return self._items[first.id]

    def _buyer(self, kind: str, each: Buyer) -> Body:
        return answers.buyer(each, kind, shop=self.shop, spell=self.spelling, url=self.url)

    def _kept(self, id: str) -> Kept:  # noqa: A002
        for key in list(self.shop.past_orders)[len(self._numbers) :]:
            self._numbers[uuid(self.shop, "order", key)] = key
        if id not in self._numbers:
            raise Refused(404, detail="Order not found", status="404", title="Not Found")
        return self.book.order(self._numbers[id])

    def _known(self, kind: str, id: str) -> Buyer:  # noqa: A002
        kind = kind.replace("-", "_")
        for key, states in self.book.buyers().items():
            there = self.erased == "starred" or not self.book.forgotten(key)
            if there and uuid(self.shop, kind, key) == id and self._keeps(kind, key):
                return self._starred(states[-1])
        raise Refused(404, status="404", title="Not Found", detail=f"{kind} not found")

    def _starred(self, buyer: Buyer) -> Buyer:
        """Return a buyer without personal data, if it is forgotten."""
        gone = [each.at for each in self.book.erased() if each.buyer == buyer.id and each.granted]
        return replace(buyer, name="*", email="*", updated_at=gone[0]) if gone else buyer

    def _memberships(self, buyer: Buyer, query: dict[str, str]) -> Body:
        limit, offset = self._page(query)
        rows = [answers.membership(buyer, shop=self.shop, spell=self.spelling)]
        if text := query.get("filter"):
            fields = {
                "account_member_id": Field(
                    WORD, lambda row: row["relationships"]["account_member"]["data"]["id"]
                )
            }
            try:
                rows = list(filter(matcher(text, fields), rows))
            except Unparsable:
                raise Refused(
                    400, title="Bad Request", detail="Could not parse the supplied filter"
                ) from None
        body: Body = {"data": rows[offset : offset + limit]}
        if query.get("include") == "account_member":
            body["included"] = {"account_members": [self._buyer("account_member", buyer)]}
        page = {"limit": limit, "offset": offset, "current": 1, "total": 1}
        return body | {"meta": {"page": page, "results": {"total": len(rows)}}}


class Bucket:
    """Requests that may be asked: `rate` at once, and as many a second."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._left, self._at = rate, clock()

    def take(self) -> bool:
        """Let a request through, if there is room for it."""
        now = self._clock()
        self._left, self._at = min(self._rate, self._left + (now - self._at) * self._rate), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Listed:
    """An order in a list, with what filters ask of it."""

    __slots__ = ("_api", "kept")

    def __init__(self, kept: Kept, api: ElasticPath) -> None:
        self.kept, self._api = kept, api

    @property
    def order(self) -> Any:
        return self.kept.order

    @property
    def body(self) -> Body:
        return self._api._order(self.kept)  # noqa: SLF001

    @property
    def contact(self) -> tuple[str, str]:
        return ("*", "*") if self.kept.anonymized else contact_of(self.order, self._api.buyer_of(self.kept))

    def owner(self, kind: str) -> str | None:
        return self.body["relationships"].get(kind, {}).get("data", {}).get("id")

    def amount(self, name: str) -> int:
        return self.body["meta"]["display_price"][name]["amount"]


def _named(path: list[str]) -> str:
    match path:
        case ["oauth", "access_token"]:
            return "oauth"
        case ["v2", "personal-data", "erasure-requests"]:
            return "erasure-requests"
        case ["v2", ("orders" | "customers" | "accounts" | "account-members" | "currencies") as name]:
            return name
        case ["v2", ("orders" | "customers" | "accounts" | "account-members") as name, _]:
            return name.removesuffix("s")
        case ["v2", "orders", _, ("items" | "transactions" | "shipping-groups") as name]:
            return name
        case ["v2", "customers" | "accounts", _, "addresses"]:
            return "addresses"
        case ["v2", "accounts", _, "account-memberships"]:
            return "account-memberships"
    return "/" + "/".join(path)


SINGLE = {
    "order": "orders",
    "customer": "customers",
    "account": "accounts",
    "account-member": "account-members",
}

RESOURCES = frozenset(
    "orders items transactions shipping-groups customers accounts account-members account-memberships addresses currencies erasure-requests".split()  # noqa: SIM905
)

SORTS: dict[str, set[str]] = {
    "orders": {"created_at", "payment", "shipping", "status", "with_tax"},
    "customers": {"created_at", "email", "id", "name", "updated_at"},
    "accounts": {"created_at", "email", "id", "name", "updated_at"},
    "account-members": {"created_at", "email", "id", "name", "updated_at"},
}
"""What the documentation says that each list can be sorted by."""


def _sort_value(row: Row, key: str) -> Any:
    if key in ("created_at", "updated_at", "id"):
        return getattr(row, key)
    if key == "with_tax":
        return row.thing.amount(key)
    if isinstance(row.thing, _Listed):
        return getattr(row.thing.kept, key)
    return getattr(row.thing, key)


def _buyer_field(name: str) -> Callable[[Row], Any]:
    return lambda row: getattr(row.thing, name)


FIELDS: dict[str, dict[str, Field]] = {
    "orders": {
        "status": Field(EXACT, lambda row: row.thing.kept.status),
        "payment": Field(EXACT, lambda row: row.thing.kept.payment),
        "shipping": Field(EXACT, lambda row: row.thing.kept.shipping),
        "name": Field(WORD, lambda row: row.thing.contact[0]),
        "email": Field(WORD, lambda row: row.thing.contact[1]),
        "contact.name": Field(WORD, lambda row: row.thing.contact[0]),
        "contact.email": Field(WORD, lambda row: row.thing.contact[1]),
        "customer_id": Field(WORD, lambda row: row.thing.owner("customer")),
        "account_id": Field(WORD, lambda row: row.thing.owner("account")),
        "account_member_id": Field(WORD, lambda row: row.thing.owner("account_member")),
        "shipping_postcode": Field(WORD, lambda row: row.thing.body["shipping_address"]["postcode"]),
        "billing_postcode": Field(WORD, lambda row: row.thing.body["billing_address"]["postcode"]),
        "with_tax": Field(AMOUNT, lambda row: row.thing.amount("with_tax")),
        "without_tax": Field(AMOUNT, lambda row: row.thing.amount("without_tax")),
        "currency": Field(EXACT, lambda row: row.thing.kept.currency),
        "product_id": Field(
            EXACT, lambda row: [each.get("product_id") for each in row.thing._api._items_of(row.thing)]  # noqa: SLF001
        ),
        "product_sku": Field(
            EXACT, lambda row: [each.get("sku") for each in row.thing._api._items_of(row.thing)]  # noqa: SLF001
        ),
        "created_at": Field(DATE, lambda row: row.created_at),
        "updated_at": Field(DATE, lambda row: row.updated_at),
        "external_ref": Field(WORD, lambda row: row.thing.body.get("external_ref")),
        "order_number": Field(WORD, lambda row: row.thing.body.get("order_number")),
    },
    "customers": {
        "created_at": Field(DATE, lambda row: row.created_at),
        "updated_at": Field(DATE, lambda row: row.updated_at),
        "id": Field(EXACT, lambda row: row.id),
        "email": Field(WORD, _buyer_field("email")),
        "name": Field(WORD, _buyer_field("name")),
        "external_ref": Field(EXACT, lambda row: f"c-{row.thing.id}" if row.thing.id % 2 else None),
    },
    "accounts": {
        "created_at": Field(DATE, lambda row: row.created_at),
        "updated_at": Field(DATE, lambda row: row.updated_at),
        "id": Field(frozenset({"eq", "in", "ge", "gt", "le", "lt"}), lambda row: row.id),
        "name": Field(WORD, _buyer_field("name")),
        "legal_name": Field(WORD, _buyer_field("name")),
        "registration_id": Field(WORD, lambda _: None),
        "external_ref": Field(WORD, lambda _: None),
    },
    "account-members": {"email": Field(WORD, _buyer_field("email")), "name": Field(WORD, _buyer_field("name"))},
    "erasure-requests": {
        "resource_type": Field(EXACT, lambda row: row.thing[1]),
        "resource_id": Field(EXACT, lambda row: row.thing[2]),
    },
}  # fmt: skip
"""The table of the documentation: which fields each list can be filtered by, and with which operators."""
