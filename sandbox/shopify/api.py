"""Shopify's Admin GraphQL over a sandbox shop: real HTTP on loopback, queries executed against Shopify's own types.

What the real service refuses is refused here; what it hides, lags or charges for is hidden, lags and is charged for.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from sandbox import loopback
from sandbox.faults import PAGE, Faults
from sandbox.loopback import Answer, Calls, Loopback, Request
from sandbox.shop import Shop
from sandbox.shopify.answers import CONNECTION, NODES, TYPES, denied, gid, location
from sandbox.shopify.cost import CAP, Bucket, requested, size
from sandbox.shopify.pages import filtered, listing, paged
from sandbox.shopify.search import Search
from sandbox.shopify.views import Eye, ParcelView, RefundView

SCHEMA = Path(__file__).with_name("schema_2026-10.graphql")
VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
SCOPES = (
    "read_orders",
    "read_all_orders",
    "read_customers",
    "read_products",
    "read_fulfillments",
    "read_locations",
)

SINCE = {
    ("CustomerPhoneNumber", "smsMarketingConsent"): "2026-10",
    ("Order", "attribution"): "2026-07",
    ("Order", "cartToken"): "2026-07",
    ("Order", "checkoutToken"): "2026-07",
}
"""Fields that older versions do not have."""

PROTECTED = {
    "Customer": "firstName lastName email phone defaultEmailAddress defaultPhoneNumber defaultAddress",
    "Order": "email phone billingAddress shippingAddress displayAddress clientIp",
}
"""Fields of level 2 of protected customer data: https://shopify.dev/docs/apps/launch/protected-customer-data"""

NEEDS = {
    "orders": "read_orders",
    "order": "read_orders",
    "refund": "read_orders",
    "fulfillment": "read_orders",
    "ordersCount": "read_orders",
    "customers": "read_customers",
    "customer": "read_customers",
    "customersCount": "read_customers",
}

TOKEN = "shpat_sandbox"

UNAUTHORIZED = b'{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}'


@dataclass(frozen=True, slots=True)
class Call(loopback.Call):
    """One request: what for (`name` is the operation, `oauth`, or the path), how it was answered, what it cost."""

    code: str | None = None
    """The code of the answer's first GraphQL error."""
    requested: float | None = None
    actual: float | None = None
    variables: dict[str, Any] | None = None


@dataclass(slots=True)
class Context:
    """What resolvers know of one request."""

    eye: Eye
    api: "Shopify"
    searches: list[dict[str, Any]]


