"""The tap's questions, answered by a sandbox that executes them against Shopify's own types."""

import json
import logging
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
import urllib3

from sandbox.faults import Faults
from sandbox.shop import START, Shop
from sandbox.shopify import Shopify as Api
from tap_commerce.errors import Denied, Malformed, Misconfigured, Unauthorized
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.shopify.asking import Shopify, _place
from tap_commerce.schemas import STREAMS, schema

EVERYTHING = {name: frozenset(schema(record)["properties"]) for name, record in STREAMS.items()}
ORDERS = ("orders", "refunds", "fulfillments")
LATER = timedelta(days=400)


def tap(api, selection=None, *, opened=True, **settings):
    wire = Wire(
        user_agent="test", bounds=Bounds(seconds=1e6), sleep=api.advance, jitter=lambda seconds: seconds
    )
    made = Shopify({"api_url": api.url, "access_token": api.token, "shop": "acme"} | settings, wire)
    if opened:
        made.open(EVERYTHING if selection is None else selection)
    return made


def read(it, streams=ORDERS, start=START - LATER, end=START + LATER):
    return [record for page in it.read(streams, Window(start, end)) for record in page.records]


def plain(found):
    return {(stream, record.id): msgspec.to_builtins(record) for stream, record in found}


def lively(days=6, **facts):
    shop = Shop(seed=3, start=START, orders_per_day=12, **facts)
    shop.live(START + timedelta(days=days))
    return shop


def scripted():
    return Shop(seed=5, start=START, alive=False)


def settled(shop):
    """Let time pass, so that the search index and the children have caught up."""
    shop.advance(seconds=3600)
    return shop


def crowded():
    """One order whose every list is longer than what comes inline."""
    shop = scripted()
    order = shop.place_order([{"quantity": 30}] * 60, customer=shop.register(), pay="pending")
    for _ in range(12):
        shop.advance(seconds=60)
        shop.pay(order, "5.00")
    shop.pay(order)
    lines = [line.id for line in order.lines]
    for number in range(9):
        shop.advance(seconds=60)
        shop.refund(order, dict.fromkeys(lines[: 5 + number * 4], 1), shipping=number == 0)
        shop.ship(order, dict.fromkeys(lines[: 3 + number * 6], 1), tracking=True)
    return settled(shop)


@pytest.mark.parametrize("cost", ["low", "linear"])
def test_every_nested_list_is_read_to_its_end(cost):
    shop = crowded()
    (order,) = shop.orders.values()
    with Api(shop, cost=cost) as api:
        found = read(tap(api))
    told = [record for stream, record in found if stream == "orders"]
    refunds = [record for stream, record in found if stream == "refunds"]
    parcels = [record for stream, record in found if stream == "fulfillments"]
    assert [line.id for line in told[0].line_items] == [str(line.id) for line in order.lines]
    assert {each.id: len(each.line_items) for each in refunds} == {
        str(each.id): len(each.lines) for each in order.refunds
    }
    assert {each.id: len(each.line_items) for each in parcels} == {
        str(each.id): len(each.lines) for each in order.fulfillments
    }
    assert told[0].paid_at is not None
    assert told[0].total_refunded == refunds[-1].order_refunded_to_date


def test_under_the_old_rule_of_costs_the_same_is_read():
    shop = lively(3)
    with Api(shop) as low, Api(shop, cost="linear", bucket=1000, restore=50) as linear:
        # Waiting moves the shop's clock, and the shop lives on: what is compared is what lies behind.
        end = shop.now - timedelta(seconds=60)
        shop._life = None
        cheap, dear = plain(read(tap(low), end=end)), plain(read(tap(linear), end=end))
    assert cheap == dear
    assert len(low.calls) < len(linear.calls)
    assert max(call.requested for call in linear.calls if call.requested and not call.code) <= 1000


def test_with_cheap_answers_pages_grow():
    shop = lively(8)
    with Api(shop) as api:
        found = read(tap(api))
    sizes = [call.variables["first"] for call in api.calls if call.name == "Orders"]
    assert sizes[0] == 25
    assert sizes == sorted(sizes)
    assert sizes[-1] > 25
    assert len({key for key in plain(found) if key[0] == "orders"}) == len(shop.orders)


