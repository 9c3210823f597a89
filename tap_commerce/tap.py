"""`tap-commerce`: settings to platform to streams; the only place that knows the SDK's Tap.

Whatever goes wrong becomes one line on stderr and a code that is not 0. A signal only sets a flag.
"""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import IO, Any, ClassVar

import click
from dotenv import find_dotenv, load_dotenv
from singer_sdk import Stream, Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import _ConfigInput

from tap_commerce import settings
from tap_commerce.errors import CommerceError, Misconfigured, ReaderGone, Stopped
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms import platform
from tap_commerce.polling import Expected, Polling
from tap_commerce.schemas import STREAMS, schema
from tap_commerce.singer import Writer
from tap_commerce.streams import CommerceStream

log = logging.getLogger("tap_commerce")

NAME = "tap-commerce"
PACKAGE = "commerce-segment"


class Stopping:
    """Remembers that a signal asked for the end."""

    def __init__(self) -> None:
        self.signal = 0

    def watch(self) -> None:
        """Heed the signals that ask for the end."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self)

    def __call__(self, number: int, frame: object) -> None:  # noqa: ARG002
        """Be a signal's handler: the first one is remembered, the next one is none of ours."""
        self.signal = number
        signal.signal(number, signal.SIG_DFL)

    def asked(self) -> bool:
        """Say whether a signal came."""
        return self.signal != 0

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond a signal."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.asked():
                raise Stopped
            time.sleep(min(left, 0.2))


