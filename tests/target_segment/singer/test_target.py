"""The whole target over real HTTP on loopback: STATE, modes, exit codes, and one clear line for what can be foreseen."""

import io
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path

import duckdb
import pytest
from singer_sdk.testing import get_target_test_class

from target_segment.config import SETTINGS
from target_segment.errors import Denied, Garbled, LedgerError
from target_segment.singer.target import TargetSegment
from tests.target_segment.world import day, line, names, order, refund

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = {
    "properties": {"platform": {"type": "string"}, "shop": {"type": "string"}, "id": {"type": "string"}}
}


pytestmark = pytest.mark.usefixtures("private_files")


def schema(stream="orders", **properties):
    shape = {"type": "object", "properties": {**SCHEMA["properties"], **properties}}
    return line(type="SCHEMA", stream=stream, schema=shape, key_properties=["id"])


def record(said):
    stream, fields = said
    return line(type="RECORD", stream=stream, record=fields, time_extracted=day(10))


def state(value):
    return line(type="STATE", value=value)


LINES = (
    schema()
    + record(order())
    + state({"bookmarks": 1})
    + schema("refunds")
    + record(refund())
    + state({"bookmarks": 2})
)


def run(config, lines=LINES):
    return TargetSegment(config=config).run(io.StringIO(lines))


# --- a run


def test_a_run_tells_and_prints_the_last_state_and_the_next_one_tells_nothing(config, segment, capsys):
    assert run(config) == 0
    assert names(segment.events) == ["identify", "Order Completed", "Order Refunded"]
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"bookmarks": 2}
    assert run(config) == 0
    assert len(segment.events) == 3
    assert segment.repeats == {}
    assert json.loads(capsys.readouterr().out) == {"bookmarks": 2}


def test_a_state_is_given_back_as_it_came(config, capsys):
    """Somebody else's bookmark: every digit of it."""
    text = '{"bookmarks":{"orders":{"at":1.50,"ü":"\\u00fc"}}}'
    run(config, f'{{"type":"STATE","value":{text}}}\n')
    assert capsys.readouterr().out == text + "\n"


def test_every_file_of_a_run_is_its_owners_alone(config, tmp_path):
    seen = {}

    class Looking(TargetSegment):
        def at(self, point):
            seen.update(
                {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
            )

    Looking(config=config).run(io.StringIO(LINES))
    assert {"ledger.duckdb", "ledger.duckdb.wal"} <= seen.keys()
    assert set(seen.values()) == {0o600}


# --- modes


def test_a_dry_run_writes_a_file_prints_no_state_and_leaves_the_ledger_as_it_was(config, segment, capsys):
    run(config, schema() + record(order()))
    told, ledger = len(segment.events), Path(config["ledger"])
    before = ledger.read_bytes()
    capsys.readouterr()
    assert run({**config, "mode": "dry_run"}) == 0
    assert ledger.read_bytes() == before
    assert len(segment.events) == told
    assert capsys.readouterr().out == ""
    written = Path(config["dry_run_file"])
    assert [json.loads(text)["event"] for text in written.read_text().splitlines()] == ["Order Refunded"]
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    run(config)
    assert names(segment.events)[-1] == "Order Refunded"


def test_a_dry_run_without_a_ledger_makes_none(config, segment):
    assert run({**config, "mode": "dry_run"}) == 0
    assert not Path(config["ledger"]).exists()
    assert len(Path(config["dry_run_file"]).read_text().splitlines()) == 3


def test_a_baseline_prints_state_and_tells_nothing_ever(config, segment, capsys):
    assert run({**config, "mode": "baseline"}) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"bookmarks": 2}
    run(config)
    assert segment.events == []
    assert segment.requests == []


class Killed(BaseException):
    """As SIGKILL leaves it."""


def test_a_baseline_does_not_begin_while_something_is_intended(config):
    class Dying(TargetSegment):
        def at(self, point):
            if point == "before delivery":
                raise Killed

    with pytest.raises(Killed):
        Dying(config=config).run(io.StringIO(LINES))
    with pytest.raises(LedgerError, match="mode=send"):
        run({**config, "mode": "baseline"})


# --- exit codes


def test_a_run_with_something_set_aside_fails_only_if_it_is_strict(config, segment):
    lines = schema() + record(("orders", {**order("2")[1], "total": "much"})) + record(order())
    assert run(config, lines) == 0
    assert run({**config, "strict": True}, lines) == 1
    assert names(segment.events) == ["identify", "Order Completed"]


