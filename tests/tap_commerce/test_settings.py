from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tap_commerce.errors import Misconfigured
from tap_commerce.settings import SETTINGS, check, complaints, config_jsonschema, filled, instant

GOOD = {
    "platform": "shopify",
    "api_url": "https://example.myshopify.com",
    "access_token": "shpat_secret",
    "start_date": "2026-01-01T00:00:00Z",
}


def test_settings_that_suffice_raise_nothing():
    check(filled(GOOD))


@pytest.mark.parametrize("name", [each.name for each in SETTINGS if each.required])
def test_a_missing_setting_is_named(name):
    with pytest.raises(Misconfigured, match=name):
        check({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("platform", "magento"),
        ("start_date", "soon"),
        ("start_date", 2026),
        ("lookback_minutes", -1),
        ("lookback_minutes", "an hour"),
        ("page_size", 0),
        ("page_size", 251),
        ("page_size", 1.5),
        ("page_size", True),
        ("window_days", 0),
        ("accept_recent_orders_only", "perhaps"),
        ("customer_metafields", 7),
        ("access_token", 7),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(name, value):
    (said,) = complaints(filled(GOOD | {name: value}))
    assert said.startswith(f"{name}: must be ")


def test_a_complaint_never_shows_a_secret():
    said = " ".join(complaints(GOOD | {"access_token": ["shpat_secret"], "client_secret": 99887766}))
    assert "secret" in said
    assert "shpat_secret" not in said
    assert "99887766" not in said


def test_an_empty_string_counts_as_not_set():
    assert "shop" not in filled(GOOD | {"shop": ""})
    assert filled(GOOD | {"page_size": ""})["page_size"] == 250


def test_secrets_are_marked_and_everything_is_described():
    properties = config_jsonschema()["properties"]
    assert {name for name, each in properties.items() if each.get("secret")} == {
        "access_token",
        "client_secret",
        "webservice_key",
    }
    assert all(each["description"].endswith((".", "com")) for each in properties.values())


def test_an_instant_without_an_offset_is_taken_as_utc():
    assert instant("x", "2026-01-01") == datetime(2026, 1, 1, tzinfo=UTC)
    assert instant("x", "2026-01-01T02:00:00.9+02:00") == datetime(2026, 1, 1, tzinfo=UTC)


def test_every_setting_is_documented():
    docs = Path(__file__).parents[2] / "docs"
    text = "".join(page.read_text() for page in docs.glob("*.md") if page.name != "settings.md")
    assert [each.name for each in SETTINGS if f"`{each.name}`" not in text] == []


def test_what_an_environment_writes_as_text_is_read_by_the_settings_kind():
    """Numbers, switches and lists; what says nothing of that kind stays as it is, to be complained of."""
    read = filled(
        {
            "lookback_minutes": "30",
            "page_size": "50",
            "accept_recent_orders_only": "true",
            "customer_metafields": "a.b, c.d",
            "recheck_days": "often",
        }
    )
    assert (read["lookback_minutes"], read["page_size"], read["accept_recent_orders_only"]) == (30, 50, True)
    assert read["customer_metafields"] == ["a.b", "c.d"]
    assert filled({"customer_metafields": '["a.b"]'})["customer_metafields"] == ["a.b"]
    assert "recheck_days: must be a number" in "; ".join(complaints(read))


def test_a_fraction_in_a_file_is_a_number():
    """The SDK reads files with decimals in them."""
    read = filled(GOOD | {"window_days": Decimal("0.5")})
    assert read["window_days"] == 0.5
    assert list(complaints(read)) == []
