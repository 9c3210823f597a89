"""One question to the webservice, and how a list that changes is read without a gap."""

import logging
from datetime import timedelta

import pytest

from sandbox.prestashop import PrestaShop as Api
from tap_commerce.errors import Malformed, Unavailable
from tap_commerce.http import Wire
from tap_commerce.platforms.prestashop import raw, values
from tap_commerce.platforms.prestashop.answers import listed
from tap_commerce.platforms.prestashop.webservice import Webservice, parts
from tests.tap_commerce.platforms.prestashop.services import FIRST, LAST, service, shop, shown, told


def test_a_field_that_an_older_version_does_not_know_is_done_without(caplog):
    class Newer(raw.Customer, kw_only=True, gc=False):
        shoe_size: values.Number = None

    with Api(shop(1), version="1.7") as api:
        it = service(api)
        rows, _ = it.page(Newer, {}, limit=5)
        again, _ = it.page(Newer, {}, limit=5)
    assert rows[0].email
    assert rows == again
    assert [each.code for each in api.calls] == [35, None, None]
    assert "knows no shoe_size" in caplog.text


def test_a_field_that_cannot_be_done_without_is_an_error():
    class Odd(raw.Parcel, kw_only=True, gc=False):
        date_upd: values.Shown = None

    with Api(shop(1)) as api, pytest.raises(Malformed, match="date_upd"):
        service(api).page(Odd, {}, limit=5)


def test_a_key_in_the_query_never_reaches_an_error_or_a_log(caplog):
    caplog.set_level(logging.DEBUG)
    with Api(shop(1), drop_authorization=True) as api:
        it = service(api, in_query=True)
        it.page(raw.Order, {}, limit=1)
        with pytest.raises(Malformed):
            it.page(raw.Order, {"nothing": "[1]"}, limit=1)
        url, key = api.url, api.key
    wire = Wire(user_agent="test", sleep=lambda _: None)
    gone = Webservice(wire, url, key, in_query=True)
    with pytest.raises(Unavailable) as raised:
        gone.page(raw.Order, {}, limit=1)
    error = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert key not in str(error) + caplog.text
    assert all("ws_key" not in each.query for each in api.calls)


def test_a_shop_in_a_folder_without_rewriting_is_found():
    with Api(shop(1), folder="boutique", rewrite=False) as api:
        rows, _ = service(api, rewritten=False).page(raw.Order, {}, limit=1)
    assert len(rows) == 1


def read(it, **options):
    found = []
    for part in it.changed(raw.Order, FIRST, LAST, shown=shown, **options):
        found += [each.id for each in part.rows]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 100])
def test_rows_of_one_second_are_all_read_however_many_come_at_once(limit):
    made = shop(5)
    made.advance(seconds=1)
    made.place_order(1)
    made.advance(seconds=60)
    for _ in range(3):
        made.place_order(1)
    made.rest(60)
    with Api(made) as api:
        assert read(service(api), limit=limit) == list(range(1, 10))


def test_a_row_that_changes_while_the_list_is_read_makes_none_of_the_others_skipped():
    """With an offset, the row after it would move up into a place that was read already."""
    made = shop()
    orders = []
    for _ in range(12):
        orders.append(made.place_order(1, customer=made.register()))
        made.advance(seconds=60)
    with Api(made) as api:
        it, found = service(api), []
        for number, part in enumerate(it.changed(raw.Order, FIRST, LAST, shown=shown, limit=3)):
            found += [each.id for each in part.rows]
            if number < 3:
                made.ship(orders[number])
    assert set(found) == set(range(1, 13))


def test_every_row_before_what_is_reached_has_been_read():
    made = shop()
    for _ in range(9):
        made.place_order(1)
        made.advance(seconds=30)
    made.rest(60)
    with Api(made) as api:
        seen, reached = [], []
        for part in service(api).changed(raw.Order, FIRST, LAST, shown=shown, limit=2):
            assert (
                not reached or reached[-1] is None or all(each.date_upd >= reached[-1] for each in part.rows)
            )
            seen += part.rows
            reached.append(part.reached)
    assert reached[-1] is None
    assert sorted(filter(None, reached)) == reached[:-1]
    assert len({each.id for each in seen}) == len(seen) == 9


def test_an_empty_list_is_an_empty_list():
    with Api(shop()) as api:
        assert read(service(api), limit=5) == []
        assert service(api).last_id(raw.Order) == 0
    assert listed("orders", b'{"orders":[]}') == listed("orders", b"[]") == []


def test_a_shop_that_ignores_the_filter_is_not_believed():
    made = shop(3)
    made.advance(seconds=86400 * 3)
    with Api(made, ignores_filters=True) as api:
        it = service(api)
        for first, last in ((FIRST + timedelta(days=32), LAST), (FIRST, FIRST + timedelta(days=1))):
            with pytest.raises(Malformed, match="ignores the filter by date"):
                list(it.changed(raw.Order, first, last, shown=shown, limit=5))


def test_a_list_is_read_by_id_to_its_end():
    made = shop(7)
    with Api(made) as api:
        it = service(api)
        assert [each.id for each in it.every(raw.Order, limit=3)] == list(range(1, 8))
        assert [each.id for each in it.every(raw.Order, limit=3, after=5)] == [6, 7]
        assert it.last_id(raw.Order) == 7
        assert {each.id_order for each in it.of(raw.Detail, "id_order", [2, 4])} == {2, 4}
        assert [each.id for each in it.of(raw.Order, "id", [5, 3, 99])] == [3, 5]


def test_many_values_are_cut_so_that_no_url_is_too_long():
    values = range(5_000_000, 5_002_000)
    cut = list(parts([*values, *values]))
    assert sorted(map(int, (each for part in cut for each in part))) == list(values)
    with Api(shop()) as api:
        list(service(api).of(raw.Detail, "id_order", values))
        assert {each.status for each in api.calls} == {200}
    assert 2 < len(cut) < 10


def test_dates_are_only_ever_asked_with_date_1():
    with Api(shop(2)) as api:
        it = service(api)
        read(it, limit=5)
        list(it.every(raw.State))
    assert [(each.name, each.query.get("date")) for each in api.calls] == [
        ("orders", "1"),
        ("order_states", None),
    ]


def test_the_shops_own_clock_counts():
    made = shop()
    with Api(made) as api:
        it = service(api)
        it.page(raw.Order, {}, limit=1)
        assert it.now() - made.now.replace(microsecond=0) <= timedelta(seconds=1)
    assert it.tells_the_time


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"<h1>Bad request</h1> {url} was blocked"),
        (400, b"<h1>Bad request</h1>" + b"." * 140 + b"{url} was blocked"),
        (200, b'<b>Warning</b>: {url} [{"id": 1}]'),
        (500, b'{"errors": [{"code": 2, "message": "Failure at {url}"}]}'),
    ],
)
def test_a_key_that_somebody_on_the_way_quotes_is_not_told_on(status, body):
    """Firewalls show what they were asked for."""
    error = told(status, body, in_query=True)
    assert "KKK" not in str(error)
    assert "ws_key=…" in str(error)


def test_a_row_that_vanished_after_it_was_listed_is_none():
    assert raw.read(raw.Order, {"id": "", "date_upd": ""}) is None


def test_a_firewalls_refusal_is_not_taken_for_the_webservices():
    said = str(told(403, b"<html>Access denied</html>"))
    assert "firewall" in said
    assert "scopes" not in said
