import json
import subprocess
import sys
import time
from decimal import Decimal

import msgspec
import pytest

from target_segment.errors import Misconfigured, TemplateError
from target_segment.events.examples import example
from target_segment.events.renderer import TRANSITIONS, renderer

from .cases import case


def rendered(text, told=None, transition="order_completed", **settings):
    told = told or example(transition, TRANSITIONS[transition])
    body = renderer({"templates": {transition: text}, **settings})(told).body
    return json.loads(body, parse_float=Decimal)


def test_a_template_replaces_the_properties_and_nothing_else():
    call = rendered('{"id": record.id, "of": event}')
    assert call["properties"] == {"id": "1", "of": "Order Completed"}
    assert {"userId", "messageId", "timestamp", "context"} <= set(call)


def test_a_template_of_an_identify_replaces_the_traits():
    assert rendered('{"vip": "vip" in record.tags}', transition="identify")["traits"] == {"vip": True}


def test_other_transitions_keep_their_defaults():
    settings = {"templates": {"order_completed": "{}"}}
    told = example("order_cancelled", "orders")
    assert renderer(settings)(told) == renderer({})(told)


def test_a_template_can_add_to_the_default():
    call = rendered('$merge([derived.default, {"gift": record.note ? true : false}])')
    default = json.loads(renderer({})(example("order_completed", "orders")).body, parse_float=Decimal)
    assert call["properties"] == default["properties"] | {"gift": False}


def test_what_is_derived_is_given_by_name():
    derived = rendered(
        '{"d": $sift(derived, function($v, $k) {$k != "default"})}', transition="order_refunded"
    )["properties"]["d"]
    assert derived["refund_type"] == "partial"
    assert derived["increase"] == Decimal("11.25")
    assert derived["first"] is True
    assert derived["customer"]["first_name"] == "Anna"


def test_a_placed_number_keeps_its_digits():
    """Through binary floating point it would end in …90000.0: the digits are the shop's."""
    told = example("order_completed", "orders")
    exact = msgspec.structs.replace(
        told, snapshot=msgspec.structs.replace(told.snapshot, total=Decimal("98765432109876543.90"))
    )
    body = renderer({"templates": {"order_completed": '{"total": record.total, "all": [record.total]}'}})(
        exact
    ).body
    assert b'{"total":98765432109876543.90,"all":[98765432109876543.90]}' in body


def test_null_is_left_out_at_any_depth():
    call = rendered('{"a": null, "b": {"c": null, "d": 1}, "e": [{"f": null}], "g": record.nothing}')
    assert call["properties"] == {"b": {"d": 1}, "e": [{}]}


def test_one_line_stays_a_list_where_the_template_says_so():
    assert rendered('{"p": [record.line_items.{"sku": sku}]}')["properties"] == {"p": [{"sku": "MUG"}]}


def test_a_path_names_a_file(tmp_path):
    path = tmp_path / "mine.jsonata"
    path.write_text('{"order": "№ " & record.id}', encoding="utf-8")
    assert rendered(str(path))["properties"] == {"order": "№ 1"}


def test_a_large_event_of_a_template_is_trimmed_like_any_other():
    (told,) = case("three_hundred_lines").news
    call = rendered('{"total": record.total, "products": [record.line_items]}', told)
    assert call["properties"]["products_total_count"] == 300
    assert call["properties"]["total"] == Decimal("6095.00")


