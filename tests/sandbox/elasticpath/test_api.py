"""What Elastic Path answers, and what it refuses."""

from datetime import timedelta

import pytest

from sandbox.elasticpath import ElasticPath
from sandbox.faults import Faults
from sandbox.shop import Shop


def error(answer):
    (found,) = answer["errors"]
    return found


# Tokens


def test_a_token_is_granted_for_the_right_credentials_and_lives_an_hour(shop, client):
    with ElasticPath(shop) as api:
        ask = client(api)
        granted = ask.grant()
        assert granted == {
            "access_token": ask.token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "expires": int((shop.now + timedelta(hours=1)).timestamp()),
            "identifier": "client_credentials",
        }
        assert ask("orders")["data"] == []
        shop.advance(3600)
        assert error(ask("orders")) == {"status": 401, "title": "Unable to validate access token"}
        assert ask.status == 401


def test_a_token_may_come_wrapped(shop, client):
    with ElasticPath(shop, wrapped_token=True) as api:
        assert set(client(api).grant()) == {"data"}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "wrong"}, 401),
        ({"grant_type": "password"}, 400),
    ],
)
def test_wrong_credentials_are_refused(shop, client, form, status):
    with ElasticPath(shop) as api:
        ask = client(api)
        assert error(ask.grant(**form))["title"] in ("Unauthorized", "Bad Request")
        assert ask.status == status


def test_credentials_are_read_from_a_form_only(shop, client):
    with ElasticPath(shop) as api:
        ask = client(api)
        ask.ask("POST", "/oauth/access_token", '{"grant_type": "client_credentials"}', {"Content-Type": "application/json"})  # fmt: skip
        assert ask.status == 400


@pytest.mark.parametrize(
    "path", ["orders", "customers", "accounts", "account-members", "personal-data/erasure-requests"]
)
def test_an_implicit_token_lists_nothing_of_others(shop, client, path):
    with ElasticPath(shop) as api:
        ask = client(api, grant_type="implicit")
        assert error(ask(path)) == {"status": 403, "title": "Forbidden"}
        assert ask("currencies")["data"]


def test_without_a_token_nothing_is_shown_and_a_revoked_one_is_none(shop, client):
    with ElasticPath(shop) as api:
        ask = client(api)
        api.revoke()
        ask("currencies")
        assert ask.status == 401
        ask.token = None
        ask("currencies")
        assert ask.status == 401


# Filters


NEITHER = "Could not parse the supplied filter"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("orders", "eq(id,7)"),
        ("orders", "in(status,complete,incomplete)"),
        ("orders", "gt(status,complete)"),
        ("orders", "like(payment,*)"),
        ("orders", "eq(with_tax,100)"),
        ("orders", "is_null(external_ref)"),
        ("orders", "updated_at>2026"),
        ("orders", 'ge(updated_at,"yesterday")'),
        ("orders", 'ge(updated_at,"2026-10-01T00:00:00.000Z"'),
        ("orders", "ge(updated_at,)"),
        ("orders", "eq(status,complete),eq(payment,paid)"),
        ("customers", "ge(updated_at,2026-10-01T00:00:00.000Z)"),
        ("customers", "like(external_ref,x*)"),
        ("accounts", "eq(email,a@example.com)"),
        ("account-members", 'ge(updated_at,"2026-10-01T00:00:00.000Z")'),
        ("account-members", "eq(id,7)"),
        ("personal-data/erasure-requests", 'ge(created_at,"2026-10-01T00:00:00.000Z")'),
        ("orders", ":".join(["eq(status,complete)"] * 11)),
        ("orders", f"eq(email,{'x' * 9000})"),
    ],
)
def test_a_filter_that_an_endpoint_does_not_document_is_refused(shop, client, path, text):
    with ElasticPath(shop) as api:
        ask = client(api)
        assert error(ask(path, filter=text)) == {"title": "Bad Request", "detail": NEITHER}
        assert ask.status == 400


