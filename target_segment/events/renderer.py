"""From one piece of news to the bytes of one Segment call; what Segment would swallow is found here, before sending.

Everything that the settings decide is decided once, when the renderer is made. Rendering is pure: the same news gives the
same bytes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from target_segment.batch import Event
from target_segment.errors import TemplateError, Unsendable
from target_segment.events import customers, fulfillments, orders, refunds
from target_segment.events.attributes import Place, Places, integrations, places, with_properties
from target_segment.events.context import VISITS, contexts
from target_segment.events.examples import example
from target_segment.events.overrides import overrides
from target_segment.events.settings import consents
from target_segment.events.shapes import ENCODER
from target_segment.events.trimming import LIMIT, trimmed
from target_segment.identity import about
from target_segment.snapshots import OrderSummary
from target_segment.transitions.proofs import News
from target_segment.transitions.table import TABLE

Render = Callable[[News], Event]

TRANSITIONS = {name: entry.streams[0] for name, entry in TABLE.items() if entry.event != "alias"}
"""Every transition that a template can render, and the stream of the record on which it is tried."""

LONGEST_MESSAGE_ID = 100
"""A longer one is unusable, silently; https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/."""


class Call(Struct, frozen=True, omit_defaults=True, gc=False, rename="camel"):
    """A call as it travels in a batch: a track with event and properties, an identify with traits, an alias of a former id."""

    type: str
    message_id: str
    timestamp: datetime
    event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    integrations: Raw | None = None
    previous_id: str | None = None


def renderer(settings: Mapping[str, Any]) -> Render:
    """Return the function from news to its event; templates are compiled and tried now.

    It raises `TemplateError` where a user's template fails on a record, `Unsendable` for what Segment would swallow.
    """
    traits, placed = customers.traits_of(settings), places(settings)
    defaults: dict[str, Callable[[News], Any]] = {
        **_tracks(settings, traits, placed.properties),
        **{name: _traits(settings, traits) for name in TRANSITIONS if TABLE[name].identify},
    }
    defaults = {name: defaults[name] for name in TRANSITIONS}
    own = overrides(settings, defaults)
    for name, render in own.items():
        _try(name, render)
    renders = {
        name: _render(name, own.get(name) or default, settings, traits, placed)
        for name, default in defaults.items()
    }
    renders["alias"] = _alias(settings)

    def rendered(news: News) -> Event:
        return renders[news.entry.name](news)

    return rendered


def _try(name: str, render: Callable[[News], Any]) -> None:
    try:
        render(example(name, TRANSITIONS[name]))
    except TemplateError as error:
        raise TemplateError(f"{error} (tried on the built-in example, before the first record)") from error


def _tracks(
    settings: Mapping[str, Any], traits: customers.TraitsOf, attributes: list[Place]
) -> Mapping[str, Callable[[News], Any]]:
    """Return the properties of every track, with the order's attributes and the customer's traits among them if so set."""
    tracks: dict[str, Callable[[News], Any]] = {
        **orders.properties(settings),
        **refunds.properties(settings),
        **fulfillments.properties(settings),
        **customers.properties(settings),
    }
    if attributes:
        tracks = {
            name: make if TRANSITIONS[name] == "customers" else with_properties(make, attributes, _order)
            for name, make in tracks.items()
        }
    if "properties" not in _places(settings):
        return tracks
    return {name: _with_traits(make, traits) for name, make in tracks.items()}


def _with_traits(make: Callable[[News], Any], traits: customers.TraitsOf) -> Callable[[News], dict[str, Any]]:
    """Return properties with the traits beside them; where both have a name, the event's own counts."""

    def both(news: News) -> dict[str, Any]:
        return _fields(traits(*about(news.snapshot))) | _fields(make(news))

    return both


def _order(news: News) -> OrderSummary | None:
    return about(news.snapshot)[1]


def _fields(shape: Any) -> dict[str, Any]:
    return msgspec.to_builtins(shape, builtin_types=(Decimal, datetime))  # type: ignore[no-any-return]


def _traits(settings: Mapping[str, Any], traits: customers.TraitsOf) -> Callable[[News], Any]:
    if "identify" not in _places(settings):
        return lambda _: {}
    return lambda news: traits(*about(news.snapshot))


