"""The webservice refuses what PrestaShop refuses, with its codes and its own wrong statuses."""

import json

import pytest

from sandbox.faults import Faults
from sandbox.prestashop import PrestaShop
from sandbox.prestashop.api import KEY


def test_a_list_shows_ids_unless_fields_are_named(ask, shop):
    shop.place_order()
    shop.place_order()
    assert ask("orders") == {"orders": [{"id": 1}, {"id": 2}]}
    assert ask("orders", display="[id,reference]", limit="1")["orders"][0].keys() == {"id", "reference"}


def test_an_empty_list_is_a_bare_list(ask):
    assert ask("orders") == []
    assert ask.status == 200
    assert ask("orders", display="[]") == {"orders": []}


def test_the_list_of_a_resource_need_not_have_its_name(ask, shop):
    order = shop.place_order()
    shop.refund(order, {order.lines[0].id: 1})
    assert list(ask("order_slip")) == ["order_slips"]


def test_one_thing_without_display_drops_whatever_is_false(ask, shop):
    shop.place_order(shipping=None)
    said = ask("orders/1")["order"]
    assert said["total_shipping"] == "0.000000"
    assert said["carrier_tax_rate"] == "0.000"
    assert not {"gift", "recyclable", "note", "gift_message", "mobile_theme"} & said.keys()
    whole = ask("orders/1", display="full")["orders"][0]
    assert whole["gift"] == "0"


@pytest.mark.parametrize("path", ["orders/9", "orders/nine"])
def test_what_does_not_exist_is_an_empty_404(ask, path):
    assert ask.get(f"/api/{path}", {"output_format": "JSON"}) == b""
    assert ask.status == 404


# Keys


@pytest.mark.parametrize(
    ("key", "code"), [("", 17), ("short", 18), ("X" * 32, 21)], ids=["empty", "too short", "unknown"]
)
def test_a_wrong_key_is_refused(ask, key, code):
    ask.key = key
    assert ask.code("orders") == (401, code)
    assert "PSWS-Version" not in ask.headers, "only who is known learns the version"


def test_without_any_key_the_answer_is_plain_text(ask):
    ask.key = None
    assert ask.get("/api/orders") == b"401 Unauthorized"
    assert ask.status == 401
    assert ask.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_key_may_come_in_the_query_but_the_header_wins(ask):
    ask.key = None
    ask("orders", ws_key=KEY)
    assert ask.status == 200
    ask.key = "wrong"
    assert ask.code("orders", ws_key=KEY) == (401, 18)


def test_a_host_may_drop_the_header(shop, client):
    with PrestaShop(shop, drop_authorization=True) as api:
        ask = client(api)
        assert ask.get("/api/orders") == b"401 Unauthorized"
        assert ask("orders", ws_key=KEY) == []
        assert api.settings["auth_in_query"] is True


def test_keys_never_stand_in_the_account_of_calls(ask):
    ask("orders", ws_key=KEY)
    assert KEY not in repr(ask.api.calls)


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"active": False}, 401, 20),
        ({"rights": ()}, 401, 21),
        ({"rights": ("customers",)}, 401, 26),
        ({"enabled": False}, 503, 22),
    ],
    ids=["inactive", "no rights", "not this one", "webservice off"],
)
def test_switches_and_rights_are_refused_with_their_codes(shop, client, options, status, code):
    with PrestaShop(shop, **options) as api:
        assert client(api).code("orders") == (status, code)


def test_the_words_of_a_missing_right_are_the_sample_s(ask, sample):
    assert ask("products") == sample("error_401_resource_not_allowed.json")


def test_only_reading_is_allowed(ask):
    body = ask.get("/api/orders", {"output_format": "JSON"}, method="POST")
    assert ask.status == 405
    assert json.loads(body)["errors"][0]["code"] == 25


def test_there_is_no_such_resource(ask):
    assert ask.code("ordres") == (400, 27)


# Lists


def test_an_unknown_filter_is_a_500_that_carries_its_code_and_php_s_warnings(ask, sample):
    said = ask("orders", {"filter[date_upd]": "[2026-11-19]"})
    assert ask.status == 500
    assert said["errors"][0] == sample("error_400_bad_filter.json")["errors"][0]
    assert {each["code"] for each in said["errors"][1:]} == {3}


def test_an_honest_400_comes_only_in_debug_mode(shop, client, sample):
    with PrestaShop(shop, debug=True) as api:
        ask = client(api)
        assert ask("orders", {"filter[date_upd]": "[2026-11-19]"}) == sample("error_400_bad_filter.json")
        assert ask.status == 400


@pytest.mark.parametrize(("query", "code"), [
    ({"filter[nope]": "[1]"}, 32),
    ({"filter[date_upd]": "[2026-10-01,2026-10-02]"}, 32),
    ({"filter": "[1]"}, 33),
    ({"filter[shipping_number]": "[1]"}, 34),
    ({"display": "[id,nope]"}, 35),
    ({"display": "[order_rows[nope]]"}, 35),
    ({"display": "id"}, 36),
    ({"display": "[id,order_rows[id]"}, 36),
    ({"sort": "[id]"}, 37),
    ({"sort": "[id_UP]"}, 37),
    ({"sort": "[nope_ASC]"}, 38),
    ({"sort": "[date_upd_ASC]"}, 38),
    ({"limit": "1,2,3"}, 39),
])  # fmt: skip
def test_a_malformed_question_is_refused(ask, query, code):
    assert ask.code("orders", query) == (500, code)


