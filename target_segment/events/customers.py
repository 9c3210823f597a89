"""From customers to traits: the identify spec's names and types, then what other integrations add.

The counters of an order's customer summary are those of the reading while its identify is dated by the order, so only the
customers stream tells them as traits.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any

from msgspec import Meta, UnsetType

from target_segment.events.orders import Properties, customer_seeds, joined, shapes
from target_segment.events.shapes import Amount, Shape, Text
from target_segment.identity import Who, email_of
from target_segment.snapshots import Address, Attribute, Consent, Customer, OrderSummary
from target_segment.transitions.proofs import News

TraitsOf = Callable[[Who, OrderSummary | None], "Traits"]


class TraitAddress(Shape, frozen=True, omit_defaults=True, gc=False, rename="camel"):
    """The spec's `address`."""

    street: Text = None
    city: Text = None
    postal_code: Text = None
    state: Text = None
    country: Text = None


_TRAIT_NAMES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "created_at": "createdAt",
    "order_count": "purchaseCount",
    "lifetime_spend": "customerLifetimeValue",
    "lifetime_currency": "customerLifetimeCurrency",
}


class Traits(Shape, frozen=True, omit_defaults=True, gc=False, rename=_TRAIT_NAMES):
    """Who a customer is: the identify spec's traits, then Littledata's."""

    email: Text = None
    phone: Text = None
    first_name: Text = None
    last_name: Text = None
    name: Text = None
    created_at: Annotated[datetime | None, Meta(description="When the customer's record was created.")] = None
    address: Annotated[TraitAddress | None, Meta(description="The default address.")] = None
    description: Annotated[Text, Meta(description="The merchant's note.")] = None
    state: Annotated[Text, Meta(description="The account's: enabled, disabled, invited, declined.")] = None
    verified_email: bool | None = None
    locale: Text = None
    tags: Annotated[Text, Meta(description="Comma-separated.")] = None
    tax_exempt: bool | None = None
    data_sale_opt_out: bool | None = None
    email_consent_state: Text = None
    email_opt_in_level: Text = None
    sms_consent_state: Text = None
    sms_opt_in_level: Text = None
    lifetime_spend: Annotated[Amount, Meta(description="From the customers stream only.")] = None
    lifetime_currency: Annotated[Text, Meta(description="Of `customerLifetimeValue`.")] = None
    order_count: Annotated[int | None, Meta(description="From the customers stream only.")] = None
    metafields: Annotated[dict[str, str] | None, Meta(description="Those that the tap was told to read.")] = (
        None
    )
    default_address: Annotated[
        TraitAddress | None, Meta(description="The same as `address`; with `seed_names`.")
    ] = None


class CustomerProperties(Traits, frozen=True, omit_defaults=True, gc=False):
    """A customer's traits as properties of a track."""

    sent_from: Annotated[Text, Meta(description="As set.")] = None
    category: Annotated[Text, Meta(description="As `event_category` is set.")] = None


def traits_of(settings: Mapping[str, Any]) -> TraitsOf:
    """Return the function from a customer, and the order that carries it if one does, to traits."""
    seed_names = bool(settings.get("seed_names", True))

    def traits(customer: Who, order: OrderSummary | None) -> Traits:
        return Traits(*_values(customer, order, seed_names=seed_names))

    return traits


def properties(settings: Mapping[str, Any]) -> dict[str, Properties]:
    """Return for each transition of a customer the function from its news to its properties."""
    seed_names, seeds = bool(settings.get("seed_names", True)), customer_seeds(settings)
    shape = shapes(settings)(CustomerProperties)
    own = settings.get("sent_from") or None, settings.get("event_category") or None

    def told(news: News) -> Shape:
        customer: Customer = news.snapshot
        return shape[customer.platform](
            *_values(customer, None, seed_names=seed_names), *own, *seeds(customer)
        )

    return dict.fromkeys(
        ("customer_created", "customer_enabled", "customer_updated", "customer_deleted"), told
    )


_SUMMARY = attrgetter("first_name", "last_name", "created_at", "note", "state", "verified_email", "locale")


def _values(customer: Who, order: OrderSummary | None, *, seed_names: bool) -> tuple[Any, ...]:
    """Return the values of the fields of `Traits`, in their order."""
    if not customer:
        return email_of(None, order), (order.phone if order is not None else None)
    # What was given with an order need not be the customer's own.
    email = email_of(customer, None)
    first, last, created_at, note, state, verified, locale = _SUMMARY(customer)
    whole = customer if isinstance(customer, Customer) else None
    address = _trait_address(customer.default_address)
    return (
        email,
        customer.phone,
        first,
        last,
        customer.name,
        created_at,
        address,
        note,
        state,
        verified,
        locale,
        joined(customer.tags),
        *((whole.tax_exempt, whole.data_sale_opt_out) if whole else (None, None)),
        *_consent(customer.email_consent),
        *_consent(customer.sms_consent),
        *(
            (whole.lifetime_spend, whole.lifetime_currency, whole.order_count)
            if whole
            else (None, None, None)
        ),
        _metafields(customer.metafields),
        address if seed_names else None,
    )


def _consent(consent: Consent | UnsetType | None) -> tuple[Any, Any]:
    return (consent.state, consent.opt_in_level) if consent else (None, None)


def _metafields(metafields: list[Attribute] | UnsetType | None) -> dict[str, str] | None:
    return {each.name: each.value for each in metafields if each.value} or None if metafields else None


def _trait_address(address: Address | UnsetType | None) -> TraitAddress | None:
    """Return the spec's address; what has a name and a code goes by its name."""
    if not address:
        return None
    street = (
        f"{address.street}, {address.street_2}" if address.street and address.street_2 else address.street
    )
    made = TraitAddress(
        street or None,
        address.city or None,
        address.postal_code or None,
        address.region or address.region_code or None,
        address.country or address.country_code or None,
    )
    return None if made == _NOWHERE else made


_NOWHERE = TraitAddress()
