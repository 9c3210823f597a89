"""Intent, delivery, receipt, STATE: whatever breaks, everything is told exactly once and under one content."""

import threading
from collections import Counter

import pytest

from target_segment.errors import Denied, Misconfigured, Refused, Unavailable
from tests.target_segment.world import (
    CUT,
    Courier,
    Crash,
    State,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    instant,
    named,
    names,
    order,
    raw,
    refund,
    refusing,
    refusing_all,
    tracks,
    unavailable,
)

STORY = (
    order(coupons=[{"code": "A"}]),
    refund(),
    State(1),
    CUT,
    customer(),
    order(updated_at=day(8), coupons=[{"code": "A"}], note="x", cancelled_at=day(8)),
    CUT,
    fulfillment(),
    order("2", created_at=day(2), customer=customer_of("8")),
    State(2),
)
POINTS = [
    "before intent",
    "after intent",
    "before delivery",
    "after delivery",
    "before receipt",
    "after receipt",
    "before state",
    "after state",
]


def once_each(events):
    """Whether no messageId was accepted twice."""
    return max(Counter(event["messageId"] for event in events).values()) == 1


# --- crashes


def told_without_a_crash(folder):
    folder.mkdir()
    return World(folder).run(*STORY)


@pytest.mark.parametrize("passing", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_anywhere_loses_and_doubles_nothing(tmp_path, point, passing):
    """What Segment accepted before the crash may come again under the same messageId with the same bytes; nothing else may."""
    whole = told_without_a_crash(tmp_path / "whole")
    world = World(tmp_path)
    world.run(*STORY, crash=(point, passing), catch=(Crash,))
    assert isinstance(world.last.error, Crash) or (point, passing) in SELDOM
    world.run(*STORY)
    assert world.last.states
    assert world.last.states[-1] == 2
    assert {event["messageId"] for event in world.courier.taken} == {event["messageId"] for event in whole}
    assert all(len(bodies) == 1 for bodies in world.courier.bodies.values())
    assert world.run(*STORY, sent_from="x") == []
    assert world.rows("SELECT count(*), count(DISTINCT message_id) FROM receipts") == [
        (len(whole), len(whole))
    ]
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]


SELDOM = {("before state", 2), ("after state", 2)}
"""Points that the story may pass but once: a STATE supersedes another."""


@pytest.mark.parametrize("point", POINTS)
def test_one_crash_after_another_loses_and_doubles_nothing(tmp_path, point):
    whole = told_without_a_crash(tmp_path / "whole")
    world = World(tmp_path)
    for _ in range(4):
        world.run(*STORY, crash=(point, 1), catch=(Crash,))
    world.run(*STORY)
    assert {event["messageId"] for event in world.courier.taken} == {event["messageId"] for event in whole}
    assert all(len(bodies) == 1 for bodies in world.courier.bodies.values())


def test_a_crash_before_the_intent_leaves_nothing_behind(world):
    world.run(order(), crash=("before intent", 1), catch=(Crash,))
    assert world.rows("SELECT count(*) FROM memory") == [(0,)]
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_an_intent_counts_as_told_and_is_finished_before_a_line_is_read(world):
    world.run(order(), crash=("after intent", 1), catch=(Crash,))
    assert names(world.run()) == ["identify", "Order Completed"]


def test_what_was_intended_is_sent_in_the_same_bytes_although_settings_and_shop_changed(world):
    """An order that changed between a crash and the next run is told as it was, and then as updated."""
    world.run(order(), crash=("after delivery", 1), catch=(Crash,))
    told = world.run(
        order(updated_at=day(2), note="changed"), order(note="x", updated_at=day(3)), sent_from="new"
    )
    assert tracks(told) == ["Order Completed", "Order Updated"]
    assert all(len(bodies) == 1 for bodies in world.courier.bodies.values())


def test_no_state_is_printed_before_everything_before_it_has_its_receipt(world):
    for point in POINTS[:6]:
        world.run(order(), State(1), crash=(point, 1), catch=(Crash,))
        assert world.last.states == []
    world.run(order(), State(1))
    assert world.last.states == [1]


