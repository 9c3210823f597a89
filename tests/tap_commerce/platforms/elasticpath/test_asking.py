"""The tap's questions: to a store that answers as it is told, and to a sandbox with a life of its own."""

import logging
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sandbox.elasticpath import ElasticPath as Api
from sandbox.faults import Faults
from sandbox.shop import START, Shop
from tap_commerce.errors import Denied, Malformed, Misconfigured, Missing, Unavailable
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.elasticpath import asking
from tap_commerce.platforms.elasticpath.asking import ElasticPath
from tap_commerce.schemas import STREAMS, schema

from .store import SETTINGS, Store, changed, listed, order, person

NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)
EVERYTHING = {name: frozenset(schema(record)["properties"]) for name, record in STREAMS.items()}
BARE = {"orders": frozenset({"total"})}
ORDERS = ("orders", "refunds", "fulfillments")
LATER = timedelta(days=400)
DAY = Window(NOW - timedelta(days=1), NOW)
MEMBERS = {"customer_source": "account_members"}


def opened(store, selection=BARE, **settings):
    """A platform that was opened while the store was still empty."""
    it, answers = store.tap(**settings), store.answers
    empty = {"data": []}
    lists = ("/v2/orders", "/v2/customers", "/v2/accounts", "/v2/account-members")
    store.answers = answers | dict.fromkeys(lists, empty)
    it.open(selection)
    store.answers = answers
    store.asked.clear()
    return it


def read(it, streams=ORDERS, start=START - LATER, end=START + LATER):
    return [record for page in it.read(streams, Window(start, end)) for record in page.records]


def ids(it, streams=("orders",), window=DAY):
    return [record.id for page in it.read(streams, window) for _, record in page.records]


