"""Streams of other taps over the whole target: the page's example, the promises, and what a SCHEMA must have."""

import io
import json
import re
from pathlib import Path

import pytest

from target_segment.errors import Garbled, Misconfigured
from target_segment.singer.target import TargetSegment
from tests.target_segment.world import line, names

PAGE = Path(__file__).resolve().parents[3] / "docs" / "streams.md"
STARTED = {
    "event": "Subscription Started",
    "user_id": "customer",
    "timestamp": "created_at",
    "properties": ["id", "plan", "status"],
}
UPDATED = {
    "event": "Subscription Updated",
    "kind": "state",
    "user_id": "customer",
    "properties": ["id", "plan", "status"],
}
BOTH = {"subscriptions": [STARTED, UPDATED]}
FIELDS = ("id", "customer", "plan", "status", "created_at", "updated_at", "cancelled_at", "email", "extra")


pytestmark = pytest.mark.usefixtures("private_files")


class Machine:
    """One ledger, and runs over it."""

    def __init__(self, segment, config):
        self.segment, self.config, self.target = segment, config, TargetSegment

    def run(self, *lines, streams=BOTH, **settings):
        """Read lines in one run and return the events that Segment took in it."""
        before = len(self.segment.events)
        config = {**self.config, "streams": streams, **settings}
        self.code = self.target(config=config).run(io.StringIO("".join(lines)))
        # Segment corrects the timestamp for the sender's clock.
        return [{**each, "timestamp": each["originalTimestamp"]} for each in self.segment.events[before:]]


@pytest.fixture
def machine(segment, config):
    return Machine(segment, config)


def schema(stream="subscriptions", keys=("id",), replication="updated_at", fields=FIELDS):
    return line(
        type="SCHEMA",
        stream=stream,
        schema={"type": "object", "properties": {name: {} for name in fields}},
        key_properties=list(keys),
        bookmark_properties=[replication] if replication else [],
    )


def record(stream="subscriptions", at="2026-03-10T12:00:00Z", **fields):
    made = {
        "id": 17,
        "customer": "c7",
        "plan": "pro",
        "status": "active",
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-01T09:00:00Z",
    }
    return line(type="RECORD", stream=stream, record={**made, **fields}, time_extracted=at)


def later(day=15, **fields):
    return record(updated_at=f"2026-03-{day}T09:00:00Z", at=f"2026-03-{day}T12:00:00Z", **fields)


# --- the page


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_pages_example_is_so(machine):
    five_lines, started, both, updated = map(json.loads, blocks("json"))
    first, then = blocks("jsonl")
    declared = first.partition("\n")[0] + "\n"
    (mapping,) = five_lines.values()
    assert len(mapping) <= 5
    (told,) = machine.run(first, streams=five_lines)
    assert {name: told[name] for name in started} == started
    assert machine.run(first, streams=five_lines) == []
    assert machine.run(first, streams=both) == []
    (told,) = machine.run(declared, then, streams=both)
    assert {name: told[name] for name in updated} == updated
    assert machine.run(declared, then, streams=both) == []
    assert machine.segment.repeats == {}


# --- the same ledger, the same promises


def test_once_is_told_once_and_a_change_is_told_each_time(machine):
    assert names(machine.run(schema(), record())) == ["Subscription Started"]
    assert machine.run(schema(), record()) == []
    (paused,) = machine.run(schema(), later(status="paused"))
    assert paused["event"] == "Subscription Updated"
    assert paused["timestamp"] == "2026-03-15T09:00:00Z"
    assert names(machine.run(schema(), later(16))) == ["Subscription Updated"]
    assert machine.run(schema(), record(), later(status="paused"), later(16)) == []


def test_what_lies_before_since_is_remembered_and_told_when_since_is_lowered(machine):
    since = "2026-03-05T00:00:00Z"
    assert machine.run(schema(), record(), since=since) == []
    assert names(machine.run(schema(), later(status="paused"), since=since)) == ["Subscription Updated"]
    assert names(machine.run(schema(), later(status="paused"))) == ["Subscription Started"]


def test_since_now_floods_nothing_and_hears_of_what_comes(machine):
    assert machine.run(schema(), record(), since="now") == []
    new = later(created_at="2026-03-14T00:00:00Z", id=18)
    assert names(machine.run(schema(), record(), new, since="now")) == ["Subscription Started"]


