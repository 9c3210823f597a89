"""`retry`: lets what was rejected be decided anew when it is next read, after a template is mended, say.

It reads no records and tells nothing; what was told stays told.
"""

import json
from collections.abc import Mapping
from typing import Any

import click

from target_segment.commands.given import Given, takes_settings
from target_segment.run import by_hand


@click.command(epilog="\b\nExample:\n  target-segment retry --config segment.json")
@takes_settings
@click.option("--json", "as_json", is_flag=True, help="Print how many they are as JSON.")
def command(given: Given, as_json: bool) -> None:
    """Let what was rejected be decided anew.

    When it is next read: after a template is mended, say.
    """
    count = retry(given.settings())
    if as_json:
        click.echo(json.dumps({"decided_anew": count}))
        return
    click.echo(
        f"{count} rejected transitions will be decided anew when they are next read: rewind the tap's state if that is long ago."
    )


def retry(settings: Mapping[str, Any]) -> int:
    """Take the rejections out of the ledger's memory, and return how many."""
    with by_hand(settings) as ledger:
        return ledger.retry()
