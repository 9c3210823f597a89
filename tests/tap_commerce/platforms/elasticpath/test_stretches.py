"""Lists are read whole, in stretches, and a filter is believed once it was seen to work."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tap_commerce.errors import Malformed, Unavailable
from tap_commerce.platforms.elasticpath import stretches
from tests.tap_commerce.platforms.elasticpath.store import (
    BARE,
    DAY,
    EVERYTHING,
    NOW,
    Store,
    at,
    changed,
    ids,
    listed,
    opened,
    order,
    person,
    read,
    stocked,
)


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
    monkeypatch.setattr(stretches, "STRETCH", 20)
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
    monkeypatch.setattr(stretches, "STRETCH", 20)
    rows = [order(f"{n:03}", at(5)) for n in range(95)]
    store = Store(NOW, **{"/v2/orders": listed(rows, counted=counted)})
    assert len(ids(opened(store, page_size=10))) == 95


def test_more_than_can_be_read_in_one_millisecond_is_an_error_also_where_nobody_counts(monkeypatch):
    monkeypatch.setattr(stretches, "STRETCH", 20)
    monkeypatch.setattr(stretches, "REACH", 50)
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
