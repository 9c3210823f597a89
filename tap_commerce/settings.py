"""Every setting of the tap, declared once: the SDK's schema, `--about`, the docs and the checks follow from the table.

A setting is checked before the first question; a complaint names it and what would be right, never a secret's value.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from tap_commerce.errors import Misconfigured
from tap_commerce.http import Bounds
from tap_commerce.platforms import PLATFORMS


class Setting(NamedTuple):
    """One setting."""

    name: str
    kind: str
    """string, integer, number, boolean, instant or list (of strings)."""
    description: str
    default: Any = None
    required: bool = False
    secret: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


SETTINGS = (
    Setting("platform", "string", "What the shop runs on.", required=True, choices=tuple(sorted(PLATFORMS))),
    Setting(
        "shop",
        "string",
        "The shop's name in every record and id; the API's host if not set. Never change it later.",
    ),
    Setting(
        "api_url",
        "string",
        "Where the shop is, without the platform's own paths: https://example.myshopify.com",
        required=True,
    ),
    Setting(
        "access_token",
        "string",
        "A static access token (Shopify); or set client_id and client_secret.",
        secret=True,
    ),
    Setting(
        "client_id",
        "string",
        "The app's client id, for the client credentials grant (Shopify, Elastic Path).",
    ),
    Setting(
        "client_secret",
        "string",
        "The app's client secret, for the client credentials grant (Shopify, Elastic Path).",
        secret=True,
    ),
    Setting(
        "api_version",
        "string",
        "The version of the platform's API; by default the newest that the queries were checked against (Shopify).",
    ),
    Setting(
        "start_date",
        "instant",
        "From when on a stream without a bookmark is read, such as 2026-01-01T00:00:00Z.",
        required=True,
    ),
    Setting(
        "lookback_minutes", "number", "How far before its bookmark every poll begins.", default=60, least=0
    ),
    Setting(
        "recheck_days",
        "number",
        "How far before its bookmark a poll begins once every recheck_hours: it finds what changes without touching its "
        "order, such as a parcel that arrives; 0 switches it off.",
        default=30,
        least=0,
    ),
    Setting("recheck_hours", "number", "How often recheck_days apply.", default=24, least=0),
    Setting(
        "window_days", "number", "The longest stretch of time that is read at once.", default=30, least=0.001
    ),
    Setting(
        "page_size",
        "integer",
        "The most rows asked for at once; the tap finds out how many the platform bears.",
        default=250,
        least=1,
        most=250,
    ),
    Setting(
        "accept_recent_orders_only",
        "boolean",
        "Read on although the app may not see orders older than 60 days (Shopify without read_all_orders).",
        default=False,
    ),
    Setting(
        "customer_metafields",
        "list",
        "Customer metafields to read, as namespace.key (Shopify), or fields of a customer by name (Elastic Path; PrestaShop: company, "
        "siret, ape, website, id_default_group).",
    ),
    Setting(
        "customer_source",
        "string",
        "Which of the shop's lists of people are its customers (Elastic Path).",
        default="customers",
        choices=("customers", "accounts", "account_members"),
    ),
    Setting(
        "requests_per_second",
        "number",
        "How many questions a second are asked at most, where the platform does not say how many it bears (Elastic Path).",
        default=20,
        least=0.1,
    ),
    Setting(
        "concurrency",
        "integer",
        "How many questions may wait for their answers at once, where one record takes several (Elastic Path).",
        default=8,
        least=1,
        most=64,
    ),
    Setting(
        "webservice_key",
        "string",
        "The key of the shop's webservice, 32 characters (PrestaShop).",
        secret=True,
    ),
    Setting(
        "auth_in_query",
        "boolean",
        "Send webservice_key in the query, for hosts that drop the header Authorization (PrestaShop).",
        default=False,
    ),
    Setting(
        "without_rewrite",
        "boolean",
        "Ask /webservice/dispatcher.php instead of /api, for hosts that rewrite no URLs (PrestaShop).",
        default=False,
    ),
    Setting(
        "id_shop", "integer", "The one shop to read of several in one installation (PrestaShop).", least=1
    ),
    Setting(
        "timezone",
        "string",
        "The time zone that the shop's dates are in, such as Europe/Paris; by default what the shop says (PrestaShop).",
    ),
    Setting(
        "order_states",
        "list",
        "What states of orders mean where the shop's own flags do not say it, such as 15=shipped: pending, authorized, "
        "paid, shipped, delivered, cancelled or refunded, by the state's id (PrestaShop).",
    ),
    Setting(
        "tracking_days",
        "number",
        "For how many days after an order was shipped every poll looks for its tracking number (PrestaShop).",
        default=14,
        least=0,
    ),
    Setting(
        "test_payment_modules",
        "list",
        "Payment modules whose orders are tests, such as ps_checkpayment (PrestaShop).",
    ),
    Setting("user_agent", "string", "How the tap introduces itself; by default its name and version."),
    Setting("request_timeout", "number", "Seconds to wait for an answer.", default=Bounds().timeout, least=1),
    Setting(
        "retry_attempts",
        "integer",
        "How often one question is asked before the run stops.",
        default=Bounds().attempts,
        least=1,
    ),
    Setting(
        "retry_seconds",
        "number",
        "How long is waited for one question in all before the run stops.",
        default=Bounds().seconds,
        least=0,
    ),
)
"""The table."""

_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "instant": {"type": ["string", "null"], "format": "date-time"},
    "list": {"type": ["array", "null"], "items": {"type": "string"}},
}


def config_jsonschema() -> dict[str, Any]:
    """Describe the settings as the SDK wants them."""
    return {
        "type": "object",
        "properties": {each.name: _property(each) for each in SETTINGS},
        "required": [each.name for each in SETTINGS if each.required],
    }


def filled(config: Mapping[str, Any]) -> dict[str, Any]:
    """Add the defaults, and read numbers, switches and lists that an environment wrote as text; an empty one is not set."""
    given = {name: value for name, value in config.items() if value is not None and value != ""}
    kinds = {each.name: each.kind for each in SETTINGS}
    read = {name: _read(kinds.get(name, ""), value) for name, value in given.items()}
    return {each.name: each.default for each in SETTINGS if each.default is not None} | read


def _read(kind: str, value: Any) -> Any:
    """Return what a text says, by the setting's kind; the text itself where it says nothing of that kind."""
    if isinstance(value, Decimal):
        # As the SDK reads the fractions of a file.
        return float(value)
    if isinstance(value, str) and (reader := _READERS.get(kind)):
        with suppress(ValueError):
            return reader(value)
    return value


