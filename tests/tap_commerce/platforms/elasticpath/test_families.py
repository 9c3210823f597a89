"""What belongs to an order, as of one version of it."""

import pytest

from sandbox.elasticpath import ElasticPath as Api
from tap_commerce.errors import Missing
from tests.tap_commerce.platforms.elasticpath.store import (
    DAY,
    EVERYTHING,
    ORDERS,
    at,
    ids,
    item,
    lively,
    opened,
    order,
    read,
    sandbox,
    stocked,
    transaction,
)


def test_items_that_did_not_come_along_are_asked_for():
    rows = [order("a", at(0), items=["i1", "i2"]), order("b", at(1), items=["i3"]), order("c", at(2))]
    del rows[2]["relationships"]
    come = {
        "data": rows,
        "included": {"items": [item("i1"), item("i3")]},
        "meta": {"results": {"total": 3}},
    }
    store = stocked(
        rows,
        **{
            "/v2/orders": come,
            "/v2/orders/a/items": {"data": [item("i1"), item("i2")]},
            "/v2/orders/c/items": {"data": [item("i4")]},
        },
    )
    it = opened(store, {"orders": frozenset({"line_items"})})
    told = [record for _, record in read(it, ("orders",), *DAY[:2])]
    assert [[line.id for line in each.line_items] for each in told] == [["i1", "i2"], ["i3"], ["i4"]]
    assert [path for path in store.paths() if path.endswith("items")] == [
        "/v2/orders/a/items",
        "/v2/orders/c/items",
    ]


@pytest.mark.parametrize("related", [{}, {"data": None}, {"links": {}}])
def test_an_order_that_does_not_name_its_items_is_asked_for_them(related):
    row = order("a", at(0))
    row["relationships"] = {"items": related}
    store = stocked([row], **{"/v2/orders/a/items": {"data": [item("i1")]}})
    it = opened(store, {"orders": frozenset({"line_items"})})
    ((_, told),) = read(it, ("orders",), *DAY[:2])
    assert [line.id for line in told.line_items] == ["i1"]


def test_an_order_that_never_stands_still_is_told_with_all_that_belongs_to_it():
    versions = [order("a", at(n)) for n in range(20)]
    store = stocked(
        versions[:1],
        **{
            "/v2/orders/a": lambda _: {"data": versions.pop(1)},
            "/v2/orders/a/transactions": {"data": [transaction(changed_at=at(30))]},
        },
    )
    found = read(opened(store, EVERYTHING), ORDERS, *DAY[:2])
    assert [stream for stream, _ in found] == ["orders", "refunds"]
    assert found[0][1].total_refunded == 0


def test_an_order_that_is_older_than_its_payment_is_read_again():
    before, after = order("a", at(0), payment="unpaid"), order("a", at(5))
    store = stocked(
        [before],
        **{
            "/v2/orders/a": {"data": after},
            "/v2/orders/a/transactions": {"data": [transaction(changed_at=at(5))]},
        },
    )
    ((_, told), *_) = read(opened(store, EVERYTHING), ORDERS, *DAY[:2])
    assert (told.financial_status, told.updated_at, told.paid_at) == (
        "paid",
        at(5),
        at(5).replace(".000", ""),
    )


def test_payments_that_do_not_touch_their_order_cost_one_more_question_and_no_more():
    row = order("a", at(0))
    store = stocked(
        [row],
        **{
            "/v2/orders/a": {"data": row},
            "/v2/orders/a/transactions": {"data": [transaction(changed_at=at(5), refunded_amount=500)]},
        },
    )
    found = read(opened(store, EVERYTHING), ORDERS, *DAY[:2])
    assert [each.total for stream, each in found if stream == "refunds"] == [5]
    assert store.paths() == [
        "/v2/orders", "/v2/orders/a/transactions", "/v2/orders/a/shipping-groups", "/v2/orders/a",
    ]  # fmt: skip


def test_an_order_that_is_gone_when_its_payments_are_asked_for_is_left_out(caplog):
    store = stocked(
        [order("a", at(0)), order("b", at(1))], **{"/v2/orders/a/transactions": (404, {"errors": []})}
    )
    assert ids(opened(store, {"orders": frozenset({"paid_at"})})) == ["b"]
    assert "order a was deleted" in caplog.text


def test_payments_that_are_missing_of_an_order_that_is_there_are_an_error():
    row = order("a", at(0))
    store = stocked(
        [row], **{"/v2/orders/a/transactions": (404, {"errors": []}), "/v2/orders/a": {"data": row}}
    )
    it = opened(store, {"orders": frozenset({"paid_at"})})
    with pytest.raises(Missing, match="transactions"):
        ids(it)


def test_a_store_that_knows_no_shipping_groups_has_none():
    row = order("a", at(0), shipping="fulfilled")
    store = stocked(
        [row],
        **{r"/v2/orders/[^/]+/shipping-groups": (404, {"errors": []}), "/v2/orders/a": {"data": row}},
    )
    found = read(opened(store, EVERYTHING), ORDERS, *DAY[:2])
    assert [each.id for stream, each in found if stream == "fulfillments"] == ["a:fulfillment"]


@pytest.mark.parametrize(
    ("selection", "endings"),
    [
        ({"orders": frozenset({"total", "status"})}, set()),
        ({"orders": frozenset({"paid_at"})}, {"transactions"}),
        ({"orders": frozenset({"shipping_method"})}, {"shipping-groups"}),
        ({"refunds": frozenset({"total"})}, {"transactions"}),
        ({"fulfillments": frozenset({"tracking_numbers"})}, {"shipping-groups"}),
        ({"fulfillments": frozenset({"order"})}, {"transactions", "shipping-groups"}),
        (EVERYTHING, {"transactions", "shipping-groups"}),
    ],
)
def test_what_nobody_selected_is_not_asked_for(selection, endings):
    store = stocked([order("a", at(0))])
    read(opened(store, selection), ORDERS, *DAY[:2])
    assert {path.rpartition("/")[2] for path in store.paths()} - {"orders"} == endings
    assert "include" not in store.asked[0].query or selection is EVERYTHING


def test_orders_deselected_and_refunds_selected_still_come():
    store = stocked(
        [order("a", at(0))], **{"/v2/orders/a/transactions": {"data": [transaction(changed_at=at(0))]}}
    )
    it = opened(store, {"refunds": frozenset({"total", "order"})})
    ((stream, told),) = read(it, ("refunds",), *DAY[:2])
    assert (stream, told.order.id, told.order.completed) == ("refunds", "a", True)


def test_as_many_connections_are_kept_as_questions_are_asked_at_once(caplog):
    with Api(lively(5), rate=None) as api:
        it = sandbox(api, concurrency=32)
        families, of = it._families, it._families.of
        families.of = lambda rows, items: of(rows * 9, items)
        read(it)
    assert "pool is full" not in caplog.text
