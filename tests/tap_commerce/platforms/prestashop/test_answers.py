"""What an answer of the webservice means."""

import json

import pytest

from sandbox.faults import Faults
from sandbox.prestashop import PrestaShop as Api
from tap_commerce.errors import Denied, Malformed, Misconfigured, Unavailable
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.answers import NotGranted, inspect, listed
from tests.tap_commerce.platforms.prestashop.services import codes, service, shop, told


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
        inspect("orders", body)


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
        inspect("orders", b'\xef\xbb\xbf{"orders": []}')


def test_an_error_in_xml_is_understood_too():
    body = b"<?xml version='1.0'?><prestashop><errors><error>\n<code><![CDATA[22]]></code>\n<message><![CDATA[off]]></message></error></errors>"
    with pytest.raises(Denied, match="switched off"):
        inspect("orders", body)


def test_a_page_for_people_is_left_to_its_status():
    inspect("orders", b"<!DOCTYPE html><html><body>Fatal error: Warning: maintenance</body></html>")
    inspect("orders", b"")


@pytest.mark.parametrize(
    "body",
    [b'{"orders": "no"}', b'{"a": 1, "b": 2}', b'{"orders": [1, 2]}', json.dumps("x").encode()],
)
def test_an_answer_that_is_no_list_is_refused(body):
    with pytest.raises(Malformed, match="no list"):
        listed("orders", body)


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


def test_a_refusal_behind_the_warnings_of_a_module_is_heard():
    body = b'{"errors": [{"code": 3, "message": "Undefined"}, {"code": 26, "message": "not allowed"}]}'
    assert isinstance(told(500, body), NotGranted)


def test_what_php_prints_behind_an_answer_is_named_too():
    body = b'{"orders": [{"id": 1}]}<br />\n<b>Deprecated</b>: foo in bar.php on line 3<br />'
    error = told(200, body)
    assert isinstance(error, Malformed)
    assert "display_errors" in str(error)