def test_after_a_crash_one_row_is_left_of_each_subject(world):
    world.run(order(), customer())
    for number, point in enumerate(POINTS):
        when = day(10 + number)
        world.run(order(updated_at=when, note=when), crash=(point, 1), catch=(Crash,))
        world.run()
        assert world.rows("SELECT stream, subject FROM memory GROUP BY ALL HAVING count(*) > 1") == []


# --- STATE


def test_a_later_state_supersedes_an_earlier_one(world):
    world.run(order(), State(1), State(2), order("2"), State(3))
    assert world.last.states == [3]


def test_a_state_is_printed_while_reading_goes_on(world):
    world.run(order(), State(1), CUT, CUT, *[order(str(number)) for number in range(2, 6)], CUT, State(2))
    assert world.last.states[-1] == 2
    assert len(world.last.states) >= 1


def test_a_state_without_records_is_printed(world):
    world.run(State({"bookmarks": {}}))
    assert world.last.states == [{"bookmarks": {}}]


def test_a_state_waits_for_what_came_before_it_only(tmp_path):
    """Segment goes away after the first cut: the bookmark before it is kept, the one after it is not printed."""
    world = World(tmp_path)

    def answer(events):
        if any(event.get("userId") == "8" for event in events):
            raise Unavailable("gone")

    world.courier.answer = answer
    said = order(), State(1), CUT, order("2", customer=customer_of("8")), State(2)
    with pytest.raises(Unavailable):
        world.run(*said)
    assert world.last.states in ([], [1])
    world.courier.answer = lambda events: None
    assert tracks(world.run()) == ["Order Completed"]
    assert world.run(*said) == []
    assert world.last.states[-1] == 2


# --- refusals


def many(count, **fields):
    return [order(str(number), customer=customer_of(str(number)), **fields) for number in range(count)]


def refusing_order(number):
    def answer(events):
        if any(event.get("properties", {}).get("order_id") == number for event in events):
            raise Refused("Segment answered 400: bad")

    return answer


def test_one_refused_event_of_a_hundred_is_set_aside_and_the_rest_is_told(world):
    world.courier.answer = refusing_order("31")
    told = world.run(*many(100), State(1))
    assert len(named(told, "Order Completed")) == 99
    assert len(named(told, "identify")) == 100
    assert world.last.states == [1]
    ((fate, transition, subject, reason, payload),) = world.rows(
        "SELECT fate, transition, subject, reason, payload FROM refused"
    )
    assert (fate, transition, subject) == ("rejected", "order_completed", "31")
    assert "400" in reason
    assert '"order_id":"31"' in payload
    assert world.rows("SELECT fate FROM fates WHERE transition = 'order_completed' AND subject = '31'") == [
        ("rejected",)
    ]
    assert world.rows("SELECT count(*) FROM receipts") == [(199,)]
    assert once_each(told)


def test_each_accepted_half_has_its_own_receipt_at_once(world):
    """Killed while bisecting: what was accepted is not sent again."""
    world.run(order("first", customer=customer_of("first")))
    world.courier.answer = refusing_order("3")
    world.run(*many(4), crash=("after receipt", 1), catch=(Crash,))
    (before,) = world.rows("SELECT count(*) FROM receipts")
    assert before > (2,)
    told = world.run(*many(4))
    assert len(told) + before[0] == 2 + 7


def test_a_rejected_event_counts_as_told(world):
    world.courier.answer = refusing_order("1")
    world.run(*many(3))
    world.courier.answer = lambda events: None
    assert world.run(*many(3), sent_from="x") == []


@pytest.mark.parametrize(
    ("said", "name", "key"),
    [
        (order(coupons=[{"code": "A"}]), "Coupon Applied", "coupon_applied:a"),
        (refund(), "Order Refunded", "order_refunded"),
        (fulfillment(), "Fulfillment Created", "fulfillment_created"),
        (customer(), "Customer Created", "customer_created"),
        (customer(), "identify", "identify"),
    ],
)
def test_every_kind_of_event_that_is_refused_leaves_its_fate(world, said, name, key):
    world.run(order("first", customer=customer_of("first")))
    world.courier.answer = refusing(name)
    world.run(said)
    assert world.rows("SELECT transition, fate FROM fates WHERE fate = 'rejected'") == [(key, "rejected")]
    assert world.run(said, sent_from="x") == []


