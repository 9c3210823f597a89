"""The hour that the shop's clock shows twice: what happened in it is told in its true order, and nothing is taken for stale."""

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.prestashop import PrestaShop
from sandbox.shop import Shop
from tap_commerce.http import Wire
from tap_commerce.tap import TapCommerce

TURNED = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""When clocks in Paris went from 3:00 back to 2:00."""


@pytest.fixture
def shop():
    return Shop(1, TURNED - timedelta(minutes=20), alive=False)


def records(api, stream, state=None, **settings):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        TapCommerce(
            config={**api.settings, "start_date": "2026-10-01T00:00:00Z", **settings},
            state=state,
            wire=Wire(user_agent="test", sleep=api.shop.rest),
        ).sync_all()
    lines = map(json.loads, out.buffer.getvalue().splitlines())
    return [each["record"] for each in lines if each["type"] == "RECORD" and each["stream"] == stream]


def test_a_later_reading_of_an_order_is_never_dated_before_an_earlier_one(shop):
    order = shop.place_order([{"price": "9", "quantity": 2}])
    with PrestaShop(shop) as api:
        shop.rest(600)
        shop.edit_order(order, add=[{"price": "5", "quantity": 1}])
        shop.rest(60)
        (before,) = records(api, "orders")
        shop.rest(1200)
        shop.edit_order(order, remove={order.lines[0].id: 1})
        shop.rest(60)
        (after,) = records(api, "orders")
    assert after["total"] != before["total"]
    assert after["updated_at"] >= before["updated_at"]


def test_an_order_was_shipped_with_the_first_entry_however_later_ones_read(shop):
    order = shop.place_order([{"price": "9", "quantity": 1}])
    shop.rest(600)
    parcel = shop.ship(order)
    with PrestaShop(shop) as api:
        shop.rest(900)
        shop.progress(parcel, "delivered")
        shop.rest(60)
        (record,) = records(api, "fulfillments")
    assert record["fulfilled_at"] == "2026-10-25T00:50:00Z"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_an_order_that_changes_between_being_listed_and_being_shown_hides_none_behind_it(shop, size):
    """It then shows a time that clocks have shown before: where the list went on from there, what lies between was lost."""
    orders = []
    for _ in range(6):
        orders.append(shop.place_order([{"price": "9", "quantity": 1}]))
        shop.rest(60)
    shop.advance((TURNED + timedelta(minutes=50) - shop.now).total_seconds())

    asked = []

    def edit(resource, ids):
        asked.append(resource)
        # Once, while the first page is shown; the first question only looks at the rights.
        if resource == "orders" and asked.count(resource) == 2:
            shop.edit_order(orders[0], add=[{"price": "5", "quantity": 1}])

    with PrestaShop(shop, meanwhile=edit) as api:
        found = records(api, "orders", page_size=size, lookback_minutes=0)
    assert {each["id"] for each in found} >= {str(number) for number in range(2, 7)}
