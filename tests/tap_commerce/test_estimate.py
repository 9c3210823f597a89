"""What a reading would cost is said before it: counts where the platform counts, and no row read."""

import json

import pytest

from sandbox.dialects import DIALECTS, open_shop
from sandbox.shop import Shop
from tap_commerce.platforms import PLATFORMS
from tap_commerce.tap import TapCommerce
from tests.world import START, Dying, poll

COUNTED = ("elasticpath", "shopify")


pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def shop():
    shop = Shop(seed=3, start=START, orders_per_day=12)
    shop.advance(6 * 86_400)
    shop.rest(7200)
    return shop


def tap(api, state=None, **settings):
    config = api.settings | {"shop": "acme", "start_date": START.isoformat(), "requests_per_second": 1e6}
    return TapCommerce(config=config | settings, state=state, wire=Dying(api.shop.rest))


@pytest.mark.parametrize("name", COUNTED)
def test_a_platform_that_counts_says_how_many_rows_a_poll_reads(name, shop):
    with open_shop(name, shop, **DIALECTS[name].calm) as api:
        said = json.loads(tap(api).estimate("json"))
        asked = len(api.calls)
        assert asked <= 12
        read = poll(api)
        told = {stream: {record["id"] for record in read.of(stream)} for stream in ("orders", "customers")}
        assert {each["of"]: each["rows"] for each in said} == {name: len(ids) for name, ids in told.items()}
        calls = len(api.calls) - asked
        expected = sum(each["calls"] for each in said)
        # In a shop as small as this the first questions, which learn how much may be asked for, are most of them.
        assert expected / 3 <= calls <= expected * 3 + 15


def test_a_platform_that_does_not_count_says_what_a_row_takes(shop):
    with open_shop("prestashop", shop) as api:
        passes = json.loads(tap(api).estimate("json"))
        assert [each["rows"] for each in passes] == [None] * 4
        assert all(each["calls_per_thousand"] > 0 for each in passes)
        assert "orders, changed since 2026-10-01 00:00Z: the platform does not count" in tap(api).estimate()


@pytest.mark.parametrize("name", COUNTED)
def test_only_what_is_later_than_the_bookmark_is_counted(name, shop):
    with open_shop(name, shop, **DIALECTS[name].calm) as api:
        whole = json.loads(tap(api).estimate("json"))
        state = poll(api).states[-1]
        rest = json.loads(tap(api, state).estimate("json"))
        assert sum(each["rows"] for each in rest) < sum(each["rows"] for each in whole) / 5


def test_an_estimate_writes_no_singer_line(shop, capsys):
    with open_shop("shopify", shop) as api:
        tap(api).estimate()
    assert capsys.readouterr().out == ""


def test_every_platform_is_tried_here():
    assert {*COUNTED, "prestashop"} == set(PLATFORMS)
