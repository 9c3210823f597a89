"""A batch as bytes: one gzip member that says exactly what the plain body says, anew for every attempt."""

import gzip
import json
import zlib
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from target_segment.batch import Receipt, sealed, stamp

SENT = "2026-03-01T12:00:00.123Z"
AT = datetime(2026, 3, 1, tzinfo=UTC)


def receipt(number):
    return Receipt(
        f"00000000-0000-5000-8000-{number:012}", "shopify", "shop", "t", "T", str(number), "p", AT, None, None
    )


def batch_of(*bodies):
    return sealed(7, bodies, [receipt(number) for number in range(len(bodies))], frozenset({"p"}))


texts = st.lists(st.text(max_size=200), min_size=1, max_size=30)


@settings(deadline=None)
@given(texts, st.datetimes(timezones=st.just(UTC)))
def test_the_gzipped_body_is_one_member_and_equals_the_plain_one(drawn, sent):
    batch = batch_of(*[json.dumps({"a": text}).encode() for text in drawn])
    packed = batch.gzipped(stamp(sent))
    one = zlib.decompressobj(wbits=31)
    assert one.decompress(packed) == batch.plain(stamp(sent))
    assert one.eof
    assert one.unused_data == b""
    assert gzip.decompress(packed) == batch.plain(stamp(sent))


@settings(deadline=None)
@given(texts)
def test_the_events_bytes_are_given_back_unchanged(drawn):
    bodies = [json.dumps({"a": text}, ensure_ascii=False).encode() for text in drawn]
    assert batch_of(*bodies).bodies() == bodies


def test_only_sent_at_differs_between_two_attempts():
    batch = batch_of(b'{"a":1.50}', b'{"b":2}')
    first, second = json.loads(batch.plain(SENT)), json.loads(batch.plain("2026-03-01T13:00:00.000Z"))
    assert first.pop("sentAt") == SENT
    assert second.pop("sentAt") == "2026-03-01T13:00:00.000Z"
    assert first == second == {"batch": [{"a": 1.5}, {"b": 2}]}
    assert b'{"a":1.50}' in batch.plain(SENT)


def test_receipts_keep_every_digit_of_an_amount():
    said = Receipt(
        receipt(1).message_id, "shopify", "shop", "t", "T", "1", "p", AT, Decimal("12345678901234.10"), "EUR"
    )
    (kept,) = sealed(1, [b"{}"], [said], frozenset({"p"})).receipts()
    assert str(kept.amount) == "12345678901234.10"


def test_sent_at_is_of_milliseconds_in_utc():
    assert stamp(datetime(2026, 3, 1, 12, 0, 0, 123_999, tzinfo=UTC)) == SENT
