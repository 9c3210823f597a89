"""The benchmark measures the contract: its lines are what the tap may write, and the same every time."""

import io
import json

import msgspec

from benchmarks.lines import write
from tap_commerce.records import Order


def lines(orders):
    out = io.BytesIO()
    write(orders, out)
    return out.getvalue().splitlines()


def test_every_record_is_an_order_as_declared():
    decoder = msgspec.json.Decoder(Order, strict=True)
    messages = [json.loads(line) for line in lines(300)]
    records = [decoder.decode(json.dumps(each["record"])) for each in messages if each["type"] == "RECORD"]
    assert len({record.id for record in records}) == 300
    assert {len(record.line_items) for record in records} == {3}
    assert sum(record.total != record.subtotal + record.shipping for record in records) == 0


def test_the_same_size_is_the_same_bytes():
    assert lines(50) == lines(50)


def test_a_customer_orders_twice_and_is_the_same_both_times():
    records = [json.loads(line)["record"] for line in lines(100) if b'"RECORD"' in line]
    assert len({each["customer"]["id"] for each in records}) == 50
    assert len({json.dumps(each["customer"]) for each in records}) == 50


def test_states_follow_every_250_records_and_end_the_input():
    kinds = [json.loads(line)["type"] for line in lines(600)]
    assert kinds[0] == "SCHEMA"
    assert kinds.count("STATE") == 3
    assert kinds[-1] == "STATE"