def test_a_bucket_that_is_empty_is_waited_for_and_nothing_is_lost():
    shop = lively(3)
    shop._life = None
    with Api(shop, cost="linear", bucket=1000, restore=10) as api:
        before = shop.now
        found = read(tap(api), end=before)
    assert len({key for key in plain(found) if key[0] == "orders"}) == len(shop.orders)
    assert shop.now > before
    assert [call.code for call in api.calls].count("THROTTLED") < len(api.calls) / 2


@pytest.mark.parametrize("seed", range(3))
def test_faults_change_nothing_in_what_is_read(seed):
    shop = lively(3)
    shop._life = None
    kinds = ("429", "429_after", "500", "502", "503", "reset", "truncated", "internal", "reset_after")
    with Api(shop) as good, Api(shop, faults=Faults(seed=seed, rate=0.4, kinds=kinds)) as bad:
        end = shop.now - timedelta(seconds=60)
        expected = plain(read(tap(good), end=end))
        assert plain(read(tap(bad), end=end)) == expected
        assert bad.faults.happened.total() > 3


def test_a_window_is_half_open():
    shop = scripted()
    orders = []
    for _ in range(3):
        orders.append(shop.place_order(1))
        shop.advance(seconds=60)
    settled(shop)
    with Api(shop) as api:
        found = read(tap(api), start=orders[1].updated_at, end=orders[2].updated_at)
    assert [record.id for _, record in found] == [str(orders[1].id)]


def test_customers_that_a_search_by_whole_days_finds_are_filtered():
    shop = scripted()
    old = shop.register("Old")
    shop.advance(seconds=7200)
    new = shop.register("New")
    settled(shop)
    with Api(shop, day_filter=True) as api:
        found = read(tap(api), ("customers",), start=new.updated_at, end=shop.now)
    assert [record.id for _, record in found] == [str(new.id)]
    assert old.id != new.id


def variables(api, operation="Orders"):
    return next(call.variables for call in api.calls if call.name == operation)


def test_what_is_not_selected_is_not_asked_for():
    shop = crowded()
    fields = EVERYTHING["orders"] - {
        "line_items", "customer", "landing_page", "referrer", "campaign", "paid_at", "authorized_at", "location_id",
        "location_name",
    }  # fmt: skip
    with Api(shop) as api:
        found = read(tap(api, {"orders": fields}), ("orders",))
    asked = variables(api)
    for part in [
        "lines",
        "products",
        "customer",
        "journey",
        "payments",
        "places",
        "refunds",
        "returns",
        "fulfillments",
        "metafields",
    ]:
        assert asked[part] is False, part
    assert [stream for stream, _ in found] == ["orders"]
    assert api.calls.count[("OrderRefunds", 200)] == 0
    assert found[0][1].line_items is msgspec.UNSET


def test_refunds_are_read_without_orders():
    shop = crowded()
    with Api(shop) as api:
        found = read(tap(api, {"refunds": EVERYTHING["refunds"]}), ("refunds",))
    assert {stream for stream, _ in found} == {"refunds"}
    assert variables(api)["orders"] is False
    assert found[0][1].order.customer.id is not None
    assert found[0][1].line_items[0].name


def test_an_edited_order_needs_its_refunds_even_if_nobody_selected_them():
    shop = scripted()
    order = shop.place_order([{"price": "30.00", "quantity": 4}])
    shop.edit_order(order, remove={order.lines[0].id: 1})
    shop.refund(order, {order.lines[0].id: 2})
    settled(shop)
    with Api(shop) as api:
        ((_, told),) = read(tap(api, {"orders": EVERYTHING["orders"]}), ("orders",))
    (line,) = told.line_items
    assert (line.quantity, line.current_quantity) == (3, 1)


def test_orders_come_before_their_children():
    with Api(lively(4)) as api:
        found = read(tap(api))
    seen = set()
    for stream, record in found:
        if stream == "orders":
            seen.add(record.id)
        else:
            assert record.order_id in seen


