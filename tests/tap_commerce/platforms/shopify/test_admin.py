"""One question: its token, its version, its bucket, its patience."""

import json
import logging

import pytest
import urllib3

from tap_commerce.errors import Throttled, Unauthorized
from tests.tap_commerce.platforms.shopify.sessions import COST, Orders, admin, error, ok, page


def test_the_token_travels_in_a_header_and_nowhere_else():
    it, session, _ = admin(ok())
    it.ask("Scopes", dict, Orders)
    (asked,) = session.asked
    assert asked.url == "https://acme.myshopify.com/admin/api/2026-10/graphql.json"
    assert asked.headers["X-Shopify-Access-Token"] == "shpat_secret"
    assert asked.body["operationName"] == "Scopes"
    assert "secret" not in json.dumps(asked.body)


def test_a_wrong_static_token_is_said_at_once_and_not_shown():
    it, session, slept = admin((401, {}, b'{"errors":"[API] Invalid API key or access token"}'))
    with pytest.raises(Unauthorized, match="access_token") as told:
        it.ask("Scopes", dict, Orders)
    assert "secret" not in str(told.value)
    assert (len(session.asked), slept) == (1, [])


def test_another_version_than_asked_for_is_warned_of_once(caplog):
    it, _, _ = admin(ok(**{"X-Shopify-API-Version": "2026-01"}), ok(**{"X-Shopify-API-Version": "2026-01"}))
    with caplog.at_level(logging.WARNING):
        it.ask("Scopes", dict, Orders)
        it.ask("Scopes", dict, Orders)
    assert [record.getMessage() for record in caplog.records] == [
        "Shopify served API version 2026-01 instead of 2026-10: set api_version to one that it supports"
    ]


def test_before_a_costly_question_the_bucket_is_let_fill():
    cost = {"requestedQueryCost": 500, "throttleStatus": COST["throttleStatus"] | {"currentlyAvailable": 100}}
    it, _, slept = admin(ok(page(cost=cost)), ok())
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders, expected=500)
    assert slept == [4.0]


def test_a_bucket_that_hardly_fills_is_waited_for_within_bounds():
    status = COST["throttleStatus"] | {"currentlyAvailable": 0, "restoreRate": 0.001}
    it, _, slept = admin(ok(page(cost={"requestedQueryCost": 500, "throttleStatus": status})), ok())
    it.ask("Scopes", dict, Orders)
    it.ask("Scopes", dict, Orders, expected=500)
    assert slept == [it.wire.bounds.seconds]


def test_a_bucket_that_is_always_empty_stops_the_run_at_last():
    throttled = (200, {}, error("THROTTLED", cost=COST))
    it, session, _ = admin(*[throttled] * 2000)
    with pytest.raises(Throttled):
        it.ask("Scopes", dict, Orders)
    assert len(session.asked) <= it.wire.bounds.seconds + 1


def test_each_attempt_takes_its_variables_anew_and_trouble_is_told():
    sizes = [100]

    def smaller():
        sizes[0] //= 2

    it, session, _ = admin((502, {}, b"<html>"), (200, {}, urllib3.exceptions.ProtocolError("reset")), ok())
    it.ask("Scopes", lambda: {"first": sizes[0]}, Orders, on_server_error=smaller)
    assert [each.body["variables"]["first"] for each in session.asked] == [100, 50, 25]
