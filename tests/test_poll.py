"""The shell pipe that users copy: one run at a time, and a state file that only ever holds whole STATE lines."""

# ruff: noqa: S603, S607  # the tests start what they have just written

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

POLL = Path(__file__).resolve().parent.parent / "bin" / "poll"


class Commands:
    """A tap and a target made of a line of shell each, found before the real ones."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.state = folder / "state" / "state.json"

    def run(self, *, tap="true", target="cat", **env):
        """Run the script with these as tap and target."""
        found = self.folder / "commands"
        found.mkdir(exist_ok=True)
        for name, line in {"tap-commerce": tap, "target-segment": target}.items():
            (found / name).write_text(f"#!/bin/bash\n{line}\n")
            (found / name).chmod(0o755)
        return subprocess.run(
            ["bash", POLL],
            cwd=self.folder,
            env={"PATH": f"{found}:{os.environ['PATH']}", **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )


@pytest.fixture
def commands(tmp_path):
    return Commands(tmp_path)


def test_the_last_whole_state_line_is_kept(commands):
    done = commands.run(tap="printf '%s\\n' '{\"a\": 1}' '{\"a\": 2}'")
    assert (done.returncode, commands.state.read_text()) == (0, '{"a": 2}\n')


def test_a_half_written_last_line_is_not_kept(commands):
    commands.run(tap="printf '%s\\n%s' '{\"a\": 1}' '{\"a\": '")
    assert commands.state.read_text() == '{"a": 1}\n'


def test_a_run_that_prints_no_state_leaves_the_file_alone(commands):
    commands.run(tap="echo '{\"a\": 1}'")
    commands.run(tap="echo '{\"a\": 2}'", target="cat >/dev/null")
    assert commands.state.read_text() == '{"a": 1}\n'


def test_what_was_acknowledged_before_a_failure_is_kept(commands):
    done = commands.run(tap="echo '{\"a\": 1}'; exit 7")
    assert (done.returncode, commands.state.read_text()) == (7, '{"a": 1}\n')


def test_a_failing_target_fails_the_run(commands):
    done = commands.run(tap="true", target="cat; exit 9")
    assert done.returncode == 9
    assert "the target with 9" in done.stderr


def test_the_state_is_handed_to_the_next_run_and_not_to_the_first(commands):
    says = 'printf \'{"arguments": "%s"}\\n\' "$*"'
    commands.run(tap=says)
    assert "--state" not in commands.state.read_text()
    commands.run(tap=says)
    assert "--state state/state.json" in commands.state.read_text()


def test_settings_come_from_a_dotenv_file_where_there_is_one(commands):
    (commands.folder / ".env").write_text("TAP_COMMERCE_SHOP='a shop'\n")
    commands.run(tap='printf \'{"shop": "%s"}\\n\' "$TAP_COMMERCE_SHOP"')
    assert commands.state.read_text() == '{"shop": "a shop"}\n'


def test_two_runs_never_overlap(commands):
    commands.state.parent.mkdir()
    with (commands.state.parent / "state.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = commands.run(tap="echo '{\"a\": 1}'")
    assert done.returncode == 75
    assert not commands.state.exists()


def test_the_state_file_is_its_owners_alone(commands):
    commands.run(tap="echo '{\"a\": 1}'")
    assert commands.state.stat().st_mode & 0o077 == 0


def test_what_the_caller_set_wins_over_the_dotenv_file(commands):
    """`TARGET_SEGMENT_MODE=dry_run bin/poll` must not send."""
    (commands.folder / ".env").write_text("TARGET_SEGMENT_MODE=send\nTARGET_SEGMENT_SINCE=now\n")
    commands.run(
        tap='printf \'{"mode": "%s", "since": "%s"}\\n\' "$TARGET_SEGMENT_MODE" "$TARGET_SEGMENT_SINCE"',
        TARGET_SEGMENT_MODE="dry_run",
    )
    assert commands.state.read_text() == '{"mode": "dry_run", "since": "now"}\n'


def test_the_environment_is_read_after_the_files(commands):
    says = 'printf \'{"arguments": "%s"}\\n\' "$*"'
    commands.run(tap=says, TAP_CONFIG="shop.json")
    assert "--config shop.json --config ENV" in commands.state.read_text()


def test_a_signal_to_the_script_alone_reaches_both_sides_and_their_last_state_is_kept(commands):
    """They end as they are asked to; the script waits for them."""
    asked = 'trap \'echo "{\\"a\\": \\"asked\\"}"; exit 143\' TERM; until [ -e ready ]; do sleep 0.01; done; kill -TERM $PPID; while :; do sleep 0.01; done'
    done = commands.run(tap=asked, target="trap '' TERM; touch ready; cat")
    assert (done.returncode, commands.state.read_text()) == (143, '{"a": "asked"}\n')
    assert "the tap ended with 143, the target with 0" in done.stderr
