"""The tap's questions, answered by a sandbox that executes them against Shopify's own types."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.faults import Faults
from sandbox.shopify import Shopify as Api
from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire
from tap_commerce.platforms.shopify.asking import Shopify
from tests.tap_commerce.platforms.shopify.shops import (
    ORDERS,
    Canned,
    lively,
    plain,
    read,
    scopes,
    scripted,
    settled,
    tap,
    whole,
)


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


def test_old_orders_are_refused_without_the_scope_to_see_them():
    with Api(settled(scripted()), scopes=["read_orders", "read_customers"]) as api:
        it = tap(api)
        it.permit(ORDERS, it.now() - timedelta(days=59))
        it.permit(("customers",), it.now() - timedelta(days=3000))
        with pytest.raises(Denied, match=r"read_all_orders.*accept_recent_orders_only"):
            it.permit(ORDERS, it.now() - timedelta(days=61))
        tap(api, accept_recent_orders_only=True).permit(ORDERS, it.now() - timedelta(days=61))


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


def test_a_shop_that_does_not_tell_the_time_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        Canned(Scopes=scopes, date=None).tap()
    assert "no Date" in caplog.text
