"""What Shopify's answers mean, with no server at all."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
import urllib3

from tap_commerce.errors import Denied, Malformed, Misconfigured, Throttled, Unauthorized, Unavailable
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.admin import Admin, ClientCredentials, StaticToken, _read
from tap_commerce.platforms.shopify.pacing import TooCostly

COST = {
    "requestedQueryCost": 752,
    "actualQueryCost": None,
    "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 666, "restoreRate": 100.0},
}


class Orders(msgspec.Struct):
    orders: raw.Connection[raw.Customer]


def page(*nodes, errors=None, **extensions):
    answer = {
        "data": {"orders": {"nodes": list(nodes), "pageInfo": {"hasNextPage": False}}},
        "extensions": extensions,
    }
    return json.dumps(answer | ({"errors": errors} if errors else {})).encode()


def error(code, *, data=None, path=(), **extensions):
    told = {
        "message": "Shopify's own words.",
        "path": list(path),
        "extensions": {"code": code, **extensions.pop("about", {})},
    }
    return json.dumps(
        {"errors": [told], "extensions": extensions, **({"data": data} if data else {})}
    ).encode()


def read(body):
    return _read(body, Orders, "Orders")


def test_an_answer_says_what_it_cost():
    cost = read(page(cost=COST)).cost
    assert (cost.requested, cost.available, cost.maximum, cost.rate) == (752, 666, 2000, 100)


def test_throttled_waits_exactly_until_the_bucket_holds_enough():
    with pytest.raises(Throttled) as told:
        read(error("THROTTLED", cost=COST))
    assert told.value.retry_after == pytest.approx(0.86)


def test_throttled_without_a_cost_makes_no_wait_up():
    with pytest.raises(Throttled) as told:
        read(error("THROTTLED"))
    assert told.value.retry_after is None


def test_too_costly_says_the_cost_and_the_cap():
    with pytest.raises(TooCostly) as told:
        read(error("MAX_COST_EXCEEDED", about={"cost": 1402, "maxCost": 1000}))
    assert (told.value.cost, told.value.cap) == (1402, 1000)


def test_an_internal_error_passes_even_if_some_data_came():
    with pytest.raises(Unavailable):
        read(error("INTERNAL_SERVER_ERROR", data={"orders": {"nodes": []}}))


def test_an_inactive_shop_is_denied():
    with pytest.raises(Denied, match="not active"):
        read(error("SHOP_INACTIVE"))


@pytest.mark.parametrize("code", ["undefinedField", "SOMETHING_NEW", ""])
def test_an_unknown_error_is_final_and_in_shopifys_words(code):
    with pytest.raises(Malformed, match="own words"):
        read(error(code))


def test_errors_may_be_a_string():
    with pytest.raises(Malformed, match="Not found"):
        read(b'{"errors": "Not found"}')


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ({"query": "Required parameter missing or invalid"}, "query: Required parameter"),
        (["Not found"], "Not found"),
        (7, "7"),
        ([{"message": "odd", "path": None, "extensions": None}], "odd"),
        ([{"message": None}], "does not understand"),
        ([{}], "does not understand"),
    ],
)
def test_errors_in_any_other_form_are_final_and_told(errors, says):
    with pytest.raises(Malformed, match=says):
        read(json.dumps({"errors": errors}).encode())


def test_a_question_for_more_than_the_bucket_ever_holds_is_too_costly_rather_than_waited_for():
    status = COST["throttleStatus"] | {"maximumAvailable": 500, "currentlyAvailable": 500}
    with pytest.raises(TooCostly) as told:
        read(error("THROTTLED", cost=COST | {"throttleStatus": status}))
    assert (told.value.cost, told.value.cap) == (752, 500)


@pytest.mark.parametrize(
    "cost",
    [
        None,
        {},
        {"requestedQueryCost": "12", "throttleStatus": {}},
        {"throttleStatus": None},
        {"requestedQueryCost": "dear"},
        {"requestedQueryCost": 12, "throttleStatus": {"restoreRate": 0}},
        [],
    ],
)
def test_a_cost_of_another_shape_is_no_cost_and_hides_no_warning(cost):
    told = read(page(cost=cost))
    assert told.cost.lacking() is None
    warned = [{"query": "x", "warnings": [{"message": "Invalid search field"}]}]
    with pytest.raises(Malformed, match="Invalid search field"):
        read(page(cost=cost, search=warned))


def test_a_refusal_of_what_is_not_there_changes_nothing():
    said = read(page(customer(), errors=[refusal("orders", "nodes", 7, "lastName")]))
    assert said.data.orders.nodes[0].first_name == "Anna"


def test_half_an_answer_of_another_shape_is_asked_for_again():
    with pytest.raises(Unavailable):
        read(b'{"data": {"orders": 7}, "ext')


def test_a_refused_list_names_the_scope():
    with pytest.raises(Denied, match="own words"):
        read(error("ACCESS_DENIED", path=["orders"], data={"orders": None}))


def customer(**facts):
    return {"id": "gid://shopify/Customer/1", "firstName": "Anna", **facts}


def refusal(*path):
    return {"message": "no", "path": list(path), "extensions": {"code": "ACCESS_DENIED"}}


def test_a_refused_field_is_left_out_and_the_page_goes_on():
    said = read(
        page(
            customer(defaultAddress=None),
            customer(defaultAddress=None),
            errors=[
                refusal("orders", "nodes", 0, "defaultAddress"),
                refusal("orders", "nodes", 1, "defaultAddress"),
            ],
        )
    )
    assert said.refused == ("orders.nodes.defaultAddress",)
    for each in said.data.orders.nodes:
        assert each.default_address is msgspec.UNSET
        assert each.first_name == "Anna"


def test_a_null_that_nobody_refused_stays_null():
    said = read(
        page(
            customer(defaultAddress=None),
            customer(defaultAddress=None),
            errors=[refusal("orders", "nodes", 0, "defaultAddress")],
        )
    )
    assert said.data.orders.nodes[1].default_address is None


def test_a_refusal_that_spread_upwards_leaves_out_what_it_reached():
    said = read(
        page(
            customer(defaultEmailAddress=None),
            errors=[refusal("orders", "nodes", 0, "defaultEmailAddress", "marketingState")],
        )
    )
    assert said.data.orders.nodes[0].default_email_address is msgspec.UNSET


def test_amounts_survive_the_slow_way_digit_by_digit():
    said = read(
        page(
            customer(amountSpent={"amount": "195.50", "currencyCode": "USD"}, lastName=None),
            errors=[refusal("orders", "nodes", 0, "lastName")],
        )
    )
    assert str(said.data.orders.nodes[0].amount_spent.amount) == "195.50"


def test_a_search_that_shopify_half_understood_is_an_error():
    warned = [
        {
            "path": ["orders"],
            "query": "updatd_at:>'x'",
            "warnings": [{"field": "updatd_at", "message": "Invalid search field"}],
        }
    ]
    with pytest.raises(Malformed, match="Invalid search field"):
        read(page(search=warned))


def test_a_search_that_shopify_understood_is_none():
    read(page(search=[{"path": ["orders"], "query": "x", "parsed": {}}]))


@pytest.mark.parametrize("body", [b'{"data": {"orders"', b'{"data": \xff', b'{"data": null}'])
def test_half_an_answer_is_asked_for_again(body):
    with pytest.raises(Unavailable):
        read(body)


def test_an_answer_of_another_shape_is_final():
    with pytest.raises(Malformed, match="not as documented"):
        read(b'{"data": {"orders": {"nodes": [{"id": 7}]}}}')


class Session:
    """Answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.headers = list(answers), [], {}

    def request(self, method, url, *, headers, data, **_):
        self.asked.append(SimpleNamespace(method=method, url=url, headers=headers, body=json.loads(data)))
        status, headers, body = self.answers.pop(0)
        if isinstance(body, Exception):
            raise body
        return SimpleNamespace(
            status_code=status,
            headers=headers,
            raw=SimpleNamespace(read=lambda decode_content: body),
        )