def test_a_truncated_last_line_tells_what_came_before_and_prints_no_newer_state(config, segment, capsys):
    with pytest.raises(Garbled, match="middle of line 7"):
        run(config, LINES + state({"bookmarks": 3})[:-5])
    assert len(segment.events) == 3
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"bookmarks": 2}


def test_a_garbled_line_tells_what_came_before_and_stops(config, segment):
    with pytest.raises(Garbled, match="line 3 "):
        run(config, schema() + record(order()) + "oops\n" + record(order("2")))
    assert names(segment.events) == ["identify", "Order Completed"]


def test_what_refuses_everything_is_told_everything_once_it_is_right(config, segment, capsys):
    segment.refuse = lambda event: "no"
    with pytest.raises(Denied, match="write_key"):
        run(config)
    assert capsys.readouterr().out == ""
    segment.refuse = None
    run(config)
    assert len(segment.events) == 3


def test_a_signal_ends_the_run_between_two_lines_and_what_was_read_is_told(config, segment, capsys):
    """143, as who sent SIGTERM expects; the bookmark is of what was read."""

    class Told(io.StringIO):
        count = 0

        def __next__(self):
            self.count += 1
            if self.count == 4:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().__next__()

    assert TargetSegment(config=config).run(Told(LINES)) == 143
    assert names(segment.events) == ["identify", "Order Completed"]
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"bookmarks": 1}


def test_a_signal_during_an_outage_ends_the_run_and_the_next_one_tells(config, segment, capsys):
    """The wait is cut short; what was intended stays in the outbox."""
    config = {**config, "max_attempts": 10}

    class Signalled(TargetSegment):
        def at(self, point):
            if point == "before delivery":
                self._handle_termination(signal.SIGTERM, None)

    assert (
        Signalled(config={**config, "endpoint": "http://127.0.0.1:9/", "segment_source": "s"}).run(
            io.StringIO(LINES)
        )
        == 143
    )
    assert capsys.readouterr().out == ""
    assert run({**config, "segment_source": "s"}) == 0
    assert len(segment.events) == 3


# --- streams that are mapped, unknown or not announced


def test_records_that_stream_maps_change_are_told_as_mapped(config, segment):
    config["stream_maps"] = {"orders": {"note": "'mapped'", "__filter__": "id != '2'"}}
    wide = schema(
        note={"type": ["string", "null"]},
        name={"type": "string"},
        total={"type": "number"},
        currency={"type": "string"},
        created_at={"type": "string", "format": "date-time"},
        updated_at={"type": "string", "format": "date-time"},
        completed_at={"type": "string", "format": "date-time"},
    )
    assert run(config, wide + record(order(total=19.99)) + record(order("2"))) == 0
    (completed,) = segment.named("Order Completed")
    assert completed["properties"]["total"] == 19.99
    assert completed["originalTimestamp"] == "2026-03-01T12:00:00Z"
    assert run(config, wide + record(order(total=19.99))) == 0
    assert len(segment.named("Order Completed")) == 1


def test_a_mapped_record_that_does_not_fit_is_set_aside_and_the_rest_is_told(config, segment):
    config["stream_maps"] = {"orders": {"note": "'mapped'"}}
    fields = {"total": {"type": "number"}, "completed_at": {"type": "string", "format": "date-time"}}
    broken = "orders", {**order("2")[1], "total": "much", "completed_at": "soon"}
    assert run(config, schema(**fields) + record(broken) + record(order())) == 0
    assert names(segment.events) == ["identify", "Order Completed"]


def test_a_stream_that_no_event_is_derived_from_is_warned_of_once(config, segment, caplog):
    lines = schema("carts") + record(("carts", {"id": "1"})) * 3 + LINES
    with caplog.at_level(logging.WARNING):
        assert run(config, lines) == 0
    assert sum("carts" in each.message for each in caplog.records) == 1
    assert len(segment.events) == 3


def test_what_lies_between_the_records_that_are_told_is_not_kept_in_memory(config, tmp_path, monkeypatch):
    """A record is left in the block that it was read in: few orders among much else would keep all of it."""
    much = line(type="RECORD", stream="clicks", record={"id": "1", "page": "x" * 1_000_000})
    said = tmp_path / "said.jsonl"
    with said.open("w") as file:
        file.write(schema() + schema("clicks"))
        for number in range(40):
            file.write(record(order(str(number))) + much)
    with said.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        tracemalloc.start()
        try:
            TargetSegment(config={**config, "mode": "baseline"}).run()
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 25_000_000


def test_a_stream_named_orders_that_is_none_of_ours_is_not_told(config, segment):
    other = line(
        type="SCHEMA",
        stream="orders",
        schema={"properties": {"id": {"type": "string"}}},
        key_properties=["id"],
    )
    assert run(config, other + record(("orders", {"id": "1"}))) == 0
    assert segment.events == []


