"""What a storefront wrote into an order's attributes goes where the settings say, and nowhere else."""

import json
from decimal import Decimal

import msgspec
import pytest

from target_segment.errors import Misconfigured
from target_segment.events.attributes import places
from target_segment.events.context import VISITS
from target_segment.events.examples import example
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.snapshots import Attribute

MAPPED = {
    "properties.fbp": "_fbp",
    "context.campaign.source": ["utm_source", "source"],
    "context.ip": "ip",
    "integrations.Google Analytics 4.clientId": "ga",
    "integrations.Actions Amplitude.session_id": "amplitude",
}
WORDS = {
    "_fbp": "fb.1.1763456789012.1098115397",
    "source": "newsletter",
    "ip": "203.0.113.9",
    "ga": "1234567.8901",
    "amplitude": "1763456789012",
}
OF_ORDERS = [
    name for name, stream in TRANSITIONS.items() if stream != "customers" and name != "identity_linked"
]


def news(transition="order_completed", attributes=WORDS, **changes):
    """News of the example record, whose order has these attributes."""
    told = example(transition, TRANSITIONS[transition])
    said = {"attributes": [Attribute(name=name, value=value) for name, value in attributes.items()]} | changes
    record = told.snapshot
    if hasattr(record, "order"):
        record = msgspec.structs.replace(record, order=msgspec.structs.replace(record.order, **said))
    elif hasattr(record, "attributes"):
        record = msgspec.structs.replace(record, **said)
    return msgspec.structs.replace(told, snapshot=record)


def call(told, **settings):
    return json.loads(renderer(settings)(told).body, parse_float=Decimal)


@pytest.mark.parametrize("transition", OF_ORDERS)
def test_properties_and_options_go_with_every_event_of_the_order(transition):
    told = call(news(transition), attributes=MAPPED)
    assert told["properties"]["fbp"] == WORDS["_fbp"]
    assert told["integrations"] == {
        "Google Analytics 4": {"clientId": "1234567.8901"},
        "Actions Amplitude": {"session_id": 1763456789012},
    }


@pytest.mark.parametrize("transition", OF_ORDERS)
def test_what_belongs_to_the_visit_goes_with_what_the_shopper_did(transition):
    context = call(news(transition), attributes=MAPPED)["context"]
    assert (context.get("campaign") == {"source": "newsletter"}) is (transition in VISITS)
    assert (context.get("ip") == "203.0.113.9") is (transition in VISITS)


@pytest.mark.parametrize("transition", sorted(set(TRANSITIONS) - set(OF_ORDERS)))
def test_customers_and_identify_calls_know_of_no_order(transition):
    told = news(transition)
    assert call(told, attributes=MAPPED) == call(told)


@pytest.mark.parametrize("transition", OF_ORDERS)
@pytest.mark.parametrize(
    "attributes", [{}, {"other": "x"}, dict.fromkeys(WORDS, "undefined"), dict.fromkeys(WORDS, " ")]
)
def test_what_was_not_said_leaves_no_trace(transition, attributes):
    """Neither junk nor an empty object: the call is the same to the byte as without the setting."""
    told = news(transition, attributes)
    assert renderer({"attributes": MAPPED})(told).body == renderer({})(told).body


@pytest.mark.parametrize("junk", ["", "0", "null", "[object Object]", "-1", "None", "***", "NaN"])
def test_junk_never_leaves(junk):
    told = call(news(attributes=WORDS | {"_fbp": junk, "amplitude": junk}), attributes=MAPPED)
    assert "fbp" not in told["properties"]
    # The number 0, or -1, is a number.
    assert ("Actions Amplitude" in told["integrations"]) is (junk in {"0", "-1"})


@pytest.mark.parametrize("text", ["1_000", "1e9", "0x10", "Infinity", "٣", "1,5", "12.", "--1"])
def test_a_number_is_plain_digits(text):
    told = call(news(attributes=WORDS | {"amplitude": text}), attributes=MAPPED)
    assert "Actions Amplitude" not in told["integrations"]


def test_what_is_too_long_to_be_an_id_or_an_address_is_not_told():
    told = call(news(attributes=WORDS | {"_fbp": "x" * 2_001}), attributes=MAPPED)
    assert "fbp" not in told["properties"]
    assert call(news(attributes={"_fbp": "x" * 2_000}), attributes=MAPPED)["properties"]["fbp"]


def test_a_type_is_kept_or_nothing_is_said():
    mapped = {
        "properties.gift": {"attribute": "gift", "type": "boolean"},
        "properties.points": {"attribute": ["points", "score"], "type": "number"},
    }
    properties = call(news(attributes={"gift": "Yes", "score": "12.50"}), attributes=mapped)["properties"]
    assert properties["gift"] is True
    assert str(properties["points"]) == "12.50", "with the digits it came with"
    properties = call(news(attributes={"gift": "perhaps", "points": "many"}), attributes=mapped)["properties"]
    assert not {"gift", "points"} & set(properties)


def test_of_several_names_the_first_that_says_something_counts():
    both = WORDS | {"utm_source": "null"}
    assert call(news(attributes=both), attributes=MAPPED)["context"]["campaign"]["source"] == "newsletter"
    both |= {"utm_source": "google"}
    assert call(news(attributes=both), attributes=MAPPED)["context"]["campaign"]["source"] == "google"


