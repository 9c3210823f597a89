"""Tokens travel in a header, are renewed in time, and are never said."""

import json
from datetime import timedelta

import pytest

from sandbox.shopify import Shopify as Api
from tap_commerce.errors import Denied, Malformed, Misconfigured, Unauthorized
from tap_commerce.platforms.shopify.tokens import ClientCredentials
from tests.tap_commerce.platforms.shopify.sessions import Orders, admin, ok
from tests.tap_commerce.platforms.shopify.shops import lively, plain, read, scripted, tap

DATE = "Fri, 20 Nov 2026 10:00:00 GMT"


LATER = "Fri, 20 Nov 2026 11:00:00 GMT"


def granted(token, seconds=3600, date=DATE):
    return 200, {"Date": date}, json.dumps({"access_token": token, "expires_in": seconds}).encode()


def credentials(wire):
    return ClientCredentials(wire, "https://acme.myshopify.com", "id", "hush")


@pytest.mark.parametrize(
    "about",
    [{}, {"expires_in": None}, {"expires_in": "86399"}, {"scope": "read_orders", "expires_in": 86399.0}],
)
def test_a_grant_need_not_say_how_long_it_lives(about):
    grant = (200, {"Date": DATE}, json.dumps({"access_token": "one", **about}).encode())
    it, session, _ = admin(grant, ok(Date=DATE), ok(Date=DATE), token=credentials)
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 3


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": ""}', b'{"access_token": null}'])
def test_a_grant_without_a_token_is_final(body):
    it, _, _ = admin((200, {"Date": DATE}, body), token=credentials)
    with pytest.raises(Malformed, match="no access token"):
        it.ask("Scopes", dict, Orders)


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (403, Denied), (404, Misconfigured)])
def test_trouble_with_the_grant_itself_is_said_once_and_names_no_secret(status, kind):
    it, session, _ = admin((status, {}, b'{"error": "no hush"}'), token=credentials)
    with pytest.raises(kind, match=r"client_id|api_url") as told:
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 1
    assert "hush" not in str(told.value)


def test_client_credentials_are_exchanged_once_for_a_token():
    it, session, _ = admin(granted("one"), ok(Date=DATE), ok(Date=DATE), token=credentials)
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    grant, first, second = session.asked
    assert grant.url == "https://acme.myshopify.com/admin/oauth/access_token"
    assert grant.body == {"client_id": "id", "client_secret": "hush", "grant_type": "client_credentials"}
    assert [each.headers["X-Shopify-Access-Token"] for each in (first, second)] == ["one", "one"]


def test_a_token_is_renewed_before_it_expires_by_the_shops_clock():
    it, session, _ = admin(
        granted("one"), ok(Date=LATER), granted("two", date=LATER), ok(Date=LATER), token=credentials
    )
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders)
    assert session.asked[-1].headers["X-Shopify-Access-Token"] == "two"


def test_a_token_that_expired_early_is_renewed_once():
    it, session, _ = admin(
        granted("one"), (401, {"Date": DATE}, b"{}"), granted("two"), ok(Date=DATE), token=credentials
    )
    it.ask("Scopes", dict, Orders)
    assert session.asked[-1].headers["X-Shopify-Access-Token"] == "two"


def test_a_token_that_is_refused_twice_is_refused():
    it, session, _ = admin(
        granted("one"), (401, {}, b"{}"), granted("two"), (401, {}, b"{}"), token=credentials
    )
    with pytest.raises(Unauthorized):
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) == 4


def test_refused_client_credentials_name_the_settings_and_shopifys_reason():
    it, _, _ = admin(
        (400, {}, b'{"error": "app_not_installed", "error_description": "hush"}'), token=credentials
    )
    with pytest.raises(Denied, match=r"client_id and client_secret.*app_not_installed") as told:
        it.ask("Scopes", dict, Orders)
    assert "hush" not in str(told.value)


def test_the_time_left_is_measured_in_time():
    it, _, _ = admin(granted("one", seconds=86399), token=credentials)
    token = it._token
    assert token.current() == "one"
    assert token._until - it.wire.now() == timedelta(seconds=86399 - 300)


def test_tokens_that_expire_are_renewed_on_the_way():
    shop = lively(6)
    shop._life = None
    with Api(shop, client_id="id", client_secret="hush", token_lifetime=300, tick=60) as api:
        it = tap(api, access_token=None, client_id="id", client_secret="hush")
        found = read(it)
        assert api.calls.count[("oauth", 200)] > 1
    assert len({key for key in plain(found) if key[0] == "orders"}) == len(shop.orders)


def test_a_wrong_token_is_refused_by_name():
    with Api(scripted()) as api, pytest.raises(Unauthorized, match="access_token"):
        tap(api, access_token="shpat_wrong")


def test_wrong_client_credentials_are_refused_by_name():
    with (
        Api(scripted(), client_id="id", client_secret="hush") as api,
        pytest.raises(Denied, match="client_secret"),
    ):
        tap(api, access_token=None, client_id="id", client_secret="wrong")