class Killed(BaseException):
    """As SIGKILL leaves it."""


@pytest.mark.parametrize("point", ["before intent", "after intent", "after delivery", "after receipt"])
def test_a_crash_anywhere_loses_and_doubles_nothing(machine, point):
    class Dying(TargetSegment):
        def at(self, passed):
            if passed == point:
                raise Killed

    machine.target = Dying
    with pytest.raises(Killed):
        machine.run(schema(), record())
    machine.target = TargetSegment
    machine.run(schema(), record())
    assert names(machine.segment.events) == ["Subscription Started"]


def test_another_order_of_facts_and_another_event_name_tell_nothing(machine):
    machine.run(schema(), record())
    renamed = {**STARTED, "event": "Subscribed", "properties": ["status"]}
    turned = {**UPDATED, "properties": ["extra", "status", "id", "plan"]}
    assert machine.run(schema(), record(), streams={"subscriptions": [renamed, turned]}) == []


def test_two_streams_that_say_the_same_are_two(machine):
    streams = {"subscriptions": STARTED, "trials": {**STARTED, "event": "Trial Started"}}
    told = machine.run(schema(), schema("trials"), record(), record("trials"), streams=streams)
    assert names(told) == ["Subscription Started", "Trial Started"]


def test_a_stream_beside_the_shops_own_name_is_not_the_shops(machine):
    """Another tap's `orders` lack the canonical shape: they are told as mapped."""
    assert names(machine.run(schema("orders"), record("orders"), streams={"orders": STARTED})) == [
        "Subscription Started"
    ]


def test_a_baseline_knows_and_a_dry_run_changes_nothing(machine):
    assert machine.run(schema(), record(), mode="dry_run") == []
    assert "Subscription Started" in Path(machine.config["dry_run_file"]).read_text()
    assert machine.run(schema(), record(), mode="baseline") == []
    assert machine.run(schema(), record()) == []
    assert names(machine.run(schema(), later(status="paused"))) == ["Subscription Updated"]


def test_what_is_retold_is_told_again(machine, command):
    (first,) = machine.run(schema(), record())
    code, out, _ = command("retell", "subscriptions.once", **machine.config, streams=BOTH)
    assert (code, "1 fates forgotten" in out) == (0, True)
    (again,) = machine.run(schema(), record())
    assert again["messageId"] != first["messageId"]
    assert again["properties"] == first["properties"]


def test_a_refused_event_is_set_aside_and_can_be_retried(machine, command):
    machine.run(schema(), record(id=1))
    machine.segment.refuse = lambda event: "no" if event["properties"]["id"] == 2 else None
    assert names(machine.run(schema(), record(id=2), record(id=3))) == ["Subscription Started"]
    machine.segment.refuse = None
    assert machine.run(schema(), record(id=2)) == []
    assert command("retry", **machine.config, streams=BOTH)[0] == 0
    (told,) = machine.run(schema(), record(id=2))
    assert told["properties"]["id"] == 2


def test_a_malformed_record_is_set_aside_and_the_rest_goes_on(machine):
    told = machine.run(schema(), record(id=None), record(created_at="soon", id=2), record(id=3), strict=True)
    assert [event["properties"]["id"] for event in told] == [3]
    assert machine.code == 1


def test_who_is_nobody_is_set_aside(machine):
    assert machine.run(schema(), record(customer="null"), strict=True) == []
    assert machine.code == 1


def test_many_records_are_decided_in_the_second_process_alike(machine):
    class Hasty(TargetSegment):
        chunk_records = 20

    machine.target = Hasty
    lines = [record(id=number) for number in range(200)]
    assert len(machine.run(schema(), *lines)) == 200
    assert machine.run(schema(), *lines, sent_from="elsewhere") == []


class Heard:
    """A second process, and what it was asked."""

    def __init__(self, process, asked):
        self.process, self.asked = process, asked

    def ready(self):
        return self.process.ready(None)

    def decide(self, asked):
        self.asked.append(asked)
        return self.process.decide(asked)

    def close(self):
        self.process.close()