def _list(text: str) -> Any:
    if text.lstrip().startswith("["):
        return json.loads(text)
    return [word.strip() for word in text.split(",") if word.strip()]


_SWITCHES = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}

_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: _SWITCHES.get(text.strip().lower(), text),
    "list": _list,
}


def complaints(config: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the settings, each naming the setting and what would be right."""
    for each in SETTINGS:
        value = config.get(each.name)
        if value is None or value == "":
            if each.required:
                yield f"{each.name}: must be set ({_wanted(each)})"
        elif not _fits(each, value):
            yield f"{each.name}: must be {_wanted(each)}"


def check(config: Mapping[str, Any]) -> None:
    """Refuse settings that are wrong."""
    if found := list(complaints(config)):
        raise Misconfigured("; ".join(found))


def instant(name: str, value: Any) -> datetime:
    """Read an instant, in UTC and to the second; without an offset it is taken as UTC."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Misconfigured(f"{name}: must be an instant such as 2026-01-01T00:00:00Z") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _property(each: Setting) -> dict[str, Any]:
    found = dict(_TYPES[each.kind]) | {"description": each.description}
    if each.required:
        found["type"] = found["type"][0]
    if each.default is not None:
        found["default"] = each.default
    if each.secret:
        found["secret"] = True
    if each.choices:
        found["allowed_values"] = list(each.choices)
    if each.least is not None:
        found["minimum"] = each.least
    if each.most is not None:
        found["maximum"] = each.most
    return found


def _wanted(each: Setting) -> str:
    if each.choices:
        return f"one of {', '.join(each.choices)}"
    match each.kind:
        case "instant":
            return "an instant such as 2026-01-01T00:00:00Z"
        case "boolean":
            return "true or false"
        case "list":
            return "a list of strings"
        case "string":
            return f"a string: {each.description}" if each.required else "a string"
        case _:
            bounds = [f"at least {each.least:g}"] if each.least is not None else []
            bounds += [f"at most {each.most:g}"] if each.most is not None else []
            return f"{'a whole number' if each.kind == 'integer' else 'a number'}, {' and '.join(bounds)}".rstrip(
                ", "
            )


def _fits(each: Setting, value: Any) -> bool:
    match each.kind:
        case "string":
            return isinstance(value, str) and (not each.choices or value in each.choices)
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "instant":
            return _is_instant(each.name, value)
        case _:
            return _is_number(each.kind, value) and (
                (each.least is None or value >= each.least) and (each.most is None or value <= each.most)
            )


def _is_instant(name: str, value: Any) -> bool:
    try:
        instant(name, value)
    except Misconfigured:
        return False
    return True


def _is_number(kind: str, value: Any) -> bool:
    # To Python a switch is a number.
    return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