@pytest.mark.parametrize(
    ("templates", "says"),
    [
        ({"order_complete": "{}"}, "no transition 'order_complete'"),
        ({"order_completed": ""}, "neither a JSONata text nor the path"),
        ({"order_completed": 7}, "neither a JSONata text nor the path"),
        ({"order_completed": "missing.jsonata"}, "order_completed: cannot read missing.jsonata"),
    ],
)
def test_a_template_that_is_none_is_named(templates, says):
    with pytest.raises(Misconfigured, match=says):
        renderer({"templates": templates})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": ', "does not compile, at position 6"),
        ('{"a": $nothing(1)}', r"failed on order 1, at position 15"),
        ('{"a": $error("no")}', "failed on order 1, .*no"),
        ("record.id", "failed on order 1, at its end: it yields a string, not an object"),
        ("record.nothing", ".*it yields nothing, not an object"),
        ('{"f": $sum}', ".*at its end: it is not JSON"),
        ('{"f": 1e308 * 10}', "failed on order 1"),
        ("[1, 2]", ".*it yields an array, not an object"),
        ('{"a": $number("x")}', "failed on order 1, at position 17"),
        ('($f := function($n) {1 + $f($n)}; {"a": $f(1)})', r"failed on order 1, at position \d+"),
    ],
)
def test_a_wrong_template_stops_at_the_start_and_says_where(text, says):
    with pytest.raises(TemplateError, match=f"template `order_completed` {says}"):
        renderer({"templates": {"order_completed": text}})


def test_a_template_that_fails_on_one_record_names_it():
    render = renderer({"templates": {"order_completed": '{"a": $number($substring(record.name, 1))}'}})
    told = example("order_completed", "orders")
    assert render(told)
    odd = msgspec.structs.replace(told, snapshot=msgspec.structs.replace(told.snapshot, id="17", name="#x"))
    with pytest.raises(
        TemplateError, match=r"template `order_completed` failed on order 17, at position \d+: "
    ):
        render(odd)
    assert render(told), "the next record is none the worse"


@pytest.mark.parametrize(
    "text",
    [
        "$number(record.note)",
        "$toMillis($uppercase(record.note))",
        "record.note > 3",
        '$count(record.tags) > 5 ? $error("what of " & record.note)',
        '{record.note: 1, record.note & "": 2}',
    ],
)
def test_an_error_says_nothing_of_what_the_record_says(text):
    """It goes to the log."""
    render = renderer({"templates": {"order_completed": f'{{"a": record.note ? ({text})}}'}})
    told = example("order_completed", "orders")
    odd = msgspec.structs.replace(
        told,
        snapshot=msgspec.structs.replace(told.snapshot, note="anna@example.org, Hafen 5", tags=["x"] * 6),
    )
    with pytest.raises(TemplateError, match="failed on order 1, at position") as failed:
        render(odd)
    assert "anna" not in str(failed.value).lower()
    assert "hafen" not in str(failed.value).lower()


def test_a_template_that_runs_away_is_stopped():
    began = time.monotonic()
    with pytest.raises(TemplateError, match=r"failed on order 1.*timeout after 50 milliseconds"):
        rendered('($f := function($n) {$f($n + 1)}; {"a": $f(1)})', template_timeout_ms=50)
    assert time.monotonic() - began < 5


def test_the_clock_starts_anew_for_every_record():
    """jsonata-python starts it once, when it compiles: a long run would fail for no reason."""
    render = renderer(
        {"templates": {"order_completed": '{"a": $sum([1..2000])}'}, "template_timeout_ms": 400}
    )
    told = example("order_completed", "orders")
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        assert render(told)


def test_nothing_is_carried_from_one_record_to_the_next():
    render = renderer({"templates": {"order_completed": '{"seen": $seen, "now": ($seen := record.id)}'}})
    told = example("order_completed", "orders")
    assert render(told) == render(told)


def test_several_templates_do_not_meet():
    """jsonata-python calls functions in the environment that was compiled last."""
    texts = {
        "order_completed": '($x := "a"; $f := function($v) {$x & $v}; {"is": $map(["1", "2"], $f)})',
        "order_updated": '($x := "b"; $f := function($v) {$x & $v}; {"is": $map(["1", "2"], $f)})',
    }
    render = renderer({"templates": texts})
    for name, letter in (("order_completed", "a"), ("order_updated", "b"), ("order_completed", "a")):
        body = json.loads(render(example(name, "orders")).body)
        assert body["properties"] == {"is": [f"{letter}1", f"{letter}2"]}


def test_who_has_no_template_does_not_pay_for_jsonata():
    code = (
        "import sys, target_segment.events.renderer as e; e.renderer({}); sys.exit('jsonata' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
