"""Settings → pipeline; the only place that knows the SDK's Target, and the only one that turns an error into an exit."""

import atexit
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
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

from target_segment.batch import Batch
from target_segment.commands.forget import REGULATIONS, forget, regulation, report
from target_segment.commands.plan import FORMS, PLATFORMS, schemas, tracking_plan
from target_segment.commands.render import rendering
from target_segment.deciding.decider import Decider, switched_on
from target_segment.deciding.filters import FILTERS
from target_segment.delivery.counting import Estimate, table
from target_segment.delivery.courier import DELIVERY, Courier, check_write_key, endpoint, segment_source
from target_segment.errors import (
    Garbled,
    LedgerError,
    Misconfigured,
    ReaderGone,
    SegmentError,
    TemplateError,
    Unavailable,
)
from target_segment.events.history import HISTORY
from target_segment.events.settings import EVENTS, choices
from target_segment.identity import IDENTITY, resolver
from target_segment.ledger.ledger import Ledger, copied, opened, rewritten
from target_segment.other_taps.mapping import STREAMS
from target_segment.pipeline import CHUNK_RECORDS, Pipeline, known_under, since_of
from target_segment.remembered import Scope, Watch
from target_segment.settings import Setting, check, schema
from target_segment.singer.reading import Message, Reader
from target_segment.singer.sinks import SnapshotSink, is_canonical
from target_segment.stages.second_process import SecondProcess
from target_segment.transitions.orders import ORDERS
from target_segment.transitions.table import TABLE

RUNNING: tuple[Setting, ...] = (
    Setting(
        name="since",
        kind="string",
        required=True,
        about="From when on things are told: an instant such as 2026-01-01T00:00:00Z, or `now` for what happens from the first run on. "
        "What lies before is remembered, not told; lower it to backfill.",
    ),
    Setting(
        name="ledger",
        kind="string",
        default="state/ledger.duckdb",
        about="The DuckDB file that remembers everything told.",
    ),
    Setting(
        name="mode",
        kind="string",
        default="send",
        choices=("send", "dry_run", "baseline"),
        about="send; dry_run writes the events to `dry_run_file` and changes nothing; baseline takes all that is read as already told, by another integration or before a ledger was lost.",
    ),
    Setting(
        name="dry_run_file",
        kind="string",
        default="state/dry_run.jsonl",
        about="Where a dry run writes the events it would send, one JSON line each.",
    ),
    Setting(
        name="lock_wait_seconds",
        kind="number",
        default=0,
        least=0,
        about="How long to wait for a ledger that another run holds.",
    ),
    Setting(
        name="second_process",
        kind="boolean",
        default=True,
        about="Whether a long run derives and renders events in a second process, beside the reading, the ledger and the deliveries.",
    ),
    Setting(
        name="hold_uncertain",
        kind="boolean",
        default=False,
        about="Whether events intended more than 20 hours ago and never answered are held back instead of told again: Segment may have accepted and forgotten them.",
    ),
    Setting(
        name="strict",
        kind="boolean",
        default=False,
        about="Whether a run in which something was malformed or rejected ends with a non-zero exit code.",
    ),
)

SETTINGS = DELIVERY + RUNNING + FILTERS + ORDERS + IDENTITY + EVENTS + HISTORY + STREAMS
_OPERATION = frozenset(setting.name for setting in DELIVERY) | {
    "ledger", "mode", "dry_run_file", "lock_wait_seconds", "second_process", "hold_uncertain", "strict",
    "unmapped_streams",
}  # fmt: skip
"""Settings that do not change what a record implies."""
_OF_SDK = (
    "stream_maps",
    "stream_map_config",
    "faker_config",
    "flattening_enabled",
    "flattening_max_depth",
    "flattening_max_key_length",
)
_KNOWN = frozenset(setting.name for setting in SETTINGS).union(_OF_SDK)
_DERIVATION = "1"
"""Raised when this program derives other things from the same record, so that records seen before are looked at again."""
_CONDITIONS = {
    "order_completed": ("order_completed_on",),
    "pos_order_placed": ("order_completed_on", "pos_orders"),
    "checkout_started": ("checkout_started_on",),
}