def test_the_total_to_date_of_an_order_grows_with_its_refunds():
    with Api(lively(6)) as api:
        found = read(tap(api))
    by_order = {}
    for stream, record in found:
        if stream == "refunds":
            by_order.setdefault(record.order_id, []).append(record)
    assert any(len(each) > 1 for each in by_order.values())
    for refunds in by_order.values():
        totals = [each.order_refunded_to_date for each in refunds]
        assert totals == sorted(totals)
        assert totals[-1] == sum(each.total for each in refunds)


def test_any_record_is_found_again_from_the_instant_by_which_it_was_polled():
    shop = lively(3)
    shop._life = None
    with Api(shop) as api:
        it = tap(api)
        everything = read(it)
        for stream, record in everything[:: len(everything) // 7]:
            polled = it._admin.wire.now().fromisoformat(record.polled_at)
            again = read(it, start=polled, end=polled + timedelta(seconds=1))
            assert (stream, record.id) in plain(again)


@pytest.mark.parametrize(
    ("scopes", "selection", "says"),
    [
        (["read_customers"], {"orders"}, "read_orders"),
        (["read_customers"], {"refunds"}, "read_orders"),
        (["read_orders"], {"orders", "customers"}, "read_customers"),
    ],
)
def test_a_missing_scope_is_named_before_the_first_record(scopes, selection, says):
    with Api(settled(scripted()), scopes=scopes) as api:
        it = tap(api, opened=False)
        with pytest.raises(Denied, match=says):
            it.open({name: EVERYTHING[name] for name in selection})


def test_without_the_scope_for_customers_orders_come_without_them(caplog):
    shop = settled(crowded())
    with Api(shop, scopes=["read_orders", "read_all_orders"]) as api, caplog.at_level(logging.WARNING):
        found = read(tap(api, {"orders": EVERYTHING["orders"]}), ("orders",))
    assert found[0][1].customer is msgspec.UNSET
    assert "read_customers" in caplog.text


def test_old_orders_are_refused_without_the_scope_to_see_them():
    with Api(settled(scripted()), scopes=["read_orders", "read_customers"]) as api:
        it = tap(api)
        it.permit(ORDERS, it.now() - timedelta(days=59))
        it.permit(("customers",), it.now() - timedelta(days=3000))
        with pytest.raises(Denied, match=r"read_all_orders.*accept_recent_orders_only"):
            it.permit(ORDERS, it.now() - timedelta(days=61))
        tap(api, accept_recent_orders_only=True).permit(ORDERS, it.now() - timedelta(days=61))


def test_protected_customer_data_is_left_out_and_warned_of_once(caplog):
    shop = lively(2)
    with Api(shop, protected=True) as api, caplog.at_level(logging.WARNING):
        it = tap(api)
        found = plain(read(it) + read(it, ("customers",)))
    assert {stream for stream, _ in found} == set(STREAMS)
    for (stream, _), record in found.items():
        if stream == "orders":
            assert not record.keys() & {"email", "billing_address", "ip"}
            assert record["customer"] is None or "email" not in record["customer"]
            assert record["line_items"]
        if stream == "customers":
            assert not record.keys() & {"email", "first_name", "phone", "name"}
            assert "tags" in record
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == len(set(messages))
    assert any("customer.firstName" in each for each in messages)


def test_a_selected_stream_that_shopify_refuses_stops_the_run_rather_than_stay_empty():
    it = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"}, Wire(user_agent="test"))
    it._parts = {"refunds": True, "fulfillments": False}
    with pytest.raises(Denied, match="refunds"):
        it._note(["orders.nodes.refunds"])
    it._note(["orders.nodes.fulfillments"])


def test_a_part_that_is_refused_is_no_longer_asked_for():
    it = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"}, Wire(user_agent="test"))
    it._parts = {"products": True, "customer": True}
    it._note(["orders.nodes.lineItems.nodes.product"])
    assert it._parts == {"products": False, "customer": True}


def test_tokens_that_expire_are_renewed_on_the_way():
    shop = lively(6)
    shop._life = None
    with Api(shop, client_id="id", client_secret="hush", token_lifetime=300, tick=60) as api:
        it = tap(api, access_token=None, client_id="id", client_secret="hush")
        found = read(it)
        assert api.calls.count[("oauth", 200)] > 1
    assert len({key for key in plain(found) if key[0] == "orders"}) == len(shop.orders)


def test_a_wrong_token_is_refused_by_name():
    with Api(scripted()) as api, pytest.raises(Unauthorized, match="access_token"):
        tap(api, access_token="shpat_wrong")


def test_wrong_client_credentials_are_refused_by_name():
    with (
        Api(scripted(), client_id="id", client_secret="hush") as api,
        pytest.raises(Denied, match="client_secret"),
    ):
        tap(api, access_token=None, client_id="id", client_secret="wrong")


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_every_version_brings_consents_to_sms(version):
    shop = lively(4)
    with Api(shop) as api:
        found = plain(read(tap(api, api_version=version), ("customers",)))
    consents = [record["sms_consent"] for record in found.values() if record["phone"]]
    assert consents
    assert all(each["state"] for each in consents)


def test_metafields_are_read_that_the_settings_name():
    shop = scripted()
    shop.register(metafields=(("custom", "since", "2019"), ("custom", "secret", "x")))
    settled(shop)
    with Api(shop) as api:
        ((_, told),) = read(tap(api, customer_metafields=["custom.since"]), ("customers",))
    assert [(each.name, each.value) for each in told.metafields] == [("custom.since", "2019")]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"api_url": "acme.myshopify.com"}, "api_url"),
        ({"api_version": "2025-01"}, "2026-10"),
        ({"access_token": None}, "access_token"),
        ({"access_token": None, "client_id": "id"}, "client_secret"),
        ({"client_id": "id", "client_secret": "hush"}, "access_token"),
        ({"page_size": 251}, "page_size"),
        ({"access_token": "shpat_x\n"}, "access_token"),
        ({"access_token": "shpat_\u201cx\u201d"}, "access_token"),
        ({"customer_metafields": ["since"]}, "customer_metafields"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_asked(settings, says):
    wire = Wire(user_agent="test")
    with pytest.raises(Misconfigured, match=says) as told:
        Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"} | settings, wire)
    assert wire.questions == 0
    assert "shpat" not in str(told.value)


def test_the_shop_is_named_after_its_host():
    it = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x"}, Wire(user_agent="test"))
    assert it.shop == "acme.myshopify.com"


# What the sandbox's shop does not do


class Canned:
    """A session that answers each operation by a function of its variables, and remembers what it was asked."""

    def __init__(self, date="Fri, 20 Nov 2026 12:00:00 GMT", **operations):
        self.operations, self.asked, self.headers, self.date = operations, [], {}, date

    def request(self, method, url, *, headers, data, **_):
        asked = json.loads(data)
        name, variables = asked["operationName"], asked["variables"]
        self.asked.append((name, variables))
        body = json.dumps({"data": self.operations[name](variables)}).encode()
        return SimpleNamespace(
            status_code=200,
            headers={"Date": self.date} if self.date else {},
            raw=SimpleNamespace(read=lambda decode_content: body),
        )

    def tap(self, selection=None):
        wire = Wire(user_agent="test", session=self, bounds=Bounds(attempts=2), sleep=lambda seconds: None)
        made = Shopify({"api_url": "https://acme.myshopify.com", "access_token": "x", "shop": "acme"}, wire)
        made.open(EVERYTHING if selection is None else selection)
        return made


def scopes(variables):
    granted = ["read_orders", "read_all_orders", "read_customers"]
    return {"currentAppInstallation": {"accessScopes": [{"handle": each} for each in granted]}}


def whole(*nodes, after=None):
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def raw_order(number=1, **facts):
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": "2026-11-20T08:00:00Z",
        "processedAt": "2026-11-20T08:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z",
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "displayFulfillmentStatus": "UNFULFILLED",
        "totalPriceSet": {"shopMoney": {"amount": "100.0"}},
        **facts,
    }