def at(minutes):
    return (DAY.start + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Windows


def test_a_window_is_half_open_and_its_rows_come_oldest_first():
    rows = [
        order("c", at(60)),
        order("b", at(0)),
        order("a", at(0)),
        order("x", at(-1)),
        order("y", at(1440)),
    ]
    store = Store(NOW, **{"/v2/orders": listed(rows)})
    assert ids(opened(store)) == ["a", "b", "c"]
    (asked,) = store.asked
    assert asked.query == {
        "filter": 'ge(updated_at,"2026-11-18T10:00:00.000Z"):lt(updated_at,"2026-11-19T10:00:00.000Z")',
        "page[limit]": "100",
        "page[offset]": "0",
    }


def test_items_come_along_with_smaller_pages():
    store = Store(NOW, **{"/v2/orders": {"data": [order("a", at(0))], "included": {"items": []}}})
    it = opened(store, {"orders": frozenset({"line_items"})})
    assert ids(it) == ["a"]
    assert store.asked[0].query["include"] == "items"
    assert store.asked[0].query["page[limit]"] == "25"


def test_a_page_is_never_larger_than_the_settings_allow():
    store = Store(NOW, **{"/v2/orders": listed([order(str(n), at(n)) for n in range(25)])})
    assert len(ids(opened(store, page_size=10))) == 25
    assert [each.query["page[limit]"] for each in store.asked] == ["10"] * 3


@pytest.mark.parametrize("counted", [True, False])
def test_all_pages_are_read_whether_the_total_is_told_or_not(counted):
    rows = [order(f"{n:03}", at(n)) for n in range(60)]
    store = Store(NOW, **{"/v2/orders": listed(rows, counted=counted)})
    assert ids(opened(store, page_size=25)) == [each["id"] for each in rows]


def test_a_window_that_holds_too_much_is_cut_and_read_oldest_half_first(monkeypatch):
    monkeypatch.setattr(asking, "STRETCH", 20)
    rows = [order(f"{n:03}", at(n * n)) for n in range(38)]
    for counted in (True, False):
        store = Store(NOW, **{"/v2/orders": listed(rows, counted=counted)})
        pages = list(opened(store).read(("orders",), DAY))
        assert [each.id for page in pages for _, each in page.records] == [each["id"] for each in rows]
        assert len(pages) > 1
        assert [page.oldest for page in pages] == sorted(page.oldest for page in pages)


def test_more_than_can_be_read_in_one_millisecond_is_an_error():
    crowd = {"data": [order("a", at(5))], "meta": {"results": {"total": 10_001}}}
    with pytest.raises(Malformed, match="one and the same millisecond"):
        ids(opened(Store(NOW, **{"/v2/orders": crowd})))


def test_what_is_known_of_the_rows_to_come_is_the_oldest_of_each_page(monkeypatch):
    monkeypatch.setattr(asking, "HANDED", 2)
    rows = [order(str(n), at(n)) for n in range(5)]
    store = Store(NOW, **{"/v2/orders": listed(rows)})
    pages = list(opened(store).read(("orders",), DAY))
    assert [len(page.records) for page in pages] == [2, 2, 1]
    assert [page.oldest for page in pages] == [DAY.start + timedelta(minutes=n) for n in (0, 2, 4)]
    assert {page.extracted_at for page in pages} == {NOW}


class Moving:
    """A list in which a row leaves the window between two of its pages, the first `times`."""

    def __init__(self, rows, times=1):
        self.rows, self.times, self.reads = rows, times, 0

    def __call__(self, query):
        said = listed(self.rows)(query)
        if query.get("page[offset]") == "0":
            self.reads += 1
            if self.reads <= self.times:
                newest = max((each for each in self.rows if changed(each) < at(1440)), key=changed)
                newest["meta"]["timestamps"]["updated_at"] = at(1441)
        return said


def test_a_window_whose_total_moved_is_read_again():
    rows = [order(f"{n:03}", at(n)) for n in range(60)]
    moving = Moving(rows)
    store = Store(NOW + timedelta(hours=1), **{"/v2/orders": moving})
    # The row that left had let another one slip between two pages.
    assert ids(opened(store, page_size=25)) == [f"{n:03}" for n in range(59)]
    assert moving.reads == 2


def test_a_window_that_does_not_stand_still_is_cut_until_it_does():
    moving = Moving([order(f"{n:03}", at(n)) for n in range(60)], times=6)
    store = Store(NOW + timedelta(hours=1), **{"/v2/orders": moving})
    assert ids(opened(store, page_size=25)) == [f"{n:03}" for n in range(54)]


@pytest.mark.parametrize("place", [0, 12, 24])
def test_a_row_that_leaves_a_window_whose_total_nobody_tells_hides_no_other(place):
    """It lets another one slip between two pages, wherever it was."""
    rows = [order(f"{n:03}", at(n)) for n in range(60)]

    def answer(query):
        said = listed(rows, counted=False)(query)
        if int(query.get("page[offset]", 0)) >= 15 and not moved:
            moved.append(sorted(rows, key=changed, reverse=True)[place])
            moved[0]["meta"]["timestamps"]["updated_at"] = at(1441)
        return said

    moved = []
    store = Store(NOW + timedelta(hours=1), **{"/v2/orders": answer})
    standing = {f"{n:03}" for n in range(60)} - {f"{59 - place:03}"}
    assert standing <= set(ids(opened(store, page_size=10)))
    assert moved


@pytest.mark.parametrize("counted", [True, False])
def test_what_cannot_be_cut_is_read_whole(counted, monkeypatch):
    monkeypatch.setattr(asking, "STRETCH", 20)
    rows = [order(f"{n:03}", at(5)) for n in range(95)]
    store = Store(NOW, **{"/v2/orders": listed(rows, counted=counted)})
    assert len(ids(opened(store, page_size=10))) == 95


def test_more_than_can_be_read_in_one_millisecond_is_an_error_also_where_nobody_counts(monkeypatch):
    monkeypatch.setattr(asking, "STRETCH", 20)
    monkeypatch.setattr(asking, "REACH", 50)
    rows = [order(f"{n:03}", at(5)) for n in range(95)]
    store = Store(NOW, **{"/v2/orders": listed(rows, counted=False)})
    with pytest.raises(Malformed, match="one and the same millisecond"):
        ids(opened(store, page_size=10))


def test_a_list_that_never_shows_all_that_it_counts_is_an_error_and_no_shorter_list():
    def answer(query):
        said = listed([order(f"{n:03}", at(n)) for n in range(3)])(query)
        if said["data"]:
            said["meta"]["results"]["total"] += 1
        return said

    with pytest.raises(Unavailable, match=r"says that 2 rows changed .* and shows 1"):
        ids(opened(Store(NOW, **{"/v2/orders": answer})))


@pytest.mark.parametrize("minutes", [-1, 1441, 2000])
def test_rows_outside_the_window_say_that_the_filter_was_not_understood(minutes):
    ignoring = {"data": [order("a", at(minutes))], "meta": {"results": {"total": 1}}}
    store = Store(NOW + timedelta(days=30), **{"/v2/orders": ignoring})
    with pytest.raises(Malformed, match="filter does not do"):
        ids(opened(store))


def test_a_filter_that_is_understood_by_the_day_is_spelled_otherwise():
    def answer(query):
        found = re.findall(r",(.+?)\)", query.get("filter", ""))
        if not found or "T" in found[0]:
            return {"data": [order("a", at(-300)), order("b", at(5))], "meta": {"results": {"total": 2}}}
        start, end = (datetime.fromtimestamp(int(each) / 1000, UTC) for each in found)
        assert (start, end) == DAY[:2]
        return {"data": [order("b", at(5))]}

    assert ids(opened(Store(NOW + timedelta(days=30), **{"/v2/orders": answer}))) == ["b"]


@pytest.mark.parametrize("minutes", [-0.01, 1440, 1440.01])
def test_a_second_more_or_less_is_no_misunderstanding(minutes):
    store = Store(NOW + timedelta(days=30), **{"/v2/orders": {"data": [order("a", at(minutes))]}})
    assert ids(opened(store)) == ["a"]


def test_a_row_that_changed_while_it_was_read_is_told_as_it_is():
    rows = [order("a", at(1439.9)), order("b", at(1441))]
    store = Store(NOW, **{"/v2/orders": {"data": rows, "meta": {"results": {"total": 2}}}})
    assert ids(opened(store)) == ["a", "b"]


@pytest.mark.parametrize(
    ("understood", "asked"),
    [
        ('ge(updated_at,"2026-11-18T10:00:00.000Z"):lt(updated_at,"2026-11-19T10:00:00.000Z")', 1),
        ("ge(updated_at,2026-11-18T10:00:00.000Z):lt(updated_at,2026-11-19T10:00:00.000Z)", 2),
        (f"ge(updated_at,{DAY.start.timestamp():.0f}000):lt(updated_at,{DAY.end.timestamp():.0f}000)", 3),
    ],
)
def test_instants_are_spelled_as_the_store_understands_them(understood, asked):
    refusal = 400, {"errors": [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}]}
    store = Store(
        NOW,
        **{
            "/v2/orders": lambda query: (
                {"data": []} if query.get("filter", understood) == understood else refusal
            )
        },
    )
    it = opened(store)
    for _ in range(2):
        assert ids(it) == []
    assert len(store.asked) == asked + 1


