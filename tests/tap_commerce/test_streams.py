"""What the catalog selects, and how a stream writes it."""

import json
from pathlib import Path

import pytest

from sandbox.shopify import Shopify as Api
from tap_commerce.tap import TapCommerce
from tests.world import Output, lively

CATALOG = Path(__file__).parents[2] / "catalogs" / "shopify.json"


def config(api, **settings):
    return {
        "platform": "shopify",
        "api_url": api.url,
        "access_token": api.token,
        "shop": "acme",
        "start_date": "2026-09-30T00:00:00Z",
    } | settings


@pytest.fixture(scope="module")
def api():
    with Api(lively()) as serving:
        yield serving


def deselected(*breadcrumbs):
    catalog = json.loads(CATALOG.read_text())
    for stream in catalog["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = True
            if (stream["tap_stream_id"], *each["breadcrumb"]) in breadcrumbs:
                each["metadata"]["selected"] = False
    return catalog


def written(capsysbinary, api, **arguments):
    tap = TapCommerce(config=config(api), **arguments)
    tap.sync_all()
    return tap, Output(capsysbinary.readouterr().out)


def test_what_the_catalog_deselects_is_neither_written_nor_asked_for(capsysbinary, api):
    api.calls.clear()
    catalog = deselected(
        ("customers",), ("refunds",), ("orders", "properties", "line_items"), ("orders", "properties", "note")
    )
    _, found = written(capsysbinary, api, catalog=catalog)
    assert {stream for stream, _ in found.records} == {"orders", "fulfillments"}
    order = found.of("orders")[0]
    assert not {"line_items", "note"} & order.keys()
    assert order["total"] > 0
    asked = next(call for call in api.calls if call.name == "Orders")
    assert asked.variables["refunds"] is False
    assert not [call for call in api.calls if call.name == "Customers"]


def test_the_whole_catalog_is_written_without_detours(capsysbinary, api):
    tap, found = written(capsysbinary, api, catalog=deselected())
    assert all(stream._is_plain() for stream in tap.streams.values())
    _, again = written(capsysbinary, api)
    assert found.records == again.records


def test_a_deselected_field_changes_nothing_else(capsysbinary, api):
    _, whole = written(capsysbinary, api)
    tap, found = written(capsysbinary, api, catalog=deselected(("orders", "properties", "note")))
    assert not tap.streams["orders"]._is_plain()
    expected = [
        {name: value for name, value in each.items() if name != "note"} for each in whole.of("orders")
    ]
    assert found.of("orders") == expected


def test_stream_maps_are_honoured(capsysbinary, api):
    tap = TapCommerce(
        config=config(api)
        | {
            "stream_maps": {
                "orders": {
                    "id": "id",
                    "twice": "float(total) * 2",
                    "__else__": None,
                    "__key_properties__": ["id"],
                },
                "customers": None,
            }
        }
    )
    tap.sync_all()
    found = Output(capsysbinary.readouterr().out)
    assert found.of("customers") == []
    for each in found.of("orders"):
        assert each == {"id": each["id"], "twice": each["twice"]}
    assert any(each["twice"] > 0 for each in found.of("orders"))


def described(output, stream):
    (found,) = [each for each in output.messages if each["type"] == "SCHEMA" and each["stream"] == stream]
    return found


def test_an_older_catalog_selects_but_does_not_say_what_a_record_looks_like(capsysbinary, api):
    catalog = deselected(("orders", "properties", "note"), ("refunds",))
    for stream in catalog["streams"]:
        del stream["schema"]["properties"]["created_at"]
        stream["metadata"] = [
            each for each in stream["metadata"] if each["breadcrumb"] != ["properties", "created_at"]
        ]
        stream["schema"]["properties"]["gone"] = {"type": "string"}
    catalog["streams"].append({"tap_stream_id": "carts", "stream": "carts", "schema": {}, "metadata": []})
    _, found = written(capsysbinary, api, catalog=catalog)
    properties = described(found, "orders")["schema"]["properties"]
    assert "created_at" in properties
    assert not {"note", "gone"} & properties.keys()
    for order in found.of("orders"):
        assert order.keys() <= properties.keys()
        assert "created_at" in order
    assert not found.of("refunds")


def test_streams_that_the_catalog_does_not_name_are_not_read(capsysbinary, api):
    catalog = deselected()
    catalog["streams"] = [each for each in catalog["streams"] if each["tap_stream_id"] == "orders"]
    _, found = written(capsysbinary, api, catalog=catalog)
    assert {each["stream"] for each in found.messages if "stream" in each} == {"orders"}


def test_what_identifies_a_record_cannot_be_deselected(capsysbinary, api):
    names = ("platform", "shop", "id", "polled_at")
    catalog = deselected(*[("orders", "properties", name) for name in names])
    _, found = written(capsysbinary, api, catalog=catalog)
    assert all(set(names) <= each.keys() for each in found.of("orders"))


def test_a_field_within_a_field_may_be_deselected(capsysbinary, api):
    catalog = deselected(("orders", "properties", "customer", "properties", "email"))
    _, found = written(capsysbinary, api, catalog=catalog)
    customers = [each["customer"] for each in found.of("orders") if each["customer"]]
    assert customers
    assert not any("email" in each for each in customers)
    assert all("id" in each for each in customers)
