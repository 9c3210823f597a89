import json
import re
import threading
import time

import pytest

from target_segment.errors import TemplateError
from target_segment.events.examples import example
from target_segment.events.renderer import renderer
from target_segment.events.watchdog import Overrun, Watchdog

CLIMBING = re.compile("(a+)+$")
"""Takes longer than a life on the text below."""
LONG = "a" * 40 + "!"


def test_what_ends_in_time_is_returned_and_no_alarm_is_left():
    dog = Watchdog(0.05)
    assert dog.watched(lambda: 7) == 7
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass


def test_a_regular_expression_that_climbs_is_struck():
    with pytest.raises(Overrun):
        Watchdog(0.05).watched(lambda: CLIMBING.match(LONG))


def test_in_another_thread_there_is_no_alarm_and_no_harm():
    found = []
    thread = threading.Thread(target=lambda: found.append(Watchdog(0.05).watched(lambda: 7)))
    thread.start()
    thread.join()
    assert found == [7]


@pytest.mark.parametrize(
    "text", [f'{{"a": $match("{LONG}", /(a+)+$/)}}', '{"a": $length($pad("", 300000000))}']
)
def test_a_template_that_is_stuck_in_one_function_is_stopped(text):
    """Where jsonata-python does not look at its clock; without the bound the run would hang for ever."""
    with pytest.raises(
        TemplateError, match=r"failed on order 1, at position \d+: it took longer than 50 milliseconds"
    ):
        renderer({"templates": {"order_completed": text}, "template_timeout_ms": 50})


def test_after_one_that_was_stopped_the_next_record_is_rendered():
    text = f'{{"a": record.name = "#1001" ? 1 : $match("{LONG}", /(a+)+$/)}}'
    render = renderer({"templates": {"order_completed": text}, "template_timeout_ms": 50})
    told = example("order_completed", "orders")
    assert json.loads(render(told).body)["properties"] == {"a": 1}
