"""A command's settings are read as the Singer SDK reads them, from files, the environment and `.env`, without the SDK."""

import json
from decimal import Decimal

import pytest
from singer_sdk.plugin_base import _ConfigInput

from target_segment.commands.given import environment, read
from target_segment.config import SETTINGS
from target_segment.errors import Misconfigured
from target_segment.singer.target import TargetSegment
from tests.target_segment.world import SINCE

KINDS = {
    "write_key": ["key", ""],
    "region": ["eu", ""],
    "ledger": ["state/x.duckdb"],
    "concurrency": ["4", " 7 "],
    "max_events_per_second": ["0.5", "", "x"],
    "gzip": ["true", "TRUE", "1", "yes", "on", "off", "no", "false", "0", "", "maybe"],
    "sources": ["web", "web, pos", '["web", "pos"]', "", "[web"],
    "events": ["{}", '{"order_updated": false, "rate": 1.10}', "[1]", "null"],
    "history_days": ["90", "1e3"],
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No setting of whoever runs the tests, and no `.env` but the test's."""
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        # Set first, so that what a `.env` adds is taken back.
        monkeypatch.setenv(f"TARGET_SEGMENT_{setting.name.upper()}", "x")
        monkeypatch.delenv(f"TARGET_SEGMENT_{setting.name.upper()}")


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in KINDS.items() for text in texts])
def test_a_variable_says_what_it_says_to_the_sdk(monkeypatch, name, text):
    monkeypatch.setenv(f"TARGET_SEGMENT_{name.upper()}", text)
    theirs = TargetSegment._env_var_config
    assert environment() == theirs == {name: theirs[name]}
    assert type(environment()[name]) is type(theirs[name])


@pytest.mark.parametrize(
    ("name", "text"), [("concurrency", "x"), ("concurrency", ""), ("events", "{"), ("events", "")]
)
def test_a_variable_that_cannot_be_read_is_named(monkeypatch, name, text):
    monkeypatch.setenv(f"TARGET_SEGMENT_{name.upper()}", text)
    with pytest.raises(ValueError):  # a traceback there
        _ = TargetSegment._env_var_config
    with pytest.raises(Misconfigured, match=f"setting `{name}`: '{text}' is not of type"):
        environment()


def test_the_environment_wins_over_env_and_env_over_nothing(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("TARGET_SEGMENT_REGION=eu\nTARGET_SEGMENT_SINCE=now\n")
    monkeypatch.setenv("TARGET_SEGMENT_SINCE", SINCE)
    assert environment() == {"region": "eu", "since": SINCE}


def test_files_are_read_as_the_sdk_reads_them(tmp_path):
    (tmp_path / "one.json").write_text('{"region": "us", "request_timeout": 1.10, "events": {"a": 1}}')
    (tmp_path / "two.json").write_text('{"region": "eu", "events": {"b": [0.1]}}')
    for named in (["one.json"], ["one.json", "two.json"], ["ENV", "two.json", "one.json"]):
        theirs, ours = _ConfigInput.from_cli_args(*named), read(named)
        assert (ours.config, ours.environment) == (theirs.config, theirs.parse_env)
    assert read(["one.json"]).config["request_timeout"] == Decimal("1.10")


def test_where_nothing_is_named_the_environment_is_asked():
    assert read([]) == ({}, True)


def test_the_environment_wins_over_a_file_if_it_is_named_and_is_silent_if_not(monkeypatch, tmp_path):
    (tmp_path / "segment.json").write_text(json.dumps({"write_key": "of the file", "since": SINCE}))
    monkeypatch.setenv("TARGET_SEGMENT_WRITE_KEY", "of the environment")
    assert read(["segment.json"]).settings()["write_key"] == "of the file"
    for named in (["segment.json", "ENV"], ["ENV", "segment.json"]):
        assert read(named).settings()["write_key"] == "of the environment"


def test_settings_of_the_environment_alone_do_for_a_command(command, monkeypatch):
    monkeypatch.setenv("TARGET_SEGMENT_WRITE_KEY", "key")
    monkeypatch.setenv("TARGET_SEGMENT_SINCE", SINCE)
    monkeypatch.setenv("TARGET_SEGMENT_EVENTS", '{"order_cancelled": "Order Canceled"}')
    for config in ((), ("--config", "ENV")):
        code, out, _ = command("plan", config=config)
        assert (code, '"Order Canceled"' in out) == (0, True)


def test_without_settings_a_command_names_what_is_missing(command):
    code, out, error = command("retry", config=())
    assert (code, out) == (1, "")
    assert error.startswith("target-segment: setting `write_key` is missing")


@pytest.mark.parametrize("content", ["{", "[1]", "7", None, '{"since": NaN}'])
def test_settings_that_are_no_json_object_are_one_line(command, tmp_path, content):
    if content is None:
        (tmp_path / "other.json").mkdir()
    else:
        (tmp_path / "other.json").write_text(content)
    code, _, error = command("--config", "other.json", "plan")
    assert code == 1
    assert error.startswith("target-segment: --config: segment.json, other.json is no file")


def test_a_file_that_is_not_there_is_one_line(command):
    code, _, error = command("plan", "--config", "none.json")
    assert (code, error) == (1, "target-segment: File at 'none.json' was not found.\n")


def test_what_no_run_would_take_no_command_takes(command):
    code, _, error = command("retry", templates={"order_completed": "{"})
    assert (code, "order_completed" in error) == (1, True)
    assert len(error.splitlines()) == 1


def test_a_misspelt_setting_is_warned_of(command):
    code, _, error = command("plan", wirte_key="x", stream_maps={})
    assert (code, error) == (0, "target-segment: the setting wirte_key is unknown and ignored\n")
