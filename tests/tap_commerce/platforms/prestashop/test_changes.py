"""What changed within a window, by the shop's own clocks: no row that could lie in it is missed."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tests.tap_commerce.platforms.prestashop.shops import START, ids, made, opened, pages, read


def test_the_window_is_asked_for_in_the_shops_own_time_and_is_half_open():
    shop = made()
    for _ in range(3):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.rest(60)
    with Api(shop) as api:
        it = opened(api)
        second = START + timedelta(seconds=60)
        assert ids(read(it, "orders", START, second)) == ["1"]
        assert ids(read(it, "orders", second, second + timedelta(seconds=60))) == ["2"]
        asked = [each.query["filter[date_upd]"] for each in api.calls if "filter[date_upd]" in each.query]
    assert asked[0] == "[2026-10-01 10:00:00,2026-10-01 10:00:59]"


@pytest.mark.parametrize("minutes", [7, 20, 45, 60, 90])
def test_no_order_is_lost_in_the_hour_that_comes_twice(minutes):
    """2026-10-25 in Paris: from 02:00 to 03:00 twice. Each window begins where the last one ended, with no look back."""
    shop = Shop(start=datetime(2026, 10, 24, 22, tzinfo=UTC), alive=False)
    found, start = set(), shop.start - timedelta(hours=1)
    with Api(shop) as api:
        it = opened(api)
        for number in range(1, 40):
            shop.place_order(1)
            shop.advance(seconds=7 * 60)
            if number * 7 % minutes < 7:
                it._knowledge.configure({}, of_orders=True)  # it learns the time
                end = it.now() - it.lag
                found |= {each.id for each in read(it, "orders", start, end)}
                start = end
    assert len(found) > 30
    assert found == {str(number) for number in range(1, len(found) + 1)}


def test_nothing_comes_after_a_page_that_said_it_would_not():
    """Else a run that is interrupted there would lose it; also in an hour that comes twice."""
    shop = Shop(start=datetime(2026, 10, 24, 22, tzinfo=UTC), alive=False)
    orders = []
    for number in range(36):
        orders.append(shop.place_order(1, customer=shop.register(f"Ann {number}")))
        shop.advance(seconds=7 * 60)
        if number % 2:
            order = orders[number // 2]
            shop.ship(order)
            shop.refund(order, {each.id: each.quantity for each in order.lines}, shipping=True)
        shop.advance(seconds=60)
    shop.rest(3600)
    with Api(shop) as api:
        it = opened(api, page_size=3)
        for (stream,) in it.passes:
            said, count = datetime.min.replace(tzinfo=UTC), 0
            for page in pages(it, stream, shop.start - timedelta(hours=3)):
                # With one refund of an order all are told: then the latest is what it was polled by.
                polled = {}
                for _, record in page.records:
                    subject = getattr(record, "subject", record.id)
                    polled[subject] = max(polled.get(subject, ""), record.polled_at)
                assert all(datetime.fromisoformat(each) >= said for each in polled.values()), stream
                count += len(polled)
                said = max(said, page.oldest or said)
            assert count > 15
            assert said > shop.start, stream


def test_a_page_says_how_far_it_proves_the_list():
    shop = made()
    for _ in range(5):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.rest(60)
    with Api(shop) as api:
        told = [page.oldest for page in pages(opened(api, page_size=2), "orders")]
    assert told == [*(START + timedelta(minutes=number) for number in range(1, 5)), None]
