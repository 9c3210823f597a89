"""What the real Admin API refuses, hides, lags or charges for, the sandbox does too."""

import http.client
import json
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from urllib.parse import urlsplit

import pytest

from sandbox.faults import Faults
from sandbox.shop import Shop
from sandbox.shopify import Shopify

LIST = """query List($first: Int = 10, $after: String, $query: String, $reverse: Boolean) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT, reverse: $reverse) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id name updatedAt } } }"""
COSTLY = "query Costly($n: Int!) { orders(first: 10) { nodes { lineItems(first: $n) { nodes { id variant { id } } } } } }"


@pytest.fixture
def api(shop):
    with Shopify(shop, token="t") as api:
        yield api


@pytest.fixture
def ask(api, client):
    return client(api)


def seconds(shop):
    return shop.now.timestamp()


def names(answer, root="orders"):
    return [each["name"] for each in answer["data"][root]["nodes"]]


# Who may ask


def test_a_wrong_token_is_refused_as_the_recorded_sample_says(ask):
    ask.token = "wrong"
    answer = ask("{ shop { name } }")
    assert ask.status == 401
    assert answer == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }


def test_a_path_that_shopify_does_not_have_is_not_found(ask):
    ask.post("/admin/api/2026-10/orders.json", b"{}", {"X-Shopify-Access-Token": "t"})
    assert ask.status == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"variables": {}}'])
def test_a_body_without_a_query_is_refused(ask, body):
    ask.post("/admin/api/2026-10/graphql.json", body, {"X-Shopify-Access-Token": "t"})
    assert ask.status == 400


@pytest.mark.parametrize("as_form", [True, False])
def test_client_credentials_buy_a_token_that_expires(shop, client, as_form):
    wanted = {"client_id": "id", "client_secret": "secret", "grant_type": "client_credentials"}
    with Shopify(shop, token="t", client_id="id", client_secret="secret", token_lifetime=60) as api:
        ask = client(api)
        if as_form:
            body = "&".join(f"{key}={value}" for key, value in wanted.items())
            ask.post("/admin/oauth/access_token", body, {"Content-Type": "application/x-www-form-urlencoded"})
        else:
            ask.post("/admin/oauth/access_token", json.dumps(wanted))
        grant = json.loads(ask.body)
        assert grant["expires_in"] == 60
        assert "read_orders" in grant["scope"].split(",")
        ask.token = grant["access_token"]
        ask("{ shop { name } }")
        assert ask.status == 200
        api.advance(61)
        ask("{ shop { name } }")
        assert ask.status == 401
        assert api.calls.count == {("oauth", 200): 1, ("?", 200): 1, ("graphql", 401): 1}


