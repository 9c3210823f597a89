"""Settings → pipeline; the only place that knows the SDK's Target, and the only one that turns an error into an exit."""

import atexit
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
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

from target_segment.commands.forget import REGULATIONS, forget, regulation, report
from target_segment.commands.plan import FORMS, PLATFORMS, schemas, tracking_plan
from target_segment.commands.render import rendering
from target_segment.config import SETTINGS, checked
from target_segment.deciding.decider import Decider
from target_segment.delivery.counting import Estimate, table
from target_segment.delivery.courier import segment_source
from target_segment.delivery.outlet import Outlet
from target_segment.errors import Garbled, Misconfigured, ReaderGone, SegmentError, TemplateError, Unavailable
from target_segment.hooks import Hooks
from target_segment.ledger import rewritten
from target_segment.pipeline import Pipeline
from target_segment.run import Run, by_hand
from target_segment.settings import schema
from target_segment.singer.reading import Message, Reader
from target_segment.singer.sinks import SnapshotSink, is_canonical
from target_segment.stages.chunks import CHUNK_RECORDS
from target_segment.stages.second_process import SecondProcess
from target_segment.transitions.table import TABLE

_OF_SDK = (
    "stream_maps",
    "stream_map_config",
    "faker_config",
    "flattening_enabled",
    "flattening_max_depth",
    "flattening_max_key_length",
)
_KNOWN = frozenset(setting.name for setting in SETTINGS).union(_OF_SDK)


