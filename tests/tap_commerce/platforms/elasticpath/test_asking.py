"""The tap's questions: to a store that answers as it is told, and to a sandbox with a life of its own."""

import logging
from datetime import datetime, timedelta

import pytest

from sandbox.elasticpath import ElasticPath as Api
from sandbox.faults import Faults
from sandbox.shop import START, Shop
from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.platforms.elasticpath import asking, stretches
from tap_commerce.platforms.elasticpath.asking import ElasticPath
from tests.tap_commerce.platforms.elasticpath.store import (
    BARE,
    DAY,
    EVERYTHING,
    NOW,
    ORDERS,
    SETTINGS,
    Store,
    at,
    listed,
    lively,
    opened,
    order,
    plain,
    read,
    sandbox,
    stocked,
)


def test_what_is_known_of_the_rows_to_come_is_the_oldest_of_each_page(monkeypatch):
    monkeypatch.setattr(asking, "HANDED", 2)
    rows = [order(str(n), at(n)) for n in range(5)]
    store = Store(NOW, **{"/v2/orders": listed(rows)})
    pages = list(opened(store).read(("orders",), DAY))
    assert [len(page.records) for page in pages] == [2, 2, 1]
    assert [page.oldest for page in pages] == [DAY.start + timedelta(minutes=n) for n in (0, 2, 4)]
    assert {page.extracted_at for page in pages} == {NOW}


def test_opening_probes_all_that_will_be_asked_for():
    store = stocked([order("a", at(0))])
    store.tap().open(EVERYTHING)
    assert store.paths() == [
        "/oauth/access_token", "/v2/currencies", "/v2/orders", "/v2/orders", "/v2/orders/a/transactions",
        "/v2/orders/a/shipping-groups", "/v2/customers", "/v2/customers",
    ]  # fmt: skip
    store = stocked([])
    store.tap(customer_source="accounts").open({"orders": frozenset({"id"})})
    assert store.paths() == ["/oauth/access_token", "/v2/currencies", "/v2/orders", "/v2/orders"]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v2/currencies", "currencies"),
        ("/v2/orders", "orders"),
        (r"/v2/orders/a/transactions", "transactions"),
        (r"/v2/orders/a/shipping-groups", "shipping groups"),
        ("/v2/customers", "customers"),
    ],
)
def test_a_missing_permission_is_named_before_the_first_record(path, what):
    refusal = 403, {"errors": [{"status": 403, "title": "Forbidden"}]}
    store = stocked([order("a", at(0))], **{path: refusal})
    with pytest.raises(Denied, match=f"client_id may not read {what}"):
        store.tap().open(EVERYTHING)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client_id": None}, "client_id: must be set"),
        ({"client_secret": None}, "client_secret: must be set"),
        ({"customer_source": "people"}, "customer_source: must be one of customers, accounts"),
        ({"api_url": "http://store.test"}, "api_url: must begin with https"),
    ],
)
def test_settings_are_checked_before_anything_is_asked(change, says):
    store = Store(NOW)
    with pytest.raises(Misconfigured, match=says):
        ElasticPath(SETTINGS | change, store.wire())
    assert store.asked == []


def test_an_unnamed_shop_goes_by_its_host():
    assert ElasticPath(SETTINGS | {"shop": None}, Store(NOW).wire()).shop == "store.test"


@pytest.mark.parametrize("groups", ["parcels", "checkout", "late", False])
def test_the_same_is_read_in_small_pages_and_windows_as_in_large_ones(groups, monkeypatch):
    with Api(lively(), groups=groups, rate=None) as api:
        whole = plain(read(sandbox(api)))
        monkeypatch.setattr(stretches, "STRETCH", 10)
        assert plain(read(sandbox(api, page_size=7, concurrency=1))) == whole
    assert {stream for stream, _ in whole} == set(ORDERS)
    assert len([1 for stream, _ in whole if stream == "orders"]) == len(api.shop.orders)


@pytest.mark.parametrize(
    "options",
    [
        {"total_method": "observed"},
        {"total_method": "exact", "links": False},
        {"wrapped_token": True, "status_as": "missing"},
        {"tick": 20, "token_lifetime": 900},
        {"sorts_updated": True, "page_length": 10},
    ],
)
def test_the_same_is_read_however_the_store_writes(options):
    with Api(lively(), rate=None) as one, Api(lively(), rate=None, **options) as other:
        assert plain(read(sandbox(one))) == plain(read(sandbox(other)))


def test_reading_again_from_any_records_own_instant_finds_it():
    with Api(lively(2), rate=None) as api:
        it = sandbox(api)
        found = read(it)
        for stream, record in found[::9]:
            start = datetime.fromisoformat(record.polled_at)
            assert (stream, record.id) in plain(read(it, ORDERS, start))


def test_what_goes_wrong_on_the_way_is_waited_out():
    calm, rough = lively(), lively()
    troubles = Faults(seed=1, rate=0.15, kinds=("429", "500", "503", "truncated", "reset", "html", "expired"))
    with Api(calm, rate=None) as one, Api(rough, rate=None, faults=troubles) as other:
        assert plain(read(sandbox(one))) == plain(read(sandbox(other)))
    assert other.faults.happened.keys() >= {"429", "500", "truncated", "expired"}


def test_a_store_that_bears_less_than_was_set_is_asked_slower_until_all_is_read():
    with Api(lively(3), rate=5) as api:
        found = read(sandbox(api, requests_per_second=100))
    assert len([1 for stream, _ in found if stream == "orders"]) == len(api.shop.orders)
    assert api.calls.count["transactions", 429] > 0


def test_nothing_is_lost_while_orders_change_between_pages():
    """Every change is found by this reading or, being newer than it, by the next one."""
    shop = Shop(seed=9, start=START, orders_per_day=60, max_lines=3, pace=0.2)
    shop.live(START + timedelta(days=3))
    with Api(shop, rate=None, index_lag=20, between=lambda: shop.advance(seconds=40)) as api:
        it = sandbox(api, page_size=10, concurrency=1)
        seen, start = {}, START - timedelta(days=1)
        for _ in range(3):
            end = it.now() - it.lag
            for stream, record in read(it, ORDERS, start, end):
                seen[stream, record.id] = record.polled_at
            start = end
        api.between = None
        standing = plain(read(it, ("orders",), START - timedelta(days=1), start))
    assert len(standing) > 100
    for key, record in standing.items():
        assert seen[key] >= record["polled_at"], key


def test_what_it_costs(caplog):
    """The figures of docs/elasticpath.md."""
    caplog.set_level(logging.ERROR)
    shop = lively(9)
    with Api(shop, rate=None) as api:
        it = sandbox(api)
        probing = len(api.calls)
        for pass_ in ElasticPath.passes:
            read(it, pass_)
        cost, count = len(api.calls) - probing, len(shop.orders)
        assert 2 * count < cost < 2.1 * count
        api.calls.clear()
        it = sandbox(api)
        for pass_ in ElasticPath.passes:
            read(it, pass_, shop.now - timedelta(seconds=1), shop.now)
        assert len(api.calls) == 11, "an idle poll"
        api.calls.clear()
        it = sandbox(api, BARE)
        read(it, ("orders",))
        assert len(api.calls) == 4 + -(-count // 100)
