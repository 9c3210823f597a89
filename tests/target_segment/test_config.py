"""What follows from the settings before the first record: from when on things are told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_segment.config import since, unknown
from target_segment.errors import Misconfigured

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("20260102", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-W01-1", datetime(2025, 12, 29, tzinfo=UTC)),
        ("2026-W01", datetime(2025, 12, 29, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("20260102T030405Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05,25+01:00", datetime(2026, 1, 2, 2, 4, 5, 250_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789-0230", datetime(2026, 1, 2, 5, 34, 5, 123_456, tzinfo=UTC)),
    ],
)
def test_since_is_any_instant_or_day_of_iso_8601(text, at):
    assert since({"since": text}) == at


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_since_is_in_utc_to_the_microsecond_whatever_zone_it_was_written_in(at):
    read = since({"since": at.isoformat()})
    assert (read, read.tzinfo, type(read)) == (at, UTC, datetime)


@given(st.dates())
def test_a_day_begins_at_midnight_utc(day):
    assert since({"since": day.isoformat()}) == datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_now_is_no_instant_yet():
    assert since({"since": "now"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "NOW", "12:00", "T12:00", "12:00:00Z", "P1D", "PT1H", "2026-01-01/2026-02-01", "2026", "2026-01",
        "2026-02-30", "2026-01-01T25:00", "1767225600", "01/02/2026", " 2026-01-01", "9999-12-31T23:59:59-10:00",
    ],
)  # fmt: skip
def test_what_is_neither_is_refused_by_name(text):
    with pytest.raises(Misconfigured) as refused:
        since({"since": text})
    assert str(refused.value) == (
        f"setting `since`: {text!r} is neither `now` nor an instant such as 2026-01-01T00:00:00Z"
    )


def test_a_misspelt_setting_is_known_as_such_and_the_sdk_s_own_are_not():
    assert unknown({"wirte_key": "x", "write_key": "y", "stream_maps": {}, "gzpi": True}) == [
        "gzpi",
        "wirte_key",
    ]