class TargetSegment(Target):
    """Tells Twilio Segment what a shop's records prove, each thing effectively once."""

    name = "target-segment"
    package_name = "commerce-segment"
    config_jsonschema: ClassVar[dict[str, Any]] = schema(SETTINGS)
    default_sink_class = SnapshotSink
    message_reader_class = Reader
    chunk_records: ClassVar[int] = CHUNK_RECORDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The SDK would drain sinks in threads; the ledger's connection belongs to one.
        self.max_parallelism = 1
        self._signal: int | None = None
        self._stop = threading.Event()
        self._canonical: set[str] = set()
        self._mapped: dict[str, list[str]] = {}
        self._unmapped: Counter[str] = Counter()
        self.outlet: Outlet | None = None
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
            for name in sorted(self.config.keys() - _KNOWN):
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
        if self._run is None:
            hooks = Hooks(
                print_state=self._print_state,
                warn=self.logger.warning,
                info=self.logger.info,
                sleep=self._sleep,
                at=self.at,
            )
            self._run = Run(
                self.settings,
                self._decider,
                hooks,
                outlet=self.outlet,
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
        plain = (
            len(maps) == 1
            and type(maps[0]).__name__ == "SameRecordTransform"
            and not maps[0].flattening_enabled
        )
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

    def _print_state(self, value: str) -> None:
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
        retell: str | None = None,
        retry: bool = False,
        estimate: str | None = None,
        plan: str | None = None,
        platform: tuple[str, ...] = (),
        render: str | None = None,
        forget: tuple[str, ...] = (),
        regulation: str = REGULATIONS[0],
        record: IO[str] | None = None,
    ) -> None:
        """Run the command line."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        target = cls(
            config=config.config if config else {},
            parse_env_config=config.parse_env if config else False,
            validate_config=True,
        )
        if retell:
            target.retell(retell)
            return
        if retry:
            target.retry()
            return
        if forget:
            target.forget(forget, regulation)
            return
        if plan:
            made = tracking_plan if plan == "segment" else schemas
            click.echo(json.dumps(made(target.settings, platform or PLATFORMS), indent=2, ensure_ascii=False))
            return
        if render:
            click.echo(rendering(render, _text_of(record), target.settings).text(), nl=False)
            return
        if record:
            raise click.UsageError("a record is for --render; records to tell come on standard input")
        code = target.estimate(file_input, estimate) if estimate else target.run(file_input)
        if code:
            sys.exit(code)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add this target's own options to the SDK's."""
        command = super().get_singer_command()
        command.help = (
            "Tell Segment what the Singer records on standard input prove, each thing effectively once."
        )
        command.params += [
            click.Option(
                ["--retell"],
                metavar="TRANSITIONS",
                help="Forget that these transitions (comma-separated, or `all`) were told: the next runs tell again what they read, under new messageIds.",
            ),
            click.Option(
                ["--retry"],
                is_flag=True,
                help="Let what was rejected be decided anew when it is next read: after a template is mended, say.",
            ),
            click.Option(
                ["--estimate"],
                is_flag=False,
                flag_value="table",
                type=click.Choice(["table", "json"]),
                help="Count what the input would tell: events by name, identities, requests. Nothing is told, written or remembered.",
            ),
            click.Option(
                ["--forget"],
                multiple=True,
                metavar="ID",
                help="Forget the person of this userId, anonymousId or e-mail in the ledger, tell nothing of them again, and print the "
                "request by which Segment forgets them, too. May be said several times.",
            ),
            click.Option(
                ["--regulation"],
                type=click.Choice(REGULATIONS),
                default=REGULATIONS[0],
                show_default=True,
                help="With --forget: what Segment is asked to do.",
            ),
            click.Option(
                ["--plan"],
                is_flag=False,
                flag_value=FORMS[0],
                type=click.Choice(FORMS),
                help="Print Segment's tracking plan, or plain JSON Schemas, of the events as configured.",
            ),
            click.Option(
                ["--platform"],
                multiple=True,
                help="With --plan: a platform whose names for ids are in it; all known ones if not given.",
            ),
            click.Option(
                ["--render"],
                metavar="TEMPLATE",
                help="Show what a template (a file, a JSONata text, or a transition that has one; order_completed=FILE where it "
                "must be said) makes of RECORD, a file with a record or Singer lines, beside the default.",
            ),
            click.Argument(["record"], required=False, type=click.File(encoding="utf-8")),
        ]
        return command

    def estimate(self, file_input: IO[str] | None = None, form: str = "table") -> int:
        """Read the input to its end and say what it would tell: nothing is told, written or remembered."""
        self.settings["mode"] = "dry_run"
        self.outlet = counted = Estimate()
        code = self.run(file_input)
        counts = counted.counts(self.settings["max_events_per_second"])
        click.echo(msgspec.json.encode(counts).decode() if form == "json" else table(counts))
        return code

    def retell(self, transitions: str) -> None:
        """Forget receipts: the way out when a whole run went to the wrong place."""
        there = [*TABLE, *self._decider.streams.table]
        names = there if transitions == "all" else [name.strip() for name in transitions.split(",")]
        if unknown := [name for name in names if name not in there]:
            raise Misconfigured(
                f"--retell: there is no transition {unknown[0]!r}; there are {', '.join(there)}"
            )
        with by_hand(self.settings) as ledger:
            forgotten = ledger.retell(names)
        click.echo(
            f"{forgotten} fates forgotten. Rewind the tap's state to before what you want told again, and check that `since` is early enough."
        )

    def retry(self) -> None:
        """Let what was rejected be decided anew."""
        with by_hand(self.settings) as ledger:
            count = ledger.retry()
        click.echo(
            f"{count} rejected transitions will be decided anew when they are next read: rewind the tap's state if that is long ago."
        )

    def forget(self, ids: Sequence[str], kind: str) -> None:
        """Forget people in the ledger; print what Segment is to be asked."""
        with by_hand(self.settings) as ledger:
            forgotten = forget(ledger, ids, self.settings)
        rewritten(self.settings["ledger"])
        click.echo(report(forgotten), err=True)
        body = regulation(kind, forgotten, ids)
        if body:
            click.echo(json.dumps(body, indent=2, ensure_ascii=False))
        else:
            click.echo(
                "Segment forgets by userId only, and there is none: nothing can be asked of it.", err=True
            )


def _text_of(file: IO[str] | None) -> str | None:
    try:
        return file.read() if file else None
    except UnicodeDecodeError as error:
        raise Misconfigured(f"--render: {file and file.name} is no text: {error}") from error


def _quieten() -> None:
    """Keep the SDK's own chatter down unless a log level was asked for; ours is little and stays."""
    if not any(os.environ.get(name) for name in ("TARGET_SEGMENT_LOGLEVEL", "LOGLEVEL")):
        for handler in logging.getLogger().handlers:
            handler.addFilter(lambda each: each.levelno > logging.INFO or "singer_sdk" not in each.pathname)


def main() -> None:
    """Run `target-segment`: one clear line and a non-zero exit for everything that can be foreseen."""
    os.umask(0o077)
    # Records and events go by reference count; the cyclic collector would only walk what lives.
    gc.disable()
    # At the exit it is needed again: DuckDB's binding complains of what is left.
    atexit.register(gc.enable)
    try:
        command = TargetSegment.cli
        _quieten()
        command(standalone_mode=False)
    except (SegmentError, click.ClickException, SingerSDKError, SingerError, FileNotFoundError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        sys.stderr.write(f"target-segment: {' '.join(text.split())}\n")
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