@pytest.mark.parametrize("resource", ["order_histories", "order_carriers", "order_payments", "order_details"])
def test_a_date_that_a_table_lacks_kills_php(ask, resource):
    body = ask.get(
        f"/api/{resource}", {"output_format": "JSON", "date": "1", "filter[date_upd]": "[2026-10-01]"}
    )
    assert ask.status == 500
    assert body.startswith(b"<!DOCTYPE html>")


def test_a_url_is_bounded(ask):
    many = "|".join(map(str, range(3000)))
    ask.get("/api/orders", {"output_format": "JSON", "filter[id]": f"[{many}]"})
    assert ask.status == 414


# Formats, headers, places


def test_it_is_xml_unless_json_is_asked_for_in_upper_case(ask, shop):
    shop.place_order()
    for query, headers, type_ in [
        ({}, {}, "text/xml"),
        ({"output_format": "json"}, {}, "text/xml"),
        ({"io_format": "JSON"}, {}, "application/json"),
        ({}, {"Output-Format": "JSON"}, "application/json"),
        ({}, {"Io-Format": "JSON"}, "application/json"),
    ]:
        ask.get("/api/orders", query, headers)
        assert ask.headers["Content-Type"].startswith(type_), (query, headers)


def test_the_root_answers_xml_and_dies_of_json(ask):
    assert b"<api>" in ask.get("/api/")
    ask.get("/api/", {"output_format": "JSON"})
    assert ask.status == 500


def test_every_answer_carries_the_shop_s_clock_in_utc(ask, shop):
    shop.rest(3600)
    ask("orders")
    assert int(ask.headers["Access-Time"]) == shop.now.timestamp()
    assert ask.headers["PSWS-Version"] == "9.0.3"


def test_a_host_without_rewriting_knows_only_the_dispatcher(shop, client):
    with PrestaShop(shop, rewrite=False) as api:
        ask = client(api)
        ask.get("/api/orders")
        assert ask.status == 404
        assert ask.get("/webservice/dispatcher.php", {"url": "orders", "output_format": "JSON"}) == b"[]"
        assert api.settings["without_rewrite"] is True


def test_a_shop_may_live_in_a_folder(shop, client):
    with PrestaShop(shop, folder="shop/fr") as api:
        assert client(api)("orders") == []
        assert api.settings["api_url"].endswith("/shop/fr")


# Several shops


def test_orders_and_customers_are_cut_to_the_context_and_children_are_not(shop, client):
    for _ in range(4):
        shop.place_order()
    with PrestaShop(shop, shops=2) as api:
        ask = client(api)
        assert (ask.ids("orders"), ask.ids("orders", id_shop="2")) == ([2, 4], [1, 3])
        assert ask.ids("orders", id_shop="all") == [1, 2, 3, 4]
        assert {each["id_order"] for each in ask.rows("order_histories")} == {1, 2, 3, 4}
        assert ask.code("orders", id_shop="3") == (403, 132)
        assert ask.code("orders/1") == (404, 131)


# Trouble


@pytest.mark.parametrize(("fault", "status", "start"), [
    ("429", 429, b"<!DOCTYPE html>"),
    ("403", 403, b"<!DOCTYPE html>"),
    ("503", 503, b"<!DOCTYPE html>"),
    ("fatal", 500, b""),
    ("html", 200, b"<!DOCTYPE html>"),
    ("module_warning", 500, b'{"errors":[{"code":2'),
    ("php_warning", 200, b"<br />\n<b>Warning</b>"),
])  # fmt: skip
def test_what_befalls_a_php_host(shop, client, fault, status, start):
    with PrestaShop(shop, faults=Faults(plan=[fault])) as api:
        ask = client(api)
        body = ask.get("/api/orders", {"output_format": "JSON"})
        assert (ask.status, body[: len(start)]) == (status, start)
        assert api.calls[0].fault == fault
        assert ask("orders") == []


def test_a_fault_that_it_does_not_know_is_refused_at_once(shop):
    with pytest.raises(ValueError, match="no such faults"):
        PrestaShop(shop, faults=Faults(plan=["internal"]))


def test_a_module_may_ignore_every_filter(shop, client):
    shop.place_order()
    with PrestaShop(shop, ignores_filters=True) as api:
        assert client(api).ids("orders", {"filter[id]": "[99]"}) == [1]


def test_some_shops_write_the_date_of_a_change_as_a_list(shop, client):
    shop.place_order()
    with PrestaShop(shop, listed_dates=True) as api:
        assert client(api).rows("orders", display="[date_upd]") == [
            {"date_upd": [{"id": 1, "value": "2026-10-01 10:00:00"}]}
        ]


def test_what_happened_can_be_read_once_it_is_committed(shop, client):
    shop.place_order()
    shop.rest(2)
    shop.place_order()
    with PrestaShop(shop, commit_lag=2) as api:
        ask = client(api)
        assert ask.ids("orders") == [1]
        shop.rest(2)
        assert [each["date_add"][-2:] for each in ask.rows("orders")] == ["00", "02"]


def test_calls_are_accounted_for(ask, shop):
    shop.place_order()
    ask("orders", display="[id]")
    ask("nope")
    assert [(each.name, each.status, each.code, each.rows) for each in ask.api.calls] == [
        ("orders", 200, None, 1),
        ("nope", 400, 27, 0),
    ]
    assert ask.api.calls[0].query == {"output_format": "JSON", "display": "[id]"}
    assert ask.api.calls.count == {("orders", 200): 1, ("nope", 400): 1}
