# ruff: noqa: INP001
"""Write docs/events.md, docs/settings.md, docs/coverage.md and docs/ledger.md from the tables, shapes, settings, SQL and golden samples of the code.

Nothing in those pages is written by hand twice: `python -m docs.generate` writes them, tests fail when one is stale.
"""

import inspect
import json
import re
import typing
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Any

import msgspec
from msgspec import Meta, Struct

from docs import coverage
from tap_commerce.settings import SETTINGS as OF_TAP
from target_segment.config import SETTINGS
from target_segment.events import customers, shapes, trimming
from target_segment.events.overrides import DERIVED
from target_segment.events.settings import EVENTS
from target_segment.identity import IDENTITY
from target_segment.settings import Setting
from target_segment.transitions.table import TABLE, Entry

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "samples" / "events"
PAGE = ROOT / "docs" / "events.md"
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
LEDGER_PAGE = ROOT / "docs" / "ledger.md"
COVERAGE_PAGE = ROOT / "docs" / "coverage.md"

SHAPES: dict[str, type[Struct]] = {
    "identify": customers.Traits,
    "identity_linked": customers.Traits,
    "checkout_started": shapes.CheckoutStarted,
    "order_completed": shapes.OrderProperties,
    "pos_order_placed": shapes.OrderProperties,
    "coupon_applied": shapes.CouponApplied,
    "post_purchase_upsell": shapes.PostPurchaseUpsell,
    "order_updated": shapes.OrderUpdated,
    "order_cancelled": shapes.OrderCancelled,
    "order_refunded": shapes.OrderRefunded,
    "fulfillment_created": shapes.FulfillmentProperties,
    "fulfillment_updated": shapes.FulfillmentProperties,
    "customer_created": customers.CustomerProperties,
    "customer_enabled": customers.CustomerProperties,
    "customer_updated": customers.CustomerProperties,
    "customer_deleted": customers.CustomerProperties,
}
"""What each transition says."""

SAMPLED = {
    "identify": "customer",
    "identity_linked": "identity_linked",
    "checkout_started": "checkout",
    "order_completed": "order",
    "pos_order_placed": "pos",
    "coupon_applied": "coupon",
    "post_purchase_upsell": "upsell",
    "order_updated": "order",
    "order_cancelled": "cancellation",
    "order_refunded": "two_refunds",
    "fulfillment_created": "fulfillment",
    "fulfillment_updated": "fulfillment",
    "customer_created": "customer",
    "customer_enabled": "customer",
    "customer_updated": "customer",
    "customer_deleted": "customer",
}
"""The case whose golden sample is shown."""

INTRODUCTION = """# Events

<!-- Generated: python -m docs.generate -->

What `target-segment` tells Segment: every call, when it is told, what is in it. Event names are those of Segment's
[Ecommerce Spec v2](https://segment.com/docs/connections/spec/ecommerce/v2/) where it has one, else Littledata's; each can be
switched off, renamed and re-templated. The samples are the project's golden files: tests hold the program to them.

* Numbers are JSON numbers with the shop's own digits, ids are strings, instants are ISO 8601.
* What the shop does not say, or says that it has none of, is left out: there is never a `null`, an empty text or a made-up 0.
* `timestamp` is when it happened in the shop. `sentAt` is stamped on every attempt, on the batch.
* `messageId` is a UUIDv5 of what happened, so the same happening is the same id in every run."""

BEYOND = """## What browsers know and this program cannot

A shop's API tells what became of orders and customers, not what a visitor looked at. Keep Segment's library in the storefront for that:
give the order the storefront's anonymousId as an attribute, name it by `anonymous_id_attribute`, and both halves meet in one profile.
Merged customers cannot be known: the losing id simply falls silent. What other integrations' documents name and a poller cannot know, and what to
use instead ([all that they name](coverage.md)):"""