def test_what_the_second_process_was_asked_stays_as_it_was_when_another_schema_comes(machine):
    asked = []

    class Hasty(TargetSegment):
        chunk_records = 2

        def start_process(self, settings, source):
            return Heard(super().start_process(settings, source), asked)

    machine.target = Hasty
    first = [record(id=number, other=number) for number in range(10)]
    then = [record(id=number, other=number + 50) for number in range(10)]
    other = schema(keys=("other",), fields=(*FIELDS, "other"))
    assert len(machine.run(schema(), *first, other, *then, streams={"subscriptions": STARTED})) == 20
    keys = [each.stream_keys["subscriptions.once"].keys for each in asked]
    assert keys[0] == ["id"]
    assert keys == [["id"]] * (len(keys) - 5) + [["other"]] * 5


def test_records_in_files_stop_the_run_before_any_state_is_printed(machine, capsys):
    """What nobody reads is not told, so no bookmark may move past it."""
    batch = line(
        type="BATCH", stream="subscriptions", encoding={"format": "jsonl"}, manifest=["file:///none"]
    )
    with pytest.raises(Garbled, match=r"subscriptions comes in BATCH messages.*batch_config"):
        machine.run(schema(), batch, line(type="STATE", value={"a": 1}))
    assert capsys.readouterr().out == ""


def test_stream_maps_apply_first(machine):
    maps = {"subscriptions": {"__alias__": "plans", "plan": "plan.upper()"}}
    (told,) = machine.run(schema(), record(), streams={"plans": STARTED}, stream_maps=maps)
    assert told["properties"]["plan"] == "PRO"
    assert machine.run(schema(), record(), streams={"plans": STARTED}, stream_maps=maps) == []


def test_a_record_of_two_mappings_is_one_record_read(machine, caplog):
    caplog.set_level("INFO")
    machine.run(schema(), record(), record(id=2))
    machine.run(schema(), record(), record(id=2))
    assert "2 records read (0 unchanged); 2 events told" in caplog.text
    assert "2 records read (2 unchanged); 0 events told" in caplog.text


def test_who_refused_is_told_nothing_where_the_shop_is_the_same(machine):
    settings = {"refused_consent": ["email"]}
    shop = {"platform": "shopify", "shop": "shop.test"}
    person = {**shop, "id": "c7", "email_consent": {"state": "unsubscribed"}}
    canonical = line(type="RECORD", stream="customers", record=person, time_extracted="2026-03-10T12:00:00Z")
    assert machine.run(schema("customers", fields=("id", *shop)), canonical, **settings) == []
    assert machine.run(schema(), record(), streams={"subscriptions": {**STARTED, **shop}}, **settings) == []
    other = {"subscriptions": {**STARTED, **shop, "name": "other"}}
    assert names(machine.run(schema(), record(customer="c8"), streams=other, **settings)) == [
        "Subscription Started"
    ]


def test_integrations_and_history_apply(machine):
    settings = {
        "integrations": {"Mixpanel": True},
        "history_days": 5,
        "history_integrations": {"All": False, "BigQuery": True},
    }
    fresh = record(id=18, created_at="2026-03-09T00:00:00Z")
    old, new = machine.run(schema(), record(), fresh, **settings)
    assert old["integrations"] == {"All": False, "BigQuery": True}
    assert new["integrations"] == {"Mixpanel": True}


# --- kinds of mappings


def test_an_instant_that_is_null_has_not_happened_yet(machine):
    cancelled = {
        "event": "Cancelled",
        "user_id": "customer",
        "timestamp": "cancelled_at",
        "properties": ["id"],
    }
    streams = {"subscriptions": cancelled}
    assert machine.run(schema(), record(cancelled_at=None), streams=streams) == []
    (told,) = machine.run(schema(), later(cancelled_at=1773500000), streams=streams)
    assert told["timestamp"] == "2026-03-14T14:53:20Z"


def test_a_state_that_must_be_so_is_told_once_it_is(machine):
    """It happened between two readings, so `since` is compared with the first of them."""
    ended = {
        "event": "Ended",
        "user_id": "customer",
        "when": {"status": ["ended", "expired"]},
        "properties": ["id"],
    }
    streams = {"subscriptions": ended}
    since = "2026-03-05T00:00:00Z"
    assert machine.run(schema(), record(), streams=streams, since=since) == []
    assert names(machine.run(schema(), later(status="ended"), streams=streams, since=since)) == ["Ended"]
    assert machine.run(schema(), later(16, status="expired"), streams=streams, since=since) == []


