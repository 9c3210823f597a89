"""What is measured is the command, not who measures it."""

import sys

import pytest

from benchmarks.measure import run


def test_the_peak_is_the_commands_own_however_large_the_measuring_process_is():
    ballast = bytearray(200 * 1024 * 1024)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert run([sys.executable, "-c", "pass"]).rss < 100


def test_a_command_that_holds_more_shows_more():
    small = run([sys.executable, "-c", "pass"])
    large = run([sys.executable, "-c", "held = b'x' * (100 * 1024 * 1024)"])
    assert large.rss > small.rss + 90


def test_input_and_output_are_files(tmp_path):
    (tmp_path / "in").write_text("hello")
    run([sys.executable, "-c", "print(input().upper())"], stdin=tmp_path / "in", stdout=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "HELLO\n"


def test_a_failing_command_ends_the_benchmark_with_what_it_said():
    with pytest.raises(SystemExit, match="ended with 3:\noh dear"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('oh dear'); sys.exit(3)"])
