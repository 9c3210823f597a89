"""`estimate`: what the input would tell, counted: events by name, the people Segment would bill, requests.

Nothing is told, written or remembered: it is a run whose outlet counts (`delivery/counting.py`), over a copy of the ledger.
"""

from typing import IO, Any

import click
import msgspec

from target_segment.commands.given import Given, takes_settings
from target_segment.delivery.counting import Estimate


@click.command(
    epilog="\b\nExample:\n  tap-commerce --config shop.json | target-segment estimate --config segment.json"
)
@takes_settings
@click.option(
    "--input", "lines", type=click.File("r"), help="A path to read messages from instead of from standard in."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(given: Given, lines: IO[str] | None, as_json: bool) -> int:
    """Count what the input would tell.

    Events by name, identities and requests, of the Singer records on standard input. Nothing is told, written or remembered.
    """
    # The SDK costs most of a second, which `--help` need not pay.
    from target_segment.singer.target import singer_command  # noqa: PLC0415

    singer_command()  # sets up logging, as for a run
    code, counts = estimate(given.config, lines, environment=given.environment)
    click.echo(msgspec.json.encode(counts).decode() if as_json else table(counts))
    return code


def estimate(
    config: dict[str, Any], lines: IO[str] | None = None, *, environment: bool = False
) -> tuple[int, dict[str, Any]]:
    """Read the input to its end; return the exit code of that and what it would tell."""
    from target_segment.singer.target import TargetSegment, foreseen  # noqa: PLC0415  # see above

    counted = Estimate()
    with foreseen():
        target = TargetSegment(config=config, parse_env_config=environment, outlet=counted)
        code = target.run(lines)
    return code, counted.counts(target.settings["max_events_per_second"])


def table(counts: dict[str, Any]) -> str:
    """Return the counts as lines for a person."""
    rows = [
        *counts["events"].items(),
        ("events in all (Segment counts each as an API call)", counts["events_total"]),
    ]
    rows.append(("identities (Segment bills each in the month it is told of)", counts["identities"]))
    rows.append(("requests to Segment", counts["requests"]))
    if counts["seconds"] is not None:
        rows.append(("seconds at least, by max_events_per_second", counts["seconds"]))
    said = [(name, f"{count:,}") for name, count in rows]
    width, digits = max(len(name) for name, _ in said), max(len(count) for _, count in said)
    return "\n".join(f"{name:<{width}}  {count:>{digits}}" for name, count in said)
