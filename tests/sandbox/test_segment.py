"""What Segment refuses, swallows, forgets and repeats."""

import base64
import gzip
import http.client
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from sandbox.faults import Faults
from sandbox.segment import Segment

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def segment(clock):
    with Segment({"k"}, clock=clock) as segment:
        yield segment


def track(name="m1", **more):
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "7",
        "messageId": name,
        "timestamp": "2026-11-20T11:00:00Z",
        **more,
    }


def post(segment, *events, key="k", body=None, headers=None, path="/v1/batch", **shared):
    if body is None:
        body = json.dumps({"batch": list(events), "sentAt": "2026-11-20T12:00:00Z", **shared}).encode()
    sent = {"Content-Type": "application/json"}
    if key:
        sent["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return ask(segment, "POST", path, body, sent | (headers or {}))


def ask(segment, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(urlsplit(segment.url).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.text = answer.read()
        return answer
    finally:
        connection.close()


def test_a_sound_event_is_accepted_with_the_true_time(segment):
    assert post(segment, track(properties={"total": 27.5})).status == 200
    (event,) = segment.events
    assert event["properties"] == {"total": 27.5}
    assert event["timestamp"] == event["originalTimestamp"] == "2026-11-20T11:00:00Z"
    assert event["receivedAt"] == "2026-11-20T12:00:00Z"
    assert segment.named("Order Completed") == [event]
    assert (segment.repeats, segment.swallowed) == ({}, [])


def test_a_stale_sent_at_shifts_the_time_of_the_event(segment):
    """So sentAt must be stamped anew on every attempt."""
    post(segment, track(), body=json.dumps({"batch": [track()], "sentAt": "2026-11-20T09:00:00Z"}).encode())
    assert segment.events[0]["timestamp"] == "2026-11-20T14:00:00Z"
    assert segment.events[0]["originalTimestamp"] == "2026-11-20T11:00:00Z"


def test_what_the_batch_says_of_all_is_merged_into_each(segment):
    post(
        segment,
        track(context={"active": False}),
        context={"library": {"name": "x"}},
        integrations={"All": False},
    )
    assert segment.events[0]["context"] == {"library": {"name": "x"}, "active": False}
    assert segment.events[0]["integrations"] == {"All": False}


def test_a_packed_body_is_unpacked(segment):
    body = gzip.compress(json.dumps({"batch": [track()]}).encode())
    assert post(segment, body=body, headers={"Content-Encoding": "gzip"}).status == 200
    assert len(segment.events) == 1
    assert segment.requests[0].packed == len(body) < segment.requests[0].bytes + 200


def test_a_key_in_the_body_will_do(segment):
    post(segment, track(), key=None, writeKey="k")
    assert len(segment.events) == 1


@pytest.mark.parametrize("key", ["other", None])
def test_a_wrong_key_is_answered_200_and_swallowed(segment, key):
    answer = post(segment, track(), key=key)
    assert (answer.status, answer.text) == (200, b'{"success":true}')
    assert segment.events == []
    assert [each.reason for each in segment.swallowed] == ["the write key is unknown"]


def test_a_user_without_a_colon_is_no_key(segment):
    post(segment, track(), key=None, headers={"Authorization": "Basic " + base64.b64encode(b"k").decode()})
    assert segment.events == []


@pytest.mark.parametrize(("event", "reason"), [
    ({"userId": None}, "no_user_anon_id"),
    ({"userId": ""}, "no_user_anon_id"),
    ({"event": ""}, "without an event name"),
    ({"messageId": "x" * 101}, "longer than 100"),
    ({"type": "order"}, "is none of"),
    ({"timestamp": "yesterday"}, "no instant"),
])  # fmt: skip
def test_an_unsound_event_is_answered_200_and_swallowed(segment, event, reason):
    assert post(segment, track() | event, track("good")).status == 200
    assert [each["messageId"] for each in segment.events] == ["good"]
    assert reason in segment.swallowed[0].reason


def test_an_anonymous_id_will_do_and_an_id_of_a_hundred_characters(segment):
    post(segment, track("x" * 100, userId=None, anonymousId="a"))
    assert len(segment.events) == 1


def test_an_event_beyond_32_kilobytes_refuses_the_whole_batch(segment):
    assert post(segment, track("good"), track("big", properties={"x": "y" * 33_000})).status == 400
    assert segment.events == []


def test_32_kilobytes_are_counted_in_bytes_not_characters(segment):
    assert post(segment, track(properties={"x": "ü" * 16_500})).status == 400
    assert post(segment, track(properties={"x": "u" * 16_500})).status == 200


def test_a_batch_beyond_500_kilobytes_is_refused_however_small_it_is_packed(segment):
    body = json.dumps({"batch": [track(str(n), properties={"x": "y" * 30_000}) for n in range(18)]}).encode()
    assert post(segment, body=gzip.compress(body), headers={"Content-Encoding": "gzip"}).status == 400
    assert segment.events == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"batch": 7}', b'{"batch": [7]}', b'{"batch": [{"x": NaN}]}', b"\xff\xfe"]
)
def test_what_is_not_json_is_refused(segment, body):
    assert post(segment, body=body).status == 400


def test_more_than_2500_events_are_answered_200_and_rejected(segment):
    events = [
        {"type": "track", "event": "e", "userId": "1", "messageId": str(number)} for number in range(2501)
    ]
    assert post(segment, *events).status == 200
    assert segment.events == []
    assert len(segment.swallowed) == 2501
    assert post(segment, *events[:2500]).status == 200
    assert len(segment.events) == 2500


def test_a_repeat_within_a_day_is_dropped_and_remembered(segment, clock):
    post(segment, track())
    clock.now += timedelta(hours=23)
    post(segment, track(), body=json.dumps({"batch": [track(sentAt="2026-11-21T11:00:00Z")]}).encode())
    assert len(segment.events) == 1
    assert [(len(each.received), each.differs) for each in segment.repeats.values()] == [(2, False)]


def test_a_repeat_after_a_day_is_a_double(segment, clock):
    post(segment, track())
    clock.now += timedelta(hours=24)
    post(segment, track())
    assert len(segment.events) == 2
    assert [each["messageId"] for each in segment.doubles] == ["m1"]


def test_one_id_with_two_contents_is_noticed(segment):
    post(segment, track(properties={"total": 1}))
    post(segment, track(properties={"total": 2}))
    assert segment.repeats["m1"].differs
    assert len(segment.events) == 1


def test_an_id_is_remembered_whoever_sent_it(clock):
    with Segment({"a", "b"}, clock=clock) as segment:
        post(segment, track(), key="a")
        post(segment, track(), key="b")
        assert len(segment.events) == 1


def test_an_event_can_be_refused_on_demand_and_takes_its_batch_along(segment):
    segment.refuse = lambda event: "no such product" if event["messageId"] == "bad" else None
    answer = post(segment, track("good"), track("bad"))
    assert answer.status == 400
    assert b"no such product" in answer.text
    assert segment.events == []
    assert post(segment, track("good")).status == 200


def test_what_was_refused_may_come_back_in_another_form(segment):
    segment.refuse = lambda event: "no" if "x" in event else None
    post(segment, track(x=1))
    post(segment, track())
    assert segment.repeats == {}


def test_a_key_can_be_checked(segment):
    assert ask(segment, "GET", "/v1/projects/k/settings").status == 200
    assert ask(segment, "GET", "/v1/projects/wrong/settings").status == 404
    assert post(segment, track(), path="/v1/other").status == 404


@pytest.mark.parametrize(("fault", "status", "header"), [
    ("429", 429, None), ("429_after", 429, "Retry-After"), ("429_reset", 429, "X-RateLimit-Reset"), ("500", 500, None), ("503", 503, None), ("401", 401, None),
])  # fmt: skip
def test_a_failure_accepts_nothing(clock, fault, status, header):
    with Segment({"k"}, clock=clock, faults=Faults(plan=[fault], retry_after=3)) as segment:
        answer = post(segment, track())
        assert answer.status == status
        assert header is None or answer.headers[header] == "3"
        assert segment.events == []
        assert post(segment, track()).status == 200
        assert len(segment.events) == 1
        assert [each.fault for each in segment.requests] == [fault, None]


def test_what_travelled_in_a_failed_request_must_come_back_the_same(clock):
    with Segment({"k"}, clock=clock, faults=Faults(plan=["503"])) as segment:
        post(segment, track(properties={"total": 1}))
        post(segment, track(properties={"total": 2}))
        assert segment.repeats["m1"].differs


def test_a_reset_before_reading_loses_the_request(clock):
    with Segment({"k"}, clock=clock, faults=Faults(plan=["reset"])) as segment:
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            post(segment, track())
        assert segment.events == []


def test_a_lost_answer_was_accepted(clock):
    with Segment({"k"}, clock=clock, faults=Faults(plan=["lost"])) as segment:
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            post(segment, track())
        assert len(segment.events) == 1
        post(segment, track())
        assert len(segment.events) == 1
