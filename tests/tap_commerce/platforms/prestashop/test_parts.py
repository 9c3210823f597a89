"""What is read beside a stream's own rows, and which of it can be done without."""

from collections import Counter

import pytest
from msgspec import UNSET

from sandbox.prestashop import PrestaShop as Api
from tests.tap_commerce.platforms.prestashop.shops import EVERYTHING, granted, made, opened, read, rights


def test_orders_are_read_for_all_of_a_page_at_once():
    shop = made()
    for _ in range(120):
        shop.place_order(1, customer=shop.register(), codes=["WELCOME10"])
        shop.advance(seconds=30)
    with Api(shop) as api:
        it = opened(api)
        before = len(api.calls)
        assert len(read(it, "orders")) == 120
        asked = Counter(each.name for each in api.calls[before:])
    assert all(count <= 4 for count in asked.values()), asked
    assert len([each for each in api.calls if each.status != 200]) == 0


def test_what_nobody_selected_needs_no_right():
    with granted(
        "orders", "order_slip", "order_carriers", "order_histories", "order_states", "addresses"
    ) as api:
        opened(api, {"customers": frozenset({"id", "email"})})
        assert {each.name for each in api.calls} == {"customers", "configurations"}
    with granted("customers", "order_details", "order_carriers", "order_slip") as api:
        opened(api, {"orders": EVERYTHING["orders"] - {"customer", "line_items"}})


OPTIONAL = {
    "addresses": ("billing_address", "shipping_address", "phone"),
    "order_payments": (),
    "order_cart_rules": ("coupons",),
    "cart_rules": ("coupons",),
    "carriers": ("shipping_method",),
    "languages": ("locale",),
    "order_slip": ("total_refunded", "current_total"),
}


@pytest.mark.parametrize("right", OPTIONAL)
def test_a_right_that_can_be_done_without_is_warned_of_once_and_its_fields_are_left_out(right, caplog):
    shop = made()
    for _ in range(3):
        shop.place_order(2, customer=shop.register(), codes=["WELCOME10"])
    shop.rest(60)
    api = Api(shop)
    api.rights = set(rights(api, right))
    selection = {"orders": EVERYTHING["orders"], "customers": EVERYTHING["customers"]}
    with api:
        it = opened(api, selection)
        orders = read(it, "orders")
        customers = read(it, "customers")
    assert len(orders) == len(customers) == 3
    for name in OPTIONAL[right]:
        assert {getattr(each, name) for each in orders} == {UNSET}, name
    assert caplog.text.count(f"may not read {right}") == 1