def test_a_link_that_is_refused_leaves_its_fate(world):
    told = world.run(order(**ANYBODY))
    world.courier.answer = refusing("identify")
    account = order(updated_at=day(4), email="g@example.org")
    world.run(account)
    fates = world.rows("SELECT transition, subject, fate FROM fates WHERE fate = 'rejected' ORDER BY ALL")
    assert fates == [
        ("identify", "7", "rejected"),
        (f"identity_linked:{told[0]['anonymousId']}", "7", "rejected"),
    ]
    world.courier.answer = lambda events: None
    assert world.run(account, sent_from="x") == []


ANYBODY = {"customer": None, "email": "g@example.org"}


def test_an_identify_that_cannot_be_rendered_leaves_its_fate(world):
    world.settings["templates"] = {"identify": '$exists(record.name) ? $error("no") : {"a": 1}'}
    told = world.run(customer(name="Anna"))
    assert "Customer Created" in tracks(told)
    assert world.rows("SELECT stream, subject FROM refused") == [("identify", "7")]
    assert world.rows("SELECT fate FROM fates WHERE transition = 'identify'") == [("rejected",)]


def test_everything_refused_without_any_receipt_is_nobodys_fault_but_the_settings(world):
    world.courier.answer = refusing_all
    with pytest.raises(Denied, match="write_key"):
        world.run(*many(30), State(1))
    assert world.last.states == []
    for table in ("memory", "outbox", "refused", "receipts", "watch"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert len([batch for batch in world.courier.tried if len(batch) == 1]) == 20


def test_a_single_refused_event_without_any_receipt_stops_the_run_as_well(world):
    world.courier.answer = refusing_all
    with pytest.raises(Denied):
        world.run(customer(), events={"customer_created": False})
    world.courier.answer = lambda events: None
    assert names(world.run(customer())) == ["identify", "Customer Created"]


def test_what_was_taken_back_is_told_whole_by_the_next_run(world):
    """Several cuts, of which the later build on the earlier and tell nothing new themselves."""
    said = [order(), CUT, order(updated_at=day(2)), CUT, order(updated_at=day(3)), State(1)]
    world.courier.answer = refusing_all
    with pytest.raises(Denied):
        world.run(*said)
    world.courier.answer = lambda events: None
    assert names(world.run(*said)) == ["identify", "Order Completed"]


def test_what_a_baseline_knows_survives_a_run_in_which_everything_is_refused(world):
    world.run(order(note="a"), mode="baseline")
    world.courier.answer = refusing_all
    changed = [order(note="b", updated_at=day(4)), CUT, order(note="b", updated_at=day(5)), CUT]
    with pytest.raises(Denied):
        world.run(*changed)
    world.courier.answer = lambda events: None
    assert names(world.run(*changed)) == ["Order Updated"]


def test_an_outbox_of_an_earlier_run_is_taken_back_as_well(world):
    world.run(order(), crash=("after intent", 1), catch=(Crash,))
    world.courier.answer = refusing_all
    with pytest.raises(Denied):
        world.run(order())
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]
    world.courier.answer = lambda events: None
    assert names(world.run(order())) == ["identify", "Order Completed"]


def test_what_was_refused_first_is_rejected_once_anything_is_accepted(world):
    world.courier.answer = refusing("identify")
    told = world.run(order())
    assert names(told) == ["Order Completed"]
    assert world.rows("SELECT transition FROM refused") == [("identify",)]


def test_after_a_receipt_a_run_of_refusals_is_the_events_fault(world):
    world.run(order("first", customer=customer_of("first")))
    world.courier.answer = refusing_all
    assert world.run(*many(3), State(1)) == []
    assert world.last.states == [1]
    assert world.rows("SELECT count(*) FROM refused") == [(6,)]


def denied(events):
    raise Denied("401")