def test_orders_are_filtered_by_half_open_windows_quoted_or_not(shop, client):
    first = shop.place_order()
    shop.advance(60)
    second = shop.place_order()
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)

        def found(text, **headers):
            return {each["id"] for each in ask("orders", filter=text, headers=headers)["data"]}

        one, two = (api.id_of("order", each.id) for each in (first, second))
        start, end = "2026-10-01T08:00:00.000Z", "2026-10-01T08:01:00.000Z"
        assert found(f'ge(updated_at,"{start}"):lt(updated_at,"{end}")') == {one}
        assert found(f'gt(updated_at,"{start}"):le(updated_at,"{end}")') == {two}
        assert found(f"ge(created_at,{end})") == {two}
        assert found(f"lt(created_at,{int(second.created_at.timestamp() * 1000)})") == {one}
        assert found("ge(created_at,2026-10-01)") == {one, two}
        assert found("gt(created_at,2026-10-02)") == set()
        ask("orders", filter=f'ge(updated_at,"{start}")', headers={"EP-Disable-Beta-Filtering": "true"})
        assert ask.status == 400, "without the new parser nothing may be quoted"


def test_a_store_may_compare_instants_to_the_second(shop, client):
    shop.advance(0.7)
    shop.place_order()
    text = 'ge(updated_at,"2026-10-01T08:00:00.900Z"):lt(updated_at,"2026-10-01T08:00:01.000Z")'
    found = []
    for compares in ("ms", "s"):
        with ElasticPath(shop, index_lag=0, compares=compares) as api:
            found.append(len(client(api)("orders", filter=text)["data"]))
    assert found == [0, 1]


def test_orders_are_filtered_by_all_that_is_documented(shop, client):
    anna = shop.register()
    order = shop.place_order([{"price": "10", "quantity": 1}], customer=anna, shipping=None)
    shop.place_order([{"price": "90", "quantity": 1}], email="guest@example.org", pay=None)
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)
        shown = ask.of_order(order)
        for text in (
            "eq(status,complete)",
            "eq(payment,paid)",
            "eq(email,customer.1@example.com)",
            "like(email,customer*)",
            "like(name,*Schmidt)",
            f"eq(customer_id,{api.id_of('customer', anna.id)})",
            "le(with_tax,1000)",
            "lt(without_tax,1000)",
            f"eq(product_id,{api.id_of('product', order.lines[0].product.variant_id)})",
        ):
            assert [each["id"] for each in ask("orders", filter=text)["data"]] == [shown["id"]], text
        assert len(ask("orders", filter="eq(currency,EUR):eq(shipping,unfulfilled)")["data"]) == 2
        assert ask("orders", filter="eq(account_id,7)")["data"] == []


def test_accounts_are_found_by_several_ids(shop, client):
    several = [shop.register() for _ in range(3)]
    with ElasticPath(shop, buyers="accounts", index_lag=0) as api:
        ask = client(api)
        one, two, _ = (api.id_of("account", each.id) for each in several)
        found = ask("accounts", filter=f'in(id,"{one}","{two}")')["data"]
        assert {each["id"] for each in found} == {one, two}


# Pages


@pytest.mark.parametrize(
    "page", [{"limit": 101}, {"limit": 0}, {"offset": 10001}, {"offset": -1}, {"limit": "x"}]
)
def test_pages_have_their_bounds(shop, client, page):
    with ElasticPath(shop) as api:
        ask = client(api)
        for path in ("orders", "customers", "account-members"):
            assert error(ask(path, **page))["title"] == "Bad Request"
            assert ask.status == 400
        ask("orders", limit=100, offset=10000)
        assert ask.status == 200


