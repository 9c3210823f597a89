"""The default payloads are what common destinations read by default: nobody must tune a mapping to have an order arrive.

What a destination wants and the shop does not say cannot be told; it is named here, sample by sample.
"""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from target_segment.identity import about, email_of

from .cases import CASES, SAMPLES, case

TEXT, NUMBER, WHOLE = (str,), (int, Decimal), (int,)
PRODUCT = {"product_id": TEXT, "name": TEXT, "quantity": WHOLE, "price": NUMBER}
ORDER = {"order_id": TEXT, "total": NUMBER, "currency": TEXT}

GA4 = ORDER, PRODUCT
BRAZE = ORDER | {"source": TEXT}, PRODUCT | {"variant": TEXT}
FACEBOOK = {"currency": TEXT, "revenue": NUMBER}, {"product_id": TEXT, "quantity": WHOLE, "price": NUMBER}

READ = {
    # https://segment.com/docs/connections/destinations/catalog/actions-google-analytics-4/
    "Google Analytics 4": {"Order Completed": GA4, "Order Refunded": GA4},
    # https://segment.com/docs/connections/destinations/catalog/actions-braze-cloud/
    "Braze": {
        "Checkout Started": (BRAZE[0] | {"checkout_id": TEXT}, BRAZE[1]),
        "Order Completed": BRAZE,
        "Order Refunded": BRAZE,
        "Order Cancelled": (BRAZE[0] | {"reason": TEXT}, BRAZE[1]),
    },
    # https://segment.com/docs/connections/destinations/catalog/actions-facebook-conversions-api/
    "Facebook Conversions API": {"Order Completed": FACEBOOK},
    # https://segment.com/docs/connections/destinations/catalog/actions-cordial/
    "Cordial": dict.fromkeys(
        ("Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"), (ORDER, PRODUCT)
    ),
    # https://segment.com/docs/connections/destinations/catalog/actions-amplitude/
    "Amplitude": {"Order Completed": ({"revenue": NUMBER}, {"price": NUMBER, "quantity": WHOLE})},
}
"""What each destination needs of an event, by its default mapping: properties, and those of each product."""

UNSAID = {
    ("prestashop", "Order Cancelled", "reason"): "why an order was cancelled, which the shop does not keep",
    ("nulls", "Order Completed", "*"): "almost nothing",
}
"""What the shop of a sample does not say."""

WITH_DEFAULTS = [name for name in CASES if not case(name).settings]


def calls(name):
    text = (SAMPLES / name / "events.json").read_text(encoding="utf-8")
    return json.loads(text, parse_float=Decimal)


def lacking(said, wanted):
    return [name for name, kinds in wanted.items() if type(said.get(name)) not in kinds]


@pytest.mark.parametrize("destination", READ)
def test_every_order_arrives_by_the_default_mapping(destination):
    checked = set()
    for name in WITH_DEFAULTS:
        for call in calls(name):
            event = call.get("event")
            if event not in READ[destination] or (name, event, "*") in UNSAID:
                continue
            of_event, of_product = READ[destination][event]
            said = call["properties"]
            assert [each for each in lacking(said, of_event) if (name, event, each) not in UNSAID] == [], name
            assert [
                lacking(product, of_product) for product in said["products"] if lacking(product, of_product)
            ] == []
            checked.add(event)
    assert checked == set(READ[destination])


@pytest.mark.parametrize(("name", "event", "missing"), [each for each in UNSAID if each[2] != "*"])
def test_what_a_shop_does_not_say_is_missing_indeed(name, event, missing):
    (call,) = [call for call in calls(name) if call.get("event") == event][:1]
    assert missing not in call["properties"]


@pytest.mark.parametrize("name", CASES)
def test_everybody_can_be_found_by_email_where_the_shop_knows_it(name):
    """Klaviyo, Iterable and HubSpot find nobody by an anonymousId."""
    sample = case(name)
    for news, call in zip(sample.news, calls(name), strict=True):
        if call["type"] == "track":
            assert call["properties"].get("email") == email_of(*about(news.snapshot))


def test_an_email_is_there_to_be_checked():
    told = [call for name in CASES for call in calls(name) if call["type"] == "track"]
    assert sum("email" in call["properties"] for call in told) > len(told) / 2


KINDS = {str: "string", int: "number", Decimal: "number", bool: "boolean", list: "array", dict: "object"}


def leaves(value, path=()):
    """Yield path and value of everything in a call; of a list, what it holds goes by the list's name."""
    yield path, value
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    if isinstance(value, list):
        for each in value:
            yield from leaves(each, (*path, "[]"))


def everything():
    """Every leaf of every golden call; a track's properties and a customer's traits are one namespace each."""
    for name in CASES:
        for call in calls(name):
            yield from leaves(call)


def test_a_property_has_one_type_in_all_events():
    """A warehouse's column takes the type of the first value."""
    found = {}
    for path, value in everything():
        found.setdefault(path, set()).add(KINDS[type(value)])
    assert {path: kinds for path, kinds in found.items() if len(kinds) > 1} == {}
    assert len(found) > 150


def test_a_name_has_one_type_wherever_a_customer_or_an_order_says_it():
    found = {}
    for path, value in everything():
        if path[:1] in (("properties",), ("traits",)) and len(path) == 2:
            found.setdefault(path[1], set()).add(KINDS[type(value)])
    assert {name: kinds for name, kinds in found.items() if len(kinds) > 1} == {}


def test_ids_are_strings():
    ids = {
        path: value for path, value in everything() if path and (path[-1] == "id" or path[-1].endswith("_id"))
    }
    # Amplitude's is a number: the start of the session.
    del ids["integrations", "Actions Amplitude", "session_id"]
    assert len(ids) > 20
    assert [path for path, value in ids.items() if type(value) is not str] == []


def test_money_and_counts_are_numbers():
    numbers = {
        "total", "subtotal", "shipping", "tax", "discount", "tip", "revenue", "value", "price", "quantity", "position",
        "compare_at_price", "presentment_total", "presentment_amount", "original_total", "order_total", "total_refunded",
        "adjustment", "lifetime_revenue", "purchase_count", "customerLifetimeValue", "purchaseCount",
    }  # fmt: skip
    seen = set()
    for path, value in everything():
        # A custom property is a name and a text, called value.
        if path and path[-1] in numbers and "product_properties" not in path:
            seen.add(path[-1])
            assert type(value) in NUMBER, path
    assert seen == numbers


def test_instants_are_iso_8601_with_a_zone():
    seen = set()
    for path, value in everything():
        if path and (path[-1].endswith(("_at", "At")) or path[-1] == "timestamp"):
            assert datetime.fromisoformat(value).utcoffset() is not None, (path, value)
            assert value.endswith("Z")
            seen.add(path[-1])
    assert {"timestamp", "createdAt", "fulfilled_at", "delivered_at"} <= seen