def test_a_filter_that_is_never_understood_is_an_error():
    refusal = 400, {"errors": [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}]}
    store = Store(NOW, **{"/v2/orders": lambda query: refusal if "filter" in query else {"data": []}})
    with pytest.raises(Malformed, match="Could not parse the supplied filter"):
        ids(opened(store))


def test_a_row_that_does_not_say_when_it_changed_is_malformed():
    odd = order("a", at(0))
    odd["meta"]["timestamps"] = {"created_at": at(0)}
    with pytest.raises(Malformed, match="does not say when"):
        ids(opened(Store(NOW, **{"/v2/orders": {"data": [odd]}})))
    nobody = person("a", at(0))
    del nobody["meta"]
    with pytest.raises(Malformed, match="does not say when"):
        ids(
            opened(Store(NOW, **{"/v2/customers": {"data": [nobody]}}), {"customers": frozenset()}),
            ("customers",),
        )


# What belongs to an order


def item(identity):
    return {"id": identity, "product_id": "p", "quantity": 1, "name": "N"}


def transaction(identity="t", *, changed_at, **more):
    times = {"created_at": "2026-10-01T08:00:01Z", "updated_at": changed_at}
    return {"id": identity, "amount": 1000, "refunded_amount": 0, "currency": "EUR", "transaction_type": "purchase", "status": "complete", "meta": {"timestamps": times}, **more}  # fmt: skip


