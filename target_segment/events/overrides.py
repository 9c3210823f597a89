"""Users' templates: JSONata that replaces a transition's default properties or traits.

A template places values and never computes money: all that is derived is derived before, and a number that a template only
places is written with the digits it came with. What it leaves null is left out, as everywhere.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

from target_segment.errors import Misconfigured, TemplateError
from target_segment.events.shapes import ENCODER
from target_segment.events.watchdog import Overrun, Watchdog
from target_segment.identity import about, customer_id_of
from target_segment.transitions.proofs import News

Properties = Callable[[News], Any]

DEEPEST = 500
"""How deep a template may call itself."""

DERIVED = (
    "order_id", "order_name", "platform_order_id", "affiliation", "email", "phone", "currency", "original_total", "revenue",
    "coupon", "payment_method", "quantity", "refund_type", "attributes", "shipping_address", "billing_address", "sent_from", "category", "address",
    "customerLifetimeValue", "customerLifetimeCurrency", "purchaseCount",
)  # fmt: skip
"""What of the default is computed or chosen, and is therefore also given by its own name in `derived`."""


class Number(float):
    """A number that JSONata can reckon with and that remembers its digits; what is reckoned is a plain float."""

    def __init__(self, digits: str) -> None:
        self.digits = digits


def overrides(settings: Mapping[str, Any], known: Mapping[str, Properties]) -> dict[str, Properties]:
    """Return the function from news to properties of every transition for which `templates` has a text.

    `known` are the defaults, by transition. Raise `Misconfigured` for a name that is no transition or a file that is not
    there, `TemplateError` for a text that does not compile.
    """
    timeout = int(settings.get("template_timeout_ms") or 1000)
    found: dict[str, Properties] = {}
    for name, given in (settings.get("templates") or {}).items():
        if name not in known:
            raise Misconfigured(
                f"setting `templates`: there is no transition {name!r}; there are {', '.join(known)}"
            )
        if not isinstance(given, str) or not given.strip():
            raise Misconfigured(
                f"setting `templates`: {name} is neither a JSONata text nor the path of a .jsonata file"
            )
        found[name] = override(name, _text(name, given), known[name], timeout)
    return found


def override(name: str, text: str, default: Properties, timeout: int = 1000) -> Properties:
    """Return the function that renders one transition's properties by a JSONata text; raise `TemplateError` if it is none."""
    evaluate = _expression(name, text, timeout)

    def render(news: News) -> Raw:
        record = f"{type(news.snapshot).__name__.lower()} {news.snapshot.id}"
        return evaluate(document(news, default(news)), record)

    return render


def expression(name: str, text: str, timeout: int = 1000) -> Callable[[bytes, str], Raw]:
    """Return the function that makes of a document, as JSON, what a JSONata text says; raise `TemplateError` if it is none.

    Its second argument says which record it is, should it fail.
    """
    evaluate = _expression(name, text, timeout)
    return lambda given, record: evaluate(_DECODER.decode(given), record)


def _expression(name: str, text: str, timeout: int) -> Callable[[Any, str], Raw]:
    evaluate = _compiled(name, text, timeout)

    def written(given: Any, record: str) -> Raw:
        found = evaluate(given, record)
        try:
            return Raw(ENCODER.encode(_present(found)))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise TemplateError(
                f"template `{name}` failed on {record}, at its end: it is not JSON: {error}"
            ) from error

    return written


def document(news: News, default: Any) -> dict[str, Any]:
    """Return what a template reads: the record, all that is derived from it, and the event's name."""
    plain = _plain(default)
    customer, _ = about(news.snapshot)
    derived = {name: plain[name] for name in DERIVED if name in plain} | {
        "default": default,
        "customer": customer or None,
        "customer_id": customer_id_of(customer),
        "first": news.first,
        "increase": news.increase,
        "detail": news.detail,
        "at": news.at,
        "user_id": news.user_id,
        "anonymous_id": news.anonymous_id,
    }
    return _DECODER.decode(
        ENCODER.encode({"record": news.snapshot, "derived": derived, "event": news.entry.event})
    )


_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Number)