def test_the_attributes_word_on_the_visit_counts_before_the_records():
    told = news(ip="198.51.100.1", user_agent="Mozilla", landing_page="/a?b=1")
    mapped = MAPPED | {"context.page.title": "title"}
    context = call(told, attributes=mapped)["context"]
    assert (context["ip"], context["userAgent"]) == ("203.0.113.9", "Mozilla")
    assert context["page"] == {"path": "/a", "search": "?b=1"}
    titled = news(attributes=WORDS | {"title": "Mugs"}, landing_page="/a?b=1")
    assert call(titled, attributes=mapped)["context"]["page"] == {
        "path": "/a", "search": "?b=1", "title": "Mugs",
    }  # fmt: skip


def test_the_events_own_property_counts_before_an_attribute():
    mapped = {"properties.coupon": "code", "properties.market": "market"}
    told = news(attributes={"code": "HACK", "market": "eu"})
    properties = call(told, attributes=mapped)["properties"]
    assert (properties["coupon"], properties["market"]) == ("SPRING", "eu")


def test_they_go_along_with_traits_and_into_templates():
    settings = {"attributes": MAPPED, "traits_in": ["properties"]}
    properties = call(news(), **settings)["properties"]
    assert (properties["firstName"], properties["fbp"]) == ("Anna", WORDS["_fbp"])
    template = {"order_completed": '$merge([derived.default, {"more": derived.default.fbp}])'}
    properties = call(news(), attributes=MAPPED, templates=template)["properties"]
    assert properties["more"] == properties["fbp"] == WORDS["_fbp"]
    assert str(properties["total"]) == "27.50"


def test_options_join_the_integrations_that_are_set():
    told = call(news(), attributes=MAPPED, integrations={"All": True, "Google Analytics 4": {"x": 1}})
    assert told["integrations"]["Google Analytics 4"] == {"x": 1, "clientId": "1234567.8901"}
    assert told["integrations"]["All"] is True


@pytest.mark.parametrize("switches", [{"All": False}, {"Google Analytics 4": False}])
def test_options_never_switch_on_what_is_switched_off(switches):
    """An options object counts as true."""
    told = call(news(), attributes=MAPPED, integrations=switches)["integrations"]
    assert not told.get("Google Analytics 4")
    assert ("Actions Amplitude" in told) is ("All" not in switches)


def test_a_destination_switched_on_by_name_gets_its_options():
    switches = {"All": False, "Google Analytics 4": True}
    told = call(news(), attributes=MAPPED, integrations=switches)["integrations"]
    assert told == {"All": False, "Google Analytics 4": {"clientId": "1234567.8901"}}


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("yes", True),
        (" TRUE", True),
        ("granted", True),
        ("1", True),
        ("no", False),
        ("denied", False),
        ("0", False),
    ],
)
def test_a_consent_can_be_an_attributes_word(word, means):
    told = news("order_refunded", {"analytics_consent": word})
    categories = {"Analytics": {"attribute": "analytics_consent"}, "Advertising": "email"}
    consent = call(told, consent_categories=categories)["context"]["consent"]
    assert consent == {"categoryPreferences": {"Analytics": means}}


@pytest.mark.parametrize("attributes", [{}, {"analytics_consent": "maybe"}, {"analytics_consent": ""}])
def test_a_consent_that_nobody_gave_or_refused_is_left_out_whole(attributes):
    categories = {"Analytics": {"attribute": ["analytics_consent", "consent"]}}
    assert "consent" not in call(news(attributes=attributes), consent_categories=categories)["context"]
    guest = news(attributes={"consent": "no"}, customer=None)
    assert call(guest, consent_categories=categories)["context"]["consent"] == {
        "categoryPreferences": {"Analytics": False}
    }


@pytest.mark.parametrize(
    ("mapped", "says"),
    [
        ({"fbp": "_fbp"}, "'fbp' is no place"),
        ({"traits.fbp": "_fbp"}, "is no place"),
        ({"context": "x"}, "is no place"),
        ({"context..ip": "x"}, "is no place"),
        ({"context.traits.email": "x"}, "context.traits.email cannot be placed"),
        ({"context.direct": "x"}, "context.direct cannot be placed"),
        ({"context.consent.x": "x"}, "see `consent_categories`"),
        ({"properties.a.b": "x"}, "a property has one name"),
        ({"integrations.Braze": "x"}, "say which option of Braze"),
        ({"properties.total": "x"}, "properties.total is the shop's own number"),
        ({"properties.products": "x"}, "the shop's own object"),
        ({"properties.createdAt": "x"}, "the shop's own instant"),
        ({"properties.coupon": {"attribute": "x", "type": "number"}}, "the shop's own text"),
        ({"context.ip": ""}, "neither the name of an order attribute"),
        ({"context.ip": []}, "neither the name"),
        ({"context.ip": {"attribute": "x", "of": "y"}}, "neither the name"),
        (
            {"context.ip": {"attribute": "x", "type": "date"}},
            "'date', which is none of text, number, boolean",
        ),
        ({"context.page": "a", "context.page.url": "b"}, "page.url lies inside page"),
    ],
)
def test_a_wrong_place_is_named_at_the_start(mapped, says):
    with pytest.raises(Misconfigured, match="setting `attributes`: .*" + says):
        places({"attributes": mapped})