class Shopify(Loopback):
    """The Admin API of one shop; `with Shopify(shop) as api:` serves it at `api.url`.

    `token` is a static one; `client_id` and `client_secret` may ask for others, which live `token_lifetime` virtual seconds. `cost` is
    `low` or `linear`. `clock` (seconds) fills the bucket; by default both the shop's time and real time do. `advance` lets the shop live on: give it to a client
    as its `sleep`.
    `tick` lets that many virtual seconds pass with every request. `protected` refuses the personal data of customers, field by field.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        token: str = TOKEN,
        client_id: str | None = None,
        client_secret: str | None = None,
        token_lifetime: float = 86399,
        scopes: Iterable[str] = SCOPES,
        cost: str = "low",
        bucket: float = 2000,
        restore: float = 100,
        clock: Callable[[], float] | None = None,
        faults: Faults | None = None,
        index_lag: float = 2,
        child_lag: float = 5,
        tick: float = 0,
        day_filter: bool = False,
        protected: bool = False,
        timezone: str = "UTC",
    ) -> None:
        if cost not in ("low", "linear"):
            raise ValueError(f"cost is low or linear, not {cost}")
        self.shop, self.token, self.scopes, self.rule = shop, token, list(scopes), cost
        self.client_id, self.client_secret, self.token_lifetime = client_id, client_secret, token_lifetime
        self.index_lag, self.child_lag, self.tick, self.day_filter = index_lag, child_lag, tick, day_filter
        self.protected, self.timezone = protected, ZoneInfo(timezone)
        self.calls = Calls()
        self.bucket = Bucket(bucket, restore, clock or self._seconds)
        self._granted: dict[str, datetime] = {}
        super().__init__(lambda: shop.now, KINDS, faults)

    @property
    def settings(self) -> dict[str, Any]:
        """The tap's settings that reach this shop: the static token, or the app's own credentials where it has any."""
        said = {"platform": "shopify", "api_url": self.url}
        if self.client_id:
            return said | {"client_id": self.client_id, "client_secret": self.client_secret}
        return said | {"access_token": self.token}

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, as a client does that sleeps."""
        self.shop.advance(seconds)

    def _seconds(self) -> float:
        """Count virtual and real time alike: whether the shop lives on or its client sleeps, the bucket fills."""
        return self.shop.now.timestamp() + time.monotonic()

    # HTTP

    def _answer(self, request: Request) -> Answer:
        with self.shop.lock:
            fault = self.faults.next()
            if self.tick:
                self.shop.advance(self.tick)
            call, answer = self._spoiled(fault) if fault in BEFORE else self._routed(request)
            self._spoil(answer, fault)
            number = len(self.calls)
            answer.headers |= {"X-Request-ID": str(UUID(int=(self.shop.seed + 1) << 64 | number, version=4))}
            self.calls.append(Call(**{"fault": fault} | call))
            return answer

    def _spoiled(self, fault: str) -> tuple[dict[str, Any], Answer]:
        if fault == "reset":
            return {"name": "?", "status": 0}, Answer(fate="reset")
        if fault == "internal":
            id = str(UUID(int=len(self.calls), version=4))  # noqa: A001
            message = f"Internal error. Looks like something went wrong on our end.\nRequest ID: {id} (include this in support requests)."
            body = {
                "errors": [
                    {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": id}}
                ]
            }
            return {"name": "?", "status": 200, "code": "INTERNAL_SERVER_ERROR"}, Answer(body=_json(body))
        if fault == "html":
            return {"name": "?", "status": 200}, Answer(
                200, PAGE % b"Be right back", "text/html; charset=utf-8"
            )
        status = int(fault[:3])
        if status == 429:
            headers = {"Retry-After": f"{self.faults.retry_after:.1f}"} if fault == "429_after" else {}
            return {"name": "?", "status": 429}, Answer(
                429, b"Exceeded 2 calls per second for api client.", "text/plain; charset=utf-8", headers
            )
        page = PAGE % f"{status} Something went wrong".encode()
        return {"name": "?", "status": status}, Answer(status, page, "text/html; charset=utf-8")

    def _routed(self, request: Request) -> tuple[dict[str, Any], Answer]:
        parts = request.path.split("?")[0].strip("/").split("/")
        if parts == ["admin", "oauth", "access_token"] and request.method == "POST":
            status, body = self._grant(request)
            return {"name": "oauth", "status": status}, Answer(status, _json(body))
        if (
            len(parts) == 4
            and parts[:2] == ["admin", "api"]
            and parts[3] == "graphql.json"
            and request.method == "POST"
        ):
            return self._graphql(request, parts[2])
        return {"name": request.path, "status": 404}, Answer(404, b'{"errors":"Not Found"}')

    def _grant(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Answer the client credentials grant."""
        try:
            form = json.loads(request.body)
        except ValueError:
            form = {key: values[0] for key, values in parse_qs(request.body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return 400, {
                "error": "unsupported_grant_type",
                "error_description": "The grant type is not supported.",
            }
        if not self.client_id or form.get("client_id") != self.client_id:
            return 400, {
                "error": "app_not_installed",
                "error_description": "The application is not installed on this shop.",
            }
        if form.get("client_secret") != self.client_secret:
            return 400, {"error": "invalid_client", "error_description": "The client secret is wrong."}
        token = f"shpca_{len(self._granted) + 1:08x}"
        self._granted[token] = self.shop.now + timedelta(seconds=self.token_lifetime)
        return 200, {
            "access_token": token,
            "scope": ",".join(self.scopes),
            "expires_in": int(self.token_lifetime),
        }

    def _knows(self, token: str | None) -> bool:
        if token is None:
            return False
        return token == self.token or self._granted.get(token, self.shop.start) > self.shop.now

    # GraphQL

    def _graphql(self, request: Request, asked: str) -> tuple[dict[str, Any], Answer]:
        if not self._knows(request.headers.get("X-Shopify-Access-Token")):
            return {"name": "graphql", "status": 401}, Answer(401, UNAUTHORIZED)
        version = asked if asked in VERSIONS else VERSIONS[0]
        headers = {"X-Shopify-API-Version": version}
        try:
            body = json.loads(request.body)
            text, variables, name = body["query"], body.get("variables") or {}, body.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"name": "graphql", "status": 400}, Answer(
                400, b'{"errors":{"query":"Required parameter missing or invalid"}}', headers=headers
            )
        result, said = self._execute(version, text, variables, name)
        said |= {"name": name or _only_name(text, version) or "?", "status": 200, "variables": variables}
        if "errors" in result:
            said["code"] = result["errors"][0].get("extensions", {}).get("code")
        return said, Answer(body=_joined(result), headers=headers)

    def _execute(
        self, version: str, text: str, variables: dict[str, Any], name: str | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the answer, its data as bytes, and what the call's account says of it."""
        schema = schema_of(version)
        document, wrong = document_of(version, text)
        if document is None or wrong:
            return {"errors": [_with_code(each.formatted) for each in wrong]}, {}
        operation = _operation(document, name)
        if isinstance(operation, GraphQLError):
            return {"errors": [operation.formatted]}, {}
        coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
        if isinstance(coerced, list):
            return {"errors": [_with_code(each.formatted, "INVALID_VARIABLE") for each in coerced]}, {}
        points = requested(self.rule, size(schema, document, operation, getattr(coerced, "coerced", coerced)))
        if points > CAP:
            return {"errors": [_too_costly(points)]}, {"requested": points}
        if points > self.bucket.available:
            return {"errors": [THROTTLED], "extensions": {"cost": self._cost(points, None)}}, {
                "requested": points
            }
        context = Context(self._eye(version), self, [])
        result = execute(
            schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=name,
            is_awaitable=_never,
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101
        data = _json(result.data)
        paid = min(points, requested(self.rule, data.count(b"{") - 1))
        self.bucket.take(paid)
        answer: dict[str, Any] = {"data": data}
        if result.errors:
            answer["errors"] = [each.formatted for each in result.errors]
            if result.data is None and all(each.get("path") for each in answer["errors"]):
                answer["data"] = _json({each["path"][0]: None for each in answer["errors"]})
        answer["extensions"] = {"cost": self._cost(points, paid)}
        if context.searches:
            answer["extensions"]["search"] = context.searches
        return answer, {"requested": points, "actual": paid}

    def _eye(self, version: str) -> Eye:
        return Eye(
            self.shop,
            index_lag=self.index_lag,
            child_lag=self.child_lag,
            all_orders="read_all_orders" in self.scopes,
            day_filter=self.day_filter,
            version=version,
            zone=self.timezone,
        )

    def _cost(self, requested: float, actual: float | None) -> dict[str, Any]:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.bucket.status(),
        }


BEFORE = ("429", "429_after", "500", "502", "503", "504", "reset", "internal", "html")
"""Faults that come instead of an answer; the others spoil one."""

KINDS = (*BEFORE, "reset_after", "truncated", "slow")

THROTTLED = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
}


# The root of the schema


def _connection(name: str) -> Callable[..., Any]:
    def resolve(_: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        _allowed(info, name)
        page, found = listing(info.context.eye, name, arguments)
        _noted(info, found)
        return page

    return resolve


def _count(name: str) -> Callable[..., Any]:
    """https://shopify.dev/docs/api/admin-graphql/latest/queries/ordersCount: at most `limit`, all if that is null."""

    def resolve(
        _: Any, info: GraphQLResolveInfo, limit: int | None = 10_000, query: str | None = None, **_more: Any
    ) -> Any:
        _allowed(info, f"{name}Count")
        rows, found = filtered(info.context.eye, name, query)
        _noted(info, found)
        count = len(rows)
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    return resolve


def _noted(info: GraphQLResolveInfo, found: Search | None) -> None:
    if found is not None:
        info.context.searches.append(found.extension([str(each) for each in info.path.as_list()]))


def _allowed(info: GraphQLResolveInfo, name: str) -> None:
    scope = NEEDS.get(name)
    if scope and scope not in info.context.api.scopes:
        also = " or `read_marketplace_orders` access scope" if scope == "read_orders" else ""
        raise denied(name, f"`{scope}` access scope{also}.")


def _by_id(kind: str) -> Callable[..., Any]:
    def resolve(_: Any, info: GraphQLResolveInfo, id: str) -> Any:  # noqa: A002
        _allowed(info, kind[0].lower() + kind[1:])
        found = _node(info, id)
        if id.startswith("gid://shopify/") and id.split("/")[3] != kind:
            raise GraphQLError(f"Invalid id: {id}", extensions={"code": "RESOURCE_NOT_FOUND"})
        return found

    return resolve


def _node(info: GraphQLResolveInfo, id: str) -> Any:  # noqa: A002
    eye: Eye = info.context.eye
    parts = id.split("?", maxsplit=1)[0].split("/")
    if not id.startswith("gid://shopify/") or len(parts) != 5 or not parts[4].isdigit():
        raise GraphQLError(f"Invalid global id '{id}'", extensions={"code": "argumentLiteralsIncompatible"})
    kind, number = parts[3], int(parts[4])
    if kind == "Order":
        return eye.order(number)
    if kind == "Customer":
        return eye.customer(number)
    if kind in ("Refund", "Fulfillment"):
        order = eye.order(eye.shop.owners.get(number))
        if order is None:
            return None
        things: dict[int, Any] = {each.id: RefundView(each, order) for each in order.order.refunds}
        things |= {each.id: ParcelView(each, order) for each in order.order.fulfillments}
        return things.get(number)
    if kind in ("LineItem", "OrderTransaction"):
        for past in eye.shop.past_orders.values():
            order = eye.order(past.states[-1].id)
            if order and kind == "LineItem" and number in order.lines:
                return order.lines[number]
            if order and kind == "OrderTransaction" and order.payment(number):
                return order.payment(number)
        return None
    products = (
        each for each in eye.shop.catalogue if number == (each.id if kind == "Product" else each.variant_id)
    )
    return (
        next(products, None)
        if kind in ("Product", "ProductVariant")
        else location(number)
        if kind == "Location"
        else None
    )


def _shop(_: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
    shop: Shop = info.context.eye.shop
    here = shop.now.astimezone(info.context.api.timezone)
    return {
        "id": gid("Shop", 548380009),
        "name": shop.name,
        "email": "shop@example.com",
        "myshopifyDomain": f"{shop.name}.myshopify.com",
        "url": f"https://{shop.name}.example",
        "currencyCode": shop.currency,
        "enabledPresentmentCurrencies": [shop.currency, *shop.presentment],
        "ianaTimezone": str(info.context.api.timezone),
        "timezoneOffset": here.strftime("%z"),
        "timezoneOffsetMinutes": int(here.utcoffset().total_seconds() // 60),
        "timezoneAbbreviation": here.strftime("%Z"),
        "taxesIncluded": shop.taxes_included,
        "createdAt": "2020-01-01T00:00:00Z",
        "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False},
    }


ROOT: dict[str, Callable[..., Any]] = {
    "orders": _connection("orders"),
    "customers": _connection("customers"),
    "order": _by_id("Order"),
    "customer": _by_id("Customer"),
    "refund": _by_id("Refund"),
    "fulfillment": _by_id("Fulfillment"),
    "product": _by_id("Product"),
    "productVariant": _by_id("ProductVariant"),
    "location": _by_id("Location"),
    "node": lambda _, info, id: _node(info, id),  # noqa: A006
    "nodes": lambda _, info, ids: [_node(info, each) for each in ids],
    "ordersCount": _count("orders"),
    "customersCount": _count("customers"),
    "shop": _shop,
    "currentAppInstallation": lambda _, info: {
        "id": gid("AppInstallation", 77),
        "accessScopes": [{"handle": each, "description": each.replace("_", " ")} for each in info.context.api.scopes],
    },
    "publicApiVersions": lambda _, info: [{"handle": each, "displayName": each, "supported": True} for each in VERSIONS],  # noqa: ARG005
    "events": lambda _, info, **a: _empty(a),  # noqa: ARG005
    "fulfillmentOrders": lambda _, info, **a: _empty(a),  # noqa: ARG005
    "locations": lambda _, info, **a: _empty(a),  # noqa: ARG005
    "products": lambda _, info, **a: paged(list({each.id: each for each in info.context.eye.shop.catalogue}.values()), a, key=lambda each: each.id),
    "bulkOperation": lambda _, info, id: None,  # noqa: A006, ARG005
    "return": lambda _, info, id: None,  # noqa: A006, ARG005
}  # fmt: skip

MUTATIONS: dict[str, Callable[..., Any]] = {
    "bulkOperationRunQuery": lambda _, info, **a: {  # noqa: ARG005
        "bulkOperation": None,
        "userErrors": [
            {"field": ["query"], "message": "The sandbox runs no bulk operations.", "code": "INVALID"}
        ],
    }
}


def _empty(arguments: dict[str, Any]) -> Any:
    return paged([], arguments)


# The schema with its resolvers


@cache
def schema_of(version: str) -> GraphQLSchema:
    """Return the schema of a version, ready to execute."""
    schema = build_schema(SCHEMA.read_text(encoding="utf-8"))
    for (kind, field), since in SINCE.items():
        if version < since:
            del schema.type_map[kind].fields[field]
    for kind in schema.type_map.values():
        if is_abstract_type(kind):
            kind.resolve_type = _type_name
        elif is_object_type(kind) and not kind.name.startswith("__"):
            _resolve(kind)
    return schema


def _resolve(kind: Any) -> None:
    table = ROOT if kind.name == "QueryRoot" else MUTATIONS if kind.name == "Mutation" else None
    if table is not None:
        for name, field in kind.fields.items():
            field.resolve = table[name]
        return
    answers = CONNECTION if kind.name.endswith("Connection") else TYPES.get(kind.name)
    if answers is None:
        for name, field in kind.fields.items():
            field.resolve = _item(name, _nothing(field.type))
        return
    protected = PROTECTED.get(kind.name, "").split()
    for name, field in kind.fields.items():
        answer = answers.get(name)
        if kind.name == "Order" and name == "customer":
            field.resolve = _needs_customers(answer)
        elif answer is None:
            field.resolve = _always(_nothing(field.type))
        else:
            field.resolve = _guarded(name, answer) if name in protected else _plain(answer)


def _plain(answer: Callable[..., Any]) -> Callable[..., Any]:
    return lambda source, _, **arguments: answer(source, **arguments)


def _always(value: Any) -> Callable[..., Any]:
    return lambda _, __, **___: value


def _item(name: str, default: Any) -> Callable[..., Any]:
    return lambda source, _, **__: source.get(name, default)


def _guarded(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a field of protected customer data where the app is not approved for it."""

    def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.context.api.protected:
            page = "https://shopify.dev/docs/apps/launch/protected-customer-data"
            raise GraphQLError(
                f"This app is not approved to use the {name} field. See {page} for more details.",
                extensions={"code": "ACCESS_DENIED", "documentation": page},
            )
        return answer(source, **arguments)

    return resolve


def _needs_customers(answer: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(source: Any, info: GraphQLResolveInfo) -> Any:
        _allowed(info, "customer")
        return answer(source)

    return resolve


def _nothing(kind: Any) -> Any:
    """Return what a field says of which the shop knows nothing: null, or the emptiest value that its type allows."""
    if not is_non_null_type(kind):
        return None
    if is_list_type(kind.of_type):
        return []
    named = get_named_type(kind)
    return (
        {"Boolean": False, "Int": 0, "Float": 0.0, "String": ""}.get(named.name)
        if is_leaf_type(named)
        else None
    )


def _type_name(value: Any, *_: Any) -> str:
    if isinstance(value, dict):
        return value["__typename"]
    return next(name for kind, name in NODES if isinstance(value, kind))


@cache
def document_of(version: str, text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Parse and check a query once."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema_of(version), document))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | GraphQLError:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        return GraphQLError("An operation name is required")
    found = next((each for each in operations if each.name and each.name.value == name), None)
    return found or GraphQLError(f'No operation named "{name}"')


def _only_name(text: str, version: str) -> str | None:
    document, _ = document_of(version, text)
    operation = _operation(document, None) if document else None
    return operation.name.value if isinstance(operation, OperationDefinitionNode) and operation.name else None


def _with_code(error: Any, code: str = "undefinedField") -> Any:
    said = dict(error)
    said.setdefault("extensions", {"code": code})
    return said


def _too_costly(points: int) -> dict[str, Any]:
    return {
        "message": f"Query cost is {points}, which exceeds the single query max cost limit ({CAP}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\ncost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": points,
            "maxCost": CAP,
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        },
    }


def _never(_: Any) -> bool:
    """Tell graphql-core that no answer of ours is awaited: asking each one costs a tenth of the time."""
    return False


def _joined(answer: dict[str, Any]) -> bytes:
    """Write an answer whose data is written already."""
    if "data" not in answer:
        return _json(answer)
    rest = _json({name: value for name, value in answer.items() if name != "data"})
    return b'{"data":' + answer["data"] + b"," + rest[1:]


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