def test_a_denial_stops_at_once_with_the_state_untouched_and_the_intents_kept(world):
    world.run(order("first"))
    tried = len(world.courier.tried)
    world.courier.answer = denied
    with pytest.raises(Denied):
        world.run(order(), State(1))
    assert world.last.states == []
    assert len(world.courier.tried) == tried + 1
    world.courier.answer = lambda events: None
    assert names(world.run()) == ["Order Completed"]


def test_a_denial_before_anything_was_accepted_leaves_nothing_so_that_another_key_begins_anew(world):
    world.courier.answer = denied
    with pytest.raises(Denied):
        world.run(order())
    assert [world.rows(f"SELECT count(*) FROM {table}") for table in ("memory", "outbox", "watch")] == [
        [(0,)]
    ] * 3
    world.courier.answer = lambda events: None
    assert names(world.run(order(), write_key="another")) == ["identify", "Order Completed"]


def test_a_denial_of_what_an_earlier_run_may_have_told_keeps_it(world):
    world.run(order(), crash=("after delivery", 1), catch=(Crash,))
    world.courier.answer = denied
    with pytest.raises(Denied):
        world.run(order())
    world.courier.answer = lambda events: None
    assert len(world.run()) == 2


def test_an_outage_stops_the_run_and_the_next_one_tells(world):
    world.courier.answer = unavailable
    with pytest.raises(Unavailable):
        world.run(order(), State(1))
    assert world.last.states == []
    world.courier.answer = lambda events: None
    assert names(world.run(order(), State(1))) == ["identify", "Order Completed"]
    assert world.last.states == [1]


# --- the twenty hours


def test_an_intent_of_yesterday_is_told_again_and_reported(world):
    world.run(order(), crash=("after delivery", 1), catch=(Crash,))
    world.later(hours=19)
    world.run(crash=("after delivery", 1), catch=(Crash,))
    assert world.last.warnings == []
    world.later(hours=2)
    assert len(world.run()) == 2
    assert "2 events" in world.last.warnings[0]
    assert world.last.pipeline.counts["uncertain"] == 2


def test_an_intent_of_yesterday_is_held_back_where_the_setting_says_so(world):
    world.run(order(), crash=("after delivery", 1), catch=(Crash,))
    world.later(hours=21)
    assert world.run(order(), hold_uncertain=True) == []
    assert "held back" in world.last.warnings[0]
    assert world.run(order("2", created_at=day(2)), hold_uncertain=True) != []
    assert len(named(world.run(), "Order Completed")) == 1


# --- people and concurrency


class Watching(Courier):
    """A courier that sees who is under way at once."""

    def __init__(self):
        super().__init__()
        self.under_way, self.met, self.most = [], [], 0
        self._gate = threading.Lock()
        self._together = threading.Barrier(2)

    def deliver(self, batch):
        with self._gate:
            self.met += [batch.people & other for other in self.under_way if batch.people & other]
            self.under_way.append(batch.people)
            self.most = max(self.most, len(self.under_way))
        # Waits for company a little, so that what may fly together does.
        try:
            self._together.wait(0.05)
        except threading.BrokenBarrierError:
            self._together.reset()
        with self._gate:
            self.under_way.remove(batch.people)
        return super().deliver(batch)


def test_one_persons_events_are_never_in_two_requests_at_once(tmp_path):
    world = World(tmp_path, concurrency=4)
    world.run(order("first"))
    world.courier = Watching()
    cuts = []
    for number in range(6):
        at = day(2 + number)
        cuts += [
            order(f"a{number}", created_at=at),
            CUT,
            order(f"b{number}", created_at=at, customer=customer_of("8")),
            CUT,
        ]
    told = world.run(*cuts)
    assert world.courier.met == []
    assert world.courier.most > 1
    for person in ("7", "8"):
        stamps = [
            event["timestamp"] for event in told if event.get("userId") == person and event["type"] == "track"
        ]
        assert stamps == sorted(stamps)


def test_a_guest_who_is_linked_is_in_no_two_requests_under_either_name(tmp_path):
    world = World(tmp_path, concurrency=4)
    world.run(order(**ANYBODY))
    world.courier = Watching()
    world.run(
        order(updated_at=day(3), email="g@example.org", customer=customer_of()),
        CUT,
        order("2", created_at=day(4), **ANYBODY),
        CUT,
        order("3", created_at=day(5), email="g@example.org"),
    )
    assert world.courier.met == []