class DryRun:
    """Takes batches like Segment and writes their events to a file instead."""

    def __init__(self, path: str) -> None:
        self.waited = 0.0
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        self._lock = threading.Lock()

    def deliver(self, batch: Batch) -> datetime:
        """Write a batch's events, one line each."""
        with self._lock:
            self._file.writelines(body + b"\n" for body in batch.bodies())
            self._file.flush()
        return datetime.now(UTC)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


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
        self._ledger: Ledger | None = None
        self._pipeline: Pipeline | None = None
        self._file: DryRun | Estimate | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
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
            self.settings = check(SETTINGS, self.config)
            for name in sorted(self.config.keys() - _KNOWN):
                self.logger.warning("the setting %s is unknown and ignored", name)
            _expect_file(self.settings["ledger"], self.settings["mode"])
            choices(self.settings, TABLE)
            endpoint(self.settings)
            self._since = _since(self.settings["since"])
            self._editor = Decider(self.settings, segment_source(self.settings))
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
            if self._pipeline:
                self._pipeline.finish()
            raise
        except Unavailable as error:
            if not self._signal:
                raise
            outcome = "stopped"
            self.logger.warning("%s", error)
        finally:
            self._end(outcome)
        if self._signal:
            return 128 + self._signal
        pipeline = self._pipeline
        if (
            pipeline
            and self.settings["strict"]
            and pipeline.counts["malformed"] + pipeline.counts["rejected"]
        ):
            self.logger.error(
                "strict: some records or events were set aside, see the ledger's table `refused`"
            )
            return 1
        return 0

    def _begin(self) -> None:
        """Open the ledger, check the key and finish what the outbox holds, before a line is read."""
        if self._pipeline:
            return
        os.umask(0o077)
        settings, mode = self.settings, self.settings["mode"]
        source = segment_source(settings)
        path = settings["ledger"]
        if mode == "dry_run":
            path = self._copied(path)
        self._ledger = opened(path, source, wait_seconds=settings["lock_wait_seconds"])
        if mode == "baseline" and not self._ledger.outbox_is_empty():
            raise LedgerError(
                "a baseline cannot begin while events are intended and not yet told: run once with mode=send"
            )
        where = f"the file {settings['dry_run_file']}" if mode == "dry_run" else endpoint(settings)
        where = "nobody, for an estimate" if self._file else where
        self.logger.info(
            "telling %s as source %s (mode %s, ledger %s)", where, source, mode, settings["ledger"]
        )
        if mode == "send":
            check_write_key(settings, self.logger.warning)
        if mode == "dry_run" and self._file is None:
            self._file = DryRun(settings["dry_run_file"])
        self._ledger.begin(mode)
        self._pipeline = Pipeline(
            ledger=self._ledger,
            courier=self._file
            or Courier(settings, version=_version(), sleep=self._sleep, warn=self.logger.warning),
            editor=self._editor,
            streams=self._editor.streams,
            resolve=resolver(settings),
            watched=lambda scope, read_at: self._watched(source, scope, read_at),
            print_state=self._print_state,
            fingerprint=_fingerprint(source, settings),
            beside=(lambda: self._beside(source)) if settings["second_process"] else None,
            chunk_records=self.chunk_records,
            concurrency=settings["concurrency"],
            hold_uncertain=settings["hold_uncertain"],
            warn=self.logger.warning,
            info=self.logger.info,
            at=self.at,
        )
        if mode == "send":
            self._pipeline.resume()

    def _beside(self, source: str) -> SecondProcess:
        return SecondProcess(self.settings, source)

    def at(self, point: str) -> None:
        """Pass a named point: for tests that crash there."""

    def _watched(self, source: str, scope: Scope, read_at: datetime) -> dict[str, Watch]:
        """Return since when the transitions of a shop are told."""
        ledger, settings = self._ledger, self.settings
        if ledger is None:
            raise LedgerError("the ledger is not open")
        known_under(ledger, scope, source, named=bool(settings["segment_source"]))
        conditions = {
            name: " ".join(str(settings[each]) for each in names) for name, names in _CONDITIONS.items()
        }
        conditions |= self._editor.streams.conditions
        return since_of(ledger, scope, read_at, switched_on(settings), conditions, self._since)

    def _end(self, outcome: str) -> None:
        pipeline, ledger = self._pipeline, self._ledger
        if pipeline:
            pipeline.close()
            if ledger:
                counts = _counts(pipeline)
                if outcome != "failed":
                    verb = "written, not told" if self.settings["mode"] == "dry_run" else "told"
                    verb = "would be told" if isinstance(self._file, Estimate) else verb
                    self.logger.info(_summary(counts, verb))
                with contextlib.suppress(Exception):
                    ledger.end(outcome, counts)
        if ledger:
            ledger.close()
            self._ledger = None
        if self._file:
            self._file.close()
        if self._copy:
            self._copy.cleanup()

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
        labels = self._editor.streams.labels(stream)
        if not labels:
            if self.settings["unmapped_streams"] == "stop":
                raise Misconfigured(
                    f"setting `unmapped_streams`: no event is derived from the stream {stream}: deselect it in the tap, map it in `streams`, "
                    "or set `unmapped_streams` to warn"
                )
            return
        if self._pipeline:
            bookmark = next(iter(message.get("bookmark_properties") or ()), None)
            self._pipeline.declare(stream, mapped.transformed_schema, keys, bookmark)
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
            self._pipeline.passed(len(message.record))
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
        labels = self._editor.streams.labels(stream)
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
        # A dry run's bookmark would move past what was never told.
        if self.settings["mode"] == "dry_run":
            return
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

    def _copied(self, path: str) -> str:
        """Return a copy of the ledger for a dry run, which changes nothing."""
        self._copy = tempfile.TemporaryDirectory(prefix="target-segment-")
        copy = str(Path(self._copy.name) / "ledger.duckdb")
        if Path(path).exists():
            copied(path, copy, wait_seconds=self.settings["lock_wait_seconds"])
        return copy

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
        self._file = counted = Estimate()
        code = self.run(file_input)
        counts = counted.counts(self.settings["max_events_per_second"])
        click.echo(msgspec.json.encode(counts).decode() if form == "json" else table(counts))
        return code

    def retell(self, transitions: str) -> None:
        """Forget receipts: the way out when a whole run went to the wrong place."""
        there = [*TABLE, *self._editor.streams.table]
        names = there if transitions == "all" else [name.strip() for name in transitions.split(",")]
        if unknown := [name for name in names if name not in there]:
            raise Misconfigured(
                f"--retell: there is no transition {unknown[0]!r}; there are {', '.join(there)}"
            )
        with self._settled() as ledger:
            forgotten = ledger.retell(names)
        click.echo(
            f"{forgotten} fates forgotten. Rewind the tap's state to before what you want told again, and check that `since` is early enough."
        )

    def retry(self) -> None:
        """Let what was rejected be decided anew."""
        with self._settled() as ledger:
            count = ledger.retry()
        click.echo(
            f"{count} rejected transitions will be decided anew when they are next read: rewind the tap's state if that is long ago."
        )

    def forget(self, ids: Sequence[str], kind: str) -> None:
        """Forget people in the ledger; print what Segment is to be asked."""
        with self._settled() as ledger:
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

    @contextlib.contextmanager
    def _settled(self) -> Iterator[Ledger]:
        """Open the ledger for a change by hand: nothing may be under way."""
        ledger = opened(
            self.settings["ledger"],
            segment_source(self.settings),
            wait_seconds=self.settings["lock_wait_seconds"],
        )
        try:
            if not ledger.outbox_is_empty():
                raise LedgerError("some events are intended and not yet told: run once with mode=send before")
            yield ledger
        finally:
            ledger.close()


