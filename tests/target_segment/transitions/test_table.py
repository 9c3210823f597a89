"""The table that names every transition: complete, documented, and its lists of facts only ever grow at their end."""

from pathlib import Path

import pytest

from target_segment.snapshots import Customer, CustomerSummary, Fulfillment, Order, OrderSummary, snapshot
from target_segment.transitions import customers, fulfillments, orders
from target_segment.transitions.table import TABLE, Kind
from tests.target_segment.world import customer, fulfillment, order, raw

DOCS = Path(__file__).resolve().parents[3] / "docs" / "events.md"

# Memory holds a hash per fact, by its place: a fact that moves would be a change of every subject ever seen.
# Add at the end, here and there.
FACTS = {
    "order_updated": (
        "name", "currency", "total", "original_total", "subtotal", "discount", "shipping", "tax", "tip",
        "tags", "note", "attributes", "email", "phone", "shipping_address", "billing_address",
        "shipping_method", "line_items", "source", "location_id", "market", "test",
    ),
    "fulfillment_updated": (
        "status", "carrier_status", "company", "tracking_numbers", "tracking_urls", "line_items",
    ),
    "customer_updated": (
        "email", "phone", "first_name", "last_name", "name", "created_at", "state", "verified_email", "locale", "tags",
        "note", "tax_exempt", "data_sale_opt_out", "email_consent", "sms_consent", "default_address", "metafields",
    ),
    "identify": (
        "email", "phone", "first_name", "last_name", "name", "created_at", "state", "verified_email", "locale", "tags",
        "note", "tax_exempt", "data_sale_opt_out", "email_consent", "sms_consent", "default_address", "metafields",
        "order_count", "lifetime_spend",
    ),
}  # fmt: skip

NEVER = {
    "updated_at",
    "financial_status",
    "fulfillment_status",
    "return_status",
    "total_refunded",
    "current_total",
}
NEVER |= {"paid_at", "cancelled_at", "fulfilled_at", "closed_at", "cancel_reason"}


@pytest.mark.parametrize("name", FACTS)
def test_a_list_of_facts_is_only_appended_to(name):
    assert TABLE[name].facts[: len(FACTS[name])] == FACTS[name]


def test_every_state_has_facts_and_nothing_else_has():
    assert {entry.name for entry in TABLE.values() if entry.facts} == FACTS.keys()
    assert {entry.name for entry in TABLE.values() if entry.kind is Kind.STATE} == FACTS.keys()


def test_no_list_holds_what_another_transition_tells():
    for entry in TABLE.values():
        assert not NEVER & set(entry.facts)
    assert not {"order_count", "lifetime_spend"} & set(TABLE["customer_updated"].facts)


def test_as_many_hashes_are_taken_as_facts_are_listed():
    said = [(orders.facts, order()), (fulfillments.facts, fulfillment()), (customers.facts, customer())]
    for (take, (stream, record)), name in zip(
        said, ("order_updated", "fulfillment_updated", "customer_updated"), strict=True
    ):
        assert len(take(snapshot(stream, raw(record))).split(",")) == len(TABLE[name].facts)


@pytest.mark.parametrize(
    ("take", "said", "name"),
    [
        (orders.facts, order(), "order_updated"),
        (fulfillments.facts, fulfillment(), "fulfillment_updated"),
        (customers.facts, customer(), "customer_updated"),
    ],
)
def test_each_fact_stands_in_its_place(take, said, name):
    """What is said of one fact fills its place and no other."""
    stream, record = said
    least = {key: record[key] for key in ("platform", "shop", "id", "order_id", "order") if key in record}
    empty = take(snapshot(stream, raw(least))).split(",")
    for place, fact in enumerate(TABLE[name].facts):
        told = take(snapshot(stream, raw({**least, fact: None}))).split(",")
        assert [number for number, each in enumerate(told) if each != empty[number]] == [place], fact


def test_what_an_order_says_of_its_customer_stands_in_the_places_of_identify():
    """Else an order and the customers stream would tell each other's facts as changes."""
    stream, record = order(customer={"id": "7"}, email=None, phone=None)
    empty = customers.traits_of_summary(*_about(stream, record)).split(",")
    facts = TABLE["identify"].facts
    assert len(empty) == len(facts)
    for place, fact in enumerate(facts):
        if fact not in CustomerSummary.__struct_fields__ or fact in ("order_count", "lifetime_spend"):
            continue
        said = {
            **record,
            "customer": {"id": "7", fact: None if fact not in ("email", "phone") else "x@example.org"},
        }
        told = customers.traits_of_summary(*_about(stream, said)).split(",")
        assert [number for number, each in enumerate(told) if each != empty[number]] == [place], fact


def _about(stream, record):
    read = snapshot(stream, raw(record))
    return read.customer, read


def test_a_summary_says_no_counters():
    stream, record = order(customer={"id": "7", "order_count": 3, "lifetime_spend": 9})
    assert customers.traits_of_summary(*_about(stream, record)).split(",")[-2:] == ["", ""]


def test_every_fact_is_a_field_of_its_record():
    assert set(TABLE["order_updated"].facts) <= set(Order.__struct_fields__)
    assert set(TABLE["fulfillment_updated"].facts) <= set(Fulfillment.__struct_fields__)
    assert set(TABLE["identify"].facts) <= set(Customer.__struct_fields__)
    assert set(OrderSummary.__struct_fields__) <= set(Order.__struct_fields__)


def test_names_are_those_of_the_table_and_events_are_told_apart():
    assert all(name == entry.name for name, entry in TABLE.items())
    tracks = [entry.event for entry in TABLE.values() if not entry.identify]
    assert len(set(tracks)) == len(tracks)
    assert all(entry.when and entry.timestamp and entry.subject and entry.streams for entry in TABLE.values())


def test_what_is_off_by_default_is_what_says_twice_what_others_say():
    assert {entry.name for entry in TABLE.values() if not entry.on} == {
        "alias",
        "post_purchase_upsell",
        "customer_updated",
        "customer_deleted",
    }


def test_every_transition_is_documented():
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in TABLE if f"`{name}`" not in text and f"## {name}" not in text] == []


def test_what_may_be_told_instead_of_another_may_be_so_both_ways():
    pairs = {(name, entry.instead) for name, entry in TABLE.items() if entry.instead}
    assert pairs == {(other, name) for name, other in pairs}


def test_what_is_told_of_each_item_of_a_list_is_told_of_a_list_of_its_record():
    lists = {entry.of for entry in TABLE.values() if entry.of}
    assert lists == {"coupons", "line_items"}
    assert lists <= set(Order.__struct_fields__)
    assert all(entry.of for entry in TABLE.values() if entry.added)
