"""Connections, plain lists and searches, as the Admin API cuts them.

A connection wants `first` or `last`, at most 250; a plain list is cut to `first` without a word.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from graphql import GraphQLError

from sandbox.shopify.search import Fields, Search, instant, number, search, words
from sandbox.shopify.views import Eye, Page, Row, financial_status, milliseconds, window

MOST = 250


def paged(things: list[Any], arguments: Mapping[str, Any], key: Callable[[Any], Any] = id) -> Page:
    """Cut a nested connection: in its own order, its cursors by id."""
    first, last = bounds(arguments)
    keys = [_number(key(each)) for each in things]
    if arguments.get("reverse"):
        things, keys = things[::-1], keys[::-1]
    after, before = (read(arguments.get(each)) for each in ("after", "before"))
    places = range(len(things))
    start = next((place + 1 for place in places if after and keys[place] == after["last_id"]), 0)
    stop = next((place for place in places if before and keys[place] == before["last_id"]), len(things))
    if first is not None:
        stop = min(stop, start + first)
    if last is not None:
        start = max(start, stop - last)
    return Page(
        things[start:stop], [cursor(each) for each in keys[start:stop]], start > 0, stop < len(things)
    )


def listed(things: list[Any], first: int | None) -> list[Any]:
    """Cut a plain list, silently."""
    return things if first is None else things[:first]


def searched(things: list[Any], query: str | None, name: str, eye: Eye) -> list[Any]:
    """Keep the nested things that a query matches."""
    if not query:
        return things
    found = search(query, FIELDS[name], zone=eye.zone, second_whole=eye.version >= "2026-10")
    return [each for each in things if found.matches(Row(each.thing))]


def listing(eye: Eye, name: str, arguments: Mapping[str, Any]) -> tuple[Page, Search | None]:
    """Answer a root connection: filtered and sorted as of the index, shown as of now."""
    first, last = bounds(arguments)
    rows, found = filtered(eye, name, arguments.get("query"))
    reverse = bool(arguments.get("reverse"))
    sort = SORTS.get(arguments.get("sortKey") or "ID", SORTS["ID"])
    sign = -1 if reverse else 1
    placed = sorted(((_key(sort, each, sign), each) for each in rows), key=lambda each: each[0])
    keys, ordered = [key for key, _ in placed], [row for _, row in placed]
    after, before = (_place(read(arguments.get(each)), sign) for each in ("after", "before"))
    start, stop = window(keys, after=after, before=before, first=first, last=last)
    shown = [(row, eye.show(name, row.thing.id)) for row in ordered[start:stop]]
    shown = [(row, view) for row, view in shown if view is not None]
    cursors = [cursor(row.thing.id, _value(sort, row)) for row, _ in shown]
    return Page([view for _, view in shown], cursors, start > 0, stop < len(ordered)), found


def filtered(eye: Eye, name: str, query: str | None) -> tuple[list[Any], Search | None]:
    """Return the rows that a query finds as of the index, and how it was understood."""
    rows = eye.rows(name)
    if not query:
        return rows, None
    fields = FIELDS[name]
    if eye.day_filter and name == "customers":
        fields = fields | {"updated_at": _by_day}
    found = search(query, fields, zone=eye.zone, second_whole=eye.version >= "2026-10")
    return [each for each in rows if found.matches(each)], found


def bounds(arguments: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return `first` and `last`, of which there must be one."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 0 < value <= MOST:
            wrong = f"{name} cannot exceed {MOST}" if value > MOST else f"{name} must be greater than 0"
            raise GraphQLError(wrong, extensions={"code": "BAD_REQUEST"})
    return first, last


def cursor(last_id: int, last_value: Any = None) -> str:
    """Write a cursor: opaque to clients, base64 of JSON in truth."""
    value = {"last_id": last_id} if last_value is None else {"last_id": last_id, "last_value": last_value}
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


def read(text: str | None) -> dict[str, Any] | None:
    """Read a cursor."""
    if text is None:
        return None
    try:
        value = json.loads(base64.b64decode(text, validate=True))
        return {"last_id": int(value["last_id"]), "last_value": value.get("last_value")}
    except (ValueError, KeyError, TypeError) as error:
        raise GraphQLError(
            "Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"}
        ) from error


SORTS: dict[str, Callable[[Any], datetime | None]] = {
    "ID": lambda _: None,
    "UPDATED_AT": lambda thing: thing.updated_at,
    "CREATED_AT": lambda thing: thing.created_at,
    "PROCESSED_AT": lambda thing: thing.processed_at,
}


def _value(sort: Callable[[Any], datetime | None], row: Row) -> int | None:
    at = sort(row.thing)
    return milliseconds(at) if at else None


def _key(sort: Callable[[Any], datetime | None], row: Row, sign: int) -> tuple[int, int]:
    value = _value(sort, row)
    return (sign * (value or 0), sign * row.thing.id)


def _place(read: dict[str, Any] | None, sign: int) -> tuple[int, int] | None:
    return (sign * (read["last_value"] or 0), sign * read["last_id"]) if read else None


def _number(key: Any) -> int:
    return int(str(key).rsplit("/", 1)[-1])


def _status(row: Row) -> tuple[str, ...]:
    order = row.thing
    if order.cancelled_at:
        return ("cancelled", "any")
    return ("closed", "not_cancelled", "any") if order.closed_at else ("open", "not_closed", "any")


def _by_day(term: Any) -> Callable[[Any], bool]:
    """Match whole days even where a time of day was given, as users report it of customers."""
    at = datetime.fromisoformat(term.value)
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    after = start + timedelta(days=1)
    tests: dict[str, Callable[[datetime], bool]] = {
        ">=": lambda value: value >= start,
        ">": lambda value: value >= start,
        "<": lambda value: value < after,
        "<=": lambda value: value < after,
        "": lambda value: start <= value < after,
    }
    return lambda row: tests[term.op](row.thing.updated_at)


FIELDS: dict[str, Fields] = {
    "orders": {
        "updated_at": instant(lambda row: row.thing.updated_at),
        "created_at": instant(lambda row: row.thing.created_at),
        "processed_at": instant(lambda row: row.thing.processed_at),
        "closed_at": instant(lambda row: row.thing.closed_at),
        "cancelled_at": instant(lambda row: row.thing.cancelled_at),
        "id": number(lambda row: row.thing.id),
        "order_number": number(lambda row: row.thing.number),
        "customer_id": number(lambda row: row.thing.customer_id or 0),
        "location_id": number(lambda row: row.thing.location or 0),
        "name": words(lambda row: (row.thing.name, str(row.thing.number))),
        "email": words(lambda row: row.thing.email),
        "status": words(_status),
        "financial_status": words(lambda row: financial_status(row.thing)),
        "fulfillment_status": words(
            lambda row: ("shipped", "fulfilled") if row.thing.fulfillments else ("unfulfilled", "unshipped")
        ),
        "test": words(lambda row: str(row.thing.test)),
        "source_name": words(
            lambda row: "shopify_draft_order" if row.thing.source == "draft" else row.thing.source
        ),
        "tag": words(lambda row: row.thing.tags),
        "discount_code": words(lambda row: row.thing.codes),
        "gateway": words(lambda row: tuple(each.gateway for each in row.thing.payments)),
    },
    "customers": {
        "updated_at": instant(lambda row: row.thing.updated_at),
        "created_at": instant(lambda row: row.thing.created_at),
        "customer_date": instant(lambda row: row.thing.created_at),
        "id": number(lambda row: row.thing.id),
        "email": words(lambda row: row.thing.email),
        "phone": words(lambda row: row.thing.phone),
        "first_name": words(lambda row: row.thing.first_name),
        "last_name": words(lambda row: row.thing.last_name),
        "state": words(lambda row: row.thing.state),
        "tag": words(lambda row: row.thing.tags),
        "orders_count": number(lambda row: row.thing.order_count),
    },
    "fulfillments": {
        "updated_at": instant(lambda row: row.thing.updated_at),
        "created_at": instant(lambda row: row.thing.created_at),
        "id": number(lambda row: row.thing.id),
    },
}
