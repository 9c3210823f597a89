"""PrestaShop's webservice over a sandbox shop: real HTTP on loopback, the tables of `book`, the questions of `questions`.

What the real service refuses is refused here, with its own codes and its own wrong statuses; what it ignores is ignored.
https://devdocs.prestashop-project.org/8/webservice/
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox import loopback
from sandbox.faults import EVERY, PAGE, Faults
from sandbox.loopback import Answer, Calls, Loopback, Request
from sandbox.prestashop.answers import Writer, as_json, as_xml, errors_as_xml, rows_of
from sandbox.prestashop.book import Book, Row
from sandbox.prestashop.fields import Resource, resources
from sandbox.prestashop.questions import Crashed, Question, Refused, question
from sandbox.prestashop.reference import TEST_MODULE
from sandbox.shop import Shop

KEY = "SANDBOXKEYSANDBOXKEYSANDBOXKEY32"
KINDS = {*EVERY, "403", "html", "fatal", "php_warning", "module_warning"}
BEFORE = {"429", "429_after", "403", "500", "502", "503", "reset", "html", "fatal", "module_warning"}
"""What goes wrong before PrestaShop has a say."""

LONGEST = 8190
"""Bytes of a request's first line beyond which Apache answers 414."""

WARNING = (
    "<br />\n<b>Warning</b>:  Undefined array key &quot;id_lang&quot; in "
    "<b>/var/www/html/modules/somemodule/somemodule.php</b> on line <b>42</b><br />\n"
)
WARNINGS = (
    "[PHP Warning #2] Undefined variable $sql_join (/var/www/html/classes/webservice/WebserviceRequest.php, line 1291)",
    "[PHP Warning #2] Trying to access array offset on value of type null (/var/www/html/classes/webservice/WebserviceRequest.php, line 1301)",
)
RESTRICTED = {"orders", "customers"}
"""What a multistore's context cuts; nothing else."""


@dataclass(frozen=True, slots=True)
class Call(loopback.Call):
    """One request: what for (`name` is the resource, or the path), how it was answered."""

    code: int | None = None
    """The code of the answer's first error."""
    rows: int = 0
    query: dict[str, str] = field(default_factory=dict)
    """The URL's parameters, but for the key."""


