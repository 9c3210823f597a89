"""One question: its token, its pace, what its answers and refusals mean."""

from datetime import UTC, datetime, timedelta

import pytest

from tap_commerce.errors import Denied, Malformed, Throttled, Unauthorized, Unavailable
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.api import RENEWALS, Api, Credentials, told
from tap_commerce.platforms.elasticpath.pacing import Pace

from .store import URL, Store

NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)
ROWS = "/v2/orders/o/transactions"


def made(store, **bounds):
    wire = store.wire(**bounds)
    credentials = Credentials(wire, URL, "id", "s3cret")
    return Api(wire, URL, credentials, Pace(1e6, clock=wire.clock, sleep=wire.sleep))


def tokens(*each, **more):
    left = list(each)
    return lambda _: {"access_token": left.pop(0) if len(left) > 1 else left[0], **more}


def test_the_credentials_travel_as_a_form_and_the_token_in_a_header():
    store = Store(NOW)
    made(store).ask("/v2/currencies", raw.Page[raw.Currency])
    granted, asked = store.asked
    assert (granted.method, granted.path, granted.query) == ("POST", "/oauth/access_token", {})
    assert granted.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert granted.body == b"grant_type=client_credentials&client_id=id&client_secret=s3cret"
    assert asked.headers["Authorization"] == "Bearer t1"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_token_lives_nine_tenths_of_its_life(wrapped):
    grant = {"access_token": "t", "expires_in": 1000, "token_type": "Bearer", "expires": 1}
    store = Store(NOW, **{"/oauth/access_token": {"data": grant} if wrapped else grant})
    api = made(store)
    for later in (0, 899, 901):
        store.now = NOW + timedelta(seconds=later)
        # The clock is read from answers: the second one says that it is late.
        for _ in range(2):
            api.ask("/v2/currencies", raw.Page[raw.Currency])
    assert store.paths().count("/oauth/access_token") == 2


def test_a_grant_that_does_not_say_how_long_it_lives_lives_an_hour():
    store = Store(NOW, **{"/oauth/access_token": {"access_token": "t"}})
    api = made(store)
    for later in (0, 3200, 3300):
        store.now = NOW + timedelta(seconds=later)
        for _ in range(2):
            api.ask("/v2/currencies", raw.Page[raw.Currency])
    assert store.paths().count("/oauth/access_token") == 2


def test_a_refused_token_is_renewed_and_then_the_settings_are_named():
    expired = {"errors": [{"status": 401, "title": "Unable to validate access token"}]}
    store = Store(NOW, **{"/oauth/access_token": tokens("t1", "t2")})
    store.answers["/v2/currencies"] = lambda _: (
        {"data": []} if store.asked[-1].headers["Authorization"] == "Bearer t2" else (401, expired)
    )
    api = made(store)
    assert api.ask("/v2/currencies", raw.Page[raw.Currency]).data == []
    store.answers["/v2/currencies"] = (401, expired)
    with pytest.raises(Unauthorized, match="client_id and client_secret"):
        api.ask("/v2/currencies", raw.Page[raw.Currency])
    assert store.paths().count("/oauth/access_token") == 2 + RENEWALS


def test_who_comes_second_with_an_expired_token_takes_the_new_one():
    store = Store(NOW, **{"/oauth/access_token": tokens("t1", "t2", "t3")})
    credentials = Credentials(store.wire(), URL, "id", "s3cret")
    old = credentials.current()
    assert [credentials.renew(old), credentials.renew(old)] == ["t2", "t2"]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_denied_and_never_shown(status):
    body = {"errors": [{"status": status, "title": "Unauthorized", "detail": "client not found"}]}
    store = Store(NOW, **{"/oauth/access_token": (status, body)})
    with pytest.raises(Denied, match="client_id and client_secret") as caught:
        made(store).ask("/v2/currencies", raw.Page[raw.Currency])
    assert "s3cret" not in str(caught.value)


def test_a_grant_without_a_token_is_malformed():
    store = Store(NOW, **{"/oauth/access_token": {"token_type": "Bearer"}})
    with pytest.raises(Malformed, match="no access token"):
        made(store).ask("/v2/currencies", raw.Page[raw.Currency])


def test_everything_in_a_query_is_encoded():
    store = Store(NOW)
    made(store).ask(
        "/v2/orders", raw.Page[raw.Order], {"filter": 'ge(updated_at,"a b"):lt(x,1)', "page[limit]": 25}
    )
    assert store.asked[-1].query == {"filter": 'ge(updated_at,"a b"):lt(x,1)', "page[limit]": "25"}