def stocked(rows, **answers):
    return Store(
        NOW,
        **{
            "/v2/orders": listed(rows),
            r"/v2/orders/[^/]+/transactions": {"data": []},
            r"/v2/orders/[^/]+/shipping-groups": {"data": []},
            r"/v2/orders/[^/]+/items": {"data": []},
            **answers,
        },
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


# Opening


def test_opening_probes_all_that_will_be_asked_for():
    store = stocked([order("a", at(0))])
    store.tap().open(EVERYTHING)
    assert store.paths() == [
        "/oauth/access_token", "/v2/currencies", "/v2/orders", "/v2/orders", "/v2/orders/a/transactions",
        "/v2/orders/a/shipping-groups", "/v2/customers", "/v2/customers",
    ]  # fmt: skip
    store = stocked([])
    store.tap(customer_source="accounts").open({"orders": frozenset({"id"})})
    assert store.paths() == ["/oauth/access_token", "/v2/currencies", "/v2/orders", "/v2/orders"]


def test_a_store_with_more_orders_than_can_be_listed_without_a_filter_can_be_opened():
    """Unfiltered, that many are an error; filtered they are not."""
    refusal = 400, {"errors": [{"title": "Bad Request", "detail": "too many orders, use a filter"}]}
    answer = listed([order("a", at(0))])
    store = stocked([], **{"/v2/orders": lambda query: answer(query) if "filter" in query else refusal})
    store.tap().open(EVERYTHING)
    assert "/v2/orders/a/transactions" in store.paths()


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("path", ["/v2/orders", "/v2/customers"])
def test_a_filter_that_silently_finds_nothing_is_spelled_otherwise_or_an_error(path, large):
    """Such as one that compares instants with words: it would look like a store in which nothing happens."""
    rows = [order("a", at(0)) if path == "/v2/orders" else person("a", at(0))]
    refusal = 400, {"errors": [{"title": "Bad Request", "detail": "too many"}]}

    def answer(query, understood):
        spelled = re.findall(r"(ge|lt)\(updated_at,(.+?)\)", query.get("filter", ""))
        if not spelled:
            return refusal if large else {"data": rows}
        if not all(re.fullmatch(understood, each) for _, each in spelled):
            return {"data": []}
        bounds = {how: datetime.fromtimestamp(int(each) / 1000, UTC) for how, each in spelled}
        changes = datetime.fromisoformat(at(0))
        return {"data": rows if bounds.get("ge", changes) <= changes < bounds["lt"] else []}

    store = stocked([], **{path: lambda query: answer(query, r"\d+")})
    it = store.tap()
    it.open(EVERYTHING)
    stream = "orders" if path == "/v2/orders" else "customers"
    assert [record.id for name, record in read(it, (stream,), *DAY[:2])] == ["a"]
    store = stocked([], **{path: lambda query: answer(query, "never")})
    with pytest.raises(Malformed, match=f"the filter of {path} does not find"):
        store.tap().open(EVERYTHING)


def test_a_filter_that_is_understood_by_the_day_is_found_out_before_anything_is_read():
    """Within a day it finds nothing, and no row that it should have kept out."""

    def answer(query):
        bounds = dict(re.findall(r'(ge|lt)\(updated_at,"?(.+?)"?\)', query.get("filter", "")))
        if any("T" not in each for each in bounds.values()):
            bounds = {how: datetime.fromtimestamp(int(each) / 1000, UTC).isoformat() for how, each in bounds.items()}  # fmt: skip
        else:
            bounds = {how: each[:10] for how, each in bounds.items()}
        there = [each for each in rows if bounds.get("ge", "") <= changed(each) < bounds.get("lt", "9")]
        return {"data": there[int(query.get("page[offset]", 0)) :]}

    rows = [order("a", at(300))]
    store = stocked([], **{"/v2/orders": answer})
    it = store.tap()
    it.open(BARE)
    assert ids(it) == ["a"]


def test_a_row_that_changes_while_the_filter_is_tried_is_no_misunderstanding():
    rows = [order("a", at(0)), order("b", at(-60))]

    def answer(query):
        said = listed(rows)(query)
        if "lt" in query.get("filter", ""):
            rows[0]["meta"]["timestamps"]["updated_at"] = at(1440)
        return said

    store = stocked([], **{"/v2/orders": answer})
    store.tap().open(BARE)
    assert {each.query.get("filter", "").count('"') for each in store.asked[2:]} == {2, 4}


def test_a_store_whose_rows_are_all_new_can_be_opened():
    store = stocked([order("a", at(1439))])
    store.tap().open(EVERYTHING)
    assert "/v2/orders/a/transactions" in store.paths()


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v2/currencies", "currencies"),
        ("/v2/orders", "orders"),
        (r"/v2/orders/a/transactions", "transactions"),
        (r"/v2/orders/a/shipping-groups", "shipping groups"),
        ("/v2/customers", "customers"),
    ],
)
def test_a_missing_permission_is_named_before_the_first_record(path, what):
    refusal = 403, {"errors": [{"status": 403, "title": "Forbidden"}]}
    store = stocked([order("a", at(0))], **{path: refusal})
    with pytest.raises(Denied, match=f"client_id may not read {what}"):
        store.tap().open(EVERYTHING)


