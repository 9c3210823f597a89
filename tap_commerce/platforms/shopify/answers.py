"""What an answer of the Admin API says: its data, its cost, and what its errors mean.

A GraphQL error code is read in `meaning` and nowhere else. A refused field leaves a hole in an answer, never a null.
"""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from tap_commerce.errors import Denied, Malformed, Throttled, Unavailable
from tap_commerce.platforms.shopify.pacing import Cost, TooCostly

T = TypeVar("T")

RETRIED = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})


class Reply(Struct, Generic[T]):
    """An answer that can be used."""

    data: T
    cost: Cost
    refused: tuple[str, ...] = ()
    """Fields that the app may not see, as paths without positions; they are left out of `data`."""
    seconds: float = 0.0
    """How long the answer took."""


class Error(Struct, rename="camel"):
    """One entry of `errors`."""

    message: str = ""
    path: list[str | int] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Shopify's code, such as THROTTLED."""
        return str(self.extensions.get("code", ""))


def read(body: bytes, kind: type[T], operation: str) -> Reply[T]:
    """Read an answer as what `kind` describes, or raise what its errors mean."""
    try:
        envelope = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        return _read_slowly(body, kind, operation, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Shopify: the answer to {operation} broke off") from error
    if envelope.errors or envelope.data is None:
        return _read_slowly(body, kind, operation)
    _check_search(envelope.extensions)
    return Reply(data=envelope.data, cost=_cost(envelope.extensions))


def meaning(errors: Iterable[Error], cost: Cost, data: Any) -> list[Error]:
    """Raise what the errors of an answer mean, or return those that only refuse a field."""
    refusals = []
    for error in errors:
        match error.code:
            case "THROTTLED":
                if cost.requested is not None and cost.maximum is not None and cost.requested > cost.maximum:
                    # No waiting will ever fill the bucket so far.
                    raise TooCostly(
                        "Shopify: a query asks for more points than the bucket holds",
                        cost=cost.requested,
                        cap=cost.maximum,
                    )
                raise Throttled(
                    "Shopify throttles: the bucket of points is empty", retry_after=cost.lacking()
                )
            case "MAX_COST_EXCEEDED":
                raise TooCostly(
                    f"Shopify: {' '.join(error.message.split())}",
                    cost=_number(error.extensions.get("cost")),
                    cap=_number(error.extensions.get("maxCost")),
                )
            case "ACCESS_DENIED":
                refusals.append(error)
            case "SHOP_INACTIVE":
                raise Denied("Shopify: the shop is not active")
            case code if code in RETRIED:
                raise Unavailable(f"Shopify: {' '.join(error.message.split())}")
            case code:
                raise Malformed(
                    f"Shopify does not understand: {' '.join(error.message.split())} {code}".rstrip()
                )
    for error in refusals:
        if not isinstance(data, dict) or not error.path or data.get(str(error.path[0])) is None:
            raise Denied(
                f"Shopify: {' '.join(error.message.split())} Grant it to the app, then install it again."
            )
    return refusals


def _read_slowly(body: bytes, kind: type[T], operation: str, because: Exception | None = None) -> Reply[T]:
    """Read an answer that has errors: first what they mean, then, with the refused fields cut out, the rest."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Shopify: the answer to {operation} broke off") from error
    if not isinstance(answer, dict):
        raise Malformed(f"Shopify: the answer to {operation} is not an object")
    data, extensions = answer.get("data"), _extensions(answer.get("extensions"))
    refusals = meaning(_errors(answer.get("errors")), _cost(extensions), data)
    if data is None:
        raise Unavailable(f"Shopify: the answer to {operation} is empty") from because
    _check_search(extensions)
    for refusal in refusals:
        _cut(data, refusal.path)
    try:
        return Reply(
            data=msgspec.convert(data, kind),
            cost=_cost(extensions),
            refused=tuple(
                {".".join(str(step) for step in each.path if isinstance(step, str)): 0 for each in refusals}
            ),
        )
    except msgspec.ValidationError as error:
        raise Malformed(f"Shopify: the answer to {operation} is not as documented: {error}") from error


def _errors(told: Any) -> list[Error]:
    """Read `errors` in any of the forms that Shopify has for them: a list, but before GraphQL a text or an object."""
    if isinstance(told, dict):
        raise Malformed(f"Shopify: {'; '.join(f'{name}: {what}' for name, what in told.items())}")
    if told and not isinstance(told, list):
        raise Malformed(f"Shopify: {told}")
    found = []
    for each in told or ():
        if not isinstance(each, dict):
            raise Malformed(f"Shopify: {each}")
        path, extensions = each.get("path"), each.get("extensions")
        found.append(
            Error(
                str(each.get("message") or ""),
                path if isinstance(path, list) else [],
                extensions if isinstance(extensions, dict) else {},
            )
        )
    return found


def _cut(data: Any, path: list[str | int]) -> None:
    """Cut out what an error names. A null further up means that the refusal has spread that far: cut there."""
    last = len(path) - 1
    for place, step in enumerate(path):
        if isinstance(data, list) and isinstance(step, int):
            data = data[step] if step < len(data) else None
        elif isinstance(data, dict) and (place == last or data.get(str(step)) is None):
            data.pop(str(step), None)
            return
        elif isinstance(data, dict):
            data = data[str(step)]
        if data is None:
            return


def _check_search(extensions: "_Extensions | UnsetType | None") -> None:
    """Refuse a search that Shopify only half understood: it finds other rows than those asked for."""
    for search in (extensions.search or ()) if extensions else ():
        if search.warnings:
            raise Malformed(
                f"Shopify did not understand the search {search.query!r}: {search.warnings[0].message}"
            )


def _cost(extensions: "_Extensions | UnsetType | None") -> Cost:
    if not extensions or not extensions.cost:
        return Cost()
    cost, status = extensions.cost, extensions.cost.throttle_status
    if status is None:
        return Cost(cost.requested_query_cost)
    return Cost(
        cost.requested_query_cost, status.currently_available, status.maximum_available, status.restore_rate
    )


class _Throttle(Struct, rename="camel", gc=False):
    maximum_available: float | None = None
    currently_available: float | None = None
    restore_rate: float | None = None


class _Cost(Struct, rename="camel", gc=False):
    requested_query_cost: float | None = None
    throttle_status: _Throttle | None = None


class _Warning(Struct, gc=False):
    message: str = ""


class _Search(Struct, gc=False):
    query: str = ""
    warnings: list[_Warning] | None = None


class _Extensions(Struct, gc=False):
    cost: _Cost | None = None
    search: list[_Search] | None = None


class _Envelope(Struct, Generic[T], gc=False):
    data: T | None = None
    errors: Any = None
    extensions: _Extensions | UnsetType | None = UNSET


def _decoder(kind: type[T]) -> "msgspec.json.Decoder[_Envelope[T]]":
    decoder: msgspec.json.Decoder[_Envelope[T]] | None = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(_Envelope[kind])  # type: ignore[valid-type]
    return decoder


_DECODERS: dict[type, Any] = {}


def _extensions(value: Any) -> _Extensions | None:
    """Read extensions part by part: one that is not as documented must not hide the other."""
    if not isinstance(value, dict):
        return None
    return _Extensions(
        _converted(value.get("cost"), _Cost | None), _converted(value.get("search"), list[_Search] | None)
    )


def _converted(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return None


def _number(value: Any) -> float | None:
    found: float | None = _converted(value, float | None)
    return found