def test_throttling_slows_down_and_is_waited_out_without_any_header():
    left = [(429, {"errors": [{"status": 429, "title": "Too Many Requests"}]})] * 2 + [{"data": []}]
    store = Store(NOW, **{"/v2/currencies": lambda _: left.pop(0)})
    wire = store.wire()
    pace = Pace(100, clock=wire.clock, sleep=store.slept.append)
    api = Api(wire, URL, Credentials(wire, URL, "id", "s3cret"), pace)
    api.ask("/v2/currencies", raw.Page[raw.Currency])
    assert pace.rate == 25
    assert [each for each in store.slept if each >= 1] == [1.0, 2.0]
    store.answers["/v2/currencies"] = (429, {"errors": [{}]})
    with pytest.raises(Throttled):
        api.ask("/v2/currencies", raw.Page[raw.Currency])


def test_an_answer_that_broke_off_is_asked_for_again():
    left = [(200, b'{"data": [{"co'), {"data": []}]
    store = Store(NOW, **{"/v2/currencies": lambda _: left.pop(0)})
    assert made(store).ask("/v2/currencies", raw.Page[raw.Currency]).data == []
    store.answers["/v2/currencies"] = (200, b'{"data": [')
    with pytest.raises(Unavailable, match="broke off"):
        made(store).ask("/v2/currencies", raw.Page[raw.Currency])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"errors": [{"status": 500, "title": "Internal", "request_id": "XY"}]}, r"Internal \(request XY\)"),
        ({"data": {"code": "EUR"}}, "not as documented"),
        ({"data": [{"decimal_places": 2}]}, "code"),
    ],
)
def test_an_answer_of_another_shape_is_no_empty_list(body, says):
    store = Store(NOW, **{"/v2/currencies": body})
    with pytest.raises(Malformed, match=says):
        made(store).ask("/v2/currencies", raw.Page[raw.Currency])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"errors":[{"status":404,"title":"Not Found","detail":"Order not found"}]}', "Not Found: Order not found"),
        (b'{"errors":[{"status":"404","title":"Not Found"}]}', "Not Found"),
        (b'{"errors":[{"title":"Bad Request","detail":"Could not parse"}]}', "Bad Request: Could not parse"),
        (b'{"errors":[{"title":"A"},{"detail":"B"}]}', "A; B"),
        (b'{"errors":["odd"]}', ""),
        (b'{"errors":{}}', ""),
        (b"<html>", ""),
    ],
)  # fmt: skip
def test_errors_are_read_whatever_their_status_is(body, says):
    assert told(body) == says


def rows(count, *, total=None, page=25, ignores=False):
    """A list that has pages, though no document says so."""

    def answer(query):
        offset = 0 if ignores else int(query.get("page[offset]", 0))
        found = [{"id": str(number)} for number in range(offset, min(count, offset + page))]
        return {"data": found, **({"meta": {"results": {"total": total}}} if total else {})}

    return answer


@pytest.mark.parametrize(
    ("answer", "count", "asked"),
    [
        (rows(0), 0, 1),
        (rows(3), 3, 1),
        (rows(3, total=3), 3, 1),
        (rows(60), 60, 3),
        (rows(60, total=60), 60, 3),
        (rows(25), 25, 2),
        (rows(400, page=400, ignores=True), 400, 2),
    ],
)
def test_a_list_without_documented_pages_is_read_to_its_end_in_case_it_has_some(answer, count, asked):
    store = Store(NOW, **{ROWS: answer})
    assert [each.id for each in made(store).rows(ROWS, raw.Transaction)] == [str(n) for n in range(count)]
    assert store.paths().count(ROWS) == asked


def test_a_token_that_does_not_come_is_waited_for_as_often_as_any_answer():
    store = Store(NOW, **{"/oauth/access_token": (503, {"errors": []})})
    with pytest.raises(Unavailable, match="oauth"):
        made(store, attempts=3).ask("/v2/currencies", raw.Page[raw.Currency])
    assert len(store.asked) == 3
    left = [(503, {"errors": []})] * 2 + [{"access_token": "t"}]
    store.answers["/oauth/access_token"] = lambda _: left.pop(0)
    assert made(store, attempts=3).ask("/v2/currencies", raw.Page[raw.Currency]).data


@pytest.mark.parametrize("path", ["/v2/currencies", ROWS])
def test_an_empty_list_may_be_null_but_an_error_is_no_list(path):
    store = Store(NOW, **{path: {"data": None}})
    assert made(store).rows(path, raw.Currency) == []
    store.answers[path] = {"data": None, "errors": [{"title": "Oops", "detail": "no luck"}]}
    with pytest.raises(Malformed, match="Oops: no luck"):
        made(store).rows(path, raw.Currency)
    store.answers[path] = {}
    with pytest.raises(Malformed):
        made(store).rows(path, raw.Currency)


def test_a_list_without_pages_that_shows_less_than_it_counts_is_no_shorter_list():
    store = Store(NOW, **{ROWS: {"data": [{"id": "t"}], "meta": {"results": {"total": 2}}}})
    with pytest.raises(Malformed, match="holds 2 and shows 1"):
        made(store).rows(ROWS, raw.Transaction)
