"""From news to `context`: who sends, which customer of the platform, and what is known of the shopper's visit.

A visit is only told with what the shopper did: who cancels an order in the back office has another address.
https://segment.com/docs/connections/spec/common/#context
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec
from msgspec import Raw, UnsetType

from target_segment.events.attributes import Place, reader, said_of, with_context
from target_segment.events.shapes import Shape
from target_segment.identity import Who, customer_id_of
from target_segment.snapshots import Campaign, Customer, Order, OrderSummary
from target_segment.transitions.table import TABLE

VISITS = frozenset(name for name, entry in TABLE.items() if entry.visit)
"""The transitions that the shopper made."""


class ExternalId(Shape, frozen=True, omit_defaults=True, gc=False):
    """An id for Segment Unify; https://segment.com/docs/unify/identity-resolution/externalids/ wants all four."""

    id: str
    type: str
    collection: str
    encoding: str


class Page(Shape, frozen=True, omit_defaults=True, gc=False):
    """The page on which the visit began."""

    url: str | None = None
    path: str | None = None
    search: str | None = None
    referrer: Any = None


class Consents(Shape, frozen=True, omit_defaults=True, gc=False, rename="camel"):
    """What Segment enforces: an empty object would close every mapped destination, so there is none without a category.

    https://segment.com/docs/privacy/consent-management/consent-in-segment-connections/
    """

    category_preferences: dict[str, bool]


class Utm(Shape, frozen=True, omit_defaults=True, gc=False):
    """The campaign, without what is not known of it."""

    name: Any = None
    source: Any = None
    medium: Any = None
    term: Any = None
    content: Any = None


class Context(Shape, frozen=True, omit_defaults=True, gc=False, rename="camel"):
    """The context of one call."""

    library: Raw | None = None
    active: bool | None = None
    external_ids: list[ExternalId] | None = None
    consent: Consents | None = None
    locale: Any = None
    traits: Any = None
    ip: Any = None
    user_agent: Any = None
    page: Page | None = None
    campaign: Utm | None = None


Contexts = Callable[[str, Who, OrderSummary | None], Any]
Consenting = Callable[[Who, OrderSummary | None], Consents | None]


@cache
def library() -> Raw:
    """Return who sends: the name and version of this program."""
    try:
        ours = version("commerce-segment")
    except PackageNotFoundError:
        ours = "unknown"
    return Raw(msgspec.json.encode({"name": "target-segment", "version": ours}))


def contexts(
    *,
    identify: bool,
    visit: bool,
    traits: Callable[[Who, OrderSummary | None], Any] | None,
    consents: Mapping[str, str | tuple[str, ...]],
    attributes: list[Place],
) -> Contexts:
    """Return the function from platform, customer and order to the context of one kind of call.

    What `attributes` places here goes, like the rest of the visit, with what the shopper did. An identify from polling says `active: false`: its customer is not there now, only their traits are new.
    """
    sender, active = library(), False if identify else None
    told = traits or (lambda _customer, _order: None)
    consent = consenting(consents)

    def context(platform: str, customer: Who, order: OrderSummary | None) -> Context:
        return Context(
            sender,
            active,
            _external(platform, customer),
            consent(customer, order),
            _locale(customer, order),
            told(customer, order),
        )

    def visited(platform: str, customer: Who, order: OrderSummary | None) -> Context:
        if not isinstance(order, Order):
            return context(platform, customer, order)
        return Context(
            sender,
            active,
            _external(platform, customer),
            consent(customer, order),
            _locale(customer, order),
            told(customer, order),
            order.ip,
            order.user_agent,
            _page(order.landing_page, order.referrer) if order.landing_page or order.referrer else None,
            _campaign(order.campaign) if order.campaign else None,
        )

    def placed(platform: str, customer: Who, order: OrderSummary | None) -> Any:
        return with_context(visited(platform, customer, order), attributes, order)

    return context if not visit else placed if attributes else visited


def _external(platform: str, customer: Who) -> list[ExternalId] | None:
    customer_id = customer_id_of(customer)
    return [ExternalId(customer_id, f"{platform}_customer_id", "users", "none")] if customer_id else None


def consenting(categories: Mapping[str, str | tuple[str, ...]]) -> Consenting:
    """Return the function from customer and order to the categories of which one of them says something."""
    if not categories:
        return lambda _customer, _order: None
    channels = {name: each for name, each in categories.items() if isinstance(each, str)}
    read = {name: reader(each, "boolean") for name, each in categories.items() if not isinstance(each, str)}

    def consent(customer: Who, order: OrderSummary | None) -> Consents | None:
        words = said_of(order) if read else {}
        answers = {name: _channel(channel, customer) for name, channel in channels.items()}
        answers |= {name: answer(words) for name, answer in read.items()}
        known = {name: answer for name in categories if (answer := answers[name]) is not None}
        return Consents(known) if known else None

    return consent


def _channel(channel: str, customer: Who) -> bool | None:
    """Return whether a customer agreed to be written to over a channel, or to the sale of data; None if nobody says."""
    if not customer:
        return None
    if channel == "data_sale":
        out = customer.data_sale_opt_out if isinstance(customer, Customer) else None
        return not out if isinstance(out, bool) else None
    found = customer.email_consent if channel == "email" else customer.sms_consent
    return found.state == "subscribed" if found else None


def _locale(customer: Who, order: OrderSummary | None) -> Any:
    return (order.locale if order is not None else None) or (customer.locale if customer else None) or None


def _page(landing: str | UnsetType | None, referrer: Any) -> Page:
    """Return the landing page, whole or, as some platforms keep it, without its host."""
    if not landing:
        return Page(referrer=referrer)
    path, mark, query = landing.partition("?")
    if not landing.startswith("/"):
        return Page(landing, None, mark + query or None, referrer)
    return Page(None, path, mark + query or None, referrer)


def _campaign(campaign: Campaign) -> Utm:
    return Utm(campaign.name, campaign.source, campaign.medium, campaign.term, campaign.content)