ATTRIBUTES = """## Where an order's attributes go

What a browser knew reaches the shop's API only if the storefront writes it down: in an order's attributes (Shopify's note attributes, which a cart's
attributes become; Elastic Path's custom attributes; PrestaShop's webservice has none). `attributes` says where they go. Nothing goes anywhere
unless it is set.

* `properties.…` and `integrations.<destination>.<option>` go with every event of the order, `context.…` with what the shopper did: Checkout
  Started, Order Completed, POS Order Placed, Coupon Applied, Post Purchase Upsell. The identify calls get none.
* A value is an attribute's own, without the blanks around it. One that says nothing (empty, 0, null, undefined, `[object Object]`, over 2,000 characters, …) is not told, and no
  object is told that would be empty. With `"type": "number"` or `"boolean"` what is none is not told either, so a type never varies.
* In `context` an attribute counts before what the record says; in `properties` the event's own property does. A property that the program says
  itself with another type than text is refused at the start, as are the parts of `context` that it says itself.
* Options switch a destination on. So a destination that `integrations` switches off, by its name or by `"All": false`, gets none.

| what | place | read by |
|---|---|---|
| Google's client and session | `integrations.Google Analytics 4.clientId`, or Littledata's `integrations.Google Analytics.clientId` and `.sessionId` | Google Analytics 4 takes the userId, else the anonymousId, unless its mapping is pointed here |
| Facebook's browser and click | `properties.fbp`, `properties.fbc`; Littledata's `integrations.Facebook Pixel.fbp` and `.fbc` | Facebook Conversions API, by default from `properties` |
| Braze's user | `properties.braze_id`; Littledata's `integrations.Braze.braze_id` | Braze, by default from `properties` |
| TikTok's cookie and click | `properties.ttp`, `properties.ttclid`, or `integrations.TikTok Conversions.ttp` and `.ttclid`; Littledata's `integrations.TikTok Pixel` | TikTok Conversions, by default from the first two |
| Amplitude's session | `integrations.Actions Amplitude.session_id` | Amplitude; always a number |
| address and browser | `context.ip`, `context.userAgent` | Facebook wants the browser of what happened on a website |
| campaign | `context.campaign.name`, `.source`, `.medium`, `.term`, `.content` | analytics |
| page and referrer | `context.page.url`, `.path`, `.search`, `.title`, `.referrer`; `context.referrer.url` | TikTok, analytics |
| market | `properties.market` | whoever builds audiences |

All of it at once, and the consent of the banner (next section):"""

CONSENT = """## Consent

Marketing consent is a customer's trait (`email_consent_state`, `sms_consent_state` and the opt-in levels). For Segment to enforce a consent it must be in
`context.consent.categoryPreferences`, with the ids of your categories: `consent_categories` says what each follows.

* `"email"` or `"sms"`: true for a customer who subscribed, false for any other word of the shop.
* `"data_sale"`: what the customer said to the sale of their data, where the shop keeps it (Shopify); known with the customers stream only.
* `{"attribute": "consent_analytics"}`: the banner's answer, if the storefront writes it into an order attribute: yes, true, 1, on, granted, accepted, allowed, or their
  opposites; any other word is no answer. It goes with every call of that order, identify included.

A category of which nobody says anything is left out, and without any there is no `consent` at all: an empty object would close every destination
that Segment has mapped to a category."""

IDENTITIES = """## Who it is about

`userId` is, as `user_id` is set, the platform's customer id (default), the e-mail, its MD5 or SHA-256 (trimmed, in lower case, in hex),
a customer's metafield, an order's attribute, or none. The e-mail falls back to the one given with the order.

Without a userId there is an `anonymousId`, the same for ever: the order's attribute named by `anonymous_id_attribute`; else a UUIDv5 of
platform, shop and e-mail; else of platform, shop and customer; else of platform, shop and order. With a userId an anonymousId
only comes from that attribute. An order's attribute is not known of customers read by themselves: with `user_id` = attribute they stay
anonymous.

An id that is none (empty, 0, -1, null, none, undefined, anonymous, …) is never used; an e-mail that is anonymised (`*`), a placeholder
or no address neither becomes an id nor leaves as a trait. Accounts also go along as `context.externalIds`."""