@pytest.mark.parametrize("source", ["customers", "accounts", "account_members"])
def test_a_list_of_people_that_the_store_does_not_have_names_the_setting(source):
    store = stocked([], **{f"/v2/{asking.SOURCES[source]}": (404, {"errors": []})})
    with pytest.raises(Misconfigured, match="customer_source"):
        store.tap(customer_source=source).open(EVERYTHING)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client_id": None}, "client_id: must be set"),
        ({"client_secret": None}, "client_secret: must be set"),
        ({"customer_source": "people"}, "customer_source: must be one of customers, accounts"),
        ({"api_url": "http://store.test"}, "api_url: must begin with https"),
    ],
)
def test_settings_are_checked_before_anything_is_asked(change, says):
    store = Store(NOW)
    with pytest.raises(Misconfigured, match=says):
        ElasticPath(SETTINGS | change, store.wire())
    assert store.asked == []


def test_an_unnamed_shop_goes_by_its_host():
    assert ElasticPath(SETTINGS | {"shop": None}, Store(NOW).wire()).shop == "store.test"


# Customers


def test_customers_are_asked_for_by_when_they_changed():
    rows = [person("b", at(9)), person("a", at(3)), person("x", at(-3))]
    store = Store(NOW, **{"/v2/customers": listed(rows)})
    it = opened(store, {"customers": frozenset({"email"})})
    assert ids(it, ("customers",)) == ["a", "b"]
    assert store.asked[-1].query["sort"] == "updated_at"
    assert store.asked[-1].query["page[limit]"] == "100"


