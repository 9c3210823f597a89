"""`retell`: forgets that transitions were told, the way out when a whole run went to the wrong place.

It reads no records and tells nothing: the next run tells again what it reads, under new messageIds.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from target_segment.commands.given import Given, takes_settings
from target_segment.errors import Misconfigured
from target_segment.other_taps.mapping import mappings
from target_segment.run import by_hand
from target_segment.transitions.table import TABLE

ALL = "all"


@click.command(
    epilog="\b\nExample:\n  target-segment retell --config segment.json order_completed order_refunded\n"
    "  target-segment retell --config segment.json all"
)
@takes_settings
@click.argument("transitions", nargs=-1, required=True, metavar="TRANSITION...")
@click.option("--json", "as_json", is_flag=True, help="Print what was forgotten as JSON.")
def command(given: Given, transitions: Sequence[str], as_json: bool) -> None:
    """Forget that transitions were told.

    The next runs tell again what they read of these, or of `all`, under new messageIds.
    """
    settings = given.settings()
    names = named(transitions, settings)
    forgotten = retell(names, settings)
    if as_json:
        click.echo(json.dumps({"transitions": names, "fates_forgotten": forgotten}))
        return
    click.echo(
        f"{forgotten} fates forgotten. Rewind the tap's state to before what you want told again, and check that `since` is early enough."
    )


def named(transitions: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    """Return the transitions that are meant; raise `Misconfigured` for one that there is not."""
    there = [*TABLE, *(mapping.label for mapping in mappings(settings))]
    names = there if list(transitions) == [ALL] else list(transitions)
    if odd := [name for name in names if name not in there]:
        raise Misconfigured(f"retell: there is no transition {odd[0]!r}; there are {', '.join(there)}")
    return names


def retell(transitions: Sequence[str], settings: Mapping[str, Any]) -> int:
    """Forget fates in the ledger, and return how many."""
    with by_hand(settings) as ledger:
        return ledger.retell(transitions)