def shipping(price):
    money = {"amount": price}
    return {
        "title": price,
        "discountedPriceSet": {"shopMoney": money, "presentmentMoney": money},
        "discountAllocations": [],
    }


NINE = "2026-11-20T09:00:00Z"


def part(*nodes, at=NINE, after=None):
    return {"node": {"updatedAt": at, "page": whole(*nodes, after=after)}}


def test_shipping_lines_are_read_to_their_end():
    page = raw_order(shippingLines=whole(shipping("1.0"), shipping("2.0"), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderShipping=lambda variables: part(shipping("4.0")),
    )
    ((_, told),) = read(shop.tap())
    assert (told.shipping, told.shipping_method) == (7, "1.0")
    assert shop.asked[-1][1]["after"] == "c"


def raw_line(number, current=1):
    return {"id": f"gid://shopify/LineItem/{number}", "quantity": 1, "currentQuantity": current}


def test_an_order_that_changes_while_it_is_read_is_read_anew_as_a_whole():
    ten = "2026-11-20T10:00:00Z"
    before = raw_order(lineItems=whole(raw_line(1), after="c"), note="before")
    after = raw_order(lineItems=whole(raw_line(1), after="d"), note="after", updatedAt=ten)
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(before)},
        OrderLines=lambda variables: part(raw_line(2), at=ten),
        OneOrder=lambda variables: {"node": after},
    )
    ((_, told),) = read(shop.tap())
    assert (told.note, told.updated_at, [line.id for line in told.line_items]) == ("after", ten, ["1", "2"])
    assert [variables["after"] for name, variables in shop.asked if name == "OrderLines"] == ["c", "d"]