@pytest.mark.parametrize(("wrong", "error"), [
    ({"client_id": "other"}, "app_not_installed"),
    ({"client_secret": "other"}, "invalid_client"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
])  # fmt: skip
def test_wrong_client_credentials_are_refused(shop, client, wrong, error):
    wanted = {"client_id": "id", "client_secret": "secret", "grant_type": "client_credentials"} | wrong
    with Shopify(shop, client_id="id", client_secret="secret") as api:
        ask = client(api)
        answer = json.loads(ask.post("/admin/oauth/access_token", json.dumps(wanted)))
        assert (ask.status, answer["error"]) == (400, error)


@pytest.mark.parametrize(("root", "scope"), [("orders", "read_orders"), ("customers", "read_customers")])
def test_a_missing_scope_denies_the_list(shop, client, root, scope):
    with Shopify(shop, token="t", scopes=["read_products"]) as api:
        answer = client(api)(f"{{ {root}(first: 1) {{ nodes {{ id }} }} }}")
        assert answer["data"] == {root: None}
        (error,) = answer["errors"]
        assert error["path"] == [root]
        assert error["extensions"]["code"] == "ACCESS_DENIED"
        assert scope in error["message"]
        assert api.calls[0].code == "ACCESS_DENIED"


def test_an_order_shows_no_customer_to_an_app_without_read_customers(shop, client):
    shop.place_order(customer=shop.register())
    with Shopify(shop, token="t", scopes=["read_orders"], index_lag=0) as api:
        answer = client(api)("{ orders(first: 1) { nodes { id customer { id } } } }")
    assert answer["data"]["orders"]["nodes"][0]["customer"] is None
    assert answer["errors"][0]["path"] == ["orders", "nodes", 0, "customer"]


def test_the_scopes_can_be_asked_for(ask):
    answer = ask("{ currentAppInstallation { accessScopes { handle } } }")
    assert {"handle": "read_all_orders"} in answer["data"]["currentAppInstallation"]["accessScopes"]


def test_orders_older_than_sixty_days_are_silently_absent_without_read_all_orders(shop, client):
    old = shop.place_order()
    shop.advance(61 * 86400)
    new = shop.place_order()
    shop.edit_order(old, note="touched today")
    shop.advance(60)
    for scopes, seen in (
        (["read_orders"], [new.name]),
        (["read_orders", "read_all_orders"], [old.name, new.name]),
    ):
        with Shopify(shop, token="t", scopes=scopes) as api:
            ask = client(api)
            assert sorted(names(ask(LIST))) == seen
            alone = ask(f'{{ order(id: "gid://shopify/Order/{old.id}") {{ name }} }}')["data"]["order"]
            assert (alone is None) is (len(scopes) == 1)


def test_protected_customer_data_is_null_with_an_error_while_the_rest_is_answered(shop, client):
    anna = shop.register(addresses=(), phone="+49")
    shop.place_order(customer=anna)
    with Shopify(shop, token="t", protected=True, index_lag=0) as api:
        answer = client(api)(
            "{ orders(first: 1) { nodes { name email customer { id firstName defaultEmailAddress { emailAddress } } } } }"
        )
    node = answer["data"]["orders"]["nodes"][0]
    assert node["name"] == "#1001"
    assert node["email"] is None
    assert node["customer"] == {
        "id": f"gid://shopify/Customer/{anna.id}",
        "firstName": None,
        "defaultEmailAddress": None,
    }
    assert {(each["path"][-1], each["extensions"]["code"]) for each in answer["errors"]} == {
        ("email", "ACCESS_DENIED"),
        ("firstName", "ACCESS_DENIED"),
        ("defaultEmailAddress", "ACCESS_DENIED"),
    }


# What may be asked


@pytest.mark.parametrize(("query", "says"), [
    ("{ orders(first: 1) { nodes { totl } } }", "Cannot query field 'totl' on type 'Order'"),
    ("{ orders(first: 1, sort: ID) { nodes { id } } }", "Unknown argument 'sort'"),
    ("{ orders(first: 1, sortKey: CHANGED) { nodes { id } } }", "does not exist in 'OrderSortKeys' enum"),
    ("{ orders(first: 1) { nodes { ...Gone } } }", "Unknown fragment 'Gone'"),
    ("{ orders(first: 1) { nodes { id }", "Syntax Error"),
    ("query Q($n: Int!) { orders(first: $n) { nodes { id } } }", "'$n'"),
])  # fmt: skip
def test_what_graphql_does_not_know_is_an_error_and_no_data(ask, query, says):
    answer = ask(query)
    assert ask.status == 200
    assert "data" not in answer
    assert says in answer["errors"][0]["message"]


@pytest.mark.parametrize(("arguments", "says"), [
    ("", "one of first or last"),
    ("(first: 251)", "cannot exceed 250"),
    ("(first: 0)", "greater than 0"),
    ('(first: 1, after: "garbage")', "cursor"),
])  # fmt: skip
def test_a_connection_wants_a_size_that_it_has_and_a_cursor_that_it_gave(ask, arguments, says):
    answer = ask(f"{{ orders{arguments} {{ nodes {{ id }} }} }}")
    assert says in answer["errors"][0]["message"]


def test_aliases_fragments_and_directives_are_executed(shop, ask):
    shop.place_order()
    shop.advance(60)
    answer = ask(
        "query Q($full: Boolean!) { found: orders(first: 1) { rows: nodes { ...F number @include(if: $full) } } } fragment F on Order { order_name: name }",
        full=False,
    )
    assert answer["data"] == {"found": {"rows": [{"order_name": "#1001"}]}}


def test_an_operation_is_chosen_by_its_name(ask):
    text = "query A { shop { name } } query B { shop { currencyCode } }"
    assert ask(text, "B")["data"] == {"shop": {"currencyCode": "EUR"}}
    assert "operation name" in ask(text)["errors"][0]["message"]
    assert "No operation named" in ask(text, "C")["errors"][0]["message"]


def test_older_versions_lack_the_fields_that_came_later(ask):
    query = "{ customers(first: 1) { nodes { defaultPhoneNumber { smsMarketingConsent { state } } } } }"
    assert "errors" not in ask(query)
    assert ask.headers["X-Shopify-API-Version"] == "2026-10"
    ask.version = "2026-07"
    assert "smsMarketingConsent" in ask(query)["errors"][0]["message"]
    assert ask.headers["X-Shopify-API-Version"] == "2026-07"


def test_an_unknown_version_is_served_by_the_oldest(ask):
    ask.version = "2019-04"
    ask("{ shop { name } }")
    assert ask.headers["X-Shopify-API-Version"] == "2026-01"


def test_the_date_is_the_shops(shop, ask):
    shop.advance(12345)
    ask("{ shop { name } }")
    assert parsedate_to_datetime(ask.headers["Date"]) == shop.now
    assert ask.headers["X-Request-ID"]


# Lists


def test_a_list_is_sorted_by_when_things_were_changed_and_paged_by_keyset(shop, ask):
    orders = [shop.place_order() for _ in range(5)]
    for order in reversed(orders):
        shop.advance(10)
        shop.edit_order(order, note="x")
    shop.advance(60)
    assert names(ask(LIST)) == [each.name for each in reversed(orders)]
    assert names(ask(LIST, reverse=True)) == [each.name for each in orders]
    assert [each["name"] for page in ask.pages(LIST, first=2) for each in page] == [
        each.name for each in reversed(orders)
    ]


def test_rows_that_change_while_one_pages_move_to_the_end_and_no_other_row_is_missed(shop, ask):
    orders = [shop.place_order() for _ in range(9) if not shop.advance(10)]
    shop.advance(60)
    seen = []
    for number, page in enumerate(ask.pages(LIST, first=2)):
        seen += [each["name"] for each in page]
        if number < 3:
            shop.edit_order(orders[number * 2], note="read already, changed again")
            shop.edit_order(orders[8 - number], note="not read yet")
            shop.advance(20)
    assert set(seen) == {each.name for each in orders}


def test_a_last_page_is_cut_from_the_end(shop, ask):
    orders = [shop.place_order() for _ in range(3) if not shop.advance(10)]
    shop.advance(60)
    answer = ask(
        "{ orders(last: 2, sortKey: UPDATED_AT) { pageInfo { hasNextPage hasPreviousPage } nodes { name } } }"
    )
    assert names(answer) == [orders[1].name, orders[2].name]
    assert answer["data"]["orders"]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}


