import doctest
import importlib
import pkgutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

import tap_commerce
from tap_commerce.records import Customer, Order, Refund
from tap_commerce.schemas import STREAMS, document, schema

ROOT = Path(__file__).parents[2]


def test_the_documents_are_what_the_declaration_says(golden):
    golden(ROOT / "docs" / "records.md", document())


@pytest.mark.parametrize("stream", STREAMS)
def test_a_schema_is_valid_and_flat(stream):
    found = schema(STREAMS[stream])
    DEFAULT_JSONSCHEMA_VALIDATOR.check_schema(found)
    assert "$ref" not in str(found)
    assert found["properties"]["polled_at"]["format"] == "date-time"


def test_money_is_a_number_and_an_instant_a_date_time():
    properties = schema(Order)["properties"]
    assert properties["total"]["type"] == ["number", "null"]
    assert properties["cancelled_at"] == {"type": ["string", "null"], "format": "date-time"}
    assert properties["line_items"]["items"]["properties"]["price"]["type"] == ["number", "null"]


def test_what_a_record_always_says_cannot_be_null():
    assert schema(Refund)["properties"]["total_to_date"]["type"] == ["number"]


def test_a_record_that_says_little_fits_its_schema():
    record = Customer(platform="shopify", shop="acme", id="1", polled_at="2026-10-01T08:00:00Z", email=None)
    plain = msgspec.to_builtins(record, builtin_types=(Decimal,))
    assert plain == {
        "platform": "shopify",
        "shop": "acme",
        "id": "1",
        "polled_at": "2026-10-01T08:00:00Z",
        "email": None,
    }
    DEFAULT_JSONSCHEMA_VALIDATOR(schema(Customer)).validate(plain)


def test_examples_in_docstrings_are_true():
    tried = 0
    for module in pkgutil.walk_packages(tap_commerce.__path__, "tap_commerce."):
        result = doctest.testmod(importlib.import_module(module.name))
        assert result.failed == 0, module.name
        tried += result.attempted
    assert tried >= 5