class PrestaShop(Loopback):
    """The webservice of one shop; `with PrestaShop(shop) as api:` serves it at `api.url`, and `api.settings` reach it.

    `version` is `9.0.3`, `8.2.1` or `1.7`, which write values differently. `timezone` is PS_TIMEZONE. `rights` names the resources that the key
    may read (all, by default); `active` and `enabled` are the key's and the webservice's own switches. `drop_authorization` is a host that never
    hands the header on, `rewrite=False` one without rewriting, `folder` where the shop lives below its host. `debug` answers with honest
    statuses. `state_ids` shifts the ids of the order states. `languages` (1 to 3) are installed. With `shops=2` half of all
    orders and customers belong to shop 2; a URL sees shop 1 unless it says `id_shop`. `ignores_filters` is a shop whose module does so,
    `listed_dates` one that writes date_upd as a list by language. `commit_lag` seconds pass before what happened can be read, dated as it was.
    `meanwhile` is called with a resource's name and the rows' ids after a list was made and before its rows are loaded, one by one, as PrestaShop does:
    what changes there shows as it is then, in its old place; what vanishes shows without anything.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        key: str = KEY,
        version: str = "9.0.3",
        timezone: str = "Europe/Paris",
        rights: Iterable[str] | None = None,
        active: bool = True,
        enabled: bool = True,
        debug: bool = False,
        drop_authorization: bool = False,
        rewrite: bool = True,
        folder: str = "",
        state_ids: int = 0,
        languages: int = 1,
        shops: int = 1,
        ignores_filters: bool = False,
        listed_dates: bool = False,
        commit_lag: float = 0,
        tick: float = 0,
        meanwhile: Callable[[str, list[int]], object] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.shop, self.key, self.version, self.timezone = shop, key, version, timezone
        self.resources = resources(version)
        self.rights = set(self.resources if rights is None else rights)
        self.active, self.enabled, self.debug = active, enabled, debug
        self.drop_authorization, self.rewrite, self.folder = drop_authorization, rewrite, folder.strip("/")
        self.ignores_filters, self.listed_dates = ignores_filters, listed_dates
        self.commit_lag, self.tick = timedelta(seconds=commit_lag), tick
        self.meanwhile = meanwhile
        self.book = Book(shop, timezone=timezone, state_ids=state_ids, languages=languages, shops=shops)
        self.calls = Calls()
        super().__init__(lambda: shop.now, KINDS, faults)

    @property
    def url(self) -> str:
        """The shop's base URL: the setting `api_url`."""
        return super().url + (f"/{self.folder}" if self.folder else "")

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a tap that reach this shop."""
        said: dict[str, Any] = {
            "platform": "prestashop",
            "api_url": self.url,
            "webservice_key": self.key,
            "test_payment_modules": [TEST_MODULE],
        }
        if self.drop_authorization:
            said["auth_in_query"] = True
        if not self.rewrite:
            said["without_rewrite"] = True
        if self.book.shops > 1:
            said["id_shop"] = 1
        return said

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, as a client does that sleeps."""
        self.shop.advance(seconds)

    # HTTP

    def _answer(self, request: Request) -> Answer:
        with self.shop.lock:
            fault = self.faults.next()
            if self.tick:
                self.shop.advance(self.tick)
            call: dict[str, Any]
            if fault in BEFORE:
                call, answer = self._spoiled(fault or "")
            else:
                call, answer = self._routed(request)
            self._spoil(answer, fault)
            if fault == "php_warning" and answer.status == 200:
                answer.body = WARNING.encode() + answer.body
            self.calls.append(Call(**{"fault": fault} | call))
            return answer

    def _spoiled(self, fault: str) -> tuple[dict[str, Any], Answer]:
        html = "text/html; charset=utf-8"
        if fault == "reset":
            return {"name": "?", "status": 0}, Answer(fate="reset")
        if fault == "html":
            return {"name": "?", "status": 200}, Answer(200, PAGE % b"Shop under maintenance", html)
        if fault == "fatal":
            return {"name": "?", "status": 500}, Answer(500, b"", html)
        if fault == "module_warning":
            errors = [{"code": 2, "message": WARNINGS[1].replace("classes/webservice", "modules/somemodule")}]
            return {"name": "?", "status": 500, "code": 2}, Answer(500, as_json({"errors": errors}))
        status = int(fault[:3])
        headers = {"Retry-After": f"{self.faults.retry_after:g}"} if fault == "429_after" else {}
        return {"name": "?", "status": status}, Answer(
            status, PAGE % f"{status} Something went wrong".encode(), html, headers
        )

    def _routed(self, request: Request) -> tuple[dict[str, Any], Answer]:
        if len(request.path) > LONGEST:
            return {"name": "?", "status": 414}, _page(414, "Request-URI Too Long")
        split = urlsplit(request.path)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        path = split.path.strip("/")
        if self.folder:
            if not path.startswith(self.folder + "/"):
                return {"name": split.path, "status": 404}, _page(404, "Not Found")
            path = path.removeprefix(self.folder + "/")
        if path == "webservice/dispatcher.php":
            parts = query.pop("url", "").strip("/").split("/")
        elif self.rewrite and path.split("/")[0] == "api":
            parts = path.split("/")[1:] or [""]
        else:
            return {"name": split.path, "status": 404}, _page(404, "Not Found")
        key = self._key(request, query)
        query.pop("ws_key", None)
        call, answer = self._webservice(request, parts, key, query)
        call = {"name": parts[0] or split.path, "status": answer.status, "query": query} | call
        if key is not None or answer.status != 401:
            answer.headers |= {
                "Access-Time": str(int(self.shop.now.timestamp())),
                "X-Powered-By": "PrestaShop Webservice",
                "Execution-Time": "0.012",
                "Content-Sha1": sha1(answer.body, usedforsecurity=False).hexdigest(),
            }
        return call, answer

    def _key(self, request: Request, query: dict[str, str]) -> str | None:
        """Return the key that came, from the header first."""
        header = request.headers.get("Authorization") or ""
        if not self.drop_authorization and header.startswith("Basic "):
            try:
                return base64.b64decode(header[6:], validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return ""
        return query.get("ws_key")

    def _webservice(
        self, request: Request, parts: list[str], key: str | None, query: dict[str, str]
    ) -> tuple[dict[str, Any], Answer]:
        wanted = query.get("output_format") or query.get("io_format")
        wanted = wanted or request.headers.get("Output-Format") or request.headers.get("Io-Format")
        json = wanted == "JSON"
        if key is None:
            return {}, Answer(
                401,
                b"401 Unauthorized",
                "text/html; charset=utf-8",
                {"WWW-Authenticate": 'Basic realm="Welcome to PrestaShop Webservice, please enter the authentication key as the login. No password required."'},
            )  # fmt: skip
        self.book.read(self.shop.history, self.shop.now - self.commit_lag)
        try:
            self._permit(key, parts[0], request.method)
            call, answer = self._resource(parts, query, json=json)
        except Refused as refused:
            call, answer = self._refused(refused, json=json)
        except Crashed as crash:
            call, answer = {}, Answer(500, PAGE % str(crash).encode(), "text/html; charset=utf-8")
        if key == self.key:
            answer.headers["PSWS-Version"] = self.version
        return call, answer

    def _permit(self, key: str, name: str, method: str) -> None:
        if not key:
            raise Refused(401, 17, "Authentication key is empty")
        if len(key) != 32:
            raise Refused(401, 18, "Invalid authentication key format")
        if key != self.key:
            raise Refused(401, 21, "No permission for this authentication key")
        if not self.active:
            raise Refused(401, 20, "Authentication key is not active")
        if not self.enabled:
            raise Refused(
                503,
                22,
                "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office",
            )
        if not self.rights:
            raise Refused(401, 21, "No permission for this authentication key")
        if not name:
            return
        if name not in self.resources and name not in UNSERVED:
            full = ", ".join(f'"{each}"' for each in sorted({*self.resources, *UNSERVED}))
            raise Refused(400, 27, f'Resource of type "{name}" does not exists. The full list is: {full}')
        if name not in self.rights:
            raise Refused(401, 26, f'Resource of type "{name}" is not allowed with this authentication key')
        if method != "GET":
            raise Refused(
                405,
                25,
                f'Method {method} is not allowed for the resource "{name}" with this authentication key',
            )

    def _refused(self, refused: Refused, *, json: bool) -> tuple[dict[str, Any], Answer]:
        """Answer an error. In production PHP's own warnings turn a list's 400 into a 500 that carries them."""
        errors = [{"code": refused.code, "message": refused.message}]
        status = refused.status
        if refused.code in range(32, 40) and not self.debug:
            status = 500
            errors += [{"code": 3, "message": each} for each in WARNINGS]
        body = as_json({"errors": errors}) if json else errors_as_xml(errors)
        return {"code": refused.code}, Answer(status, body, JSON if json else XML)

    # Resources

    def _resource(
        self, parts: list[str], query: dict[str, str], *, json: bool
    ) -> tuple[dict[str, Any], Answer]:
        if not parts[0]:
            if json:  # https://github.com/PrestaShop/PrestaShop/issues/32179
                raise Crashed("TypeError: WebserviceOutputJSON::renderNodeHeader()")
            return {"name": "api"}, Answer(200, as_xml_list(self.rights), XML)
        resource = self.resources.get(parts[0])
        if resource is None:
            raise Crashed(f"this sandbox does not serve {parts[0]}")
        context = self._context(query)
        writer = Writer(self.book, resource, self.version, _languages(query.get("language")))
        if len(parts) > 1:
            return self._single(resource, writer, parts[1], query, context, json=json)
        asked = question(resource, query)
        if self.ignores_filters:
            asked.tests = []
        if resource.name in RESTRICTED and context is not None:
            asked.tests.append(("id_shop", lambda held: held == context))
        found = [
            writer.whole(row, asked) for row in self._loaded(resource, rows_of(self.book, resource, asked))
        ]
        if self.listed_dates:
            for each in found:
                if "date_upd" in each:  # https://github.com/airbytehq/airbyte/issues/34513
                    each["date_upd"] = [{"id": 1, "value": each["date_upd"]}]
        call = {"rows": len(found)}
        if not json:
            return call, Answer(200, as_xml(self.url, resource, found, ids_only=asked.fields is None), XML)
        if asked.fields == [] and not asked.associations:
            return call, Answer(200, as_json({resource.listed: []}), JSON)
        return call, Answer(200, as_json({resource.listed: found} if found else []), JSON)

    def _loaded(self, resource: Resource, rows: list[Row]) -> list[Row]:
        if self.meanwhile is None:
            return rows
        ids = [row["id"] for row in rows]
        self.meanwhile(resource.name, ids)
        self.book.read(self.shop.history, self.shop.now - self.commit_lag)
        table = self.book.tables[resource.name]
        return [table.get(each) or resource.blank() | {"id": None} for each in ids]

    def _single(
        self,
        resource: Resource,
        writer: Writer,
        said: str,
        query: dict[str, str],
        context: int | None,
        *,
        json: bool,
    ) -> tuple[dict[str, Any], Answer]:
        row = self.book.tables[resource.name].get(int(said)) if said.isascii() and said.isdigit() else None
        if row is None:
            return {}, Answer(404, b"", JSON if json else XML)
        if resource.name in RESTRICTED and context not in (None, row["id_shop"]):
            raise Refused(404, 131, f"This {resource.single} ({row['id']}) does not exists on this shop")
        asked = question(resource, query) if query.get("display") else None
        if not json:
            asked = asked or Question(
                fields=list(resource.fields), associations=dict.fromkeys(resource.associations)
            )
            whole = [writer.whole(row, asked)]
            return {"rows": 1}, Answer(
                200, as_xml(self.url, resource, whole, ids_only=False, single=True), XML
            )
        if asked:
            return {"rows": 1}, Answer(200, as_json({resource.listed: [writer.whole(row, asked)]}), JSON)
        return {"rows": 1}, Answer(200, as_json({resource.single: writer.single(row)}), JSON)

    def _context(self, query: dict[str, str]) -> int | None:
        """Return the shop that a URL sees, None for all of them."""
        said = query.get("id_shop")
        if said == "all" or query.get("id_group_shop"):
            return None
        if not said:
            return 1
        if not said.isdigit() or not 1 <= int(said) <= self.book.shops:
            raise Refused(403, 132, "You don't have access to this shop. The key has no right on it.")
        return int(said)


JSON, XML = "application/json;charset=utf-8", "text/xml;charset=utf-8"

UNSERVED = {
    "carts", "categories", "combinations", "contacts", "deliveries", "employees", "guests", "images", "manufacturers", "messages",
    "order_invoices", "price_ranges", "product_features", "products", "shop_groups", "shop_urls", "specific_prices",
    "stock_availables", "stores", "suppliers", "tags", "tax_rules", "taxes", "translated_configurations", "weight_ranges", "zones",
}  # fmt: skip
"""Resources that a real shop has and the sandbox knows only by name."""


def as_xml_list(rights: Iterable[str]) -> bytes:
    """Write the list of resources."""
    names = "".join(
        f'<{each} get="true" put="false" post="false" patch="false" delete="false" head="false"/>\n'
        for each in sorted(rights)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n<api>\n{names}</api>\n</prestashop>\n'.encode()


def _languages(said: str | None) -> list[int] | None:
    if not said:
        return None
    return [int(each) for each in said.strip("[]").split("|") if each.strip().isdigit()] or None


def _page(status: int, text: str) -> Answer:
    return Answer(status, PAGE % f"{status} {text}".encode(), "text/html; charset=utf-8")
