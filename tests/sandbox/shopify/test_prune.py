"""The committed schema is what pruning the real one gives, and has whatever the tap may ask for."""

import gzip
from pathlib import Path

import pytest
from graphql import build_schema, validate_schema

from sandbox.shopify.api import schema_of
from sandbox.shopify.prune import PRUNED, prune

SCHEMAS = Path(__file__).parents[4] / "shared" / "reference" / "schemas"
here = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the full schemas are not here")


def test_the_pruned_schema_is_sound():
    assert validate_schema(build_schema(PRUNED.read_text(encoding="utf-8"))) == []


@here
def test_it_is_what_the_full_schema_gives():
    full = gzip.decompress((SCHEMAS / "shopify_admin_2026-10.graphql.gz").read_bytes()).decode()
    assert prune(full) == PRUNED.read_text(encoding="utf-8")


@here
def test_it_has_every_field_of_the_subset():
    ours = build_schema(PRUNED.read_text(encoding="utf-8")).type_map
    theirs = build_schema(
        (SCHEMAS / "shopify_tap_subset_2026-10.graphql").read_text(encoding="utf-8")
    ).type_map
    missing = [
        f"{name}.{field}"
        for name, kind in theirs.items()
        for field in getattr(kind, "fields", ())
        if name not in ours or field not in ours[name].fields
    ]
    assert missing == []
    values = [
        f"{name}.{value}"
        for name, kind in theirs.items()
        if not name.startswith("__")
        for value in getattr(kind, "values", ())
        if value not in ours[name].values
    ]
    assert values == []


@here
def test_the_schema_of_an_older_version_is_that_of_the_older_version():
    older = gzip.decompress((SCHEMAS / "shopify_admin_2026-07.graphql.gz").read_bytes()).decode()
    theirs = build_schema(prune(older), assume_valid=True).type_map
    ours = schema_of("2026-07").type_map

    def fields(types):
        return {
            f"{name}.{field}: {kind.fields[field].type}"
            for name, kind in types.items()
            for field in getattr(kind, "fields", ())
        }

    later = {each for each in fields(ours) if each.startswith("CustomerSmsMarketingConsent.")}
    assert fields(ours) - later == fields(theirs)


@pytest.mark.parametrize(("kind", "fields"), [
    ("Order", "originalTotalPriceSet cartToken checkoutToken clientIp attribution customerJourneySummary publication shippingLines discountApplications metafield metafields totalCapturableSet closed"),
    ("LineItem", "image discountAllocations sellingPlan contract weight"),
    ("ProductVariant", "id title sku barcode compareAtPrice price image product"),
    ("Product", "id title handle vendor productType tags onlineStoreUrl category featuredMedia"),
    ("DiscountCodeApplication", "code"),
    ("CustomerVisit", "landingPage referrerUrl source utmParameters occurredAt"),
    ("Customer", "metafield metafields"),
])  # fmt: skip
def test_it_has_what_the_records_need(kind, fields):
    ours = build_schema(PRUNED.read_text(encoding="utf-8")).type_map[kind].fields
    assert [each for each in fields.split() if each not in ours] == []
