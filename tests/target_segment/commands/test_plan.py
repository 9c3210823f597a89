"""The plan says what is sent: every golden sample and a life of a shop validate, and nothing is sent that it does not list."""

import copy
import json
from datetime import datetime, timedelta

import pytest
from jsonschema import Draft7Validator, FormatChecker

from sandbox.shop import Shop
from target_segment.commands.plan import FORMS, PLATFORMS, schemas, tracking_plan
from target_segment.config import SETTINGS
from target_segment.events.examples import example
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.settings import check
from target_segment.transitions.table import TABLE
from tests.target_segment.events.cases import CASES, SAMPLES, case
from tests.target_segment.world import SINCE
from tests.world import START
from tests.world import World as Shopped

FORMAT = FormatChecker(formats=())


@FORMAT.checks("date-time", raises=ValueError)
def is_an_instant(text):
    """ISO 8601 with a zone."""
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def settings(**more):
    return check(SETTINGS, {"write_key": "key", "since": SINCE, **more})


def closed(schema):
    """The same schema, but nothing may be said that it does not list."""
    schema = copy.deepcopy(schema)
    for part in ("properties", "traits"):
        if shape := schema["properties"].get(part, {}):
            _close(shape)
    return schema


def _close(schema):
    if "properties" in schema:
        schema["additionalProperties"] = False
        for inner in schema["properties"].values():
            _close(inner)
    if "items" in schema:
        _close(schema["items"])


