"""The settings that say which events are told, under which names and with what in them."""

from collections.abc import Mapping
from typing import Any

from target_segment.errors import Misconfigured
from target_segment.events.attributes import names_of
from target_segment.settings import Setting
from target_segment.transitions.table import Entry

EVENTS: tuple[Setting, ...] = (
    Setting(
        name="events",
        kind="object",
        about="Which transitions are told and under which event names: "
        '`{"order_updated": false, "order_cancelled": "Order Canceled", "customer_updated": true}`.',
    ),
    Setting(
        name="templates",
        kind="object",
        about="Your own properties (of a track) or traits (of an identify), by transition: a JSONata text, "
        "or the path of a `.jsonata` file.",
    ),
    Setting(
        name="template_timeout_ms",
        kind="integer",
        default=1000,
        least=1,
        about="How long a template may take for one event, in milliseconds, before that event is set aside.",
    ),
    Setting(
        name="sent_from", kind="string", about="The property `sent_from` of every event, to tell who sent it."
    ),
    Setting(
        name="event_category",
        kind="string",
        about="The property `category` of every event, where a destination wants one.",
    ),
    Setting(
        name="traits_in",
        kind="array",
        default=["identify"],
        items=("identify", "context", "properties"),
        about="Where a customer's traits go: identify calls, `context.traits` of every track, its properties. "
        "The e-mail is always in `properties.email` as well.",
    ),
    Setting(
        name="revenue",
        kind="string",
        default="segment",
        choices=("segment", "littledata", "off"),
        about="What `revenue` means: segment is the products after discounts, without shipping and tax; littledata is the "
        "products before discounts, without shipping and tax; off leaves it out.",
    ),
    Setting(
        name="order_id",
        kind="string",
        default="id",
        choices=("id", "name"),
        about="What `order_id` is: the platform's id, which is unique, or what the merchant calls the order (#1001), which is "
        "not, and may be renamed. The other goes along as `order_name` or `platform_order_id`.",
    ),
    Setting(
        name="seed_names",
        kind="boolean",
        default=True,
        about="Whether properties go by the names that other integrations use as well: `shopify_product_id`, "
        "`shopify_customer_id`, `lifetime_revenue`, `purchase_count`, `default_address` and the like.",
    ),
    Setting(
        name="seed_suffix",
        kind="string",
        about="What the names of the customer's `lifetime_revenue`, `purchase_count` and `shopify_customer_id` (and its like) end "
        "with, for whoever comes from another integration: `_littledata`, `_xcommerce`.",
    ),
    Setting(
        name="attributes",
        kind="object",
        about="Where an order's attributes go, by place: "
        '`{"properties.fbp": "_fbp", "context.campaign.source": ["utm_source", "source"], "integrations.Braze.braze_id": "braze"}`. '
        'Of several names the first that says something counts; `{"attribute": "session", "type": "number"}` gives another type '
        "than text (or boolean). Places in `context` go with what the shopper did, the others with every event of the order.",
    ),
    Setting(
        name="consent_categories",
        kind="object",
        about="Segment's consent categories, each with what it follows: a customer's marketing consent over `email` or `sms`, the "
        'customer\'s word on `data_sale`, or an order\'s attribute: `{"Advertising": "email", "Analytics": {"attribute": '
        '"analytics_consent"}}`. What is not known is left out.',
    ),
    Setting(
        name="integrations",
        kind="object",
        about='Segment\'s `integrations` object on every event, such as `{"All": false, "Mixpanel": true}`; '
        "names are case-sensitive.",
    ),
)


def choices(settings: Mapping[str, Any], table: Mapping[str, Entry]) -> dict[str, tuple[bool, str]]:
    """Return for each transition of the table whether it is told, and under which event name.

    Raise `Misconfigured` where `events` names no transition, gives no switch and no name, or renames an identify.
    """
    chosen = settings.get("events") or {}
    if unknown := [name for name in chosen if name not in table]:
        raise Misconfigured(
            f"setting `events`: there is no transition {unknown[0]!r}; there are {', '.join(table)}"
        )
    return {name: _choice(entry, chosen.get(name)) for name, entry in table.items()}


CHANNELS = ("email", "sms", "data_sale")


def consents(settings: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Return the channel that each consent category follows, or the attributes' names; raise `Misconfigured` if it is neither."""
    found: dict[str, str | tuple[str, ...]] = {}
    for category, given in (settings.get("consent_categories") or {}).items():
        if isinstance(given, dict) and given.keys() == {"attribute"}:
            found[category] = names_of("consent_categories", category, given["attribute"])
        elif given in CHANNELS:
            found[category] = given
        else:
            raise Misconfigured(
                f"setting `consent_categories`: {category} is {given!r}, neither email, sms nor data_sale, nor "
                '{"attribute": …}'
            )
    return found


def _choice(entry: Entry, chosen: object) -> tuple[bool, str]:
    match chosen:
        case None:
            return entry.on, entry.event
        case bool():
            return chosen, entry.event
        case str() if chosen.strip() and not entry.identify:
            return True, chosen.strip()
        case str() if entry.identify:
            raise Misconfigured(
                f"setting `events`: {entry.name} is an identify call and has no name to change"
            )
    raise Misconfigured(
        f"setting `events`: {entry.name} is {chosen!r}, which is neither true, false nor a name"
    )
