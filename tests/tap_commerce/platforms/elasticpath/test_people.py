"""The customers of a store, from each of its lists of people, and who was erased."""

from datetime import timedelta

import msgspec
import pytest

from sandbox.elasticpath import ElasticPath as Api
from tap_commerce.errors import Misconfigured
from tap_commerce.platforms import Window
from tap_commerce.platforms.elasticpath.people import SOURCES
from tests.tap_commerce.platforms.elasticpath.store import (
    DAY,
    EVERYTHING,
    MEMBERS,
    NOW,
    Store,
    at,
    ids,
    listed,
    lively,
    opened,
    person,
    read,
    sandbox,
    stocked,
)


@pytest.mark.parametrize("source", ["customers", "accounts", "account_members"])
def test_a_list_of_people_that_the_store_does_not_have_names_the_setting(source):
    store = stocked([], **{f"/v2/{SOURCES[source]}": (404, {"errors": []})})
    with pytest.raises(Misconfigured, match="customer_source"):
        store.tap(customer_source=source).open(EVERYTHING)


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


def test_a_store_can_keep_customers_and_accounts():
    for source in ("customers", "accounts", "account_members"):
        with Api(lively(12), rate=None, buyers="both", privacy=0.3) as api:
            found = read(sandbox(api, customer_source=source), ("customers",))
        there = [each for _, each in found if each.deleted_at is msgspec.UNSET]
        gone = [each for _, each in found if each.deleted_at is not msgspec.UNSET]
        assert len({each.id for each in there}) == len(there) > 3, source
        assert gone, source
        assert not {each.id for each in there} & {each.id for each in gone}