def test_fields_of_customers_are_read_as_the_settings_name_them():
    rows = [person("a", at(3), external_ref="c-1", points=7, secret="no")]
    store = Store(NOW, **{"/v2/accounts": listed(rows)})
    it = opened(store, {"customers": frozenset({"email"})}, customer_source="accounts", customer_metafields=["external_ref", "points", "none"])  # fmt: skip
    ((_, told),) = read(it, ("customers",), *DAY[:2])
    assert [(each.name, each.value) for each in told.metafields] == [("external_ref", "c-1"), ("points", "7")]


def members(rows):
    def answer(query):
        assert "filter" not in query, "account members cannot be filtered by when they changed"
        return listed(rows)(query)

    return answer


def test_account_members_are_read_down_to_the_window_and_only_once_a_run():
    rows = [person(f"{n:03}", at(n)) for n in range(-50, 60)]
    store = Store(NOW, **{"/v2/account-members": members(rows)})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=20, **MEMBERS)
    early = Window(DAY.start, DAY.start + timedelta(minutes=30))
    late = Window(early.end, DAY.end)
    assert ids(it, ("customers",), early) == [f"{n:03}" for n in range(30)]
    asked = len(store.asked)
    assert ids(it, ("customers",), late) == [f"{n:03}" for n in range(30, 60)]
    assert len(store.asked) == asked == 4
    assert {each.query["sort"] for each in store.asked} == {"-updated_at"}


def test_a_member_that_is_deleted_while_they_are_read_hides_no_other():
    rows = [person(f"{n:03}", at(n)) for n in range(40)]
    left = list(rows)

    def answer(query):
        said = members(left)(query)
        if query.get("page[offset]") == "0" and len(left) == 40:
            del left[-1]
        return said

    store = Store(NOW, **{"/v2/account-members": answer})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=20, **MEMBERS)
    assert ids(it, ("customers",)) == [f"{n:03}" for n in range(39)]


def test_a_member_that_changes_while_they_are_read_hides_no_other_and_is_read_next_time():
    rows = [person(f"{n:03}", at(n)) for n in range(40)]

    def answer(query):
        said = members(rows)(query)
        if query.get("page[offset]") == "0":
            rows[5]["meta"]["timestamps"]["updated_at"] = at(1439)
        return said

    store = Store(NOW, **{"/v2/account-members": answer})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=20, **MEMBERS)
    assert set(ids(it, ("customers",))) == {f"{n:03}" for n in range(40)} - {"005"}
    again = opened(store, {"customers": frozenset({"email"})}, page_size=20, **MEMBERS)
    assert "005" in ids(again, ("customers",))


@pytest.mark.parametrize("page_size", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_account_members_are_read_to_the_end_by_the_smallest_pages(page_size, count):
    rows = [person(f"{n:03}", at(n)) for n in range(count)]
    store = Store(NOW, **{"/v2/account-members": members(rows)})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=page_size, **MEMBERS)
    assert ids(it, ("customers",)) == [f"{n:03}" for n in range(count)]


def test_many_members_that_change_at_once_while_they_are_read_hide_no_other():
    """They go before all that was read, so that the next page holds nothing new: it is not the last one."""
    rows = [person(f"{n:03}", at(n)) for n in range(60)]

    def answer(query):
        said = members(rows)(query)
        if query.get("page[offset]") == "0":
            for each in rows[20:29]:
                each["meta"]["timestamps"]["updated_at"] = at(1441)
        return said

    store = Store(NOW, **{"/v2/account-members": answer})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=10, **MEMBERS)
    standing = {f"{n:03}" for n in range(60)} - {f"{n:03}" for n in range(20, 29)}
    assert standing <= set(ids(it, ("customers",)))


