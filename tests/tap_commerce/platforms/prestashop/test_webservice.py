"""One question to the webservice: what its errors mean, and how a list that changes is read without a gap."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.faults import Faults
from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tap_commerce.errors import CommerceError, Denied, Malformed, Misconfigured, Unavailable
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.webservice import NotGranted, Webservice, heed, listed, parts

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
FIRST, LAST = datetime.fromisoformat("2026-09-01"), datetime.fromisoformat("2026-12-01")


def shop(orders=0):
    made = Shop(start=START, alive=False)
    for _ in range(orders):
        made.place_order(1)
    made.rest(60)
    return made


shown = Clocks("Europe/Paris").shown


def service(api, **options):
    slept = []
    wire = Wire(
        user_agent="test", sleep=slept.append, bounds=Bounds(attempts=4), jitter=lambda seconds: seconds
    )
    made = Webservice(wire, api.url, options.pop("key", api.key), **options)
    made.slept = slept
    return made


def codes(api):
    return [(each.status, each.code) for each in api.calls]


# What an error means


@pytest.mark.parametrize("debug", [False, True])
def test_a_wrong_question_is_final_although_it_comes_with_a_500(debug):
    with Api(shop(), debug=debug) as api:
        it = service(api)
        with pytest.raises(Malformed, match=r"orders: .*code 32"):
            it.page(raw.Order, {"shipped_when": "[1]"}, limit=1)
    assert codes(api) == [(400 if debug else 500, 32)]
    assert it.slept == []


@pytest.mark.parametrize(
    ("options", "key", "error", "says"),
    [
        ({}, "", Denied, "webservice_key"),
        ({}, "short", Denied, "not accept the key.*webservice_key"),
        ({}, "ANOTHERKEYANOTHERKEYANOTHERKEY32", Denied, "not accept the key.*webservice_key"),
        ({"active": False}, None, Denied, "not active.*webservice_key"),
        ({"enabled": False}, None, Denied, "switched off: enable it in Advanced Parameters"),
        ({"rights": ["orders"]}, None, NotGranted, "may not read customers: tick GET"),
        ({"drop_authorization": True}, None, Denied, "auth_in_query"),
        ({"rewrite": False}, None, Misconfigured, "api_url.*without_rewrite"),
    ],
    ids=[
        "empty",
        "too short",
        "another",
        "inactive",
        "disabled",
        "no right",
        "the header is dropped",
        "no rewriting",
    ],
)
def test_a_refusal_names_what_to_do_and_is_not_asked_again(options, key, error, says):
    with Api(shop(), **options) as api:
        it = service(api, **({} if key is None else {"key": key}))
        with pytest.raises(error, match=says):
            it.page(raw.Customer, {}, limit=1)
    assert len(api.calls) == 1
    assert it.slept == []


def test_a_shop_that_the_key_is_not_for_is_named():
    body = b'{"errors":[{"code":132,"message":"No permission for this key on this shop"}]}'
    with pytest.raises(Denied, match="associate the key with the shop"):
        heed("orders", body)


@pytest.mark.parametrize(
    "kind", ["500", "503", "html", "fatal", "module_warning", "truncated", "reset", "429_after"]
)
def test_trouble_is_waited_out(kind):
    with Api(shop(1), faults=Faults(plan=[kind, kind], kinds=[kind])) as api:
        it = service(api)
        rows, count = it.page(raw.Order, {}, limit=5)
    assert (len(rows), count) == (1, 1)
    assert len(it.slept) == 2


def test_trouble_that_stays_is_said_in_the_end_with_what_php_said():
    with (
        Api(shop(1), faults=Faults(rate=1, kinds=["module_warning"], in_a_row=99)) as api,
        pytest.raises(Unavailable, match="somemodule"),
    ):
        service(api).page(raw.Order, {}, limit=5)
    assert len(api.calls) == 4


def test_a_shop_that_prints_before_its_answer_is_told_what_to_switch_off():
    with (
        Api(shop(1), faults=Faults(plan=["php_warning"], kinds=["php_warning"])) as api,
        pytest.raises(Malformed, match=r"prints something else \(Warning : .*display_errors"),
    ):
        service(api).page(raw.Order, {}, limit=5)
    with pytest.raises(Malformed, match="prints something else"):
        heed("orders", b'\xef\xbb\xbf{"orders": []}')


def test_an_error_in_xml_is_understood_too():
    body = b"<?xml version='1.0'?><prestashop><errors><error>\n<code><![CDATA[22]]></code>\n<message><![CDATA[off]]></message></error></errors>"
    with pytest.raises(Denied, match="switched off"):
        heed("orders", body)


def test_a_page_for_people_is_left_to_its_status():
    heed("orders", b"<!DOCTYPE html><html><body>Fatal error: Warning: maintenance</body></html>")
    heed("orders", b"")


def test_a_field_that_an_older_version_does_not_know_is_done_without(caplog):
    class Newer(raw.Customer, kw_only=True, gc=False):
        shoe_size: raw.Number = None

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
        date_upd: raw.Shown = None

    with Api(shop(1)) as api, pytest.raises(Malformed, match="date_upd"):
        service(api).page(Odd, {}, limit=5)


# The key


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


# Lists


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
    "body",
    [b'{"orders": "no"}', b'{"a": 1, "b": 2}', b'{"orders": [1, 2]}', json.dumps("x").encode()],
)
def test_an_answer_that_is_no_list_is_refused(body):
    with pytest.raises(Malformed, match="no list"):
        listed("orders", body)


class Says:
    """A session that gives one answer, whatever is asked: `{url}` in it stands for the end of the question's."""

    def __init__(self, status, body):
        self.status_code, self.headers, self.auth = status, {}, None
        self.body = body

    def request(self, method, url, **_):
        self.raw, self.url = self, url
        return self

    def read(self, *, decode_content):
        return self.body.replace(b"{url}", self.url[-50:].encode())


def told(status, body, **options):
    wire = Wire(
        user_agent="test", session=Says(status, body), sleep=lambda _: None, bounds=Bounds(attempts=2)
    )
    it = Webservice(wire, "https://shop.example", "K" * 32, **options)
    with pytest.raises(CommerceError) as raised:
        it.page(raw.Order, {}, limit=1)
    return raised.value


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


# What is no list


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors": []}',
        b'{"message": []}',
        b'{"data": [{"text": "hello"}]}',
        b'{"orders": [{"text": "hello"}]}',
    ],
)
def test_an_answer_of_somebody_else_is_not_taken_for_an_empty_list(body):
    """Else a run would go on, and never come back to what it did not read."""
    assert isinstance(told(200, body), Malformed)


def test_a_row_that_vanished_after_it_was_listed_is_none():
    assert raw.read(raw.Order, {"id": "", "date_upd": ""}) is None


def test_a_refusal_behind_the_warnings_of_a_module_is_heard():
    body = b'{"errors": [{"code": 3, "message": "Undefined"}, {"code": 26, "message": "not allowed"}]}'
    assert isinstance(told(500, body), NotGranted)


def test_what_php_prints_behind_an_answer_is_named_too():
    body = b'{"orders": [{"id": 1}]}<br />\n<b>Deprecated</b>: foo in bar.php on line 3<br />'
    error = told(200, body)
    assert isinstance(error, Malformed)
    assert "display_errors" in str(error)


def test_a_firewalls_refusal_is_not_taken_for_the_webservices():
    said = str(told(403, b"<html>Access denied</html>"))
    assert "firewall" in said
    assert "scopes" not in said