ORDER_IDS = """### Which id of an order

`order_id` is the platform's id by default. The name (`#1001`) is what people say, and Littledata's default, but it is not a key: it
repeats between shops, PrestaShop gives one reference to several orders, and a prefix can be changed later; then a refund no longer finds
its order in a warehouse. With the default the name goes along as `order_name`; `order_id` = name swaps them, and the id goes along as
`platform_order_id`. An order without a name goes by its id."""

REVENUES = """### What revenue is

`total` is what the order costs before returns; Order Refunded tells what was given back, so completed less refunded is what the
merchant kept. `revenue` is, as set: `segment`, the products after discounts, without shipping, tip and tax (where prices contain tax, it is
taken off line by line, for the order's tax is also that on shipping); `littledata`, price times quantity of all products, less their tax where prices contain it, so
before discounts; or `off`. Where a part of it is unknown, there is no revenue. An order that is cancelled and refunded in one click is told as both, and only
the refund is about money."""


def page() -> str:
    """Return the whole page."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    yield "## The table"
    yield _table(
        ("transition", "event", "from", "kind", "told when", "timestamp", "on"),
        [_row(entry) for entry in TABLE.values()],
    )
    yield (
        "*once*: at most once for its subject. *state*: whenever one of its facts changed. *running*: whenever a total grew, by the increase. "
        "The subject of each, and the facts:"
    )
    yield _table(
        ("transition", "subject", "facts that count as a change"),
        [(f"`{entry.name}`", entry.subject, ", ".join(entry.facts)) for entry in TABLE.values()],
    )
    yield IDENTITIES
    yield "## What every event about an order begins with"
    yield _fields(shapes.OfOrder)
    yield "With `seed_names`, at its end (`platform` is the platform's name, as in `shopify_customer_id`):"
    yield _fields(shapes.CustomerSeeds)
    yield ORDER_IDS
    yield REVENUES
    yield "## Products"
    yield _fields(shapes.Product)
    yield "With `seed_names`:"
    yield _fields(shapes.ProductSeeds)
    yield ATTRIBUTES
    yield f"```json\n{attributed()}\n```"
    yield CONSENT
    yield "## Each event"
    for entry in TABLE.values():
        yield from _event(entry)
    yield "## Large orders"
    yield inspect.cleandoc(trimming.__doc__ or "")
    yield "## Templates"
    yield _templates()
    yield "## Settings"
    yield _table(
        ("setting", "type", "default", ""),
        [
            (f"`{each.name}`", each.kind, _default(each), each.about.replace("|", "\\|"))
            for each in (*IDENTITY, *EVENTS)
        ],
    )
    yield BEYOND
    yield _table(("event", "property", "why not, and what instead"), beyond())


def beyond() -> list[tuple[str, ...]]:
    """Return what nobody who polls can know, by reason: events, properties, and the reason."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for row in coverage.rows():
        if row.reason and row.kind != "setting":
            events, others = found.setdefault(row.reason, ({}, {}))
            (events if row.kind == "event" else others)[row.name] = None
    return [
        (", ".join(events) or "–", ", ".join(f"`{each}`" for each in others) or "–", reason)
        for reason, (events, others) in found.items()
    ]


def attributed() -> str:
    """Return the settings of the golden sample whose storefront wrote everything down."""
    settings = json.loads((SAMPLES / "attributes" / "news.json").read_text(encoding="utf-8"))["settings"]
    shown = {name: settings[name] for name in ("anonymous_id_attribute", "attributes", "consent_categories")}
    return msgspec.json.format(json.dumps(shown, ensure_ascii=False), indent=2)


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        f"[`{entry.name}`](#{entry.name})",
        entry.event,
        ", ".join(entry.streams),
        entry.kind.value,
        entry.when,
        entry.timestamp,
        "yes" if entry.on else "no",
    )


def _event(entry: Entry) -> Iterator[str]:
    yield f"### {entry.name}"
    call = f"an {entry.event} call" if entry.identify else f"**{entry.event}**"
    if entry.name not in SHAPES:
        yield f"{call[0].upper()}{call[1:]}: {entry.when}. It carries `previousId` (the guest's anonymousId) and `userId`, and nothing else."
        return
    yield f"{call[0].upper()}{call[1:]}: {entry.when}. Its default in JSONata: [{entry.name}.jsonata](../target_segment/events/templates/{entry.name}.jsonata)."
    shape = SHAPES[entry.name]
    first = next(name for name, each in SHAPES.items() if each is shape)
    if first == entry.name:
        yield _fields(shape)
    else:
        yield f"The same {'traits' if entry.identify else 'properties'} as [{first}](#{first})."
    yield f"```json\n{sample(entry.name)}\n```"