def test_a_store_that_sorts_members_otherwise_is_read_to_the_end():
    """Who changed last stands anywhere: an old row says nothing of those after it."""
    rows = [person(f"{n:03}", at(n if n % 2 else -n - 1)) for n in range(60)]

    def answer(query):
        offset, limit = int(query.get("page[offset]", 0)), int(query["page[limit]"])
        return {"data": rows[offset : offset + limit]}

    store = Store(NOW, **{"/v2/account-members": answer})
    it = opened(store, {"customers": frozenset({"email"})}, page_size=10, **MEMBERS)
    assert ids(it, ("customers",)) == [f"{n:03}" for n in range(1, 60, 2)]


def erasure(identity, when, **more):
    return {"id": f"e{identity}", "resource_id": identity, "resource_type": "customer", "status": "SUCCESS", "created_at": when, "updated_at": when, **more}  # fmt: skip


def test_whoever_was_erased_is_told_in_its_window_and_first():
    gone = [
        erasure("a", at(5)),
        erasure("b", at(-5)),
        erasure("c", at(6), status="FAILURE"),
        erasure("d", at(7), resource_type="account_member"),
    ]
    store = Store(
        NOW,
        **{
            "/v2/customers": listed([person("z", at(1))]),
            "/v2/personal-data/erasure-requests": {"data": gone},
        },
    )
    it = opened(store, EVERYTHING)
    pages = list(it.read(("customers",), DAY))
    assert [each.deleted_at for _, each in pages[0].records] == [at(5)]
    assert [[each.id for _, each in page.records] for page in pages] == [["a"], ["z"]]
    assert pages[0].oldest == DAY.start


@pytest.mark.parametrize("status", [400, 403, 404])
def test_erasures_that_are_not_listed_are_warned_of_once(status, caplog):
    store = Store(NOW, **{"/v2/personal-data/erasure-requests": (status, {"errors": []})})
    it = opened(store, EVERYTHING)
    for _ in range(2):
        assert ids(it, ("customers",)) == []
    assert caplog.text.count("erasure requests") == 1


def test_erasures_are_not_asked_for_where_nobody_wants_to_know():
    store = Store(NOW)
    ids(opened(store, {"customers": frozenset({"email"})}), ("customers",))
    assert "/v2/personal-data/erasure-requests" not in store.paths()


# A store with a life of its own


def sandbox(api, selection=EVERYTHING, **settings):
    wire = Wire(
        user_agent="test", bounds=Bounds(seconds=1e6), sleep=api.advance, jitter=lambda seconds: seconds
    )
    it = ElasticPath(api.settings | {"shop": "acme", "requests_per_second": 1e6} | settings, wire)
    it.open(selection)
    return it


def lively(days=3, **facts):
    shop = Shop(seed=3, start=START, orders_per_day=12, max_lines=12, **facts)
    shop.live(START + timedelta(days=days))
    shop._life = None
    shop.advance(seconds=120)
    return shop


def plain(found):
    return {(stream, record.id): msgspec.to_builtins(record) for stream, record in found}


@pytest.mark.parametrize("groups", ["parcels", "checkout", "late", False])
def test_the_same_is_read_in_small_pages_and_windows_as_in_large_ones(groups, monkeypatch):
    with Api(lively(), groups=groups, rate=None) as api:
        whole = plain(read(sandbox(api)))
        monkeypatch.setattr(asking, "STRETCH", 10)
        assert plain(read(sandbox(api, page_size=7, concurrency=1))) == whole
    assert {stream for stream, _ in whole} == set(ORDERS)
    assert len([1 for stream, _ in whole if stream == "orders"]) == len(api.shop.orders)


@pytest.mark.parametrize(
    "options",
    [
        {"total_method": "observed"},
        {"total_method": "exact", "links": False},
        {"wrapped_token": True, "status_as": "missing"},
        {"tick": 20, "token_lifetime": 900},
        {"sorts_updated": True, "page_length": 10},
    ],
)
def test_the_same_is_read_however_the_store_writes(options):
    with Api(lively(), rate=None) as one, Api(lively(), rate=None, **options) as other:
        assert plain(read(sandbox(one))) == plain(read(sandbox(other)))