def test_orders_come_in_pages_latest_change_first(lively, client):
    with ElasticPath(lively, rate=None) as api:
        ask = client(api)
        first = ask("orders")
        total = first["meta"]["results"]["total"]
        assert first["meta"]["page"] == {
            "limit": 25,
            "offset": 0,
            "current": 1,
            "total": -(-total // 25),
        }
        assert first["links"]["prev"] is None
        assert first["links"]["next"].endswith("page[limit]=25&page[offset]=25")
        every = []
        for offset in range(0, total, 100):
            every += ask("orders", limit=100, offset=offset)["data"]
        times = [each["meta"]["timestamps"]["updated_at"] for each in every]
        assert times == sorted(times, reverse=True)
        assert len({each["id"] for each in every}) == total == len(api.book.tales())


def test_orders_are_sorted_by_what_is_documented_only(shop, client):
    for price in ("30", "10", "20"):
        shop.place_order([{"price": price, "quantity": 1}], shipping=None)
        shop.advance(1)
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)

        def amounts(sort):
            return [
                each["meta"]["display_price"]["with_tax"]["amount"]
                for each in ask("orders", sort=sort)["data"]
            ]

        assert amounts("with_tax") == [1000, 2000, 3000]
        assert amounts("-created_at") == [2000, 1000, 3000]
        assert error(ask("orders", sort="updated_at"))["title"] == "Bad Request"
        assert error(ask("orders", sort="total"))["title"] == "Bad Request"
    with ElasticPath(shop, index_lag=0, sorts_updated=True) as api:
        assert len(client(api)("orders", sort="updated_at")["data"]) == 3


def test_a_total_may_be_a_lower_bound_and_links_may_be_absent(lively, client):
    with ElasticPath(lively, total_method="observed", links=False) as api:
        page = client(api)("orders", limit=10)
        assert page["meta"]["results"] == {"total": 20, "total_method": "observed"}
        assert "links" not in page


def test_items_come_along_when_asked_for(shop, client):
    order = shop.place_order(3)
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)
        page = ask("orders", include="items")
        ids = [each["id"] for each in page["data"][0]["relationships"]["items"]["data"]]
        assert [each["id"] for each in page["included"]["items"]] == ids
        assert page["included"]["items"] == ask.of_order(order, "items")
        assert "included" not in ask("orders", include="account", shrug="yes"), "the unknown is ignored"


# When things happen


def test_a_row_reaches_the_lists_late_but_is_itself_at_once(shop, client):
    order = shop.place_order(pay=None)
    with ElasticPath(shop, index_lag=60) as api:
        ask = client(api)
        assert ask("orders")["data"] == []
        assert ask.of_order(order)["payment"] == "unpaid"
        shop.advance(60)
        assert len(ask("orders")["data"]) == 1
        shop.pay(order)
        assert [each["payment"] for each in ask("orders")["data"]] == ["unpaid"], "as it was indexed"
        assert ask.of_order(order)["payment"] == "paid"
        shop.advance(60)
        assert [each["payment"] for each in ask("orders")["data"]] == ["paid"]


def test_the_shop_lives_on_between_two_questions(shop, client):
    with ElasticPath(shop, index_lag=0, between=shop.place_order, tick=2) as api:
        ask = client(api)
        assert [ask("orders")["meta"]["results"]["total"] for _ in range(3)] == [2, 3, 4]
        assert shop.now - shop.start == timedelta(seconds=8)


def test_an_order_that_changes_leaves_its_window_and_another_is_skipped(shop, client):
    """The trap of offsets over a list that is sorted by the last change: only the total tells."""
    orders = [shop.place_order(pay=None) for _ in range(4)]
    window = f'lt(updated_at,"{shop.now.isoformat().replace("+00:00", ".500Z")}")'
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)

        def page(offset):
            found = ask("orders", filter=window, limit=2, offset=offset)
            return [each["id"] for each in found["data"]], found["meta"]["results"]["total"]

        first, total = page(0)
        shop.advance(1)
        shop.pay(next(each for each in orders if api.id_of("order", each.id) == first[0]))
        second, moved = page(2)
        assert (total, moved) == (4, 3)
        assert len({*first, *second}) == 3, "one was never shown"


def test_the_rate_is_bounded_and_says_nothing_of_when_to_come_back(shop, client):
    with ElasticPath(shop, rate=5) as api:
        ask = client(api)
        while ask.status == 200:
            answer = ask("currencies")
        assert ask.status == 429
        assert error(answer) == {"status": 429, "title": "Too Many Requests"}
        assert "Retry-After" not in ask.headers
        shop.advance(1)
        ask("currencies")
        assert ask.status == 200
    with ElasticPath(shop, rate=None) as api:
        ask = client(api)
        assert {ask("currencies") and ask.status for _ in range(60)} == {200}


