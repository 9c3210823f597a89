import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_segment.errors import Unsendable
from target_segment.events.trimming import LIMIT, trimmed

MONEY = {"total": 100.5, "revenue": 90.25, "shipping": 10.25, "quantity": 300}


def body(**said):
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def product(number, **more):
    return {
        "product_id": str(number),
        "name": f"Product {number}",
        "price": 9.9,
        "quantity": 1,
        "position": number,
    } | more


def call(products, **more):
    return body(type="track", event="Order Completed", properties=MONEY | {"products": products} | more)


def properties(raw):
    return json.loads(raw)["properties"]


def test_what_fits_is_left_as_it_is():
    small = call([product(1, url="https://shop.example/1")])
    assert trimmed(small) is small


def test_optional_properties_go_before_products():
    """All 100 products stay; only as much is taken from each as must be."""
    products = [
        product(n, url="u" * 120, image_url="i" * 120, brand="Acme", product_properties=["p" * 50])
        for n in range(100)
    ]
    raw = trimmed(call(products))
    assert len(raw) <= LIMIT
    assert properties(raw) == MONEY | {"products": [product(n, brand="Acme") for n in range(100)]}


def test_the_platforms_own_ids_go_with_the_other_names():
    products = [
        product(n, variant_id="v", shopify_product_id="s" * 200, shopify_variant_id="s" * 200)
        for n in range(100)
    ]
    assert properties(trimmed(call(products)))["products"] == [product(n, variant_id="v") for n in range(100)]


def test_then_the_last_products_go_and_the_money_stays():
    raw = trimmed(call([product(n, sku="s" * 100) for n in range(1, 301)]))
    assert LIMIT - 300 < len(raw) <= LIMIT
    said = properties(raw)
    assert said["products_truncated"] is True
    assert said["products_total_count"] == 300
    assert [each["position"] for each in said["products"]] == list(range(1, len(said["products"]) + 1))
    assert {name: said[name] for name in MONEY} == MONEY


def test_numbers_keep_their_digits():
    products = [product(n, sku="s" * 100) for n in range(1, 301)]
    raw = call(products).replace(b'"total":100.5', b'"total":100.50')
    assert b'"total":100.50' in trimmed(raw)


@settings(deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=200), st.integers(0, 20_000))
def test_as_many_products_stay_as_fit(sizes, other):
    """The call fits; if products were cut, not even one more would have fitted."""
    products = [product(n, sku="ö" * size) for n, size in enumerate(sizes)]
    raw = trimmed(call(products, note="x" * other))
    assert len(raw) <= LIMIT
    kept = properties(raw)["products"]
    assert kept == products[: len(kept)]
    if len(kept) < len(products):
        more = json.loads(raw)
        more["properties"]["products"].append(products[len(kept)])
        assert len(body(**more)) > LIMIT


def test_long_texts_of_an_identify_go_in_their_order():
    traits = {
        "email": "anna@example.com",
        "metafields": {"a.b": "m" * 20_000},
        "description": "d" * 20_000,
        "tags": "t",
    }
    raw = trimmed(body(type="identify", traits=traits))
    assert json.loads(raw)["traits"] == {
        "email": "anna@example.com",
        "description": "d" * 20_000,
        "tags": "t",
    }


def test_products_are_filled_in_after_long_texts_went():
    raw = trimmed(call([product(1), product(2)], description="d" * 40_000))
    assert properties(raw) == MONEY | {"products": [product(1), product(2)]}


def test_the_note_and_the_attributes_of_an_update_go_before_the_event_does():
    raw = trimmed(call([product(1)], note="n" * 20_000, attributes={"a": "b" * 20_000}))
    assert properties(raw) == MONEY | {"products": [product(1)], "attributes": {"a": "b" * 20_000}}
    raw = trimmed(call([product(1)], note="n", attributes={"a": "b" * 40_000}))
    assert properties(raw) == MONEY | {"products": [product(1)]}


def test_the_context_is_not_spared():
    raw = trimmed(
        body(type="track", properties={"total": 1}, context={"userAgent": "u" * 40_000, "ip": "203.0.113.7"})
    )
    assert json.loads(raw) == {"type": "track", "properties": {"total": 1}, "context": {"ip": "203.0.113.7"}}


def test_what_cannot_fit_is_unsendable():
    with pytest.raises(Unsendable, match=r"40,0\d\d bytes after trimming, Segment takes 32,000"):
        trimmed(body(type="track", properties={"email": "x" * 40_000}))