def test_reading_again_from_any_records_own_instant_finds_it():
    with Api(lively(2), rate=None) as api:
        it = sandbox(api)
        found = read(it)
        for stream, record in found[::9]:
            start = datetime.fromisoformat(record.polled_at)
            assert (stream, record.id) in plain(read(it, ORDERS, start))


def test_what_goes_wrong_on_the_way_is_waited_out():
    calm, rough = lively(), lively()
    troubles = Faults(seed=1, rate=0.15, kinds=("429", "500", "503", "truncated", "reset", "html", "expired"))
    with Api(calm, rate=None) as one, Api(rough, rate=None, faults=troubles) as other:
        assert plain(read(sandbox(one))) == plain(read(sandbox(other)))
    assert other.faults.happened.keys() >= {"429", "500", "truncated", "expired"}


def test_a_store_that_bears_less_than_was_set_is_asked_slower_until_all_is_read():
    with Api(lively(3), rate=5) as api:
        found = read(sandbox(api, requests_per_second=100))
    assert len([1 for stream, _ in found if stream == "orders"]) == len(api.shop.orders)
    assert api.calls.count["transactions", 429] > 0


def test_as_many_connections_are_kept_as_questions_are_asked_at_once(caplog):
    with Api(lively(5), rate=None) as api:
        it = sandbox(api, concurrency=32)
        it._families = lambda rows, items: ElasticPath._families(it, rows * 9, items)
        read(it)
    assert "pool is full" not in caplog.text


def test_nothing_is_lost_while_orders_change_between_pages():
    """Every change is found by this reading or, being newer than it, by the next one."""
    shop = Shop(seed=9, start=START, orders_per_day=60, max_lines=3, pace=0.2)
    shop.live(START + timedelta(days=3))
    with Api(shop, rate=None, index_lag=20, between=lambda: shop.advance(seconds=40)) as api:
        it = sandbox(api, page_size=10, concurrency=1)
        seen, start = {}, START - timedelta(days=1)
        for _ in range(3):
            end = it.now() - it.lag
            for stream, record in read(it, ORDERS, start, end):
                seen[stream, record.id] = record.polled_at
            start = end
        api.between = None
        standing = plain(read(it, ("orders",), START - timedelta(days=1), start))
    assert len(standing) > 100
    for key, record in standing.items():
        assert seen[key] >= record["polled_at"], key


def test_a_store_can_keep_customers_and_accounts():
    for source in ("customers", "accounts", "account_members"):
        with Api(lively(12), rate=None, buyers="both", privacy=0.3) as api:
            found = read(sandbox(api, customer_source=source), ("customers",))
        there = [each for _, each in found if each.deleted_at is msgspec.UNSET]
        gone = [each for _, each in found if each.deleted_at is not msgspec.UNSET]
        assert len({each.id for each in there}) == len(there) > 3, source
        assert gone, source
        assert not {each.id for each in there} & {each.id for each in gone}


def test_what_it_costs(caplog):
    """The figures of docs/elasticpath.md."""
    caplog.set_level(logging.ERROR)
    shop = lively(9)
    with Api(shop, rate=None) as api:
        it = sandbox(api)
        probing = len(api.calls)
        for pass_ in ElasticPath.passes:
            read(it, pass_)
        cost, count = len(api.calls) - probing, len(shop.orders)
        assert 2 * count < cost < 2.1 * count
        api.calls.clear()
        it = sandbox(api)
        for pass_ in ElasticPath.passes:
            read(it, pass_, shop.now - timedelta(seconds=1), shop.now)
        assert len(api.calls) == 11, "an idle poll"
        api.calls.clear()
        it = sandbox(api, BARE)
        read(it, ("orders",))
        assert len(api.calls) == 4 + -(-count // 100)
