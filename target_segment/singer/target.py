"""The SDK's Target: settings, messages and signals → a run; the only place that knows that class.

It decides nothing: what a record implies, and when a STATE may be printed, is the pipeline's.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import IO, Any, ClassVar

import click
import msgspec
from dotenv import find_dotenv, load_dotenv
from singer_sdk import Target
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.mapper import RemoveRecordTransform, StreamMap
from singer_sdk.singerlib.exceptions import SingerError

from target_segment.config import SETTINGS, checked, unknown
from target_segment.deciding.decider import Decider
from target_segment.delivery.courier import segment_source
from target_segment.delivery.outlet import Outlet
from target_segment.errors import Garbled, Misconfigured, ReaderGone, TemplateError, Terminal, Unavailable
from target_segment.hooks import Hooks
from target_segment.pipeline import Pipeline
from target_segment.run import Run
from target_segment.settings import schema
from target_segment.singer.reading import Message, Reader
from target_segment.singer.sinks import SnapshotSink, is_canonical
from target_segment.stages.chunks import CHUNK_RECORDS
from target_segment.stages.second_process import SecondProcess


class TargetSegment(Target):
    """Tells Twilio Segment what a shop's records prove, each thing effectively once."""

    name = "target-segment"
    package_name = "commerce-segment"
    config_jsonschema: ClassVar[dict[str, Any]] = schema(SETTINGS)
    default_sink_class = SnapshotSink
    message_reader_class = Reader
    chunk_records: ClassVar[int] = CHUNK_RECORDS

    def __init__(self, *args: Any, outlet: Outlet | None = None, **kwargs: Any) -> None:
        """Take an outlet instead of the one that the setting `mode` chooses; if it does not tell, the run is a dry one."""
        super().__init__(*args, **kwargs)
        self._outlet = outlet
        if outlet and not outlet.tells:
            self.settings["mode"] = "dry_run"
        # The SDK would drain sinks in threads; the ledger's connection belongs to one.
        self.max_parallelism = 1
        self._signal: int | None = None
        self._stop = threading.Event()
        self._canonical: set[str] = set()
        self._mapped: dict[str, list[str]] = {}
        self._unmapped: Counter[str] = Counter()
        self._run: Run | None = None
        self._pipeline: Pipeline | None = None
        reader = self.message_reader
        if isinstance(reader, Reader):
            reader.begin = self._begin
            reader.stopping = self._stop.is_set
            reader.idle = self._idle

    # --- settings

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        """Read settings from the environment, and from `.env` those it lacks: the SDK would have the file win."""
        load_dotenv(find_dotenv(usecwd=True))
        described = dict(cls.config_jsonschema)
        cls.append_builtin_config(described)
        return parse_environment_config(described, cls._env_var_prefix, dotenv_path=os.devnull)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the files that `--config` names; raise `Misconfigured` for what is no JSON object."""
        try:
            return super().cb_config(ctx, param, value)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, TypeError) as error:
            raise Misconfigured(
                f"--config: {', '.join(value)} is no file that holds a JSON object: {error}"
            ) from error

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Offer stream maps, and none of the SDK's settings for loading tables."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        try:
            self.settings = checked(self.config)
            for name in unknown(self.config):
                self.logger.warning("the setting %s is unknown and ignored", name)
            self._decider = Decider(self.settings, segment_source(self.settings))
        except (Misconfigured, TemplateError) as error:
            if raise_errors:
                raise
            return [str(error)]
        return []

    # --- a run

    def run(self, file_input: IO[str] | None = None) -> int:
        """Read the input to its end and return the exit code."""
        outcome = "failed"
        try:
            self.listen(file_input)
            outcome = "stopped" if self._signal else "done"
        except Garbled:
            if self._run and self._run.has_begun:
                self._run.pipeline.finish()
            raise
        except Unavailable as error:
            if not self._signal:
                raise
            outcome = "stopped"
            self.logger.warning("%s", error)
        finally:
            if self._run:
                self._run.end(outcome)
        if self._signal:
            return 128 + self._signal
        if self._run and self.settings["strict"] and self._run.set_aside:
            self.logger.error(
                "strict: some records or events were set aside, see the ledger's table `refused`"
            )
            return 1
        return 0

    def _begin(self) -> None:
        """Begin the run, before a line is read."""
        if self._run:
            return
        log = self.logger
        hooks = Hooks(
            print_state=_print_state, warn=log.warning, info=log.info, sleep=self._sleep, at=self.at
        )
        self._run = Run(
            self.settings,
            self._decider,
            hooks,
            outlet=self._outlet,
            start_process=self.start_process,
            chunk_records=self.chunk_records,
        )
        self._run.begin()
        self._pipeline = self._run.pipeline

    def at(self, point: str) -> None:
        """Pass a named point: for tests that crash there."""

    def start_process(self, settings: Mapping[str, Any], source: str) -> SecondProcess:
        """Start a second process for a long run."""
        return SecondProcess(settings, source)

    def process_endofpipe(self) -> None:
        """Tell the rest, print the last STATE."""
        super().process_endofpipe()
        if self._pipeline:
            self._pipeline.finish()

    # --- messages

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_schema_message(message_dict)
        stream = message_dict["stream"]
        maps = self.mapper.stream_maps[stream]
        plain = _are_plain(maps)
        if plain and is_canonical(stream, message_dict["schema"]):
            self._canonical.add(stream)
        else:
            self._canonical.discard(stream)
        self._mapped.pop(stream, None)
        for each in maps:
            self._take_schema(each, message_dict, plain=plain)

    def _take_schema(self, mapped: StreamMap, message: dict[str, Any], *, plain: bool) -> None:
        """Look at a SCHEMA as the stream maps leave it: what the setting `streams` says must fit, and what nobody maps may stop the run."""
        stream, keys = mapped.stream_alias, mapped.transformed_key_properties or ()
        if isinstance(mapped, RemoveRecordTransform) or is_canonical(stream, mapped.transformed_schema):
            return
        labels = self._decider.streams.labels(stream)
        if not labels:
            if self.settings["unmapped_streams"] == "stop":
                raise Misconfigured(
                    f"setting `unmapped_streams`: no event is derived from the stream {stream}: deselect it in the tap, map it in `streams`, "
                    "or set `unmapped_streams` to warn"
                )
            return
        if self._pipeline:
            bookmark = next(iter(message.get("bookmark_properties") or ()), None)
            self._pipeline.take_schema(stream, mapped.transformed_schema, keys, bookmark)
        if plain:
            self._mapped[stream] = labels

    def _process_record_message(self, message_dict: Any) -> None:
        message: Message = message_dict
        if message.stream in self._canonical and message.record and self._pipeline:
            self._pipeline.record(message.stream, message.record, message.time_extracted)
            return
        if message.stream in self._mapped and message.record and self._pipeline:
            for label in self._mapped[message.stream]:
                self._pipeline.record(label, message.record, message.time_extracted)
            return
        if message.stream is None or not message.record:
            raise Garbled("a RECORD message has no stream or no record")
        self._time_extracted = message.time_extracted
        if self._pipeline:
            self._pipeline.note_read(len(message.record))
        super()._process_record_message(
            {"type": "RECORD", "stream": message.stream, "record": msgspec.json.decode(message.record)}
        )

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Stop: records in files of their own would go by the stream maps and the order of what is read, and be told by nobody."""
        raise Garbled(
            f"the stream {message_dict.get('stream')} comes in BATCH messages, which are not read: let the tap write records "
            "(take `batch_config` out of its settings)"
        )

    def take(self, stream: str, stream_schema: dict[str, Any], record: msgspec.Raw) -> None:
        """Take a record that came through the SDK's stream maps."""
        if is_canonical(stream, stream_schema) and self._pipeline:
            self._pipeline.record(stream, record, self._time_extracted)
            return
        labels = self._decider.streams.labels(stream)
        if labels and self._pipeline:
            for label in labels:
                self._pipeline.record(label, record, self._time_extracted)
            return
        if not self._unmapped[stream]:
            self.logger.warning("no event is derived from the stream %s: its records are not told", stream)
        self._unmapped[stream] += 1

    def _process_state_message(self, message_dict: Any) -> None:
        message: Message = message_dict
        if not message.value:
            raise Garbled("a STATE message has no value")
        if self._pipeline:
            self._pipeline.state(bytes(message.value).decode())

    def _idle(self) -> None:
        if self._pipeline:
            self._pipeline.idle()

    # --- waiting and stopping

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Set a flag: the run ends between two lines, after what was read is told."""
        if self._signal:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        self._signal = signum
        self._stop.set()

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Unavailable(
                "stopped while waiting for Segment; what was intended stays in the outbox for the next run"
            )

    # --- the command line

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
    ) -> int:
        """Run as a Singer target and return the exit code."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        with foreseen():
            target = cls(
                config=config.config if config else {},
                parse_env_config=config.parse_env if config else False,
            )
            return target.run(file_input)


