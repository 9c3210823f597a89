"""The setting `streams`: every wrong word is one line that names the stream and what would be right."""

import pytest

from target_segment.errors import Misconfigured
from target_segment.other_taps.mapping import mappings

LEAST = {"event": "Said", "user_id": "who", "properties": ["what"]}


def mapped(given):
    return mappings({"streams": {"things": given}})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Said", "neither a mapping nor a list of mappings"),
        ([], "neither a mapping nor a list of mappings"),
        ({**LEAST, "evnt": "Said"}, "there is no 'evnt'; there are event, identify,"),
        ({"user_id": "who", "properties": ["what"]}, "give either `event`"),
        ({**LEAST, "identify": True}, "give either `event`"),
        ({**LEAST, "identify": "yes"}, "neither true nor false"),
        ({**LEAST, "event": " "}, "give either `event`"),
        ({**LEAST, "kind": "running"}, "neither once nor state"),
        ({"event": "Said", "properties": ["what"]}, "`user_id`, `anonymous_id` or `email`"),
        ({**LEAST, "user_id": 7}, "`user_id` is 7, not a text"),
        ({**LEAST, "name": "a.b"}, "`name` is 'a.b', not a word"),
        ({**LEAST, "first": 1}, "`first` is 1, neither true nor false"),
        ({"event": "Said", "user_id": "who"}, "say in `properties` what is told"),
        ({"identify": True, "user_id": "who", "properties": ["what"]}, "say in `traits` what is told"),
        ({**LEAST, "properties": []}, "`properties` is neither a list of fields"),
        ({**LEAST, "properties": [1]}, "`properties` is neither a list of fields"),
        ({**LEAST, "properties": {"a": 1}}, "`properties` is neither a list of fields"),
        ({**LEAST, "properties": ["a.id", "b.id"]}, "two fields are called 'id'"),
        ({**LEAST, "properties": "/nowhere/at.jsonata"}, "cannot read /nowhere/at.jsonata"),
        ({**LEAST, "kind": "state", "properties": '{"a": 1}'}, "name in `facts`"),
        ({**LEAST, "kind": "state", "timestamp": "what"}, "name in `facts`"),
        ({**LEAST, "facts": 7, "kind": "state"}, "`facts` is 7, neither a field nor a list of fields"),
        ({**LEAST, "id": []}, "`id` is \\[\\], neither a field nor a list of fields"),
        ({**LEAST, "when": "now"}, "`when` is 'now', not fields with their values"),
        ([LEAST, {**LEAST, "event": "Again"}], "two mappings are called 'once': give one of them another `name`"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_one_clear_line(given, message):
    with pytest.raises(Misconfigured, match=f"^setting `streams`: things: .*{message}"):
        mapped(given)


def test_a_mapping_needs_no_more_than_three_words():
    (mapping,) = mapped(LEAST)
    assert (mapping.label, mapping.once, mapping.facts, mapping.first) == ("things.once", True, (), False)


def test_what_is_told_is_what_is_compared_but_for_its_date():
    (mapping,) = mapped(
        {**LEAST, "kind": "state", "timestamp": "at", "properties": ["what", "at", "plan.name"]}
    )
    assert mapping.facts == ("what", "plan.name")


def test_two_names_tell_two_mappings_apart():
    labels = [each.label for each in mapped([LEAST, {**LEAST, "name": "again"}])]
    assert labels == ["things.once", "things.again"]
