"""Rows as PrestaShop answers them: JSON as each version writes it, and the XML that comes unless JSON is asked for.

https://devdocs.prestashop-project.org/8/webservice/
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.prestashop.book import Book, Row, i18n
from sandbox.prestashop.fields import Field, Resource, associated, numbers, written
from sandbox.prestashop.questions import Question

CDATA = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n{}</prestashop>\n'


def rows_of(book: Book, resource: Resource, asked: Question) -> list[Row]:
    """Return the rows that a question wants, in its order. Without one it is by id, as it happens."""
    rows: Iterable[Row] = book.tables[resource.name].values()
    for name, test in asked.tests:
        rows = [row for row in rows if test(row.get(name))]
    wanted = sorted(rows, key=lambda row: row["id"])
    for name, descending in reversed(asked.sort):
        wanted.sort(key=_sorted_by(resource.fields[name]), reverse=descending)
    if asked.limit:
        start, count = asked.limit
        wanted = wanted[start : start + count]
    return wanted


def _sorted_by(column: Field) -> Callable[[Row], Any]:
    if column.kind == "text":
        return lambda row: str(row.get(column.name) or "").casefold()
    return lambda row: (row.get(column.name) is not None, row.get(column.name))


class Writer:
    """Writes rows of one resource as one version does, in the languages asked for (None: all there are)."""

    def __init__(self, book: Book, resource: Resource, version: str, languages: list[int] | None) -> None:
        self.book, self.resource, self.version = book, resource, version
        installed = range(1, book.languages + 1)
        self.languages = [each for each in languages or installed if each in installed] or [1]
        # A list of languages comes from the URL, and stays text.
        self._as_asked = languages is not None and len(languages) > 1

    def whole(self, row: Row, asked: Question) -> dict[str, Any]:
        """Return what a list shows of a row."""
        if asked.fields is None:
            return {"id": row["id"]}
        fields = self.resource.fields
        said = {name: self._value(fields[name], row) for name in asked.fields}
        found = {
            name: shown
            for name, inner in asked.associations.items()
            if (shown := self._associated(name, row["id"], inner))
        }
        return said | {"associations": found} if found else said

    def _value(self, column: Field, row: Row) -> Any:
        if column.name == "shipping_number" and self.resource.name == "orders":
            return self._first_tracking(row["id"])
        value = row.get(column.name)
        if isinstance(value, tuple):
            texts = list(i18n(value, self.languages))
            if len(texts) == 1:
                return texts[0][1]
            return [{"id": str(id) if self._as_asked else id, "value": text} for id, text in texts]  # noqa: A001
        return written(column, value, self.version)

    def _first_tracking(self, order: int) -> str:
        rows = self.book.rows_of_order(order)
        return rows[0]["tracking_number"] if rows else ""

    def _associated(self, name: str, id: int, inner: list[str] | None) -> list[dict[str, Any]]:  # noqa: A002
        wanted = inner or self.resource.associations[name]
        return [
            {each: associated(each, row[each], self.version) for each in wanted}
            for row in self._linked(name, id)
        ]

    def _linked(self, name: str, id: int) -> list[Row]:  # noqa: A002
        match name:
            case "order_rows":
                return [{**row, "id": row["id"]} for row in self.book.details.get(id, ())]
            case "order_slip_details":
                return self.book.slip_details.get(id, [])
            case "groups":
                return [{"id": self.book.tables["customers"][id]["id_default_group"]}]
            case "taxes":
                return [{"id": 1}]
        return []

    # One thing

    def single(self, row: Row) -> dict[str, Any]:
        """Return one thing as `/api/orders/2` shows it: whatever PHP takes for false is dropped."""
        said = self.whole(
            row,
            Question(
                fields=list(self.resource.fields), associations=dict.fromkeys(self.resource.associations)
            ),
        )
        return {name: value for name, value in said.items() if value not in (None, "", 0, "0", [])}


def as_json(body: Any) -> bytes:
    """Write JSON as PHP does: ASCII only, slashes escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def as_xml(
    url: str, resource: Resource, found: list[dict[str, Any]], *, ids_only: bool, single: bool = False
) -> bytes:
    """Write rows as XML."""
    things = "".join(_thing(url, resource, each, ids_only=ids_only) for each in found)
    return CDATA.format(things if single else f"<{resource.listed}>\n{things}</{resource.listed}>\n").encode()


def errors_as_xml(errors: list[dict[str, Any]]) -> bytes:
    """Write errors as XML."""
    said = "".join(
        f"<error>\n<code><![CDATA[{each['code']}]]></code>\n<message><![CDATA[{each['message']}]]></message>\n</error>\n"
        for each in errors
    )
    return CDATA.format(f"<errors>\n{said}</errors>\n").encode()


def _thing(url: str, resource: Resource, said: dict[str, Any], *, ids_only: bool) -> str:
    if ids_only:
        return f'<{resource.single} id="{said["id"]}" xlink:href="{url}/api/{resource.name}/{said["id"]}"/>\n'
    lines = [
        _tag(url, resource.fields[name], value) for name, value in said.items() if name != "associations"
    ]
    linked = "".join(_linked(name, rows) for name, rows in said.get("associations", {}).items())
    more = f"<associations>\n{linked}</associations>\n" if linked else ""
    return f"<{resource.single}>\n{''.join(lines)}{more}</{resource.single}>\n"


def _tag(url: str, column: Field, value: Any) -> str:
    if isinstance(value, list):
        inner = "".join(
            f'<language id="{each["id"]}"><![CDATA[{each["value"]}]]></language>' for each in value
        )
        return f"\t<{column.name}>{inner}</{column.name}>\n"
    link = f' xlink:href="{url}/api/{column.ref}/{value}"' if column.ref and value not in ("", None) else ""
    dynamic = ' notFilterable="true"' if column.dynamic else ""
    return f"\t<{column.name}{link}{dynamic}><![CDATA[{'' if value is None else value}]]></{column.name}>\n"


def _linked(name: str, rows: list[dict[str, Any]]) -> str:
    single = name.removesuffix("s")
    inner = "".join(f"\t<{single}>\n{''.join(_plain(row))}\t</{single}>\n" for row in rows)
    return f'<{name} nodeType="{single}" virtualEntity="true">\n{inner}</{name}>\n'


def _plain(row: dict[str, Any]) -> Iterator[str]:
    yield from (
        f"\t<{name}><![CDATA[{'' if value is None else value}]]></{name}>\n" for name, value in row.items()
    )


__all__ = ["Writer", "as_json", "as_xml", "errors_as_xml", "numbers", "rows_of"]
