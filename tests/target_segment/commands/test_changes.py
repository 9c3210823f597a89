"""The options of the command line that tell nothing: what they print, and one clear line for what is wrong."""

import gc
import json
import os

import pytest

from target_segment.singer.target import main
from tests.target_segment.world import SINCE, World, customer_of, order


@pytest.fixture(autouse=True)
def private_files():
    """The command makes every file its owner's alone and lets garbage lie, for good: not for the tests after this one."""
    before = os.umask(0o022)
    yield
    os.umask(before)
    gc.enable()


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run the command as a shell would; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **settings):
        config = {"write_key": "key", "since": SINCE, "ledger": str(tmp_path / "ledger.duckdb"), **settings}
        (tmp_path / "segment.json").write_text(json.dumps(config))
        monkeypatch.setattr("sys.argv", ["target-segment", "--config", "segment.json", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        return code, *capsys.readouterr()

    return run


def test_the_tracking_plan_is_printed(command, tmp_path):
    code, out, _ = command("--plan", events={"order_cancelled": "Order Canceled"})
    rules = json.loads(out)["rules"]
    assert code == 0
    assert "Order Canceled" in {rule.get("key") for rule in rules}
    assert not (tmp_path / "ledger.duckdb").exists()


def test_plain_schemas_are_printed_for_the_platforms_named(command):
    code, out, _ = command("--plan", "schemas", "--platform", "shopify")
    assert code == 0
    assert "Order Completed" in json.loads(out)
    assert "shopify_product_id" in out
    assert "prestashop_product_id" not in out


def test_a_template_is_rendered_against_a_file(command, tmp_path):
    (tmp_path / "order.json").write_text(json.dumps(order("17")[1]))
    code, out, _ = command("--render", 'order_completed={"id": record.id}', "order.json")
    assert code == 0
    assert out.startswith("order_completed of order 17\n")
    assert '"id": "17"' in out


def test_a_template_that_fails_is_one_line_and_a_code(command):
    code, out, error = command("--render", 'order_completed={"id": $number("x")}')
    assert code == 1
    assert out == ""
    assert "target-segment: template `order_completed` failed on order 1, at position 18:" in error


def test_a_record_without_a_template_is_refused(command, tmp_path):
    (tmp_path / "order.json").write_text("{}")
    code, _, error = command("order.json")
    assert code == 1
    assert "a record is for --render" in error


def test_a_person_is_forgotten_and_segment_s_request_is_printed(command, tmp_path):
    world = World(tmp_path)
    world.run(order("1", customer=customer_of("anna-4711")))
    settings = {key: value for key, value in world.settings.items() if key != "ledger"}
    code, out, error = command("--forget", "anna-4711", **settings)
    assert code == 0
    assert json.loads(out) == {
        "regulationType": "SUPPRESS_WITH_DELETE",
        "subjectType": "USER_ID",
        "subjectIds": ["anna-4711"],
    }
    assert "Forgotten: 1 identities" in error
    assert not list(tmp_path.glob("*.new"))
    code, out, _ = command("--forget", "anna-4711", "--regulation", "DELETE_ONLY", **settings)
    assert json.loads(out)["regulationType"] == "DELETE_ONLY"
    assert world.run(order("1", customer=customer_of("anna-4711"))) == []


def test_a_regulation_that_segment_does_not_know_is_refused(command):
    code, _, error = command("--forget", "7", "--regulation", "UNSUPPRESS")
    assert code == 1
    assert "SUPPRESS_WITH_DELETE" in error


LONG = "{" + ", ".join(f'"field_{number}": record.total' for number in range(30)) + "}"


def test_a_text_may_be_longer_than_a_file_s_name(command):
    code, out, error = command("--render", f"order_completed={LONG}")
    assert (code, error) == (0, "")
    assert '"field_29"' in out


@pytest.mark.parametrize("arguments", [["order_completed={}", "odd"], ["order_completed=odd.txt"]])
def test_a_file_that_is_no_text_is_one_line(command, tmp_path, arguments):
    for name in ("odd", "odd.txt"):
        (tmp_path / name).write_bytes(b"\xc5\xff")
    code, _, error = command("--render", *arguments)
    assert code == 1
    assert error.startswith("target-segment: --render: odd")


@pytest.mark.parametrize("content", ["{", "[1]", "7", None])
def test_settings_that_are_no_json_object_are_one_line(command, tmp_path, content):
    if content is None:
        (tmp_path / "other.json").mkdir()
    else:
        (tmp_path / "other.json").write_text(content)
    code, _, error = command("--config", "other.json", "--plan")
    assert code == 1
    assert error.startswith("target-segment: --config: segment.json, other.json is no file")


@pytest.mark.parametrize("days", [1e12, "1e400", "nan", "Infinity"])
def test_days_that_no_calendar_has_are_no_traceback(command, days):
    code, _, error = command("--plan", history_days=days, history_integrations={"All": False})
    assert (code, "Traceback" in error) == (0 if days == 1e12 else 1, False)
    assert days == 1e12 or "setting `history_days`" in error
