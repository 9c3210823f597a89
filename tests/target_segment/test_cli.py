"""The command line: alone it is the Singer target, with a word a command; what is wrong is one clear line and a code."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from target_segment.cli import COMMANDS, main, program
from target_segment.singer.target import TargetSegment
from tests.target_segment.world import SINCE, day, line, order

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {"write_key": "key", "since": SINCE}
ENVIRONMENT = {"TARGET_SEGMENT_WRITE_KEY": "key", "TARGET_SEGMENT_SINCE": SINCE}
SHAPE = {"properties": {"platform": {}, "shop": {}, "id": {}}}
LINES = (
    line(type="SCHEMA", stream="orders", schema=SHAPE, key_properties=["id"])
    + line(type="RECORD", stream="orders", record=order()[1], time_extracted=day(10))
    + line(type="STATE", value={"bookmarks": 1})
)


def program_in(folder, *arguments, said="", python=(), **environment):
    """Start the program in a process of its own; return how it ended."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("TARGET_SEGMENT_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, *(python or ("-c", "from target_segment.cli import main; main()")), *arguments],
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**plain, "PYTHONPATH": str(ROOT), **environment},
    )


# --- which way


def test_a_config_stands_before_the_word_or_after_it(command):
    before = command("plan", config=("--config", "segment.json"))
    after = command("plan", "--config", "segment.json", config=())
    assert before == after
    assert before[0] == 0
    assert json.loads(before[1])["rules"]


def test_of_files_before_and_after_the_word_the_later_win(command, tmp_path):
    (tmp_path / "first.json").write_text(json.dumps({"events": {"order_cancelled": "First"}}))
    (tmp_path / "last.json").write_text(json.dumps({"events": {"order_cancelled": "Last"}}))
    named = ("--config", "segment.json", "--config", "last.json")
    _, out, _ = command("plan", "--config", "first.json", config=named)
    assert '"First"' in out
    _, out, _ = command(
        "plan", "--config", "last.json", config=("--config=segment.json", "--config=first.json")
    )
    assert '"Last"' in out


def test_a_word_that_is_no_command_is_answered_with_the_nearest(command):
    code, out, error = command("forgte", "7")
    assert (code, out) == (1, "")
    assert error == "target-segment: there is no command 'forgte': did you mean forget?\n"


def test_a_word_like_none_is_answered_with_all_of_them(command):
    code, _, error = command("orders.jsonl")
    assert code == 1
    assert error == f"target-segment: there is no command 'orders.jsonl': there are {', '.join(COMMANDS)}\n"


@pytest.mark.parametrize("option", ["--about", "--version", "--input=x.jsonl", "--format=json"])
def test_what_is_the_singer_target_s_does_not_stand_before_a_word(command, option):
    code, out, error = command("retry", config=(option,))
    assert (code, out) == (1, "")
    assert error == f"target-segment: {option.partition('=')[0]} cannot stand before the command retry\n"


@pytest.mark.parametrize("option", ["--retell", "--retry", "--estimate", "--forget", "--plan", "--render"])
def test_a_command_is_no_option(command, option):
    code, _, error = command(option)
    assert (code, f"No such option '{option}'" in error) == (1, True)


# --- help


def test_help_lists_the_singer_options_and_the_commands(command):
    code, out, _ = command("--help", config=())
    assert code == 0
    for said in ("--config", "--about", "--format", "--input", "--version", *COMMANDS):
        assert f"  {said}" in out


def test_the_options_of_the_singer_target_are_the_sdk_s():
    """They are declared twice, so that a command need not import the SDK: whoever adds one there must add it here."""

    def options(command):
        return {
            (*option.opts, option.is_flag, option.multiple)
            for option in command.params
            if isinstance(option, click.Option)
        }

    theirs = TargetSegment.get_singer_command()
    assert {each[0] for each in options(program)} == {each[0] for each in options(theirs)}
    assert {(each[0], *each[-2:]) for each in options(program)} == {
        (each[0], *each[-2:]) for each in options(theirs)
    }


