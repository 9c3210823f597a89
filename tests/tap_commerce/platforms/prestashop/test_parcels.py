"""Parcels, and tracking numbers that come without a trace."""

from datetime import timedelta

from sandbox.prestashop import PrestaShop as Api
from tap_commerce.platforms.prestashop.parcels import ENTRIES, OVERLAP
from tests.tap_commerce.platforms.prestashop.shops import START, made, opened, pages, read


def test_a_tracking_number_that_comes_without_a_trace_is_found_for_some_days():
    shop = made()
    parcel = shop.ship(
        shop.place_order([{"price": "10.00", "quantity": 1}, {"price": "1.00", "quantity": 1}])
    )
    shop.advance(seconds=86400 * 2)
    shop.track(parcel, bumps=False)
    shop.rest(60)
    with Api(shop) as api:
        late = START + timedelta(days=1)
        (told,) = read(opened(api), "fulfillments", late)
        assert told.tracking_numbers
        assert read(opened(api, tracking_days=1), "fulfillments", late) == []
        assert read(opened(api, tracking_days=0), "fulfillments", late) == []


def test_parcels_are_looked_for_again_once_in_a_run():
    shop = made()
    shop.ship(shop.place_order(2), tracking=True)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        it, late = opened(api), START + timedelta(hours=2)
        assert len(read(it, "fulfillments", late, late + timedelta(hours=1))) == 1
        assert read(it, "fulfillments", late + timedelta(hours=1)) == []


def test_what_the_windows_bring_anyway_is_not_looked_for_again():
    shop = made()
    for _ in range(3):
        shop.ship(shop.place_order(2), tracking=True)
        shop.advance(seconds=60)
    with Api(shop) as api:
        assert len(read(opened(api), "fulfillments")) == 3


def test_how_far_the_history_was_read_is_told_last_and_less_an_overlap():
    shop = made()
    for _ in range(120):
        shop.ship(shop.place_order(1))
        shop.advance(seconds=1)
    shop.rest(60)
    with Api(shop) as api:
        last = max(api.book.read(shop.history).tables["order_histories"])
        *before, end = pages(opened(api), "fulfillments", cursors={ENTRIES: 1})
    assert {len(each.cursors) for each in before} == {0}
    assert end.cursors == {ENTRIES: last - OVERLAP}
    assert end.records == []


def test_an_entry_that_a_module_wrote_without_its_order_is_found_by_its_number():
    shop = made()
    for _ in range(3):
        shop.place_order(2)
    shop.advance(seconds=86400 * 30)
    with Api(shop) as api:
        table = api.book.read(shop.history).tables["order_histories"]
        cursor = max(table)
        table[cursor + 1] = table[cursor] | {
            "id": cursor + 1, "id_order": 2, "id_order_state": 4, "date_add": "2026-10-03 10:00:00",
        }  # fmt: skip
        late = shop.now - timedelta(days=1)
        assert read(opened(api), "fulfillments", late) == [], "nothing leads there"
        (told,) = read(opened(api), "fulfillments", late, cursors={ENTRIES: cursor})
    assert (told.order_id, told.fulfilled_at) == ("2", "2026-10-03T08:00:00Z")


def test_a_shop_that_counts_anew_is_read_by_date_again():
    shop = made()
    shop.ship(shop.place_order(2), tracking=True)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        late = shop.now - timedelta(hours=1)
        assert len(read(opened(api), "fulfillments", late, cursors={ENTRIES: 10**6})) == 1
