import gzip
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import tzset

import pytest

from tap_commerce.errors import (
    Denied,
    Malformed,
    Misconfigured,
    Terminal,
    Throttled,
    Transient,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from tap_commerce.http import Bounds, Wire, base_url, decipher, retry_after

PAGE = b"<!DOCTYPE html><html><body>Bad gateway</body></html>"


class Answers:
    """A server that gives its answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def take(self, method, path, headers):
        self.asked.append((method, path, dict(headers)))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(status=200, body=b'{"ok": 1}', **headers):
    return status, body, headers


@contextmanager
def serving(*answers):
    given = Answers(*answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, headers = given.take(self.command, self.path, self.headers)
            if status == "reset":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response_only(status)
            length = len(body) + (headers.pop("lacking", 0))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)
            if length != len(body):
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    given.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield given
    finally:
        server.shutdown()
        server.server_close()


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def wire(time=None, **bounds):
    time = time or Time()
    return Wire(
        user_agent="test/1",
        bounds=Bounds(**bounds),
        sleep=time.sleep,
        clock=lambda: time.now,
        jitter=lambda seconds: seconds,
    )


def ask(it, url):
    return it.persist(lambda: it.ask("POST", f"{url}/x", body=b"{}"))


def test_an_answer_is_its_body_and_its_headers():
    with serving(answer(X_Request_ID="7")) as server:
        found = ask(wire(), server.url)
    assert found.body == b'{"ok": 1}'
    assert found.headers["X-Request-ID"] == "7"


def test_the_tap_introduces_itself_and_takes_no_credentials_from_netrc(tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(answer()) as server:
        ask(wire(), server.url)
    (_, _, headers) = server.asked[0]
    assert headers["User-Agent"] == "test/1"
    assert "Authorization" not in headers


def test_compressed_answers_are_unpacked():
    with serving(answer(200, gzip.compress(b'{"ok": 2}'), Content_Encoding="gzip")) as server:
        assert ask(wire(), server.url).body == b'{"ok": 2}'


def test_a_throttled_question_waits_as_long_as_it_was_told():
    time = Time()
    with serving(answer(429, b"slow down", Retry_After="7"), answer()) as server:
        ask(wire(time), server.url)
    assert time.slept == [7.0]


def test_retry_after_may_be_a_date_and_is_counted_from_the_answers_own():
    headers = {"Retry-After": "Fri, 20 Nov 2026 10:00:30 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}
    assert retry_after(headers) == 30.0


@pytest.mark.parametrize(
    "trouble",
    [
        answer(500, PAGE),
        answer(502, PAGE),
        answer(504, b""),
        answer(408, b""),
        answer(460, b""),
        answer(200, PAGE),
        answer(200, b""),
        answer(429, b"Exceeded"),
        ("reset", b"", {}),
        answer(200, b'{"ok": ', lacking=10),
    ],
    ids=["500", "502", "504", "408", "460", "a page for people", "nothing", "429", "reset", "truncated"],
)
def test_trouble_that_passes_is_waited_out_longer_and_longer(trouble):
    time = Time()
    with serving(trouble, trouble, answer()) as server:
        server.answers[1] = (trouble[0], trouble[1], dict(trouble[2]))
        assert ask(wire(time), server.url).body == b'{"ok": 1}'
    assert time.slept == [1.0, 2.0]


def test_patience_ends_after_so_many_attempts():
    time = Time()
    with serving(answer(503, PAGE)) as server, pytest.raises(Unavailable):
        ask(wire(time, attempts=4), server.url)
    assert time.slept == [1.0, 2.0, 4.0]
    assert len(server.asked) == 4


def test_patience_ends_after_so_many_seconds_even_if_told_to_wait():
    time = Time()
    with serving(answer(429, b"", Retry_After="40")) as server, pytest.raises(Throttled):
        ask(wire(time, seconds=100), server.url)
    assert time.slept == [40.0, 40.0]


def test_obeying_is_no_attempt():
    with serving(*[answer(429, b"", Retry_After="1")] * 20, answer()) as server:
        assert ask(wire(attempts=2), server.url).body == b'{"ok": 1}'


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, Unauthorized, "access_token"),
        (403, Denied, "access_token"),
        (402, Denied, "frozen"),
        (423, Denied, "locked"),
        (404, Misconfigured, "api_url"),
        (301, Misconfigured, "api_url"),
        (400, Malformed, "400"),
        (422, Malformed, "422"),
        (501, Malformed, "501"),
        (505, Malformed, "505"),
        (418, Malformed, "418"),
    ],
)
def test_what_waiting_does_not_help_stops_at_once_and_says_what_to_do(status, kind, says):
    time = Time()
    with serving(answer(status, b'{"errors": "no"}')) as server, pytest.raises(kind, match=says):
        ask(wire(time), server.url)
    assert time.slept == []
    assert issubclass(kind, Terminal)


def test_a_redirect_is_not_followed_with_credentials():
    with serving(answer(302, b"", Location="https://elsewhere.example/x?token=1")) as server:
        with pytest.raises(Misconfigured, match=r"elsewhere\.example;"):
            ask(wire(), server.url)
        assert len(server.asked) == 1


def test_a_name_that_does_not_resolve_is_said_soon():
    time = Time()
    with pytest.raises(Unreachable, match="api_url"):
        ask(wire(time), "https://nowhere.invalid")
    assert len(time.slept) == 2


def test_nobody_listening_is_said_soon_but_not_if_somebody_did_before():
    time = Time()
    it = wire(time, attempts=5)
    with serving(answer(Connection="close")) as server:
        ask(it, server.url)
    with pytest.raises(Unavailable):
        ask(it, server.url)
    assert len(time.slept) == 4


def test_the_shops_clock_is_that_of_its_last_answer_and_goes_on():
    time = Time()
    it = wire(time)
    with serving(answer(Date="Fri, 20 Nov 2026 10:00:00 GMT")) as server:
        ask(it, server.url)
    assert it.now() == datetime(2026, 11, 20, 10, tzinfo=UTC)
    time.now += 61.7
    assert it.now() == datetime(2026, 11, 20, 10, 1, 1, tzinfo=UTC)


def test_patience_ends_even_if_told_again_and_again_to_come_back_at_once():
    time = Time()
    with serving(answer(429, b"", Retry_After="0")) as server, pytest.raises(Throttled):
        ask(wire(time, seconds=30), server.url)
    assert len(server.asked) == 31


@pytest.mark.parametrize(
    "date",
    ["Fri, 20 Nov 2026 10:00:00 -0000", "Fri, 20 Nov 2026 12:00:00 +0200", "Fri, 20 Nov 2026 10:00:00 GMT"],
)
def test_the_shops_clock_is_read_in_utc_wherever_the_tap_runs(date, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    tzset()
    try:
        it = wire()
        with serving(answer(Date=date, Retry_After=date)) as server:
            ask(it, server.url)
        assert it.now() == datetime(2026, 11, 20, 10, tzinfo=UTC)
        assert retry_after({"Date": "Fri, 20 Nov 2026 09:59:00 GMT", "Retry-After": date}) == 60
    finally:
        monkeypatch.undo()
        tzset()


@pytest.mark.parametrize("date", ["", "soon", "Fri, 20 Nov 99999 10:00:00 GMT", None])
def test_a_date_that_is_none_tells_no_time(date):
    it = wire()
    with serving(answer(**({} if date is None else {"Date": date}))) as server:
        ask(it, server.url)
    assert not it.knows_the_time
    assert abs(it.now() - datetime.now(UTC)).total_seconds() < 60


def test_a_page_of_trouble_does_not_tell_the_time():
    """It may come from a proxy, whose clock is its own."""
    it = wire()
    good, bad = "Fri, 20 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2037 10:00:00 GMT"
    with serving(answer(Date=good), answer(502, PAGE, Date=bad)) as server:
        ask(it, server.url)
        with pytest.raises(Unavailable):
            ask(it, server.url)
    assert it.now().year == 2026


@pytest.mark.parametrize("name", ["two\nlines", " padded", "“quoted”"])
def test_a_user_agent_that_is_no_header_is_refused_by_name(name):
    with pytest.raises(Misconfigured, match="user_agent"):
        Wire(user_agent=name)


def test_only_transient_errors_are_repeated():
    calls = []

    def attempt():
        calls.append(1)
        raise Malformed("odd")

    with pytest.raises(Malformed):
        wire().persist(attempt)
    assert calls == [1]
    assert not issubclass(Malformed, Transient)


@pytest.mark.parametrize(
    "url",
    [
        "example.myshopify.com",
        "ftp://example.myshopify.com",
        "https://",
        "http://example.myshopify.com",
        "http://127.0.0.1.example.com",
        "https://user:secret@example.myshopify.com",
        "https://example.myshopify.com?x=1",
        "",
    ],
)
def test_an_api_url_that_is_not_a_whole_and_safe_url_is_refused_by_name(url):
    with pytest.raises(Misconfigured, match="api_url") as refused:
        base_url(url)
    assert "secret" not in str(refused.value)


def test_plain_http_is_for_loopback():
    assert base_url("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"
    assert base_url("http://localhost") == "http://localhost"
    assert base_url("http://[::1]:1") == "http://[::1]:1"


def test_a_status_that_is_an_answer_raises_nothing():
    decipher("GET", "https://x.example/y", 200, {}, b' {"a": 1}')


def test_what_was_answered_can_be_inspected_before_its_status_is():
    """A status does not always mean what it says: PrestaShop answers 500 to a wrong question."""
    seen = []

    def inspect(body):
        seen.append(body)
        raise Malformed("a wrong question")

    it = wire()
    with (
        serving(answer(500, b'{"errors": []}')) as server,
        pytest.raises(Malformed, match="a wrong question"),
    ):
        it.persist(lambda: it.ask("POST", f"{server.url}/x", body=b"{}", inspect=inspect))
    assert seen == [b'{"errors": []}']
    assert it.questions == 1
