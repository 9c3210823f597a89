"""Every query, in every version, is valid against Shopify's own types and free of what is deprecated."""

import gzip
from functools import cache
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from tap_commerce.platforms.shopify.documents import VERSIONS, _definitions, document

ROOT = Path(__file__).parents[4]
PRUNED = ROOT / "sandbox" / "shopify" / "schema_2026-10.graphql"
WHOLE = ROOT.parent / "shared" / "reference" / "schemas"
RULES = [*specified_rules, NoDeprecatedCustomRule]
OLDER, SMS = VERSIONS[:-1], "CustomerPhoneNumber.marketing"
# Deprecated there already, in favour of a field that only the next version has.
OPERATIONS = sorted(name for name, text in _definitions("2026-10").items() if text.startswith("query"))


@cache
def whole(version):
    text = gzip.decompress((WHOLE / f"shopify_admin_{version}.graphql.gz").read_bytes()).decode()
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


@cache
def pruned():
    return build_schema(PRUNED.read_text())


def test_there_are_queries():
    assert {"Orders", "Customers", "Scopes", "OrderLines", "RefundLines", "FulfillmentLines"} <= set(
        OPERATIONS
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_query_is_valid_against_the_pruned_types(operation):
    assert validate(pruned(), parse(document("2026-10", operation)), RULES) == []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_query_is_valid_against_all_of_shopifys_types(version, operation):
    # The oldest of our versions has no schema of its own here; what differs in it, 2026-07 still has.
    known = version if version == "2026-10" else "2026-07"
    if not (WHOLE / f"shopify_admin_{known}.graphql.gz").exists():
        pytest.skip("the whole schema is not here")
    found = validate(whole(known), parse(document(version, operation)), RULES)
    assert [each.message for each in found if not (version in OLDER and SMS in each.message)] == []


def test_only_what_an_operation_reaches_travels_with_it():
    assert "fragment Address" not in document("2026-10", "OrderLines")
    assert "cartToken" not in document("2026-04", "Orders")
    assert "cartToken" in document("2026-07", "Orders")
    assert "smsMarketingConsent" in document("2026-10", "Customers")
    assert "smsMarketingConsent" not in document("2026-07", "Customers")
