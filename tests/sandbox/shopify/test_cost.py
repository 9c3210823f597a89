"""What queries cost, counted by hand."""

import pytest
from graphql import parse

from sandbox.shopify.api import schema_of
from sandbox.shopify.cost import Bucket, requested, size


def points(query, **variables):
    document = parse(query)
    return size(schema_of("2026-10"), document, document.definitions[0], variables)


@pytest.mark.parametrize(("query", "cost"), [
    ("{ shop { name } }", 1),
    ("{ shop { plan { shopifyPlus } } }", 2),
    ("{ orders(first: 10) { pageInfo { hasNextPage } nodes { id } } }", 12),
    ("{ orders(first: 10) { edges { cursor node { id } } } }", 12),
    ("{ orders(first: 10) { nodes { totalPriceSet { shopMoney { amount } } } } }", 2 + 10 * 3),
    ("{ orders(first: 10) { nodes { lineItems(first: 5) { nodes { id } } } } }", 2 + 10 * (1 + 2 + 5)),
    ("{ orders(first: 10) { nodes { refunds(first: 5) { id } } } }", 2 + 10 * (1 + 5)),
    ("{ orders(first: 10) { nodes { ...F } } } fragment F on Order { customer { id } }", 2 + 10 * 2),
    ("{ orders(first: 2) { nodes { discountApplications(first: 1) { nodes { ... on DiscountCodeApplication { code value { __typename } } ... on ManualDiscountApplication { title } } } } } }", 2 + 2 * (1 + 2 + 1 + 1)),
    ('mutation { bulkOperationRunQuery(query: "x", groupObjects: false) { userErrors { message } } }', 11),
])  # fmt: skip
def test_the_old_rule_counts_objects_and_multiplies_lists(query, cost):
    assert points(query) == cost


def test_variables_and_left_out_parts_count_as_they_are_given():
    query = "query Q($n: Int, $with: Boolean!) { orders(first: $n) { nodes { customer @include(if: $with) { id } } } }"
    assert points(query, n=10, **{"with": True}) == 22
    assert points(query, n=10, **{"with": False}) == 12


def test_the_low_rule_comes_near_what_was_seen():
    """product{variants(first:250){inventoryItem}} asked for 25 points where the old rule says 503."""
    assert requested("low", 503) == 25
    assert requested("linear", 503) == 503


def test_a_bucket_never_holds_more_than_it_can():
    now = [0.0]
    bucket = Bucket(100, 10, lambda: now[0])
    bucket.take(30)
    assert bucket.available == 70
    now[0] = 2
    assert bucket.available == 90
    now[0] = 1000
    assert bucket.available == 100