def test_the_returned_units_of_an_edited_order_are_those_of_its_own_version():
    """Else the unit that came back meanwhile would seem to be one that the edit had not taken away."""
    ten = "2026-11-20T10:00:00Z"
    line = {"id": "gid://shopify/LineItem/1", "quantity": 3}
    none = {"nodes": []}
    refund = {
        "id": "gid://shopify/Refund/1",
        "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
        "refundLineItems": whole({"quantity": 1, "lineItem": {"id": line["id"]}}),
        "refundShippingLines": none,
        "orderAdjustments": none,
        "transactions": none,
    }
    page = raw_order(edited=True, lineItems=whole(line | {"currentQuantity": 2}))
    moved = raw_order(edited=True, lineItems=whole(line | {"currentQuantity": 1}), updatedAt=ten)
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderRefunds=lambda variables: {"node": {"updatedAt": ten, "list": [refund]}},
        OneOrder=lambda variables: {"node": moved},
    )
    ((_, told),) = read(shop.tap({"orders": EVERYTHING["orders"]}), ("orders",))
    assert told.line_items[0].quantity == 2


def test_an_order_that_never_stands_still_is_left_for_the_next_poll(caplog):
    def at(number):
        return f"2026-11-20T10:00:{number:02}Z"

    page = raw_order(lineItems=whole(raw_line(1), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page, raw_order(2))},
        OrderLines=lambda variables: part(raw_line(2), at=at(len(shop.asked))),
        OneOrder=lambda variables: {"node": page | {"updatedAt": at(len(shop.asked))}},
    )
    with caplog.at_level(logging.WARNING):
        assert [record.id for _, record in read(shop.tap())] == ["2"]
    assert "#1 changes faster" in caplog.text


def test_an_order_that_is_deleted_while_it_is_read_stops_nothing(caplog):
    page = raw_order(lineItems=whole(raw_line(1), after="c"))
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page, raw_order(2))},
        OrderLines=lambda variables: {"node": None},
        OneOrder=lambda variables: {"node": None},
    )
    with caplog.at_level(logging.WARNING):
        assert [record.id for _, record in read(shop.tap())] == ["2"]
    assert "#1 was deleted" in caplog.text


def test_a_refund_that_is_listed_but_cannot_be_read_is_no_reason_to_leave_it_out():
    none = {"nodes": []}
    refund = {
        "id": "gid://shopify/Refund/7",
        "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
        "refundLineItems": whole(after="c"),
        "refundShippingLines": none,
        "orderAdjustments": none,
        "transactions": none,
    }
    page = raw_order(refunds=[refund])
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        RefundLines=lambda variables: {"node": None},
        OneOrder=lambda variables: {"node": page},
    )
    with pytest.raises(Malformed, match=r"Refund/7 of order #1"):
        read(shop.tap())