def admin(*answers, token=None, version="2026-10"):
    session = Session(*answers)
    slept = []
    wire = Wire(
        user_agent="test",
        session=session,
        bounds=Bounds(attempts=3),
        sleep=slept.append,
        clock=lambda: 0.0,
        jitter=float,
    )
    made = token(wire) if token else StaticToken("shpat_secret")
    return Admin(wire, "https://acme.myshopify.com", version, made), session, slept


def ok(body=None, **headers):
    return 200, headers, body or page()


def test_the_token_travels_in_a_header_and_nowhere_else():
    it, session, _ = admin(ok())
    it.ask("Scopes", dict, Orders)
    (asked,) = session.asked
    assert asked.url == "https://acme.myshopify.com/admin/api/2026-10/graphql.json"
    assert asked.headers["X-Shopify-Access-Token"] == "shpat_secret"
    assert asked.body["operationName"] == "Scopes"
    assert "secret" not in json.dumps(asked.body)


def test_a_wrong_static_token_is_said_at_once_and_not_shown():
    it, session, slept = admin((401, {}, b'{"errors":"[API] Invalid API key or access token"}'))
    with pytest.raises(Unauthorized, match="access_token") as told:
        it.ask("Scopes", dict, Orders)
    assert "secret" not in str(told.value)
    assert (len(session.asked), slept) == (1, [])


def test_another_version_than_asked_for_is_warned_of_once(caplog):
    it, _, _ = admin(ok(**{"X-Shopify-API-Version": "2026-01"}), ok(**{"X-Shopify-API-Version": "2026-01"}))
    with caplog.at_level(logging.WARNING):
        it.ask("Scopes", dict, Orders)
        it.ask("Scopes", dict, Orders)
    assert [record.getMessage() for record in caplog.records] == [
        "Shopify served API version 2026-01 instead of 2026-10: set api_version to one that it supports"
    ]


