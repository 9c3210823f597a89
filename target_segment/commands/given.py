"""What a command is given: its settings, from the files of `--config`, the environment and `.env`, without the SDK.

They are read as the Singer SDK reads them (files in their order, the later ones win; the environment above them, `.env` below it, if `ENV`
is among the files). Only where nothing is named, which tells the Singer target nothing, a command reads the environment.
"""

import functools
import json
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import click
from dotenv import find_dotenv, load_dotenv

from target_segment.config import SETTINGS, checked, unknown
from target_segment.deciding.decider import Decider
from target_segment.delivery.courier import segment_source
from target_segment.errors import Misconfigured
from target_segment.settings import Setting

PREFIX = "TARGET_SEGMENT_"
ENVIRONMENT = "ENV"
"""Said instead of a file."""
_TRUE = frozenset({"true", "1", "yes", "on"})


class Given(NamedTuple):
    """What the files say, and whether the environment is asked as well."""

    config: dict[str, Any]
    environment: bool

    def settings(self) -> dict[str, Any]:
        """Return every setting as a run would take it; raise `Misconfigured`, `TemplateError`."""
        config = self.config | environment() if self.environment else self.config
        settings = checked(config)
        for name in unknown(config):
            click.echo(f"target-segment: the setting {name} is unknown and ignored", err=True)
        Decider(settings, segment_source(settings))  # refuses templates and mappings that no run would take
        return settings


def takes_settings(run: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take `--config`, before its name or after it, and hand it what that is as `given`."""

    @click.option(
        "--config",
        multiple=True,
        metavar="FILE|ENV",
        help="A file of settings, or ENV for the variables TARGET_SEGMENT_* and `.env`, which are also read if nothing is named. "
        "May be said several times.",
    )
    @click.pass_context
    @functools.wraps(run)
    def command(context: click.Context, /, config: Sequence[str], **options: Any) -> Any:
        return run(given=read([*(context.obj or ()), *config]), **options)

    return command


def read(named: Sequence[str]) -> Given:
    """Return what `--config` names; raise `Misconfigured` for what is no JSON object."""
    config: dict[str, Any] = {}
    for name in named:
        if name != ENVIRONMENT:
            config |= _object(name, named)
    return Given(config, environment=not named or ENVIRONMENT in named)


def environment() -> dict[str, Any]:
    """Return the settings that the environment says, or `.env` where the environment does not."""
    load_dotenv(find_dotenv(usecwd=True))
    return {
        setting.name: _said(setting, os.environ[name])
        for setting in SETTINGS
        if (name := PREFIX + setting.name.upper()) in os.environ
    }


def _said(setting: Setting, text: str) -> Any:
    """Return what a variable says, as the SDK takes it; `settings.check` does the rest."""
    match setting.kind:
        case "integer":
            reads: Callable[[str], Any] = int
        case "object":
            reads = _exactly
        case "boolean":
            return text.lower() in _TRUE
        case "array":
            return _words(text)
        case _:
            return text
    try:
        return reads(text)
    except ValueError as error:
        shown = "the value" if setting.secret else repr(text)
        raise Misconfigured(f"setting `{setting.name}`: {shown} is not of type {setting.kind}") from error


def _words(text: str) -> Any:
    try:
        return _exactly(text)
    except ValueError:
        return text.split(",")


def _object(name: str, named: Sequence[str]) -> dict[str, Any]:
    path = Path(name)
    if not path.exists():
        raise FileNotFoundError(f"File at '{name}' was not found.")
    try:
        said: dict[str, Any] = {} | _exactly(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(
            f"--config: {', '.join(named)} is no file that holds a JSON object: {error}"
        ) from error
    return said


def _exactly(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")