@pytest.mark.parametrize(
    ("spelling", "expected"), [("int", 404), ("string", "404"), ("missing", None), (None, "404")]
)
def test_an_error_has_its_status_as_a_number_a_text_or_not_at_all(shop, client, spelling, expected):
    with ElasticPath(shop, status_as=spelling) as api:
        assert error(client(api)("orders/nobody"))["detail"] == "Order not found"
        assert error(client(api)("orders/nobody")).get("status") == expected


def test_what_is_not_there_or_not_allowed_is_said(shop, client):
    order = shop.place_order()
    with ElasticPath(shop, forbidden=("transactions",)) as api:
        ask = client(api)
        answer = ask(f"orders/{api.id_of('order', order.id)}/transactions")
        assert (ask.status, error(answer)) == (403, {"status": 403, "title": "Forbidden"})
        ask("carts")
        assert ask.status == 404
        ask("customers/nobody")
        assert ask.status == 404
        ask.ask("POST", "/v2/orders", "{}", {"Authorization": f"Bearer {ask.token}"})
        assert ask.status == 405


def test_a_shoppers_header_narrows_the_orders(shop, client):
    shop.place_order()
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)
        assert ask("orders", headers={"X-Moltin-Customer-Token": "x"})["data"] == []


def test_faults_happen_and_are_counted(shop, client):
    faults = Faults(plan=["500", None, "429", None, "expired"])
    with ElasticPath(shop, faults=faults) as api:
        ask = client(api)
        assert ask.status == 500
        ask.grant()
        ask("orders")
        assert ask.status == 429
        ask("orders")
        assert ask.status == 200
        ask("orders")
        assert ask.status == 401
        assert api.calls.count == {
            ("oauth", 500): 1,
            ("oauth", 200): 1,
            ("orders", 429): 1,
            ("orders", 200): 1,
            ("orders", 401): 1,
        }
        assert [each.fault for each in api.calls] == ["500", None, "429", None, "expired"]
    with pytest.raises(ValueError, match="internal"):
        ElasticPath(shop, faults=Faults(kinds=["internal"]))


def test_the_date_is_the_shops(shop, client):
    with ElasticPath(shop) as api:
        assert client(api).grant() is not None
        ask = client(api)
        ask("currencies")
        assert ask.headers["Date"] == "Thu, 01 Oct 2026 08:00:00 GMT"


def test_the_same_questions_get_the_same_answers(client):
    def told():
        shop = Shop(9, orders_per_day=8)
        shop.advance(4 * 86400)
        with ElasticPath(shop, privacy=0.5, rate=None) as api:
            ask = client(api)
            page = ask("orders", include="items", limit=100)
            whole = [page["data"], page["included"], ask("customers", limit=100)["data"]]
            for each in page["data"][:10]:
                whole += [ask(f"orders/{each['id']}/{what}") for what in ("transactions", "shipping-groups")]
            return whole, page["meta"]

    assert told() == told()


def test_it_says_how_it_is_reached(shop):
    with ElasticPath(shop, buyers="accounts") as api:
        assert api.settings == {
            "platform": "elasticpath",
            "api_url": api.url,
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "customer_source": "accounts",
        }


def test_more_orders_than_can_be_listed_are_an_error_without_a_filter(client):
    shop = Shop(seed=2, alive=False)
    for _ in range(3):
        shop.place_order(1)
    shop.advance(seconds=120)
    with ElasticPath(shop, rate=None, most=3) as api:
        ask = client(api)
        assert ask("orders", limit=1)["errors"][0]["detail"].endswith("use a filter")
        assert ask.status == 400
        assert len(ask("orders", limit=1, filter='ge(created_at,"2020-01-01T00:00:00Z")')["data"]) == 1
        shop.place_order(1)
    with ElasticPath(shop, rate=None, most=5) as api:
        assert client(api)("orders", limit=1)["data"]
