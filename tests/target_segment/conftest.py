"""The world in which the target's tests happen, and what its tests over real HTTP share."""

import gc
import json
import os

import pytest

from sandbox.segment import Segment
from target_segment.cli import main
from tests.target_segment.world import SINCE, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def private_files():
    """The target makes every file its owner's alone, for good: not for the tests after this one."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, private_files):
    """Run the command as a shell would; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, config=("--config", "segment.json"), **settings):
        told = {"write_key": "key", "since": SINCE, "ledger": str(tmp_path / "ledger.duckdb"), **settings}
        (tmp_path / "segment.json").write_text(json.dumps(told))
        monkeypatch.setattr("sys.argv", ["target-segment", *config, *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        finally:
            gc.enable()
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def segment():
    with Segment({"key"}) as segment:
        yield segment


@pytest.fixture
def config(tmp_path, segment):
    """Settings of a target that tells this Segment; each of its files lies in a folder that it makes."""
    return {
        "write_key": "key",
        "since": SINCE,
        "endpoint": segment.endpoint,
        "ledger": str(tmp_path / "state" / "ledger.duckdb"),
        "dry_run_file": str(tmp_path / "state" / "dry_run.jsonl"),
        "max_events_per_second": 0,
        "max_attempts": 1,
    }