def sample(transition: str) -> str:
    """Return the first golden call of a transition, as its file has it."""
    folder = SAMPLES / SAMPLED[transition]
    news = json.loads((folder / "news.json").read_text(encoding="utf-8"))["news"]
    calls = msgspec.json.decode((folder / "events.json").read_bytes(), type=list[msgspec.Raw])
    found = next(call for said, call in zip(news, calls, strict=True) if said["transition"] == transition)
    return msgspec.json.format(bytes(found), indent=2).decode()


def _templates() -> str:
    return f"""`templates` maps a transition to a [JSONata](https://docs.jsonata.org) text, or to the path of a `.jsonata` file. What it yields replaces
the properties of that track, or the traits of that identify; ids, timestamp and context stay. Templates are compiled, and tried on a
built-in example, before the first record is read; one that fails on a record sets that event aside, and says which template, record and
position.

A template reads `record` (the record as the tap emitted it), `event` (the event's name) and `derived` (everything that is computed):
`default` (the whole default, to add to: `$merge([derived.default, {{"gift": true}}])`), `first` and `increase` (of a refund), `detail` (the coupon or the
line), `customer`, `customer_id`, `user_id`, `anonymous_id`, `at`, and where the default has them {", ".join(f"`{name}`" for name in DERIVED)}.

* Money in `derived` is computed before: a template places it and should not add. A number that is only placed keeps its digits.
* A list of one is no list in JSONata: write `[record.line_items.{{…}}]`, with the brackets.
* What is null is left out, at any depth. Too large an event is trimmed like any other.
* `template_timeout_ms` bounds each event."""


def _fields(shape: type[Struct]) -> str:
    base = next(each for each in shape.__mro__[1:] if issubclass(each, Struct))
    own = _own(shape, base)
    return _table(("", "type", ""), [(f"`{name}`", kind, about) for name, kind, about in own])


def _own(shape: type[Struct], base: type[Struct]) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and description of the fields that a shape says, without those that every event about an order has."""
    inherited = shapes.OfOrder.__struct_fields__ if issubclass(base, shapes.OfOrder) else ()
    hints = typing.get_type_hints(shape, include_extras=True)
    for field, name in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        if field not in inherited:
            kind, about = _kind(hints[field])
            yield name, kind, about


def _kind(hint: Any) -> tuple[str, str]:
    """Return the spec's word for a type, and what its declaration says of it."""
    if metadata := getattr(hint, "__metadata__", ()):
        about = next((each.description or "" for each in metadata if isinstance(each, Meta)), "")
        return _kind(hint.__origin__)[0], about
    if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union:
        return _kind(next(each for each in typing.get_args(hint) if each is not NoneType))
    plain = typing.get_origin(hint) or hint
    words = {
        str: "String",
        Decimal: "Number",
        int: "Number",
        bool: "Boolean",
        datetime: "Date",
        list: "Array",
    }
    return words.get(plain, "Object"), ""


def _default(setting: Setting) -> str:
    if setting.default is None:
        return ""
    return f"`{setting.default if isinstance(setting.default, str) else json.dumps(setting.default)}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


SETTINGS_INTRODUCTION = """All are flat. In a JSON file they go by these names; in the environment and in Meltano as `TAP_COMMERCE_…` and
`TARGET_SEGMENT_…` in capitals, with lists and objects as JSON (a list of words also with commas). They are checked before the first request;
an error names the setting and what would be right."""


