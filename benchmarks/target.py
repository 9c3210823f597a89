"""The target beside Segment's own Python client: the same events, to the same sink, as whole processes.

The target does more than the client: it parses Singer lines, derives, keeps a ledger and confirms every event in it.
The client is given the finished events. Runs alternate, so that a busy moment of the machine hits both.
"""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks import lines
from benchmarks.measure import Cost, run, table, typical

SENDER = Path(__file__).with_name("reference_sender.py")
GOAL_MIB = 256


def measure(orders: int, rounds: int, reference: Path, target: Path) -> str:
    """Return the comparison for so many orders, each side run so many times, as a table for a person."""
    with tempfile.TemporaryDirectory(prefix="bench-target-") as name, _sink() as sink:
        scratch = Path(name)
        given, events = scratch / "orders.singer", scratch / "events.jsonl"
        with given.open("wb") as out:
            lines.write(orders, out)
        ledger = scratch / "ledger.duckdb"
        ours, theirs, sending = [_tell(target, given, sink, ledger)], [], []
        events.write_bytes(_ask(sink, "/events"))
        count = events.read_bytes().count(b"\n") + 1
        _expect(count, receipts(ledger), "the ledger confirms")
        again = _tell(target, given, sink, ledger)
        _expect(0, _count(sink), "a second run over the same lines told")
        for turn in range(rounds):
            if turn:
                ledger.unlink()
                ours.append(_tell(target, given, sink, ledger))
                _expect(count, _count(sink), "the sink got")
                _expect(count, receipts(ledger), "the ledger confirms")
            said = scratch / "said.json"
            theirs.append(run([reference, SENDER, sink, events], stdout=said))
            sending.append(json.loads(said.read_bytes())["sending"])
            _expect(count, _count(sink), "the sink got")
    us, them = typical(ours), typical(theirs)
    rows = [
        _row("target-segment, Singer lines to ledger", us, count),
        _row("segment-analytics-python, whole process", them, count),
        _row("target-segment, everything already told", again, count),
    ]
    return "\n".join(
        [
            f"{orders:,} orders, {count:,} events, {rounds} runs each, alternating; medians",
            table(("", "wall s", "events/s", "CPU s", "peak MiB"), rows),
            (
                f"whole process: {them.wall / us.wall:.1f} times as fast, {them.cpu / us.cpu:.1f} times less CPU, "
                f"{them.rss / us.rss:.1f} times less memory"
            ),
            (
                f"beside the client's sending alone ({sorted(sending)[len(sending) // 2]:.2f} s, its events already in "
                f"memory): {sorted(sending)[len(sending) // 2] / us.wall:.1f} times as fast"
            ),
            f"every event confirmed in the ledger, none told by a second run; under {GOAL_MIB} MiB: {'yes' if us.rss < GOAL_MIB else 'NO'}",
        ]
    )


def _tell(target: Path, given: Path, sink: str, ledger: Path) -> Cost:
    """Run the target over the lines and return what it cost."""
    config, states = ledger.with_name("segment.json"), ledger.with_name("states.jsonl")
    settings = {
        "write_key": "bench",
        "endpoint": f"{sink}/v1/batch",
        "since": "2000-01-01T00:00:00Z",
        "ledger": str(ledger),
        "max_events_per_second": 0,  # the default spares Segment; here the program is measured, not the pace
    }
    config.write_text(json.dumps(settings))
    cost = run([target, "--config", config], stdin=given, stdout=states)
    if not states.read_bytes().endswith(b"}\n"):
        raise SystemExit("the target printed no STATE line")
    return cost


def receipts(ledger: Path) -> int:
    """Return how many events the ledger says were acknowledged."""
    with duckdb.connect(str(ledger), read_only=True) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM receipts").fetchall()
    return count


def _expect(wanted: int, got: int, what: str) -> None:
    if wanted != got:
        raise SystemExit(f"{what} {got} events, not {wanted}: these runs are not comparable")


def _count(sink: str) -> int:
    return json.loads(_ask(sink, "/count"))["events"]


def _row(name: str, cost: Cost, events: int) -> tuple[str, ...]:
    return name, f"{cost.wall:.2f}", f"{events / cost.wall:,.0f}", f"{cost.cpu:.2f}", f"{cost.rss:.0f}"


@contextmanager
def _sink() -> Iterator[str]:
    """Run the sink in its own process and give its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def _ask(sink: str, path: str) -> bytes:
    with urllib.request.urlopen(f"{sink}{path}") as answer:  # noqa: S310  # a loopback address
        return answer.read()