def test_before_a_costly_question_the_bucket_is_let_fill():
    cost = {"requestedQueryCost": 500, "throttleStatus": COST["throttleStatus"] | {"currentlyAvailable": 100}}
    it, _, slept = admin(ok(page(cost=cost)), ok())
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders, expected=500)
    assert slept == [4.0]


def test_a_bucket_that_hardly_fills_is_waited_for_within_bounds():
    status = COST["throttleStatus"] | {"currentlyAvailable": 0, "restoreRate": 0.001}
    it, _, slept = admin(ok(page(cost={"requestedQueryCost": 500, "throttleStatus": status})), ok())
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders, expected=500)
    assert slept == [it.wire.bounds.seconds]


def test_a_bucket_that_is_always_empty_stops_the_run_at_last():
    throttled = (200, {}, error("THROTTLED", cost=COST))
    it, session, _ = admin(*[throttled] * 2000)
    with pytest.raises(Throttled):
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) <= it.wire.bounds.seconds + 1


def test_each_attempt_takes_its_variables_anew_and_trouble_is_told():
    sizes = [100]

    def smaller():
        sizes[0] //= 2

    it, session, _ = admin((502, {}, b"<html>"), (200, {}, urllib3.exceptions.ProtocolError("reset")), ok())
    it.ask("Scopes", lambda: {"first": sizes[0]}, Orders, troubled=smaller)
    assert [each.body["variables"]["first"] for each in session.asked] == [100, 50, 25]


DATE = "Fri, 20 Nov 2026 10:00:00 GMT"
LATER = "Fri, 20 Nov 2026 11:00:00 GMT"


def granted(token, seconds=3600, date=DATE):
    return 200, {"Date": date}, json.dumps({"access_token": token, "expires_in": seconds}).encode()


def credentials(wire):
    return ClientCredentials(wire, "https://acme.myshopify.com", "id", "hush")


@pytest.mark.parametrize(
    "about",
    [{}, {"expires_in": None}, {"expires_in": "86399"}, {"scope": "read_orders", "expires_in": 86399.0}],
)
def test_a_grant_need_not_say_how_long_it_lives(about):
    grant = (200, {"Date": DATE}, json.dumps({"access_token": "one", **about}).encode())
    it, session, _ = admin(grant, ok(Date=DATE), ok(Date=DATE), token=credentials)
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 3


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": ""}', b'{"access_token": null}'])
def test_a_grant_without_a_token_is_final(body):
    it, _, _ = admin((200, {"Date": DATE}, body), token=credentials)
    with pytest.raises(Malformed, match="no access token"):
        it.ask("Scopes", dict, Orders)


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (403, Denied), (404, Misconfigured)])
def test_trouble_with_the_grant_itself_is_said_once_and_names_no_secret(status, kind):
    it, session, _ = admin((status, {}, b'{"error": "no hush"}'), token=credentials)
    with pytest.raises(kind, match=r"client_id|api_url") as told:
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 1
    assert "hush" not in str(told.value)


def test_client_credentials_are_exchanged_once_for_a_token():
    it, session, _ = admin(granted("one"), ok(Date=DATE), ok(Date=DATE), token=credentials)
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    grant, first, second = session.asked
    assert grant.url == "https://acme.myshopify.com/admin/oauth/access_token"
    assert grant.body == {"client_id": "id", "client_secret": "hush", "grant_type": "client_credentials"}
    assert [each.headers["X-Shopify-Access-Token"] for each in (first, second)] == ["one", "one"]


def test_a_token_is_renewed_before_it_expires_by_the_shops_clock():
    it, session, _ = admin(
        granted("one"), ok(Date=LATER), granted("two", date=LATER), ok(Date=LATER), token=credentials
    )
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    assert session.asked[-1].headers["X-Shopify-Access-Token"] == "two"


def test_a_token_that_expired_early_is_renewed_once():
    it, session, _ = admin(
        granted("one"), (401, {"Date": DATE}, b"{}"), granted("two"), ok(Date=DATE), token=credentials
    )
    it.ask("Scopes", dict, Orders)
    assert session.asked[-1].headers["X-Shopify-Access-Token"] == "two"


def test_a_token_that_is_refused_twice_is_refused():
    it, session, _ = admin(
        granted("one"), (401, {}, b"{}"), granted("two"), (401, {}, b"{}"), token=credentials
    )
    with pytest.raises(Unauthorized):
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 4


def test_refused_client_credentials_name_the_settings_and_shopifys_reason():
    it, _, _ = admin(
        (400, {}, b'{"error": "app_not_installed", "error_description": "hush"}'), token=credentials
    )
    with pytest.raises(Denied, match=r"client_id and client_secret.*app_not_installed") as told:
        it.ask("Scopes", dict, Orders)
    assert "hush" not in str(told.value)


def test_the_time_left_is_measured_in_time():
    it, _, _ = admin(granted("one", seconds=86399), token=credentials)
    token = it._token
    assert token.current() == "one"
    assert token._until - it.wire.now() == timedelta(seconds=86399 - 300)
