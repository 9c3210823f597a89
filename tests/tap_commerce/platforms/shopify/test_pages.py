"""How large pages are, and what each says of the rows to come."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from sandbox.shop import START
from sandbox.shopify import Shopify as Api
from tap_commerce.platforms import Window
from tap_commerce.platforms.shopify.pages import _place
from tests.tap_commerce.platforms.shopify.shops import (
    LATER,
    ORDERS,
    Canned,
    lively,
    plain,
    raw_line,
    raw_order,
    read,
    scopes,
    scripted,
    tap,
    whole,
)


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
