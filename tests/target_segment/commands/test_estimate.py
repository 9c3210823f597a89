"""An estimate counts what a run would tell, and leaves no trace of itself."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.segment import Segment
from target_segment.commands.estimate import estimate
from target_segment.singer.target import TargetSegment
from tests.target_segment.world import SINCE, customer, customer_of, day, guest, order, refund

ROOT = Path(__file__).resolve().parents[3]
MAIN = "from target_segment.cli import main; main()"
SHAPE = {"properties": {"platform": {}, "shop": {}, "id": {}}}


pytestmark = pytest.mark.usefixtures("private_files")


def lines(*said):
    streams = ("customers", "orders", "refunds")
    schemas = [
        {"type": "SCHEMA", "stream": name, "schema": SHAPE, "key_properties": ["id"]} for name in streams
    ]
    records = [
        {"type": "RECORD", "stream": name, "record": fields, "time_extracted": day(10)}
        for name, fields in said
    ]
    state = [{"type": "STATE", "value": {"bookmarks": 1}}]
    return "".join(json.dumps(each) + "\n" for each in (*schemas, *records, *state))


@pytest.fixture
def config(tmp_path):
    return {
        "write_key": "key",
        "since": SINCE,
        "endpoint": "http://127.0.0.1:9/v1/batch",
        "ledger": str(tmp_path / "state" / "ledger.duckdb"),
        "dry_run_file": str(tmp_path / "state" / "dry_run.jsonl"),
    }


SAID = (
    customer("7"),
    order("1"),
    order("2", created_at=day(2)),
    order("3", customer=customer_of("8")),
    order("4", **guest()),
    order("5", **guest(email="guest@example.org")),
    refund(),
    order("6", created_at=day(1, 1), completed_at="2025-01-01T00:00:00Z"),
)


def test_it_counts_events_by_name_people_and_requests(config):
    code, counted = estimate(config, io.StringIO(lines(*SAID)))
    assert code == 0
    assert counted == {
        "events": {"Order Completed": 5, "identify": 3, "Customer Created": 1, "Order Refunded": 1},
        "events_total": 10,
        "identities": 3,
        "requests": 1,
        "seconds": 0,
    }


def test_it_leaves_nothing_behind(config, tmp_path, capsys):
    estimate(config, io.StringIO(lines(*SAID)))
    assert list(tmp_path.iterdir()) == []
    assert "bookmarks" not in capsys.readouterr().out


def test_it_subtracts_what_was_told_and_changes_no_ledger(config):
    with Segment({"key"}) as segment:
        settings = {**config, "endpoint": segment.endpoint, "max_events_per_second": 0}
        TargetSegment(config=settings).run(io.StringIO(lines(*SAID[:2])))
        told, before = len(segment.events), Path(config["ledger"]).read_bytes()
        _, counted = estimate(settings, io.StringIO(lines(*SAID)))
        assert len(segment.events) == told
        assert Path(config["ledger"]).read_bytes() == before
        assert counted["events_total"] == 10 - told
        TargetSegment(config=settings).run(io.StringIO(lines(*SAID)))
        assert len(segment.events) == 10


def test_who_is_tied_to_a_user_is_counted_once(config):
    """A guest who got an account is one identity, as Segment bills it."""
    said = [order(**guest()), order(updated_at=day(3), customer=customer_of("9"))]
    _, counted = estimate(config, io.StringIO(lines(*said)))
    assert (counted["events"]["identify"], counted["identities"]) == (3, 1)


def test_the_command_prints_a_table(config, tmp_path):
    (tmp_path / "segment.json").write_text(json.dumps(config))
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", MAIN, "estimate", "--config", str(tmp_path / "segment.json")],
        input=lines(*SAID),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [text.split()[-1] for text in done.stdout.splitlines()] == [
        "5",
        "3",
        "1",
        "1",
        "10",
        "3",
        "1",
        "0",
    ]
    assert "would be told" in done.stderr


def test_a_program_is_given_the_counts_of_a_file(config, tmp_path, command):
    (tmp_path / "records.jsonl").write_text(lines(*SAID))
    code, out, _ = command("estimate", "--json", "--input", "records.jsonl", **config)
    assert (code, json.loads(out)["events_total"]) == (0, 10)


def test_a_mode_in_the_environment_makes_an_estimate_tell_nobody(config, monkeypatch):
    """Nothing listens at the endpoint: a run that told would fail."""
    monkeypatch.setenv("TARGET_SEGMENT_MODE", "send")
    code, counted = estimate(config, io.StringIO(lines(*SAID)), environment=True)
    assert (code, counted["events_total"]) == (0, 10)
    assert not Path(config["ledger"]).exists()


def test_its_code_says_what_a_strict_run_s_would(command, tmp_path, config):
    (tmp_path / "records.jsonl").write_text(lines(order("1"), order("2", total="much")))
    code, out, error = command("estimate", "--json", "--input", "records.jsonl", **config, strict=True)
    assert (code, json.loads(out)["events"]["Order Completed"]) == (1, 1)
    assert "strict: some records or events were set aside" in error


def test_a_line_that_is_no_message_is_one_clear_line(command, tmp_path):
    (tmp_path / "records.jsonl").write_text(lines(order()).split("\n", 3)[3])
    code, out, error = command("estimate", "--input", "records.jsonl")
    assert (code, out) == (1, "")
    assert error.splitlines()[-1].startswith("target-segment: ")
    assert "orders" in error.splitlines()[-1]
