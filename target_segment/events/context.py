"""From news to `context`: who sends, which customer of the platform, and what is known of the shopper's visit.

A visit is only told with what the shopper did: who cancels an order in the back office has another address.
https://segment.com/docs/connections/spec/common/#context
"""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec
from msgspec import Raw, UnsetType

from target_segment.events.shapes import Shape
from target_segment.identity import Who, customer_id_of
from target_segment.snapshots import Campaign, Order, OrderSummary

VISITS = frozenset(
    ("checkout_started", "order_completed", "pos_order_placed", "coupon_applied", "post_purchase_upsell")
)
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


Contexts = Callable[[str, Who, OrderSummary | None], Context]


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
    consents: Mapping[str, str],
) -> Contexts:
    """Return the function from platform, customer and order to the context of one kind of call.

    An identify from polling says `active: false`: its customer is not there now, only their traits are new.
    """
    sender, active = library(), False if identify else None
    told = traits or (lambda _customer, _order: None)
    consent = _consent(consents)

    def context(platform: str, customer: Who, order: OrderSummary | None) -> Context:
        return Context(
            sender,
            active,
            _external(platform, customer),
            consent(customer),
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
            consent(customer),
            _locale(customer, order),
            told(customer, order),
            order.ip,
            order.user_agent,
            _page(order.landing_page, order.referrer) if order.landing_page or order.referrer else None,
            _campaign(order.campaign) if order.campaign else None,
        )

    return visited if visit else context


def _external(platform: str, customer: Who) -> list[ExternalId] | None:
    customer_id = customer_id_of(customer)
    return [ExternalId(customer_id, f"{platform}_customer_id", "users", "none")] if customer_id else None


def _consent(categories: Mapping[str, str]) -> Callable[[Who], Consents | None]:
    """Return the function from a customer to the categories whose channel the shop knows of."""
    if not categories:
        return lambda _: None

    def consent(customer: Who) -> Consents | None:
        if not customer:
            return None
        said = {"email": customer.email_consent, "sms": customer.sms_consent}
        known = {
            category: found.state == "subscribed"
            for category, channel in categories.items()
            if (found := said[channel])
        }
        return Consents(known) if known else None

    return consent


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