def faults(calls, **set_as):
    """What of these calls is not as the plan and the schemas made for the settings say."""
    made = settings(**set_as)
    plain = {name: closed(schema) for name, schema in schemas(made).items()}
    rules = {each.get("key", "identify"): closed(each["jsonSchema"]) for each in tracking_plan(made)["rules"]}
    return [
        f"{call.get('event', 'identify')}: {error.json_path}: {error.message}"
        for call in calls
        for known in (plain, rules)
        for error in Draft7Validator(
            known[call.get("event") or call["type"]], format_checker=FORMAT
        ).iter_errors(call)
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_golden_sample_is_as_the_plan_for_its_settings_says(name):
    calls = json.loads((SAMPLES / name / "events.json").read_text(encoding="utf-8"))
    on = {news.entry.name: True for news in case(name).news if not news.entry.identify}
    said = case(name).settings
    events = on | {key: value for key, value in (said.get("events") or {}).items() if value}
    assert calls
    assert faults(calls, **(said | {"events": events})) == []


@pytest.mark.parametrize("wrong", [{"total": "30.00"}, {"order_id": 7}, {"products": {}}, {"surprise": 1}])
def test_what_is_not_in_the_plan_is_found(wrong):
    calls = json.loads((SAMPLES / "order" / "events.json").read_text(encoding="utf-8"))
    call = next(call for call in calls if call.get("event") == "Order Completed")
    assert faults([call]) == []
    assert faults([call | {"properties": call["properties"] | wrong}]) != []


def test_all_that_a_shop_s_life_tells_is_as_the_plan_says(tmp_path):
    """Orders, guests, refunds in parts, parcels and customers of some days, over the whole pipe."""
    shop = Shop(seed=11, start=START, orders_per_day=8, customers_per_day=3, pace=0.4, max_lines=5)
    shop.live(START + timedelta(days=2))
    with Shopped("shopify", tmp_path, shop) as world:
        world.poll()
        shop.advance(3600 * 30)
        world.poll()
        told = world.segment.events
        assert {"Order Completed", "Order Refunded", "Fulfillment Created", "identify"} <= {
            each.get("event") or each["type"] for each in told
        }
        assert faults(told) == []


def test_every_transition_that_is_on_has_a_rule_and_no_other():
    rules = tracking_plan(settings())["rules"]
    keys = [rule.get("key") for rule in rules]
    assert len(keys) == len(set(keys))
    assert set(keys) == {entry.event for entry in TABLE.values() if entry.on and not entry.identify} | {None}
    assert {rule["type"] for rule in rules} == {"TRACK", "IDENTIFY"}


def test_the_plan_follows_the_names_and_switches():
    made = schemas(settings(events={"order_cancelled": "Order Canceled", "order_updated": False}))
    assert "Order Canceled" in made
    assert {"Order Cancelled", "Order Updated"} & set(made) == set()
    assert made["Order Canceled"]["properties"]["event"] == {"const": "Order Canceled"}


def said(event, **set_as):
    return schemas(settings(**set_as))[event]["properties"]["properties"]["properties"]


@pytest.mark.parametrize(
    ("given", "there", "not_there"),
    [
        ({}, {"revenue", "order_name", "shopify_customer_id"}, {"platform_order_id", "sent_from"}),
        ({"revenue": "off"}, {"total"}, {"revenue"}),
        ({"order_id": "name"}, {"platform_order_id"}, {"order_name"}),
        ({"seed_names": False}, {"total"}, {"shopify_customer_id", "lifetime_revenue"}),
        ({"sent_from": "us", "event_category": "Shop"}, {"sent_from", "category"}, set()),
        ({"traits_in": ["properties"]}, {"firstName", "email"}, set()),
    ],
)
def test_the_plan_follows_what_is_set(given, there, not_there):
    names = set(said("Order Completed", **given))
    assert there <= names
    assert not names & not_there


def test_traits_are_where_they_are_set_to_be():
    made = schemas(settings(traits_in=["context"]))
    assert made["identify"]["properties"]["traits"] == {"type": "object", "properties": {}}
    context = made["Order Completed"]["properties"]["context"]
    assert context["properties"]["traits"]["properties"]["firstName"] == {"type": "string"}


def test_a_template_of_the_user_s_is_asked_for_nothing():
    made = schemas(settings(templates={"order_completed": '{"anything": [1, "two"]}'}))
    assert made["Order Completed"]["properties"]["properties"] == {"type": "object"}
    assert "properties" in made["Order Updated"]["properties"]["properties"]


def test_two_transitions_of_one_name_are_one_rule():
    made = schemas(settings(events={"pos_order_placed": "Order Completed"}))
    assert "total" in made["Order Completed"]["properties"]["properties"]["properties"]
    both = schemas(settings(events={"coupon_applied": "Order Completed"}))["Order Completed"]
    assert both["properties"]["properties"]["required"] == ["order_id"]
    assert {"coupon_id", "total"} <= set(both["properties"]["properties"]["properties"])


def test_products_and_their_ids_are_typed_by_platform():
    assert set(PLATFORMS) == {"shopify", "prestashop", "elasticpath"}
    product = said("Order Completed")["products"]["items"]["properties"]
    assert {f"{platform}_product_id" for platform in PLATFORMS} <= set(product)
    assert product["price"]["type"] == "number"
    one = schemas(settings(), ["shopify"])["Order Completed"]["properties"]["properties"]["properties"]
    assert "prestashop_product_id" not in one["products"]["items"]["properties"]


@pytest.mark.parametrize("name", [name for name in TRANSITIONS if TRANSITIONS[name] != "streams"])
def test_the_built_in_example_of_each_transition_is_as_the_plan_says(name):
    on = {} if TABLE[name].identify else {name: TABLE[name].event}
    told = example(name, TRANSITIONS[name])
    call = json.loads(renderer({"events": on})(told).body)
    own = {key.replace("example_", "shopify_"): value for key, value in call.get("properties", {}).items()}
    for product in own.get("products", []):
        for key in [key for key in product if key.startswith("example_")]:
            product[key.replace("example_", "shopify_")] = product.pop(key)
    assert faults([call | {"properties": own} if own else call], events=on) == []


def test_every_schema_is_a_schema():
    assert FORMS == ("segment", "schemas")
    for schema in schemas(
        settings(events={name: True for name, each in TABLE.items() if not each.identify})
    ).values():
        Draft7Validator.check_schema(schema)


def test_streams_of_other_taps_have_a_rule_that_asks_for_nothing():
    mapping = {"event": "Subscription Started", "user_id": "customer", "properties": ["id"]}
    made = schemas(settings(streams={"subscriptions": [mapping, {**mapping, "event": "Subscription Ended"}]}))
    assert made["Subscription Started"]["properties"]["properties"] == {"type": "object"}
    assert "Subscription Ended" in made
    people = {"identify": True, "user_id": "id", "traits": ["plan"]}
    assert schemas(settings(streams={"people": people}))["identify"]["properties"]["traits"] == {
        "type": "object"
    }


# --- the command


def test_the_tracking_plan_is_printed(command, tmp_path):
    code, out, _ = command("plan", events={"order_cancelled": "Order Canceled"})
    rules = json.loads(out)["rules"]
    assert code == 0
    assert "Order Canceled" in {rule.get("key") for rule in rules}
    assert not (tmp_path / "ledger.duckdb").exists()


def test_plain_schemas_are_printed_for_the_platforms_named(command):
    code, out, _ = command("plan", "schemas", "--platform", "shopify")
    assert code == 0
    assert "Order Completed" in json.loads(out)
    assert "shopify_product_id" in out
    assert "prestashop_product_id" not in out


@pytest.mark.parametrize("days", [1e12, "1e400", "nan", "Infinity"])
def test_days_that_no_calendar_has_are_no_traceback(command, days):
    code, _, error = command("plan", history_days=days, history_integrations={"All": False})
    assert (code, "Traceback" in error) == (0 if days == 1e12 else 1, False)
    assert days == 1e12 or "setting `history_days`" in error
