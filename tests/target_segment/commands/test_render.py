import json

import pytest

from target_segment.commands.render import rendering
from target_segment.config import SETTINGS
from target_segment.errors import Malformed, Misconfigured, TemplateError
from target_segment.events.examples import EXAMPLES
from target_segment.settings import check
from tests.target_segment.events.cases import SAMPLES
from tests.target_segment.world import SINCE, customer, open_order, order, refund


def settings(**more):
    return check(SETTINGS, {"write_key": "key", "since": SINCE, **more})


def shown(given, record=None, **more):
    return rendering(
        given, record if record is None or isinstance(record, str) else json.dumps(record), settings(**more)
    )


def line(said):
    stream, record = said
    return json.dumps({"type": "RECORD", "stream": stream, "record": record})


def test_a_text_for_a_named_transition_is_shown_beside_the_default_of_the_built_in_example():
    found = shown('order_completed={"total": record.total, "gift": true}')
    assert json.loads(found.template) == {"total": 27.5, "gift": True}
    assert json.loads(found.default)["order_id"] == "1"
    text = found.text()
    assert text.startswith("order_completed of order 1, the built-in example\n")
    assert '"total": 27.50' in text, "with the digits of the shop"
    assert '+  "gift": true,' in text
    assert '-  "order_id": "1",' in text


def test_a_template_that_says_the_default_differs_in_nothing():
    assert shown("order_completed=derived.default").text().endswith("# The difference\nNone.\n")


def test_a_file_named_for_its_transition_needs_no_more(tmp_path):
    path = tmp_path / "order_cancelled.jsonata"
    path.write_text('{"reason": record.cancel_reason}')
    found = shown(str(path))
    assert (found.transition, json.loads(found.template)) == ("order_cancelled", {"reason": "customer"})


def test_a_file_of_any_name_is_read(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text('{"id": record.id}')
    assert json.loads(shown(f"order_updated={path}").template) == {"id": "1"}


def test_a_transition_s_own_template_is_taken_from_the_settings(tmp_path):
    path = tmp_path / "mine.jsonata"
    path.write_text('{"id": record.id}')
    templates = {"order_updated": str(path)}
    assert json.loads(shown("order_updated", templates=templates).template) == {"id": "1"}
    assert shown(str(path), templates=templates).transition == "order_updated"
    with pytest.raises(Misconfigured, match="has none for order_cancelled"):
        shown("order_cancelled", templates=templates)


def test_without_a_name_the_record_says_which_transition():
    text = '{"id": record.id}'
    assert shown(text, refund()[1]).transition == "order_refunded"
    assert shown(text, customer()[1]).transition == "identify"
    assert shown(text, open_order()[1]).transition == "order_completed"
    assert shown(text, json.loads(EXAMPLES["fulfillments"])).transition == "fulfillment_created"
    with pytest.raises(Misconfigured, match="for which transition"):
        shown(text)


def test_the_first_record_of_the_right_stream_is_taken_from_singer_lines():
    lines = "\n".join(
        [json.dumps({"type": "STATE", "value": {}}), line(order("1")), line(refund("r1")), line(refund("r2"))]
    )
    found = shown('order_refunded={"id": record.id, "back": derived.increase}', lines)
    assert json.loads(found.template) == {"id": "r1", "back": 10.0}
    with pytest.raises(Misconfigured, match="among these lines is no RECORD of customers"):
        shown('customer_created={"id": record.id}', lines)


def test_a_sample_of_a_platform_is_rendered_with_what_it_proves():
    (path,) = (SAMPLES / "coupon").glob("orders.json")
    record = json.loads(path.read_text(encoding="utf-8"))[0]
    found = shown('coupon_applied={"code": derived.detail.code}', record)
    assert json.loads(found.template)["code"] == record["coupons"][0]["code"]


def test_what_a_record_does_not_prove_is_shown_and_said():
    assert "does not prove it" in shown('order_cancelled={"a": 1}', order()[1]).text()
    assert "does not prove it" not in shown('order_completed={"a": 1}', order()[1]).text()


def test_a_failure_names_template_record_and_position():
    text = 'order_completed={"n": $number($substring(record.name, 1))}'
    assert shown(text, order("17")[1])
    with pytest.raises(
        TemplateError, match=r"template `order_completed` failed on order 17, at position \d+: "
    ):
        shown(text, order("17", name="#x")[1])


@pytest.mark.parametrize(
    ("given", "record", "error", "says"),
    [
        ("order_refunded={}", order()[1], Misconfigured, "told from refunds, and this is one of orders"),
        ("coupon_applied={}", order()[1], Misconfigured, "has no coupons"),
        ("order_completed={}", "no json", Malformed, "no JSON object"),
        ("order_completed={}", {"id": 7, "total": 1}, Malformed, "not what its schema says"),
        ("order_completed=missing.jsonata", None, Misconfigured, "cannot read missing.jsonata"),
    ],
)
def test_what_cannot_be_shown_is_said(given, record, error, says):
    with pytest.raises(error, match=says):
        shown(given, record)


# --- the command


def test_a_template_is_rendered_against_a_file(command, tmp_path):
    (tmp_path / "order.json").write_text(json.dumps(order("17")[1]))
    code, out, _ = command("render", 'order_completed={"id": record.id}', "order.json")
    assert code == 0
    assert out.startswith("order_completed of order 17\n")
    assert '"id": "17"' in out


def test_a_template_that_fails_is_one_line_and_a_code(command):
    code, out, error = command("render", 'order_completed={"id": $number("x")}')
    assert code == 1
    assert out == ""
    assert "target-segment: template `order_completed` failed on order 1, at position 18:" in error


LONG = "{" + ", ".join(f'"field_{number}": record.total' for number in range(30)) + "}"


def test_a_text_may_be_longer_than_a_file_s_name(command):
    code, out, error = command("render", f"order_completed={LONG}")
    assert (code, error) == (0, "")
    assert '"field_29"' in out


@pytest.mark.parametrize("arguments", [["order_completed={}", "odd"], ["order_completed=odd.txt"]])
def test_a_file_that_is_no_text_is_one_line(command, tmp_path, arguments):
    for name in ("odd", "odd.txt"):
        (tmp_path / name).write_bytes(b"\xc5\xff")
    code, _, error = command("render", *arguments)
    assert code == 1
    assert error.startswith("target-segment: render: odd")
