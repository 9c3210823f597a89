"""Every field of every type is answered, and in the shape of the samples."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from graphql import (
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_union_type,
)

from sandbox.shopify import Shopify
from sandbox.shopify.answers import TYPES
from sandbox.shopify.api import schema_of

QUERIES = Path(__file__).with_name("queries")
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "samples"

LEADS_BACK = {
    "order",
    "orders",
    "lastOrder",
    "product",
    "customer",
    "parentTransaction",
    "variants",
    "lineItem",
    "shippingLine",
}


def selection(kind, depth, seen=(), alias=""):
    """Select every field of a type, as deep as told, never back to where it came from."""
    if is_union_type(kind):
        inside = " ".join(f"... on {each.name} {selection(each, depth, seen)}" for each in kind.types)
        return "{ __typename " + inside + " }"
    parts = ["__typename"]
    for name, field in kind.fields.items():
        if any(is_non_null_type(each.type) for each in field.args.values()):
            continue
        named = get_named_type(field.type)
        first = "(first: 3)" if "first" in field.args else ""
        if is_leaf_type(named):
            parts.append(f"{alias}{name}: {name}" if alias else name)
        elif depth > 0 and named.name not in seen and not (name in LEADS_BACK and depth < 3):
            parts.append(f"{name}{first} {selection(named, depth - 1, (*seen, named.name))}")
    if is_interface_type(kind):
        schema = schema_of("2026-10")
        parts += [
            f"... on {each.name} {selection(each, 0, alias=each.name)}"
            for each in schema.get_possible_types(kind)
            if kind.name != "Node"
        ]
    return "{ " + " ".join(parts) + " }"


@pytest.mark.parametrize("root", ["orders", "customers"])
def test_every_field_of_every_type_is_answered(client, lively, root):
    kind = schema_of("2026-10").type_map["Order" if root == "orders" else "Customer"]
    query = f"query All {{ {root}(first: 12, sortKey: UPDATED_AT, reverse: true) {{ nodes {selection(kind, 3)} }} }}"
    deep = f'query Deep {{ {root}(first: 1, query: "id:>0") {{ nodes {selection(kind, 5)} }} }}'
    with Shopify(lively, token="t", clock=lambda: 0.0, bucket=10**9) as api:
        for text, least in ((query, 12), (deep, 1)):
            answer = client(api)(text)
            assert answer.get("errors") is None, answer["errors"][:3]
            assert len(answer["data"][root]["nodes"]) == least


def test_no_field_that_must_have_a_value_lacks_an_answer():
    """An object that is not null must come from the shop: its emptiest value would be an error at the client."""
    lacking = [
        (kind.name, name)
        for kind in schema_of("2026-10").type_map.values()
        if is_object_type(kind) and kind.name in TYPES
        for name, field in kind.fields.items()
        if name not in TYPES[kind.name]
        and is_non_null_type(field.type)
        and not is_list_type(field.type.of_type)
        and not (
            is_leaf_type(get_named_type(field.type))
            and get_named_type(field.type).name in ("Boolean", "Int", "Float", "String")
        )
    ]
    assert lacking == []


def test_no_answer_is_for_a_field_that_shopify_does_not_have():
    types = schema_of("2026-10").type_map
    assert [
        (kind, name) for kind, fields in TYPES.items() for name in fields if name not in types[kind].fields
    ] == []


@pytest.mark.parametrize("file", sorted(QUERIES.glob("*.graphql")), ids=lambda path: path.stem)
def test_the_candidate_queries_execute(client, lively, file):
    text = file.read_text(encoding="utf-8")
    names = [
        line.split("(")[0].split()[1] for line in text.splitlines() if line.startswith(("query", "mutation"))
    ]
    order = next(each for each in lively.orders.values() if each.refunds and each.fulfillments)
    ids = {
        "TapRefundLineItems": f"gid://shopify/Refund/{order.refunds[0].id}",
        "TapFulfillmentLineItems": f"gid://shopify/Fulfillment/{order.fulfillments[0].id}",
        "TapBulkStatus": "gid://shopify/BulkOperation/1",
    }
    with Shopify(lively, token="t", clock=lambda: 0.0, bucket=10**9) as api:
        ask = client(api)
        for name in (each.rstrip("{").strip() for each in names):
            variables = {
                "first": 20,
                "id": ids.get(name, f"gid://shopify/Order/{order.id}"),
                "query": "updated_at:>='2026-10-02T00:00:00Z'",
            }
            needed = {
                key: value
                for key, value in variables.items()
                if f"${key}:" in text.split(name, 1)[1].split("{")[0]
            }
            answer = ask(text, name, **needed)
            assert "errors" not in answer, (name, answer["errors"][:2])


def shape(value, path=""):
    """Return the paths of a JSON value with the kinds of their leaves, lists merged."""
    if isinstance(value, dict):
        return set().union({path}, *(shape(each, f"{path}.{name}") for name, each in value.items()))
    if isinstance(value, list):
        return set().union({f"{path}[]"}, *(shape(each, f"{path}[]") for each in value))
    return {f"{path}: {'null' if value is None else type(value).__name__}"}


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the recorded samples are not here")
@pytest.mark.parametrize(("sample", "case"), [
    ("shopify_orders_page1.json", ("shopify_orders.graphql", "TapOrders", "orders")),
    ("shopify_customers_page1.json", ("shopify_customers.graphql", "TapCustomers", "customers")),
])  # fmt: skip
def test_answers_have_the_shape_of_the_recorded_samples(client, lively, sample, case):
    file, name, root = case
    recorded = json.loads((REFERENCE / sample).read_text(encoding="utf-8"))
    with Shopify(lively, token="t") as api:
        ask = client(api)
        text = (QUERIES / file).read_text(encoding="utf-8")
        answer = ask(text, name, first=100, query="updated_at:>='2026-10-02T00:00:00Z'")
    ours, theirs = shape(answer["data"][root]["nodes"]), shape(recorded["data"][root]["nodes"])
    assert {each for each in theirs - ours if not each.endswith("null")} == set()
    kinds = Counter(each.split(": ")[0] for each in ours if ": " in each and not each.endswith("null"))
    assert [path for path, times in kinds.items() if times > 1] == [], "a field with two kinds of values"
    assert shape(recorded["extensions"]["search"]) <= shape(answer["extensions"]["search"])
    assert answer["extensions"]["cost"].keys() == recorded["extensions"]["cost"].keys()


def test_amounts_are_strings_without_needless_zeros_and_yen_without_decimals(client, shop):
    shop.place_order([{"price": "24.00", "quantity": 2}], currency="JPY", shipping=None)
    with Shopify(shop, token="t", index_lag=0) as api:
        order = client(api)(
            "{ orders(first: 1) { nodes { totalPriceSet { shopMoney { amount } presentmentMoney { amount currencyCode } } } } }"
        )
    assert order["data"]["orders"]["nodes"][0]["totalPriceSet"] == {
        "shopMoney": {"amount": "48.0"},
        "presentmentMoney": {"amount": "7836.0", "currencyCode": "JPY"},
    }


def test_the_money_of_an_answer_adds_up(client, lively):
    """Not by our own arithmetic but by what a client can add up from what it is told."""
    query = """query Q($after: String) { orders(first: 50, after: $after, sortKey: UPDATED_AT) { pageInfo { hasNextPage endCursor } nodes {
      name taxesIncluded edited cancelledAt totalPriceSet { ...M } subtotalPriceSet { ...M } totalTaxSet { ...M } totalTipReceivedSet { ...M }
      totalReceivedSet { ...M } totalRefundedSet { ...M } netPaymentSet { ...M } currentTotalPriceSet { ...M }
      shippingLine { discountedPriceSet { ...M } } transactions(first: 50) { kind status amountSet { ...M } }
      refunds(first: 20) { totalRefundedSet { ...M } transactions(first: 10) { nodes { kind status amountSet { ...M } } }
        refundLineItems(first: 200) { nodes { subtotalSet { ...M } totalTaxSet { ...M } quantity lineItem { id } } }
        refundShippingLines(first: 5) { nodes { subtotalAmountSet { ...M } } } orderAdjustments(first: 5) { nodes { amountSet { ...M } } } }
      lineItems(first: 200) { nodes { id quantity currentQuantity originalTotalSet { ...M } discountAllocations { allocatedAmountSet { ...M } } } }
    } } } fragment M on MoneyBag { shopMoney { amount } presentmentMoney { amount } }"""
    checked = refunded = 0
    with Shopify(lively, token="t") as api:
        for nodes in client(api).pages(query):
            for node in nodes:
                for side in ("shopMoney", "presentmentMoney"):
                    amount = lambda bag, side=side: Decimal(bag[side]["amount"]) if bag else Decimal(0)  # noqa: E731
                    if not node["edited"]:
                        lines = sum(
                            amount(line["originalTotalSet"])
                            - sum(amount(each["allocatedAmountSet"]) for each in line["discountAllocations"])
                            for line in node["lineItems"]["nodes"]
                        )
                        assert lines == amount(node["subtotalPriceSet"]), node["name"]
                    shipping = amount((node["shippingLine"] or {}).get("discountedPriceSet"))
                    assert amount(node["subtotalPriceSet"]) + shipping + amount(
                        node["totalTipReceivedSet"]
                    ) == amount(node["totalPriceSet"])
                    paid = sum(
                        amount(each["amountSet"])
                        for each in node["transactions"]
                        if each["kind"] in ("SALE", "CAPTURE") and each["status"] == "SUCCESS"
                    )
                    back = sum(
                        amount(each["amountSet"])
                        for each in node["transactions"]
                        if each["kind"] == "REFUND" and each["status"] == "SUCCESS"
                    )
                    assert amount(node["totalReceivedSet"]) == paid
                    assert amount(node["totalRefundedSet"]) == back <= paid
                    assert amount(node["netPaymentSet"]) == paid - back
                    assert sum(amount(each["totalRefundedSet"]) for each in node["refunds"]) == back
                    for refund in node["refunds"]:
                        moved = sum(amount(each["amountSet"]) for each in refund["transactions"]["nodes"])
                        goods = sum(
                            amount(each["subtotalSet"]) for each in refund["refundLineItems"]["nodes"]
                        )
                        sent = sum(
                            amount(each["subtotalAmountSet"])
                            for each in refund["refundShippingLines"]["nodes"]
                        )
                        kept = sum(amount(each["amountSet"]) for each in refund["orderAdjustments"]["nodes"])
                        if not node["edited"] and not node["cancelledAt"]:
                            assert goods + sent - kept == moved, (node["name"], side)
                            refunded += 1
                checked += 1
    assert checked > 150
    assert refunded > 40