def test_an_identify_is_told_at_first_sight_and_when_its_traits_change(machine):
    people = {"identify": True, "user_id": "customer", "traits": {"tier": "plan"}}
    streams = {"subscriptions": people}
    (first,) = machine.run(schema(), record(), streams=streams)
    assert (first["type"], first["userId"], first["traits"]) == ("identify", "c7", {"tier": "pro"})
    assert machine.run(schema(), later(status="paused"), streams=streams) == []
    (then,) = machine.run(schema(), later(16, plan="max"), streams=streams)
    assert then["traits"] == {"tier": "max"}
    (other,) = machine.run(schema(), later(17, plan="max", customer="c8"), streams=streams)
    assert other["userId"] == "c8"


def test_the_first_sight_of_a_state_is_told_where_so_set(machine):
    streams = {"subscriptions": {**UPDATED, "first": True, "created": "created_at"}}
    assert names(machine.run(schema(), record(), streams=streams)) == ["Subscription Updated"]
    assert machine.run(schema(), record(), streams=streams, sent_from="x") == []
    assert machine.run(schema(), record(id=2, created_at="2025-01-01T00:00:00Z"), streams=streams) == []


def test_an_email_makes_the_id_that_a_guest_has(machine):
    """A hashed one by the setting `user_id`, else the same anonymousId for the same shop."""
    mapping = {"event": "Joined", "email": "email", "timestamp": "created_at", "properties": ["id"]}
    said = record(email=" Anna@Example.org ")
    (told,) = machine.run(schema(), said, streams={"subscriptions": mapping}, user_id="email")
    assert told["userId"] == "anna@example.org"
    guests = {"subscriptions": {**mapping, "name": "guests", "platform": "shopify", "shop": "shop.test"}}
    (told,) = machine.run(schema(), said, streams=guests)
    order = {"id": "1", "email": "anna@example.org", "customer": None, "completed_at": "2026-03-01T00:00:00Z"}
    canonical = line(
        type="RECORD", stream="orders", record={"platform": "shopify", "shop": "shop.test", **order},
        time_extracted="2026-03-10T12:00:00Z",
    )  # fmt: skip
    _, completed = machine.run(schema("orders", fields=("platform", "shop", "id")), canonical, streams=guests)
    assert told["anonymousId"] == completed["anonymousId"]


def test_jsonata_makes_the_properties_with_exact_digits(machine, tmp_path):
    text = '{"price": record.extra.price, "what": stream & ":" & event}'
    (tmp_path / "plan.jsonata").write_text(text)
    for name, given in (("a", text), ("b", str(tmp_path / "plan.jsonata"))):
        streams = {"subscriptions": {**STARTED, "name": name, "properties": given}}
        (told,) = machine.run(schema(), record(extra={"price": 12.5}), streams=streams)
        assert told["properties"] == {"price": 12.5, "what": "subscriptions:Subscription Started"}


# --- before the first record


@pytest.mark.parametrize(
    ("declared", "mapping", "message"),
    [
        (schema(keys=()), STARTED, "`id`: its SCHEMA has no key_properties"),
        (schema(), {**STARTED, "user_id": "cusomer"}, "no field 'cusomer'; its SCHEMA has id, customer"),
        (schema(replication=None), {**STARTED, "timestamp": None}, "`timestamp` is None"),
        (
            schema(replication=None),
            {name: STARTED[name] for name in ("event", "user_id", "properties")},
            "when it was in `timestamp`: its SCHEMA has no replication key",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_its_schema_stops_the_run(machine, declared, mapping, message):
    with pytest.raises(Misconfigured, match=f"setting `streams`: subscriptions: .*{re.escape(message)}"):
        machine.run(declared, record(), streams={"subscriptions": mapping})
    assert machine.segment.events == []


def test_an_unmapped_stream_is_one_warning_or_stops_the_run(machine, caplog):
    lines = (schema("tickets"), record("tickets"), record("tickets"), schema(), record())
    assert names(machine.run(*lines)) == ["Subscription Started"]
    assert caplog.text.count("no event is derived from the stream tickets") == 1
    with pytest.raises(
        Misconfigured, match="`unmapped_streams`: no event is derived from the stream tickets"
    ):
        machine.run(*lines, unmapped_streams="stop")
    maps = {"tickets": None}
    assert machine.run(*lines, unmapped_streams="stop", stream_maps=maps) == []
