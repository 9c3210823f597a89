"""What is asked of a PrestaShop, and that nothing is missed: each stream by its own trace."""

from datetime import datetime, timedelta

import pytest

from sandbox.prestashop import PrestaShop as Api
from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire
from tap_commerce.platforms import PLATFORMS, platform
from tap_commerce.platforms.prestashop.asking import PrestaShop
from tests.tap_commerce.platforms.prestashop.shops import START, granted, ids, made, opened, read


def test_the_registry_knows_it():
    settings = {"platform": "prestashop", "api_url": "https://shop.example", "webservice_key": "key"}
    it = platform(settings, lambda: Wire(user_agent="test"))
    assert (type(it), it.shop, it.name) == (PrestaShop, "shop.example", "prestashop")
    assert "prestashop" in PLATFORMS


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"webservice_key": None}, "webservice_key: must be set"),
        ({"webservice_key": "key\n"}, "webservice_key: must be plain ASCII"),
        ({"timezone": "Mars/Olympus"}, "timezone: 'Mars/Olympus' is no time zone"),
        ({"order_states": ["15=gone"]}, "order_states: "),
        ({"api_url": "http://shop.example"}, "api_url: must begin with https"),
    ],
)
def test_settings_are_checked_before_anything_is_asked(settings, says):
    whole = {"api_url": "https://shop.example", "webservice_key": "key"} | settings
    with pytest.raises(Misconfigured) as raised:
        PrestaShop(whole, Wire(user_agent="test"))
    assert says in str(raised.value)
    assert "key\n" not in str(raised.value)


def test_all_missing_rights_are_named_before_the_first_record():
    with granted("orders", "order_slip", "order_states", "customers") as api:
        with pytest.raises(
            Denied, match="may not read customers, order_slip, order_states, orders: tick GET for each"
        ):
            opened(api)
        assert all(each.rows <= 20 for each in api.calls)


@pytest.mark.parametrize(
    "right", ["order_histories", "order_carriers", "currencies", "order_details", "configurations"]
)
def test_a_right_that_cannot_be_done_without_is_named(right):
    with granted(right) as api, pytest.raises(Denied, match=f"may not read {right}: tick GET for it"):
        opened(api)


def test_an_order_that_changes_while_its_parts_are_read_is_left_to_the_next_poll():
    """Else a record would mix two versions of it."""
    shop = made()
    first = shop.place_order([{"price": "10.00", "quantity": 1}])
    shop.place_order([{"price": "10.00", "quantity": 1}])
    shop.advance(seconds=60)

    class Restless(Api):
        def _answer(self, request):
            answer = super()._answer(request)
            if (
                "/api/order_details" in request.path
                and "limit=1&" not in request.path
                and not shop.order(first).edited
            ):
                shop.edit_order(first, add=[{"price": "5.00", "quantity": 1}])
            return answer

    with Restless(shop) as api:
        it = opened(api)
        assert ids(read(it, "orders")) == ["2"]
        shop.rest(60)
        late = {each.id: each for each in read(opened(api), "orders")}
    assert late["1"].total - late["2"].total == 5
    assert len(late["1"].line_items) == 2


def test_a_field_of_a_customer_that_is_not_offered_is_refused_by_name():
    with Api(made()) as api, pytest.raises(Misconfigured, match="customer_metafields: 'passwd' is none of"):
        opened(api, customer_metafields=["passwd"])


def test_only_the_shop_that_is_asked_for_is_read():
    shop = made()
    for _ in range(6):
        order = shop.place_order([{"price": "10.00", "quantity": 1}], customer=shop.register())
        shop.advance(seconds=60)
        shop.ship(order)
        shop.refund(order, {order.lines[0].id: 1})
    shop.rest(60)
    with Api(shop, shops=2) as api:
        found = {}
        for number in (1, 2):
            it = opened(api, id_shop=number)
            orders = set(ids(read(it, "orders")))
            assert {each.order_id for each in read(it, "refunds")} == orders
            assert {each.order_id for each in read(it, "fulfillments")} == orders
            found[number] = orders
    assert found[1] | found[2] == {str(number) for number in range(1, 7)}
    assert not found[1] & found[2]


def test_a_credit_slip_is_found_although_its_order_did_not_change():
    shop = made()
    order = shop.place_order([{"price": "10.00", "quantity": 3}])
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1}, bumps=False)
    shop.rest(60)
    with Api(shop) as api:
        it, later = opened(api), START + timedelta(hours=20)
        assert read(it, "orders", later) == []
        (refund,) = read(it, "refunds", later)
    assert (refund.order_id, refund.total, refund.polled_at) == ("1", 10, "2026-10-02T08:00:00Z")


def test_with_one_refund_of_an_order_all_of_them_are_told():
    shop = made()
    order = shop.place_order([{"price": "10.00", "quantity": 3}])
    shop.place_order(1)
    for _ in range(2):
        shop.advance(seconds=86400)
        shop.refund(order, {order.lines[0].id: 1})
    shop.rest(60)
    with Api(shop) as api:
        told = read(opened(api), "refunds", START + timedelta(hours=30))
    assert [each.total_to_date for each in told] == [10, 20]
    assert {each.order_id for each in told} == {"1"}


def test_a_refund_is_found_by_its_own_instant():
    """Reading again from any record's `polled_at` finds that record."""
    shop = made()
    for _ in range(8):
        order = shop.place_order(1, customer=shop.register())
        shop.advance(seconds=600)
        shop.refund(order, {each.id: each.quantity for each in order.lines}, shipping=True)
        shop.advance(seconds=600)
    with Api(shop) as api:
        it = opened(api)
        every = read(it, "refunds")
        kinds = {each.id.partition(":")[2] for each in every}
        assert kinds == {"", "refunded"}
        for each in every:
            at = datetime.fromisoformat(each.polled_at)
            assert each.id in ids(read(it, "refunds", at, at + timedelta(seconds=1)))


def test_an_idle_poll_costs_few_questions():
    shop = made()
    for _ in range(30):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        it = opened(api)
        opening = len(api.calls)
        for (stream,) in it.passes:
            assert read(it, stream, shop.now - timedelta(hours=1)) == []
        assert (opening, len(api.calls) - opening) == (13, 8)