def settings_page() -> str:
    """Return the page of all settings."""
    tap = [
        (
            f"`{each.name}`", each.kind, "required" if each.required else _shown(each.default),
            _about(each.description, each.secret, each.choices),
        )
        for each in OF_TAP
    ]  # fmt: skip
    target = [
        (
            f"`{each.name}`",
            each.kind,
            "required" if each.required else _default(each),
            _about(each.about, each.secret, each.choices),
        )
        for each in SETTINGS
    ]
    head = ("setting", "type", "default", "")
    return (
        "\n\n".join(
            [
                "# Settings",
                SETTINGS_INTRODUCTION,
                "## tap-commerce",
                _table(head, tap),
                "## target-segment",
                _table(head, target),
                "Both also take the SDK's `stream_maps` and flattening settings.",
            ]
        )
        + "\n"
    )


def _shown(default: Any) -> str:
    return "" if default is None else f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _about(text: str, secret: bool, choices: typing.Sequence[str]) -> str:
    one_of = f" One of {', '.join(f'`{each}`' for each in choices)}." if choices else ""
    return (text + one_of + (" Secret." if secret else "")).replace("|", "\\|")


LEDGER_INTRODUCTION = """# The ledger

One DuckDB file, `state/ledger.duckdb` unless `ledger` says otherwise, readable by its owner only. It decides what is news, and it is the
account of everything told: ask it between two runs, with DuckDB's command line or from any language. One process may open it at a time.
It says which version of these tables it has: the next run brings an older one up to date, and a newer one is refused by an older program.

Times are UTC, amounts are decimals, names are plain words. Lose the file and nobody knows what Segment has heard: keep a copy, and see
[delivery](delivery.md) for the way back."""

LEDGER_FATES = """The view `fates` has one row per transition decided, out of `memory.remembered`: `source`, `platform`, `shop`, `stream`, `subject`,
`transition`, `fate` (told, before, known, filtered, rejected), `started_at` (what `since` was compared with) and `occurred_at`."""

LEDGER_QUESTIONS = """## Questions people ask

```sql
-- What was told of order 5876543210, and when?
SELECT event, occurred_at, told_at, amount, currency, message_id FROM receipts WHERE subject LIKE '5876543210%' ORDER BY told_at;

-- Why was something not told? `before` lies before `since`, `known` was seen by a baseline, `filtered` a filter kept back.
SELECT transition, fate, started_at, occurred_at FROM fates WHERE stream = 'orders' AND subject = '5876543210';

-- What money does Segment know of, by month?
SELECT date_trunc('month', occurred_at) AS month, currency,
       sum(amount) FILTER (event = 'Order Completed') AS completed, sum(amount) FILTER (event = 'Order Refunded') AS refunded
FROM receipts GROUP BY ALL ORDER BY month, currency;

-- What could not be told?
SELECT fate, stream, transition, subject, reason, payload FROM refused ORDER BY refused_at DESC;

-- Is anything intended and still without an answer? The next run sends it first, under the same messageIds.
SELECT id, events, intended_at FROM outbox;
```"""


def ledger_page() -> str:
    """Return the page of the ledger's tables, from their SQL."""
    parts = [LEDGER_INTRODUCTION]
    sql = (ROOT / "target_segment" / "ledger" / "ledger.sql").read_text("utf-8")
    for table in re.finditer(r"CREATE TABLE (\w+) \( *(?:-- ([^\n]*))?\n(.*?)\n\);", sql, re.DOTALL):
        columns = re.findall(
            r"^ +(\w+) ([A-Z]+(?:\(\d+, \d+\))?(?:\[\])?)[^\n]*?(?: *-- (.*))?$", table[3], re.MULTILINE
        )
        parts += [
            f"## {table[1]}",
            f"{table[2][0].upper()}{table[2][1:]}." if table[2] else "",
            _table(("column", "type", ""), [(f"`{name}`", kind, about) for name, kind, about in columns]),
        ]
    parts += [
        LEDGER_FATES,
        LEDGER_QUESTIONS,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


PAGES = {
    PAGE: page,
    SETTINGS_PAGE: settings_page,
    LEDGER_PAGE: ledger_page,
    COVERAGE_PAGE: coverage.page,
}
"""Every generated page, and what it must say."""

if __name__ == "__main__":
    for path, content in PAGES.items():
        path.write_text(content(), encoding="utf-8")