# --- what can be foreseen, on the command line


def command(*arguments, said="", **environment):
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", "from target_segment.cli import main; main()", *arguments],
        cwd=ROOT,
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("TARGET_SEGMENT_")},
            **environment,
        },
    )


@pytest.fixture
def configured(tmp_path, config):
    def write(**changed):
        file = tmp_path / "config.json"
        file.write_text(
            json.dumps({name: value for name, value in {**config, **changed}.items() if value is not None})
        )
        return str(file)

    return write


def test_about_and_help_answer_without_settings():
    about = command("--about", "--format=json")
    assert about.returncode == 0, about.stderr
    assert {setting.name for setting in SETTINGS} <= json.loads(about.stdout)["settings"]["properties"].keys()
    told = command("--help")
    assert (told.returncode, "retell" in told.stdout) == (0, True)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"write_key": None}, "write_key"),
        ({"since": None}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"mode": "sned"}, "mode"),
        ({"endpoint": "http://proxy.example/v1/batch"}, "endpoint"),
        ({"templates": {"order_completed": "{"}}, "order_completed"),
        ({"events": {"order_complete": True}}, "order_complete"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_a_failure(configured, changed, named):
    ended = command("--config", configured(**changed), said=LINES)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    (told,) = [text for text in ended.stderr.splitlines() if text.startswith("target-segment: ")]
    assert named in told


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (record(order()), "orders"),
        (line(type="RECORD", record={"id": "1"}), "RECORD"),
        (line(type="STATE"), "STATE"),
        (line(type="SCHEMA", stream="orders"), "SCHEMA"),
        ("\x00\n", "line 1"),
    ],
)
def test_input_that_is_not_singer_is_one_clear_line_and_a_failure(configured, lines, named):
    ended = command("--config", configured(), said=lines)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert named in ended.stderr.splitlines()[-1]
    assert ended.stderr.splitlines()[-1].startswith("target-segment: ")


def test_a_configuration_file_that_is_not_there_is_one_clear_line(tmp_path):
    ended = command("--config", str(tmp_path / "none.json"))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "none.json" in ended.stderr


def test_a_ledger_in_use_is_one_clear_line(configured, config):
    Path(config["ledger"]).parent.mkdir()
    holding = duckdb.connect(config["ledger"])
    ended = command("--config", configured(), said=LINES)
    holding.close()
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "in use by another run" in ended.stderr


def test_settings_may_come_from_the_environment_and_retell_is_a_command(config, segment):
    given = {**config, "traits_in": "identify,context", "gzip": "false", "events": '{"order_updated": false}'}
    environment = {f"TARGET_SEGMENT_{name.upper()}": str(value) for name, value in given.items()}
    ended = command("--config=ENV", said=LINES, **environment)
    assert ended.returncode == 0, ended.stderr
    assert len(segment.events) == 3
    retold = command("--config=ENV", "retell", "order_completed", **environment)
    assert (retold.returncode, "1 fates forgotten" in retold.stdout) == (0, True), retold.stderr
    retried = command("--config=ENV", "retry", **environment)
    assert (retried.returncode, "0 rejected" in retried.stdout) == (0, True), retried.stderr
    unknown = command("--config=ENV", "retell", "order_complete", **environment)
    assert unknown.returncode == 1
    assert "order_complete" in unknown.stderr


def test_the_key_is_in_no_output(configured, segment):
    secret = "very-secret-key"
    segment.write_keys.add(secret)
    for changed in ({}, {"since": "yesterday"}, {"endpoint": "http://127.0.0.1:9/"}):
        ended = command("--config", configured(write_key=secret, **changed), said=LINES)
        assert secret not in ended.stdout + ended.stderr


# --- the SDK's own tests


STANDARD = {"write_key": "key", "since": "now", "mode": "baseline", "ledger": ":memory:"}

TestStandard = get_target_test_class(TargetSegment, config=STANDARD)


def test_a_state_that_nobody_takes_is_one_clear_line(config, configured, segment):
    """What was told stays told; the next run goes on from the last bookmark that was kept."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-c",
                "from target_segment.cli import main; main()",
                "--config",
                configured(),
            ],
            input=LINES,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "the STATE could not be written" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert segment.events


def test_a_misspelt_setting_is_warned_of_and_a_ledger_in_memory_refused(configured):
    assert "setting wirte_key is unknown" in command("--config", configured(wirte_key="x"), said=LINES).stderr
    refused = command("--config", configured(ledger=":memory:"), said=LINES)
    assert (refused.returncode, "would forget" in refused.stderr) == (1, True)
