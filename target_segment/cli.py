"""The command line: `target-segment` alone is the Singer target, with a word it is an operator's tool.

The only place that turns an error into an exit: one clear line. It imports nothing but the command that is asked for.
"""

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from target_segment.errors import SegmentError

NAME = "target-segment"
COMMANDS = ("estimate", "forget", "plan", "render", "retell", "retry")
"""Each is a file of `commands/`, with a click command named `command`."""


class Program(click.Group):
    """A group of commands that are imported when they are named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments for the Singer target, which reads its own."""
        ctx.meta[NAME] = [*args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return every word."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; raise `UsageError` for a word that is none."""
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:  # a shell completes it
                return None
            near = get_close_matches(cmd_name, COMMANDS, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {cmd_name!r}: {meant}", ctx)
        command: click.Command = import_module(f"target_segment.commands.{cmd_name}").command
        command.name = cmd_name
        return command


@click.command(NAME, cls=Program, invoke_without_command=True, subcommand_metavar="[COMMAND [ARGUMENTS]...]")
@click.option("--version", is_flag=True, help="Display the package version.")
@click.option("--about", is_flag=True, help="Display package metadata and settings.")
@click.option("--format", metavar="[json|markdown]", help="Specify output style for --about.")
@click.option(
    "--config",
    multiple=True,
    metavar="FILE|ENV",
    help="A file of settings, or ENV for the variables TARGET_SEGMENT_* and `.env`. May be said several times.",
)
@click.option("--input", metavar="FILE", help="A path to read messages from instead of from standard in.")
@click.pass_context
def program(ctx: click.Context, /, config: Sequence[str], **of_singer: Any) -> Any:
    """Tell Segment what the Singer records on standard input prove, each thing effectively once.

    With a COMMAND: look at what would be told, or change by hand what was.
    """
    if ctx.invoked_subcommand is None:
        return _singer(ctx.meta[NAME])
    if misplaced := next((name for name, value in of_singer.items() if value), None):
        raise click.UsageError(f"--{misplaced} cannot stand before the command {ctx.invoked_subcommand}", ctx)
    ctx.obj = config
    return None


def _singer(arguments: list[str]) -> Any:
    """Run as a Singer target, whose command line is the SDK's; return its exit code."""
    # The SDK costs most of a second, which no command need pay.
    from target_segment.singer.target import singer_command  # noqa: PLC0415

    return singer_command().main(arguments, prog_name=NAME, standalone_mode=False)


def main() -> None:
    """Run `target-segment`: one clear line and a non-zero exit for everything that can be foreseen."""
    os.umask(0o077)
    # Records and events go by reference count; the cyclic collector would only walk what lives.
    gc.disable()
    # At the exit it is needed again: DuckDB's binding complains of what is left.
    atexit.register(gc.enable)
    try:
        code = program.main(prog_name=NAME, standalone_mode=False)
    except (SegmentError, click.ClickException, FileNotFoundError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        sys.stderr.write(f"{NAME}: {' '.join(text.split())}\n")
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    if code:
        sys.exit(code)