@pytest.mark.parametrize("word", COMMANDS)
def test_the_help_of_a_command_shows_an_example(command, word):
    code, out, _ = command(word, "--help", config=())
    assert code == 0
    assert out.startswith(f"Usage: target-segment {word} ")
    _, example = out.split("  Example:\n")
    assert "target-segment" in example
    assert f" {word} " in example


def test_every_command_is_a_file_and_every_file_a_command():
    files = {path.stem for path in (ROOT / "target_segment" / "commands").glob("*.py")}
    assert files - {"__init__", "given"} == set(COMMANDS)


# --- the Singer target


def test_without_a_word_it_is_the_singer_target(tmp_path):
    given = {**GIVEN, "mode": "baseline", "ledger": str(tmp_path / "ledger.duckdb")}
    (tmp_path / "segment.json").write_text(json.dumps(given))
    (tmp_path / "lines.jsonl").write_text(LINES)
    piped = program_in(tmp_path, "--config", "segment.json", said=LINES)
    read = program_in(tmp_path, "--config", "segment.json", "--input", "lines.jsonl")
    for ended in (piped, read):
        assert (ended.returncode, json.loads(ended.stdout)) == (0, {"bookmarks": 1}), ended.stderr
        assert "1 records read" in ended.stderr
    version = program_in(tmp_path, "--version")
    assert (version.returncode, version.stdout.startswith("target-segment v")) == (0, True)


def test_without_a_config_the_singer_target_reads_no_environment(tmp_path):
    """The SDK's own rule: ENV has to be said."""
    ended = program_in(tmp_path, said=LINES, **ENVIRONMENT)
    assert ended.returncode == 1
    assert "setting `write_key` is missing" in ended.stderr.splitlines()[-1]


def test_settings_that_are_no_json_object_are_one_clear_line_to_it_too(tmp_path):
    (tmp_path / "segment.json").write_text("{")
    ended = program_in(tmp_path, "--config", "segment.json", said=LINES)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        "target-segment: --config: segment.json is no file that holds a JSON object"
    )


def test_what_the_sdk_refuses_is_one_clear_line(tmp_path):
    (tmp_path / "segment.json").write_text(
        json.dumps({**GIVEN, "mode": "baseline", "stream_maps": {"orders": {"x": "nothing("}}})
    )
    ended = program_in(tmp_path, "--config", "segment.json", said=LINES)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("target-segment: ")
    assert "Traceback" not in ended.stderr


# --- what a start costs


def imported(folder, *arguments):
    """Every module that the program had imported at its end."""
    watched = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from target_segment.cli import main; main()"
    )
    ended = program_in(folder, *arguments, python=("-c", watched), **ENVIRONMENT)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines()[-1].split())


def test_a_command_imports_neither_the_sdk_nor_another_command(tmp_path):
    for word, *arguments in (["plan"], ["render", "order_completed={}"], ["retell", "all"], ["retry"]):
        modules = imported(tmp_path, word, *arguments)
        assert f"target_segment.commands.{word}" in modules
        assert not {each for each in modules if each.split(".")[0] == "singer_sdk"}
        assert not {f"target_segment.commands.{each}" for each in COMMANDS if each != word} & modules


def test_the_singer_target_imports_no_command(tmp_path):
    modules = imported(tmp_path, "--version")
    assert "singer_sdk" in modules
    assert not {each for each in modules if each.startswith("target_segment.commands")}


# --- the process


def test_every_file_is_its_owner_s_alone_and_garbage_lies(private_files, monkeypatch):
    monkeypatch.setattr("sys.argv", ["target-segment", "--help"])
    try:
        main()
        assert not gc.isenabled()
        assert os.umask(0o022) == 0o077
    finally:
        gc.enable()