def test_until_something_is_accepted_requests_go_one_by_one(tmp_path):
    world = World(tmp_path, concurrency=4)
    world.courier = Watching()
    said = [
        each for number in range(4) for each in (order(str(number), customer=customer_of(str(number))), CUT)
    ]
    world.run(said[0], said[1])
    assert world.courier.most == 1


def test_identify_comes_before_the_tracks_of_its_person(world):
    told = world.run(
        *[
            each
            for number in range(5)
            for each in (order(str(number), customer=customer_of(str(1 + number % 2))), CUT)
        ]
    )
    for person in ("1", "2"):
        theirs = [event["type"] for event in told if event["userId"] == person]
        assert theirs[0] == "identify"


# --- shops and sources


def test_two_shops_in_one_input_are_told_apart(world):
    other = order(customer=customer_of("7"))
    other[1]["shop"] = "other.test"
    assert names(world.run(order(), other)).count("Order Completed") == 2
    assert world.run(other, order(), sent_from="x") == []
    assert world.rows("SELECT DISTINCT shop FROM receipts ORDER BY shop") == [("other.test",), ("shop.test",)]


def test_a_second_shop_under_now_begins_with_its_own_first_record(world):
    world.run(order(), since="now", at=day(2))
    other = order(created_at=day(6))
    other[1]["shop"] = "other.test"
    assert world.run(other, since="now", at=day(8)) == []


def test_a_ledger_that_knows_the_shop_under_another_key_refuses(world):
    world.run(order())
    with pytest.raises(Misconfigured, match="segment_source"):
        world.run(order(), write_key="rotated")
    assert world.last.states == []


def test_the_old_source_named_continues_the_ledger(world):
    world.run(order())
    ((source,),) = world.rows("SELECT DISTINCT source FROM watch")
    assert world.run(order(), write_key="rotated", segment_source=source) == []


def test_another_source_named_begins_anew(world):
    world.run(order())
    assert "Order Completed" in names(world.run(order(), write_key="rotated", segment_source="new"))


def test_a_named_source_survives_the_rotation_of_its_key(tmp_path):
    world = World(tmp_path, segment_source="live")
    world.run(order())
    assert world.run(order(), write_key="rotated") == []


# --- what is set aside


def test_a_malformed_record_is_set_aside_once_and_the_rest_is_told(world):
    broken = "orders", {**order("2")[1], "total": "much"}
    said = broken, order(), broken
    assert tracks(world.run(*said)) == ["Order Completed"]
    assert world.run(*said) == []
    ((fate, stream, subject, reason, payload, shop),) = world.rows(
        "SELECT fate, stream, subject, reason, payload, shop FROM refused"
    )
    assert (fate, stream, subject, shop) == ("malformed", "orders", "2", "shop.test")
    assert "total" in reason
    assert "much" in payload
    assert world.last.pipeline.counts["malformed"] == 2


@pytest.mark.parametrize(
    "record",
    [
        b'{"platform": "p", "shop": "s", "id": "1", "name": "\xff"}',
        b"[]",
        b"null",
        b"{}",
        b'{"platform": "p", "shop": "s", "id": 7}',
        b'{"platform": "p", "shop": "s", "id": "1", "created_at": "yesterday"}',
        b'{"platform": "p", "shop": "s", "id": "1", "created_at": "2026-03-01T12:00:00"}',
        b'{"platform": "p", "shop": "s", "id": "1", "completed_at": "2026-03-01T12:00:00Z", "total": "NaN"}',
        b'{"platform": "p", "shop": "s", "id": "1", "completed_at": "2026-03-01T12:00:00Z", "tip": "Infinity"}',
    ],
)
def test_whatever_a_record_holds_the_rest_goes_on(world, record):
    assert tracks(world.run(("orders", record), order())) == ["Order Completed"]
    assert world.rows("SELECT fate FROM refused") == [("malformed",)]


def test_a_total_that_is_no_amount_is_malformed(world):
    assert world.run(refund(total_to_date="NaN")) == []
    assert world.rows("SELECT fate FROM refused") == [("malformed",)]