class TapCommerce(Tap):
    """Polls a shop for orders, refunds, fulfillments and customers, in one shape whatever the platform."""

    name = NAME
    package_name = PACKAGE
    config_jsonschema = settings.config_jsonschema()
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.DISCOVER,
        TapCapabilities.STATE,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(
        self, *args: Any, wire: Wire | None = None, catalog: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        self.stopping = Stopping()
        self._wire = wire
        self.writer = Writer()
        selected = None if catalog is None else _selected(catalog)
        super().__init__(*args, message_writer=self.writer, catalog=selected, **kwargs)

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        """Read settings from the environment, and from `.env` those it lacks: the SDK would have the file win."""
        load_dotenv(find_dotenv(usecwd=True))
        described = dict(cls.config_jsonschema)
        cls.append_builtin_config(described)
        return parse_environment_config(described, cls._env_var_prefix, dotenv_path=os.devnull)

    @cached_property
    def polling(self) -> Polling:
        """The polling of this run, which the streams share."""
        return Polling(
            self.config,
            platform=lambda: platform(self.config, self._wired),
            state=self.state,  # type: ignore[arg-type]
            write_state=self._write_state,
            streams=lambda: self.streams,  # type: ignore[arg-type, return-value]
            stopped=self.stopping.asked,
        )

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state over, unless it is not in Singer's shape."""
        bookmarks = state.get("bookmarks") or {}
        if not isinstance(bookmarks, dict) or not all(isinstance(each, dict) for each in bookmarks.values()):
            raise Misconfigured("state: bookmarks must hold an object for each stream")
        super().load_state({**state, "bookmarks": bookmarks})

    def discover_streams(self) -> Sequence[Stream]:
        """Name the streams; they are the same for every platform."""
        return [CommerceStream(self, name, polling=self.polling, writer=self.writer) for name in STREAMS]

    def _write_state(self) -> None:
        self.state_writer.write_state(self.state)
        self.writer.flush()

    def _wired(self) -> Wire:
        if self._wire is not None:
            return self._wire
        config = self.config
        return Wire(
            user_agent=config.get("user_agent") or f"{NAME}/{_version()}",
            bounds=Bounds(config["retry_attempts"], config["retry_seconds"], config["request_timeout"]),
            sleep=self.stopping.sleep,
        )

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = settings.filled(self._config)
        self.append_builtin_config(self.config_jsonschema)
        for name in sorted(self._config.keys() - self.config_jsonschema["properties"].keys()):
            log.warning("the setting %s is unknown and ignored", name)
        if not raise_errors:
            return list(settings.complaints(self._config))
        settings.check(self._config)
        try:
            return super()._validate_config()
        except ConfigValidationError as error:
            raise Misconfigured("; ".join(error.errors)) from error

    def _setup_signal_handlers(self) -> None:
        """Leave them be: `invoke` watches for signals, and the SDK's handlers write from within."""

    def estimate(self, form: str = "table") -> str:
        """Return what a run would cost the shop's API: what the platform can count, times what a row was measured to take."""
        passes = self.polling.expected()
        if form == "json":
            return json.dumps([each._asdict() for each in passes], default=_as_json)
        return "\n".join(map(_expected, passes))

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add this tap's own option to the SDK's."""
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--estimate"],
                is_flag=False,
                flag_value="table",
                type=click.Choice(["table", "json"]),
                help="Say how many rows a run would read and how many questions that takes, and read none of them.",
            )
        )
        return command

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        estimate: str | None = None,
    ) -> None:
        """Run, as the command line asks."""
        if about:
            cls.print_about(about_format)
            return
        given = config or _ConfigInput()
        tap = cls(
            config=given.config,
            state=_read("state", state),
            catalog=_read("catalog", catalog),
            parse_env_config=given.parse_env,
            validate_config=True,
        )
        tap.stopping.watch()
        try:
            if estimate:
                print(tap.estimate(estimate))  # noqa: T201 - it is what was asked for
            else:
                tap.sync_all()
        except Stopped:
            code = 128 + tap.stopping.signal
            name = signal.Signals(tap.stopping.signal).name
            print(f"{NAME}: stopped by {name}; the next run goes on from the last STATE", file=sys.stderr)  # noqa: T201
            raise SystemExit(code) from None
        finally:
            if not isinstance(sys.exc_info()[1], ReaderGone):
                tap.writer.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the command `tap-commerce`; return its exit code."""
    try:
        command = TapCommerce.cli
        _quieten()
        code = command.main(arguments and list(arguments), prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
    except ReaderGone as error:
        # There is nobody left to write to, not even for the interpreter when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail(str(error))
    except click.Abort:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - this is the edge: whatever it is becomes one line
        return _fail(_said(error))
    return int(code or 0)


def _said(error: Exception) -> str:
    """Say in one line what ended the run."""
    said = " ".join(str(error).split())
    match error:
        case CommerceError():
            return str(error)
        case click.ClickException():
            return error.format_message()
        case ValueError() | OSError():
            # Files that the command line names: not there, not readable, not JSON.
            said = said or type(error).__name__
            return f"{said} (is it JSON?)" if isinstance(error, ValueError) else said
        case _:
            log.debug("unexpected", exc_info=error)
            return f"unexpected {type(error).__name__}: {said} (TAP_COMMERCE_LOGLEVEL=DEBUG tells where)"


def _expected(each: Expected) -> str:
    """Write one pass's cost for a person."""
    head = f"{', '.join(each.streams)}, changed since {each.start:%Y-%m-%d %H:%M}Z: "
    per = (
        f"some {each.calls_per_thousand:,.0f} questions for each 1,000"
        if each.calls_per_thousand
        else "unknown"
    )
    if each.rows is None or each.calls is None:
        return f"{head}the platform does not count its {each.of}; {per}"
    return f"{head}{each.rows:,} {each.of}, some {each.calls:,} questions"


def _as_json(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _fail(message: str) -> int:
    print(f"{NAME}: {message}", file=sys.stderr)  # noqa: T201 - the one line
    return 1


def _quieten() -> None:
    """Keep the SDK's own chatter down unless a log level was asked for; ours is little and stays."""
    if not any(os.environ.get(name) for name in ("TAP_COMMERCE_LOGLEVEL", "LOGLEVEL")):
        for name in (NAME, "singer_sdk"):
            logging.getLogger(name).setLevel(logging.WARNING)


def _read(what: str, file: IO[str] | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        found = json.load(file)
    except ValueError as error:
        raise Misconfigured(f"{what}: {getattr(file, 'name', 'the file')} is not JSON: {error}") from None
    if not isinstance(found, Mapping):
        raise Misconfigured(f"{what}: {getattr(file, 'name', 'the file')} must hold an object")
    return dict(found)


def _selected(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a catalog what it selects; what a record looks like is ours to say, however old the catalog is."""
    streams = catalog.get("streams")
    if not isinstance(streams, list) or not all(
        isinstance(each, dict) and "tap_stream_id" in each for each in streams
    ):
        raise Misconfigured(
            "catalog: streams must be a list, each with its tap_stream_id, as --discover prints it"
        )
    return {
        "streams": [
            each | {"schema": schema(STREAMS[each["tap_stream_id"]])}
            for each in streams
            if each["tap_stream_id"] in STREAMS
        ]
    }


def _version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "0"


if __name__ == "__main__":
    sys.exit(main())
