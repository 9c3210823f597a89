"""Delivery: what a status means, what is tried again and how long is waited, and what is checked before the first post."""

import gzip
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
import requests

from target_segment.batch import Receipt, sealed
from target_segment.delivery.courier import (
    DELIVERY,
    ENDPOINTS,
    Courier,
    Pace,
    check_write_key,
    decipher,
    endpoint,
    poster,
    segment_source,
)
from target_segment.errors import Denied, Misconfigured, Refused, Terminal, Unavailable
from target_segment.settings import check

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIPT = Receipt(
    "00000000-0000-5000-8000-000000000000", "shopify", "shop", "t", "T", "1", "p", NOW, None, None
)
BATCH = sealed(1, [b'{"messageId":"1"}'], [RECEIPT], frozenset({"p"}))


def settings(**said):
    return check(DELIVERY, {"write_key": "secret-key", "max_events_per_second": 0, **said})


class Segment:
    """Answers as it was told, in turn, and remembers what it was sent."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), []

    def __call__(self, url, body, headers, timeout):
        self.calls.append((url, body, dict(headers), timeout))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        status, told = answer if isinstance(answer, tuple) else (answer, {})
        return status, told, ""


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.at, self.slept = NOW, []

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def courier(segment, clock=None, **said):
    clock = clock or Clock()
    return Courier(settings(**said), version="1", send=segment, sleep=clock.sleep, now=clock.now)


# --- statuses


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_good_status_is_an_acknowledgement(status):
    assert decipher(status, {}, "", NOW) is None


@pytest.mark.parametrize(
    ("error", "statuses"),
    [
        (Denied, [401, 403]),
        (Refused, [400, 413]),
        (Unavailable, [408, 410, 429, 460, 500, 502, 503, 504, 520, 599]),
    ],
)
def test_a_status_has_one_meaning(error, statuses):
    for status in statuses:
        with pytest.raises(error, match=str(status)):
            decipher(status, {}, "", NOW)


@pytest.mark.parametrize("status", [301, 302, 307, 404, 405, 409, 422, 501, 505])
def test_a_status_that_nobody_foresaw_stops_the_run_and_refuses_no_event(status):
    with pytest.raises(Terminal) as caught:
        decipher(status, {}, "", NOW)
    assert type(caught.value) is Terminal


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "86400"}, 300),
        ({"X-RateLimit-Reset": "11"}, 11),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "12"}, 12),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_segment_asks_to_wait(headers, seconds):
    with pytest.raises(Unavailable) as caught:
        decipher(429, headers, "", NOW)
    assert caught.value.retry_after == seconds


# --- attempts


def test_a_throttled_batch_waits_as_long_as_it_was_told_and_is_accepted():
    segment, clock = Segment((429, {"Retry-After": "7"}), 503, 200), Clock()
    waited = courier(segment, clock).deliver(BATCH)
    assert clock.slept[0] == 7
    assert len(segment.calls) == 3
    assert waited == sum(clock.slept)


def test_waits_grow_and_are_bounded():
    clock = Clock()
    with pytest.raises(Unavailable):
        courier(Segment(*[503] * 20), clock, max_attempts=20).deliver(BATCH)
    assert len(clock.slept) == 19
    assert all(seconds <= min(60, 0.5 * 2**number) + 0.05 for number, seconds in enumerate(clock.slept))


@pytest.mark.parametrize("answer", [503, (429, {"Retry-After": "1"}), Unavailable("no answer")])
def test_attempts_are_bounded_and_the_events_stay_for_the_next_run(answer):
    segment, clock = Segment(*[answer] * 50), Clock()
    with pytest.raises(Unavailable, match=r"4 attempts.*next run") as caught:
        courier(segment, clock, max_attempts=4).deliver(BATCH)
    assert len(segment.calls) == 4
    assert caught.value.waited == sum(clock.slept)


@pytest.mark.parametrize(
    ("status", "error"), [(400, Refused), (413, Refused), (401, Denied), (403, Denied), (404, Terminal)]
)
def test_what_trying_again_cannot_help_is_tried_once(status, error):
    segment = Segment(status)
    with pytest.raises(error):
        courier(segment).deliver(BATCH)
    assert len(segment.calls) == 1


def test_each_attempt_is_stamped_anew_and_the_events_stay_the_same():
    segment, clock = Segment((503, {"Retry-After": "60"}), 200), Clock()
    courier(segment, clock).deliver(BATCH)
    first, second = (json.loads(gzip.decompress(body)) for _, body, _, _ in segment.calls)
    assert (first["sentAt"], second["sentAt"]) == ("2026-03-01T12:00:00.000Z", "2026-03-01T12:01:00.000Z")
    assert first["batch"] == second["batch"]


def test_the_headers_are_what_segment_expects():
    segment = Segment(503, 200)
    courier(segment).deliver(BATCH)
    (url, _, first, timeout), (_, _, second, _) = segment.calls
    assert url == "https://api.segment.io/v1/batch"
    assert timeout == 30
    assert first == {
        "Content-Type": "application/json",
        "Authorization": "Basic " + b64encode(b"secret-key:").decode(),
        "User-Agent": "target-segment/1",
        "Content-Encoding": "gzip",
    }
    assert second["X-Retry-Count"] == "1"


def test_without_gzip_the_body_is_plain():
    segment = Segment()
    courier(segment, gzip=False).deliver(BATCH)
    ((_, body, headers, _),) = segment.calls
    assert json.loads(body)["batch"] == [{"messageId": "1"}]
    assert "Content-Encoding" not in headers


def test_no_error_holds_the_key():
    for answers in ([401], [400], [404], [503] * 10):
        with pytest.raises((Terminal, Unavailable)) as caught:
            courier(Segment(*answers)).deliver(BATCH)
        assert "secret-key" not in str(caught.value)
        assert b64encode(b"secret-key:").decode() not in str(caught.value)


def test_no_answer_at_all_is_worth_another_try():
    with pytest.raises(Unavailable, match=r"no answer from 127\.0\.0\.1"):
        poster()("http://127.0.0.1:9/v1/batch", b"", {}, 1)


# --- pace


def test_events_set_out_no_faster_than_the_pace():
    clock, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    pace = Pace(1_000, sleep, lambda: clock[0])
    for _ in range(5):
        pace.wait(500)
    assert clock[0] == 2.0
    assert slept == [0.5] * 4


def test_without_a_pace_nobody_waits():
    assert Pace(0, lambda _: pytest.fail("slept")).wait(1_000_000) == 0


# --- settings


def test_the_region_gives_the_endpoint_and_an_endpoint_overrides_it():
    assert endpoint(settings()) == ENDPOINTS["us"]
    assert endpoint(settings(region="eu")) == "https://events.eu1.segmentapis.com/v1/batch"
    assert (
        endpoint(settings(region="eu", endpoint="https://proxy.example/v1/batch"))
        == "https://proxy.example/v1/batch"
    )
    assert endpoint(settings(endpoint="http://127.0.0.1:8/v1/batch")) == "http://127.0.0.1:8/v1/batch"


@pytest.mark.parametrize(
    "url", ["proxy.example", "ftp://proxy.example/", "https://", "http://proxy.example/v1/batch"]
)
def test_an_endpoint_that_is_none_or_would_send_the_key_in_the_clear_is_refused(url):
    with pytest.raises(Misconfigured, match="endpoint"):
        endpoint(settings(endpoint=url))


def test_the_source_is_a_fingerprint_of_endpoint_and_key_or_the_name_given():
    sources = {
        segment_source(settings(**said))
        for said in (
            {},
            {"region": "eu"},
            {"write_key": "other"},
            {"endpoint": "https://proxy.example/"},
            {"segment_source": "live"},
        )
    }
    assert len(sources) == 5
    assert "live" in sources
    assert not any("secret" in source for source in sources)


# --- the key


class Answer:
    def __init__(self, status):
        self.status_code = status


def asking(status, asked):
    def get(url, timeout):
        asked.append(url)
        if isinstance(status, Exception):
            raise status
        return Answer(status)

    return get


def test_a_key_that_segment_does_not_know_stops_the_run():
    """Segment itself would answer 200 to it and drop everything."""
    asked = []
    with pytest.raises(Denied, match="write_key"):
        check_write_key(settings(), pytest.fail, asking(404, asked))
    assert asked == ["https://cdn.segment.com/v1/projects/secret-key/settings"]


def test_a_known_key_is_silently_taken():
    check_write_key(settings(), pytest.fail, asking(200, []))


@pytest.mark.parametrize("status", [503, requests.ConnectionError("secret-key")])
def test_no_answer_about_the_key_only_warns(status):
    warnings = []
    check_write_key(settings(), warnings.append, asking(status, []))
    assert len(warnings) == 1
    assert "secret-key" not in warnings[0]


@pytest.mark.parametrize("said", [{"endpoint": "https://proxy.example/v1/batch"}, {"check_write_key": False}])
def test_the_key_is_not_checked_elsewhere_or_where_nobody_wants_it(said):
    asked = []
    check_write_key(settings(**said), pytest.fail, asking(404, asked))
    assert asked == []