def _places(settings: Mapping[str, Any]) -> Any:
    places = settings.get("traits_in")
    return ["identify"] if places is None else places


def _render(
    name: str,
    make: Callable[[News], Any],
    settings: Mapping[str, Any],
    traits: customers.TraitsOf,
    placed: Places,
) -> Render:
    """Return the function from news of one transition to its event."""
    identify, amount = TABLE[name].identify, _amount(TABLE[name].amount)
    in_context = traits if "context" in _places(settings) and not identify else None
    context = contexts(
        identify=identify,
        visit=name in VISITS,
        traits=in_context,
        consents=consents(settings),
        attributes=placed.context,
    )
    switched = integrations(settings.get("integrations"), [] if identify else placed.integrations)
    chosen = (settings.get("events") or {}).get(name)
    renamed = chosen.strip() if isinstance(chosen, str) else None
    encode = ENCODER.encode

    def render(news: News) -> Event:
        snapshot, message_id, user_id, anonymous_id = (
            news.snapshot,
            news.message_id,
            news.user_id,
            news.anonymous_id,
        )
        event = renamed or news.entry.event
        _check(name, news, event)
        customer, order = about(snapshot)
        said, where = make(news), context(snapshot.platform, customer, order)
        options = switched(order)
        if identify:
            call = Call(
                "identify", message_id, news.at, None, user_id, anonymous_id, None, said, where, options
            )
        else:
            call = Call(
                "track", message_id, news.at, event, user_id, anonymous_id, said, None, where, options
            )
        body = encode(call)
        try:
            _skim(body)
        except msgspec.DecodeError:
            raise Unsendable(f"{name} of {news.subject}: an amount in it is no number") from None
        if len(body) > LIMIT:
            body = trimmed(body)
        money, currency = amount(news)
        person = user_id or anonymous_id or ""
        people = (user_id, anonymous_id) if user_id and anonymous_id else (person,)
        return Event(name, event, message_id, news.subject, person, people, news.at, money, currency, body)

    return render


def _alias(settings: Mapping[str, Any]) -> Render:
    """Return the function from news of a link to the call by which some destinations merge two ids; it says nothing else.

    https://segment.com/docs/connections/spec/alias/
    """
    context = contexts(identify=False, visit=False, traits=None, consents=consents(settings), attributes=[])
    switched = integrations(settings.get("integrations"), [])

    def render(news: News) -> Event:
        user_id, anonymous_id = news.user_id, news.anonymous_id
        if not user_id or not anonymous_id:
            raise Unsendable(f"alias of {news.subject}: it takes a userId and a former anonymousId")
        customer, order = about(news.snapshot)
        where = context(news.snapshot.platform, customer, order)
        call = Call(
            "alias",
            news.message_id,
            news.at,
            user_id=user_id,
            context=where,
            integrations=switched(order),
            previous_id=anonymous_id,
        )
        people = (user_id, anonymous_id)
        body = ENCODER.encode(call)
        return Event(
            "alias", "alias", news.message_id, news.subject, user_id, people, news.at, None, None, body
        )

    return render


# Skips over a whole document, and is quicker than a look for NaN in it.
_skim = msgspec.json.Decoder(Raw).decode


def _check(name: str, news: News, event: str) -> None:
    """Raise `Unsendable` for what Segment answers with 200 and drops."""
    if not news.user_id and not news.anonymous_id:
        raise Unsendable(f"{name} of {news.subject}: neither a userId nor an anonymousId")
    if not event or event.isspace():
        raise Unsendable(f"{name} of {news.subject}: it has no event name")
    if not 0 < len(news.message_id) <= LONGEST_MESSAGE_ID:
        raise Unsendable(f"{name} of {news.subject}: a messageId of {len(news.message_id)} characters")


Amount = tuple[Decimal | None, str | None]


def _amount(path: str | None) -> Callable[[News], Amount]:
    """Return the function from news to the money that the account of receipts keeps of it; None where it is not about money."""
    if path is None:
        return lambda _: (None, None)
    find = attrgetter(path)

    def amount(news: News) -> Amount:
        found, currency = find(news), news.snapshot.currency
        if not currency and (order := _order(news)):
            currency = order.currency
        return found if isinstance(found, Decimal) else None, currency or None

    return amount
