"""What Shopify's answers mean, with no server at all."""

import json

import msgspec
import pytest

from tap_commerce.errors import Denied, Malformed, Throttled, Unavailable
from tap_commerce.platforms.shopify import answers
from tap_commerce.platforms.shopify.pacing import TooCostly
from tests.tap_commerce.platforms.shopify.sessions import COST, Orders, error, page


def read(body):
    return answers.read(body, Orders, "Orders")


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