def test_an_amount_that_is_no_number_spoils_only_its_own_event(world):
    """One such event would make the whole batch no JSON, and could not even be bisected."""
    odd = order("2", presentment_currency="USD", presentment_total="NaN", note="Infinity")
    assert tracks(world.run(odd, order(note="NaN"))) == ["Order Completed"]
    assert world.rows("SELECT fate, subject FROM refused") == [("rejected", "2")]


def test_an_event_whose_template_fails_is_set_aside_and_the_rest_goes_on(tmp_path):
    world = World(tmp_path, templates={"order_completed": "$error('no')"})
    world.settings["templates"] = {"order_completed": '$exists(record.note) ? $error("no") : {"a": 1}'}
    told = world.run(order(note="x"), order("2"))
    assert tracks(told) == ["Order Completed"]
    ((fate, transition, reason),) = world.rows("SELECT fate, transition, reason FROM refused")
    assert (fate, transition) == ("rejected", "order_completed")
    assert "order_completed" in reason
    assert world.run(order(note="x"), order("2"), sent_from="x") == []


# --- modes


def test_a_baseline_remembers_everything_prints_state_and_tells_nothing_then_or_later(world):
    said = [each for each in STORY if each is not CUT]
    assert world.run(*said, mode="baseline") == []
    assert world.last.states == [2]
    assert world.run(*STORY) == []
    assert world.courier.tried == []


def test_after_a_baseline_news_is_told(world):
    world.run(order(), customer(), mode="baseline")
    assert names(world.run(order(updated_at=day(4), cancelled_at=day(4)))) == ["Order Cancelled"]
    assert names(world.run(customer(first_name="B", updated_at=day(5)))) == ["identify"]


def test_a_baseline_knows_also_what_lay_before_since(world):
    world.run(order(note="a"), refund(), since=day(9), at=day(2))
    world.run(order(note="b", updated_at=day(3)), since=day(9), at=day(4))
    world.run(order(note="b", updated_at=day(3)), refund(), since=day(9), at=day(5), mode="baseline")
    assert (
        world.run(order(note="b", updated_at=day(3)), refund(), since="2025-01-01T00:00:00Z", at=day(10))
        == []
    )


def test_what_a_baseline_saw_is_known_and_not_told_in_the_ledger(world):
    world.run(order(), mode="baseline")
    assert world.rows("SELECT DISTINCT fate FROM fates") == [("known",)]
    assert world.rows("SELECT count(*) FROM receipts") == [(0,)]


def test_a_record_seen_before_in_exactly_this_form_is_not_looked_at_again(world):
    world.run(order(), customer())
    world.run(order(), customer(), at=day(11))
    assert world.last.pipeline.counts["unchanged"] == 2
    world.run(order(), customer(), at=day(12), revenue="off")
    assert world.last.pipeline.counts["unchanged"] == 0


def test_the_account_of_receipts_says_what_was_told_when_and_for_how_much(world):
    world.run(order(total=30.5), refund(total=10.25))
    rows = world.rows(
        "SELECT transition, subject, person, occurred_at::VARCHAR, amount, currency FROM receipts ORDER BY occurred_at, transition"
    )
    assert [
        (name, subject, person, at[:10], amount and float(amount), currency)
        for name, subject, person, at, amount, currency in rows
    ] == [
        ("identify", "7", "7", "2026-03-01", None, None),
        ("order_completed", "1", "7", "2026-03-01", 30.5, "EUR"),
        ("order_refunded", "r1", "7", "2026-03-05", 10.25, "EUR"),
    ]
    ((told,),) = world.rows("SELECT DISTINCT told_at FROM receipts")
    assert told.replace(tzinfo=instant(day(1)).tzinfo) == world.clock


def test_records_are_taken_as_bytes_and_never_change_an_amount(world):
    stream, record = order()
    body = bytes(raw(record)).replace(b'"total": 30.0', b'"total": 12345678901234.567890')
    (_, told) = world.run((stream, body))
    ((bodies,),) = [tuple(world.courier.bodies[told["messageId"]])]
    assert b"12345678901234.567890" in bodies