def test_a_window_is_half_open_and_its_seconds_are_whole(shop, ask):
    first = shop.place_order()
    shop.advance(0.5)
    second = shop.place_order()
    shop.advance(0.5)
    third = shop.place_order()
    shop.advance(60)
    start, after = (each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in (first.updated_at, third.updated_at))

    def within(query):
        return names(ask(LIST, query=query))

    assert within(f"updated_at:>='{start}' AND updated_at:<'{after}'") == [first.name, second.name]
    assert within(f"updated_at:>='{after}'") == [third.name]
    assert within(f"updated_at:<='{start}'") == [first.name]
    assert within(f"updated_at:>'{start}'") == [third.name], (
        "2026-10: an exclusive bound leaves out the whole second"
    )
    ask.version = "2026-07"
    assert within(f"updated_at:>'{start}'") == [second.name, third.name]


def test_an_unquoted_instant_loses_its_time_of_day(shop, ask):
    shop.place_order()
    shop.advance(60)
    late = (shop.now + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names(ask(LIST, query=f"updated_at:>='{late}'")) == []
    assert names(ask(LIST, query=f"updated_at:>={late}")) == ["#1001"]


def test_a_term_that_shopify_does_not_know_is_ignored_and_reported(shop, ask):
    shop.place_order()
    shop.advance(60)
    answer = ask(LIST, query="updatd_at:>='2030-01-01T00:00:00Z' AND test:false")
    assert names(answer) == ["#1001"]
    (said,) = answer["extensions"]["search"]
    assert said["path"] == ["orders"]
    assert said["warnings"] == [
        {"field": "updatd_at", "message": "Invalid search field for this query.", "code": "invalid_field"}
    ]


def test_the_list_lags_and_its_rows_show_newer_content_than_their_place(shop, client):
    with Shopify(shop, token="t", index_lag=5) as api:
        ask = client(api)
        order = shop.place_order()
        shop.advance(4)
        assert names(ask(LIST)) == []
        shop.advance(2)
        assert names(ask(LIST)) == [order.name]
        shop.advance(100)
        before = shop.now
        shop.edit_order(order, note="newer")
        query = f"updated_at:<'{before:%Y-%m-%dT%H:%M:%SZ}'"
        (row,) = ask(LIST, query=query)["data"]["orders"]["nodes"]
        assert datetime.fromisoformat(row["updatedAt"]) == before, (
            "found by the old instant, shown with the new one"
        )
        shop.advance(6)
        assert names(ask(LIST, query=query)) == []


def test_a_child_is_seen_later_than_its_parents_updated_at(shop, client):
    order = shop.place_order()
    shop.advance(600)
    query = "{ orders(first: 1) { nodes { updatedAt currentTotalPriceSet { shopMoney { amount } } refunds(first: 5) { id } transactionsCount { count } } } }"
    with Shopify(shop, token="t", index_lag=0, child_lag=30) as api:
        ask = client(api)
        before = ask(query)["data"]["orders"]["nodes"][0]
        shop.refund(order, {order.lines[0].id: 1})
        shop.advance(10)
        between = ask(query)["data"]["orders"]["nodes"][0]
        shop.advance(30)
        after = ask(query)["data"]["orders"]["nodes"][0]
    assert between["updatedAt"] > before["updatedAt"]
    assert between | {"updatedAt": 0} == before | {"updatedAt": 0}, (
        "nothing of the refund, not in sums either"
    )
    assert len(after["refunds"]) == 1
    assert after["transactionsCount"]["count"] == 2


def test_customers_may_match_whole_days(shop, client):
    shop.register()
    shop.advance(60)
    query = f"updated_at:>='{shop.now + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}'"
    text = "query C($query: String) { customers(first: 5, query: $query) { nodes { id } } }"
    for by_day, count in ((False, 0), (True, 1)):
        with Shopify(shop, token="t", day_filter=by_day) as api:
            assert len(client(api)(text, query=query)["data"]["customers"]["nodes"]) == count


def test_plain_lists_are_cut_without_a_word_and_counts_tell(shop, ask):
    order = shop.place_order([{"quantity": 5, "price": "10"}])
    for _ in range(3):
        shop.refund(order, {order.lines[0].id: 1})
        shop.ship(order, {order.lines[0].id: 1})
    shop.advance(60)
    answer = ask(
        "{ orders(first: 1) { nodes { refunds(first: 2) { id } fulfillments(first: 1) { id } fulfillmentsCount { count } transactions(first: 2) { id } transactionsCount { count } } } }"
    )
    node = answer["data"]["orders"]["nodes"][0]
    assert [len(node[each]) for each in ("refunds", "fulfillments", "transactions")] == [2, 1, 2]
    assert (node["fulfillmentsCount"]["count"], node["transactionsCount"]["count"]) == (3, 4)


def test_nested_connections_are_read_to_their_end_by_id(shop, ask):
    order = shop.place_order(7)
    shop.advance(60)
    text = """query L($id: ID!, $after: String) { order(id: $id) { lineItems(first: 3, after: $after) {
      pageInfo { hasNextPage endCursor } nodes { id } edges { cursor } } } }"""
    seen, after = [], None
    while True:
        page = ask(text, id=f"gid://shopify/Order/{order.id}", after=after)["data"]["order"]["lineItems"]
        seen += [each["id"] for each in page["nodes"]]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == [f"gid://shopify/LineItem/{each.id}" for each in order.lines]


def test_the_parcels_of_an_order_can_be_searched(shop, ask):
    order = shop.place_order([{"quantity": 2}])
    shop.ship(order, {order.lines[0].id: 1})
    shop.advance(3600)
    late = shop.ship(order)
    shop.advance(60)
    text = "query F($query: String!) { orders(first: 1) { nodes { fulfillments(first: 5, query: $query) { id } } } }"
    node = ask(text, query=f"updated_at:>='{late.created_at:%Y-%m-%dT%H:%M:%SZ}'")["data"]["orders"]["nodes"][
        0
    ]
    assert node["fulfillments"] == [{"id": f"gid://shopify/Fulfillment/{late.id}"}]


def test_nodes_are_found_by_their_global_id(shop, ask):
    order = shop.place_order(customer=shop.register())
    refund, parcel = shop.refund(order, amount="1"), shop.ship(order)
    shop.advance(60)
    ids = [
        f"gid://shopify/{kind}/{number}"
        for kind, number in (
            ("Order", order.id), ("Customer", order.customer_id), ("Refund", refund.id), ("Fulfillment", parcel.id),
            ("LineItem", order.lines[0].id), ("OrderTransaction", order.payments[0].id), ("Order", 1),
        )
    ]  # fmt: skip
    answer = ask("query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    assert [each and each["id"] for each in answer["data"]["nodes"]] == [*ids[:-1], None]
    assert "Invalid global id" in ask('{ node(id: "17") { id } }')["errors"][0]["message"]


# Cost


def test_a_query_beyond_the_cap_is_refused_as_the_recorded_sample_says(shop, client):
    with Shopify(shop, token="t", cost="linear") as api:
        answer = client(api)(COSTLY, n=60)
        (error,) = answer["errors"]
        assert error["extensions"] == {
            "code": "MAX_COST_EXCEEDED", "cost": 1232, "maxCost": 1000, "documentation": "https://shopify.dev/api/usage/rate-limits",
        }  # fmt: skip
        assert "Query cost is 1232, which exceeds the single query max cost limit (1000)." in error["message"]
        assert "data" not in answer
        assert api.calls[0].code == "MAX_COST_EXCEEDED"


def test_the_low_rule_charges_far_less(shop, client):
    with Shopify(shop, token="t", cost="low") as api:
        cost = client(api)(COSTLY, n=60)["extensions"]["cost"]
        assert cost["requestedQueryCost"] < 40


def test_an_empty_bucket_throttles_and_fills_with_virtual_time(shop, client):
    with Shopify(
        shop, token="t", cost="linear", bucket=1000, restore=50, clock=partial(seconds, shop)
    ) as api:
        ask = client(api)
        for _ in range(5):
            shop.place_order(4)
        shop.advance(60)
        cost = ask(COSTLY, n=40)["extensions"]["cost"]
        assert cost["requestedQueryCost"] == 832
        assert cost["actualQueryCost"] < 100, "what was not needed is given back"
        assert cost["throttleStatus"] == {
            "maximumAvailable": 1000.0, "currentlyAvailable": 1000 - cost["actualQueryCost"], "restoreRate": 50.0,
        }  # fmt: skip
        while "data" in (answer := ask(COSTLY, n=40)):
            pass
        assert answer["errors"] == [
            {
                "message": "Throttled",
                "extensions": {
                    "code": "THROTTLED",
                    "documentation": "https://shopify.dev/api/usage/rate-limits",
                },
            }
        ]
        cost = answer["extensions"]["cost"]
        assert cost["actualQueryCost"] is None
        missing = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
        api.advance(missing / cost["throttleStatus"]["restoreRate"])
        assert "data" in ask(COSTLY, n=40)


def test_a_bucket_may_live_by_another_clock(shop, client):
    seconds = [0.0]
    with Shopify(shop, token="t", cost="linear", bucket=900, restore=1, clock=lambda: seconds[0]) as api:
        ask = client(api)
        api.bucket.take(500)
        shop.advance(10_000)
        assert "data" not in ask(COSTLY, n=40)
        seconds[0] += 500
        assert "data" in ask(COSTLY, n=40)


# Faults


@pytest.mark.parametrize(("fault", "status", "kind"), [
    ("429", 429, "text/plain"), ("429_after", 429, "text/plain"), ("500", 500, "text/html"), ("502", 502, "text/html"), ("503", 503, "text/html"),
])  # fmt: skip
def test_a_failure_has_the_status_and_body_of_the_real_one(shop, client, fault, status, kind):
    with Shopify(shop, token="t", faults=Faults(plan=[fault], retry_after=2)) as api:
        ask = client(api)
        ask.post(
            "/admin/api/2026-10/graphql.json",
            b'{"query": "{ shop { name } }"}',
            {"X-Shopify-Access-Token": "t"},
        )
        assert ask.status == status
        assert ask.headers["Content-Type"].startswith(kind)
        assert ask.headers.get("Retry-After") == ("2.0" if fault == "429_after" else None)
        assert "data" in ask("{ shop { name } }")
        assert [(each.fault, each.status) for each in api.calls] == [(fault, status), (None, 200)]


def test_a_page_may_come_with_200(shop, client):
    with Shopify(shop, token="t", faults=Faults(plan=["html"])) as api:
        ask = client(api)
        body = ask.post("/admin/api/2026-10/graphql.json", b"{}", {"X-Shopify-Access-Token": "t"})
        assert (ask.status, body[:9]) == (200, b"<!DOCTYPE")


def test_a_reset_connection_answers_nothing(shop, client):
    with Shopify(shop, token="t", faults=Faults(plan=["reset"])) as api:
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            client(api)("{ shop { name } }")
        assert api.calls[0].fault == "reset"


def test_a_truncated_body_is_shorter_than_it_said(shop, client):
    with (
        Shopify(shop, token="t", faults=Faults(plan=["truncated"])) as api,
        pytest.raises(http.client.IncompleteRead),
    ):
        client(api)("{ shop { name } }")


def test_an_internal_error_comes_with_200_and_a_request_id(shop, client):
    with Shopify(shop, token="t", faults=Faults(plan=["internal"])) as api:
        ask = client(api)
        answer = ask("{ shop { name } }")
        assert ask.status == 200
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert answer["errors"][0]["extensions"]["requestId"] in answer["errors"][0]["message"]


def test_a_kept_alive_connection_serves_many_and_ends_with_the_server(shop):
    with Shopify(shop, token="t") as api:
        connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=5)
        for _ in range(3):
            connection.request(
                "POST",
                "/admin/api/2026-10/graphql.json",
                b'{"query": "{ shop { name } }"}',
                {"X-Shopify-Access-Token": "t"},
            )
            assert connection.getresponse().read()
    assert connection.sock.recv(1) == b""
    connection.close()


# Looking changes nothing


def test_time_may_pass_with_every_request_and_looking_changes_nothing(client):
    watched, alone = Shop(3, orders_per_day=500), Shop(3, orders_per_day=500)
    with Shopify(watched, token="t", tick=300) as api:
        for _ in range(20):
            client(api)(LIST)
    alone.advance(6000)
    assert watched.now == alone.now
    assert watched.history == alone.history
    assert len(watched.orders) > 10