def _plain(default: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(default, builtin_types=(Decimal,)))


def _text(name: str, given: str) -> str:
    """Return the template's text, from its file if a path was given."""
    if not given.strip().endswith(".jsonata"):
        return given
    try:
        return Path(given.strip()).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"setting `templates`: {name}: cannot read {given.strip()}: {error}") from error


def _compiled(name: str, text: str, timeout: int) -> Callable[[Any, str], dict[str, Any]]:
    """Compile a text once; return the function from document and record to its object."""
    # Only who uses templates pays for the import.
    from jsonata import Jsonata  # noqa: PLC0415
    from jsonata.jexception import JException  # noqa: PLC0415

    try:
        expression = Jsonata(text)
    except JException as error:
        raise TemplateError(
            f"template `{name}` does not compile, at position {error.location}: {error}"
        ) from error

    reached = [0]
    # Its own clock, which says where it was, comes first; it is not looked at within a regular expression.
    watchdog = Watchdog(timeout / 1000 + 0.1)

    def evaluate(given: Any, record: str) -> dict[str, Any]:
        # jsonata-python starts its clock when the bounds are set, keeps what a template binds at its top level, and calls
        # functions in the environment that was made last: all three are renewed for each record.
        environment = expression.environment
        environment.set_runtime_bounds(timeout, DEEPEST)
        environment.set_evaluate_entry_callback(_noting(reached, environment.lookup("__evaluate_entry")))
        Jsonata.CURRENT.jsonata = expression
        try:
            found = watchdog.watched(lambda: expression.evaluate(given, {}))
        except Overrun as error:
            raise TemplateError(
                f"template `{name}` failed on {record}, at position {reached[0]}: it took longer than {timeout} milliseconds"
            ) from error
        except JException as error:
            place = error.location if (error.location or -1) >= 0 else reached[0]
            raise TemplateError(
                f"template `{name}` failed on {record}, at position {place}: {_unsaid(error, given)}"
            ) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            # What jsonata-python lets through is Python's own: the template is as wrong as with its own errors.
            raise TemplateError(
                f"template `{name}` failed on {record}, at position {reached[0]}: {type(error).__name__}: {_unsaid(error, given)}"
            ) from error
        if not isinstance(found, dict):
            raise TemplateError(
                f"template `{name}` failed on {record}, at its end: it yields {_kind(found)}, not an object"
            )
        return found

    return evaluate


def _unsaid(error: Exception, given: Any) -> str:
    """Return what an error says without what the record does: it goes to the log, where nobody expects an address."""
    text = str(error)
    for said in sorted(_said(given), key=len, reverse=True):
        text = text.replace(said, "…")
    # Of what a template made of it, Python's own errors quote it.
    return re.sub(r"'.*'|\".*\"", "…", text) if isinstance(error, (ValueError, LookupError)) else text


def _said(given: Any) -> set[str]:
    """Return every text in a document that is long enough to say something."""
    if isinstance(given, str):
        return {given} if len(given) > 2 else set()
    inner = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    return {text for each in inner for text in _said(each)}


def _noting(reached: list[int], bounded: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    """Return the callback that keeps the bounds and notes how far the template got: not every error says where it was."""

    def entered(expression: Any, given: Any, environment: Any) -> None:
        reached[0] = expression.position or 0
        bounded(expression, given, environment)

    return entered


def _kind(found: Any) -> str:
    """Say what a template yielded, in JSON's words."""
    match found:
        case None:
            return "nothing"
        case list():
            return "an array"
        case str():
            return "a string"
    return "a boolean" if isinstance(found, bool) else "a number"


def _present(found: Any) -> Any:
    """Return what a template yielded as plain JSON with exact numbers, without what is null; raise `ValueError` if it cannot be."""
    match found:
        case dict():
            return {str(key): _present(value) for key, value in found.items() if value is not None}
        case list() | tuple():
            return [_present(each) for each in found]
        case Number():
            return Decimal(found.digits)
        case float() if not isfinite(found):
            raise ValueError(f"{found} is no number")
        case None | str() | bool() | int() | float():
            return found
    raise ValueError("it holds a function")