def test_a_list_that_goes_on_without_saying_where_is_not_begun_again():
    page = raw_order(lineItems={"nodes": [raw_line(1)], "pageInfo": {"hasNextPage": True, "endCursor": None}})
    shop = Canned(
        Scopes=scopes,
        Orders=lambda variables: {"orders": whole(page)},
        OrderLines=lambda variables: part(raw_line(1)),
    )
    with pytest.raises(Malformed, match="does not go on"):
        read(shop.tap())


def test_a_search_by_whole_days_does_not_hide_the_customers_of_the_last_day():
    """Shopify documents the filter as matching whole days: then `<` some time of a day may leave that day out."""
    customer = {"id": "gid://shopify/Customer/1", "updatedAt": "2026-11-20T09:00:00Z"}

    def customers(variables):
        start, end = (each[:10] for each in re.findall(r"'(.*?)'", variables["query"]))
        return {"customers": whole(*[customer] * (start <= customer["updatedAt"][:10] < end))}

    it = Canned(Scopes=scopes, Customers=customers).tap()
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    found = read(it, ("customers",), start=noon - timedelta(hours=6), end=noon)
    assert [record.id for _, record in found] == ["1"]


def test_a_page_with_very_many_lines_comes_in_parts():
    lines = [raw_line(number) for number in range(900)]
    pages = [whole(*[raw_order(number, lineItems=whole(*lines)) for number in range(8)])]
    shop = Canned(Scopes=scopes, Orders=lambda variables: {"orders": pages.pop()})
    found = list(shop.tap().read(ORDERS, Window(START, START + LATER)))
    assert [len(page.records) for page in found] == [3, 3, 2]
    # More rows may stand before the first part's earliest, as far as is known.
    assert found[0].oldest is None


def test_what_a_page_says_of_the_rows_to_come_is_true_even_if_its_own_rows_are_newer_than_their_places():
    """A bulk edit two hours ago, an index that is three hours late: half of the shop stands where it stood before."""
    shop = scripted()
    orders = []
    for _ in range(12):
        orders.append(shop.place_order(1))
        shop.advance(seconds=86400)
    for order in orders[:6]:
        shop.edit_order(order, add=[{"price": "1.00", "quantity": 1}])
    shop.advance(seconds=7200)
    with Api(shop, index_lag=10800) as api:
        pages = list(tap(api, page_size=3).read(ORDERS, Window(START, shop.now)))
    told = [[record.id for stream, record in page.records if stream == "orders"] for page in pages]
    assert [len(each) for each in told] == [3, 3, 3, 3]
    places = {str(order.id): order.updated_at for order in orders}
    for number, page in enumerate(pages):
        to_come = [places[each] for later in told[number + 1 :] for each in later]
        assert page.oldest <= min(to_come, default=page.oldest)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1795168800123, "2026-11-20T10:00:00"),
        ("1795168800123", "2026-11-20T10:00:00"),
        ("2026-11-20 10:00:00.123", "2026-11-20T10:00:00"),
        (None, None),
        ("soon", None),
    ],
)
def test_a_cursor_may_say_where_it_stands(value, place):
    text = b64encode(json.dumps({"last_id": 7, "last_value": value}).encode()).decode()
    assert _place(text) == (place and datetime.fromisoformat(place).replace(tzinfo=UTC))
    assert _place("opaque") is None


def test_a_shop_that_does_not_tell_the_time_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        Canned(Scopes=scopes, date=None).tap()
    assert "no Date" in caplog.text


def test_long_lists_that_shopify_fails_at_are_asked_for_in_smaller_pieces():
    page = raw_order(lineItems=whole(raw_line(0), after="c"))

    def lines(variables):
        if variables["first"] > 100:
            raise urllib3.exceptions.ProtocolError("reset")
        return part(raw_line(1))

    shop = Canned(Scopes=scopes, Orders=lambda variables: {"orders": whole(page)}, OrderLines=lines)
    it = shop.tap()
    it._admin.wire.bounds = Bounds(attempts=3)
    assert len(read(it)[0][1].line_items) == 2
    assert [variables["first"] for name, variables in shop.asked if name == "OrderLines"] == [250, 125, 62]