def _are_plain(maps: Sequence[StreamMap]) -> bool:
    """Say whether the stream maps leave a stream's records as they are."""
    return (
        len(maps) == 1 and type(maps[0]).__name__ == "SameRecordTransform" and not maps[0].flattening_enabled
    )


def _print_state(value: str) -> None:
    """Write a STATE line for whoever keeps it; raise `ReaderGone` if nobody takes it."""
    try:
        sys.stdout.write(f"{value}\n")
        sys.stdout.flush()
    except OSError as error:
        # There is nobody left to write to, not even for the interpreter when it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReaderGone(
            f"the STATE could not be written ({error.strerror}): all before it is told; the next run goes on from the last one kept"
        ) from error


@contextlib.contextmanager
def foreseen() -> Iterator[None]:
    """Let what the SDK refuses, a message or a stream map, be an error of ours."""
    try:
        yield
    except (SingerSDKError, SingerError) as error:
        raise Terminal(str(error)) from error


def singer_command() -> click.Command:
    """Return the SDK's command line of the target; making it sets up logging, as for a run.

    The SDK's own chatter is kept down unless a log level was asked for; ours is little and stays.
    """
    command: click.Command = TargetSegment.cli
    if not any(os.environ.get(name) for name in ("TARGET_SEGMENT_LOGLEVEL", "LOGLEVEL")):
        for handler in logging.getLogger().handlers:
            handler.addFilter(lambda each: each.levelno > logging.INFO or "singer_sdk" not in each.pathname)
    return command