def _text_of(file: IO[str] | None) -> str | None:
    try:
        return file.read() if file else None
    except UnicodeDecodeError as error:
        raise Misconfigured(f"--render: {file and file.name} is no text: {error}") from error


def _expect_file(ledger: str, mode: str) -> None:
    if ledger == ":memory:" and mode == "send":
        raise Misconfigured("setting `ledger`: a ledger in memory would forget what was told; name a file")


def _since(text: str) -> datetime | None:
    """Return `since` as an instant, None for `now`; raise `Misconfigured`."""
    if text == "now":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misconfigured(
            f"setting `since`: {text!r} is neither `now` nor an instant such as 2026-01-01T00:00:00Z"
        ) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _version() -> str:
    try:
        return version("commerce-segment")
    except PackageNotFoundError:
        return "0"


def _fingerprint(source: str, settings: Mapping[str, Any]) -> bytes:
    """Return what a record's implications depend on besides the record."""
    said = {name: value for name, value in settings.items() if name not in _OPERATION}
    # A baseline looks again at what was seen before: some of it may have lain before `since`.
    return msgspec.json.encode(
        [source, _DERIVATION, settings["mode"] == "baseline", said], order="deterministic"
    )


def _counts(pipeline: Pipeline) -> dict[str, Any]:
    by_transition: dict[str, dict[str, int]] = {}
    for (name, fate), count in sorted(pipeline.tally.items()):
        by_transition.setdefault(name, {})[fate] = count
    return {
        "records": pipeline.counts["records"],
        "unchanged": pipeline.counts["unchanged"],
        "told": sum(pipeline.told.values()),
        "refused": pipeline.counts["malformed"] + pipeline.counts["rejected"],
        "waited": pipeline.waited,
        "counts": {"told": dict(sorted(pipeline.told.items())), "transitions": by_transition},
    }


def _summary(counts: Mapping[str, Any], verb: str = "told") -> str:
    """Return the one line that a run ends with."""
    events = ", ".join(f"{count:,} {event}" for event, count in counts["counts"]["told"].items())
    fates: Counter[str] = Counter()
    for each in counts["counts"]["transitions"].values():
        fates.update(each)
    parts = [
        f"{counts['records']:,} records read ({counts['unchanged']:,} unchanged)",
        f"{counts['told']:,} events {verb}" + (f" ({events})" if events else ""),
        f"{fates['already'] + fates['known']:,} already known",
        f"{fates['before']:,} before `since`",
    ]
    parts += [f"{fates[fate]:,} {fate}" for fate in ("filtered", "stale", "forgotten") if fates[fate]]
    if counts["refused"]:
        parts.append(f"{counts['refused']:,} set aside, see the ledger's table `refused`")
    return "; ".join(parts)


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
