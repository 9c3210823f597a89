"""A run, wired once for the program and the tests alike: settings → ledger, outlet, pipeline; how it begins and ends.

A change by hand begins and ends here as well: the ledger is opened for it only while nothing is under way.
"""

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from target_segment import config
from target_segment.deciding.decider import Decider, switched_on
from target_segment.delivery.courier import Courier, check_write_key, segment_source
from target_segment.delivery.dry_run import DryRun
from target_segment.delivery.outlet import Outlet
from target_segment.errors import LedgerError
from target_segment.hooks import Hooks
from target_segment.identity import resolver
from target_segment.ledger import copied, opened
from target_segment.ledger.ledger import Ledger
from target_segment.pipeline import Pipeline, Stages
from target_segment.remembered import Scope, Watch
from target_segment.stages.checkpoints import Checkpoints
from target_segment.stages.chunks import CHUNK_RECORDS, Chunks
from target_segment.stages.deciders import Deciders
from target_segment.stages.dispatch import Dispatch
from target_segment.stages.lookup import Lookup, Watches
from target_segment.stages.second_process import SecondProcess
from target_segment.stages.writer import Writer


class Run:
    """One run: `begin` opens the ledger and finishes what the last one left, `pipeline` takes what is read, `end` closes."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        decider: Decider,
        hooks: Hooks,
        *,
        outlet: Outlet | None = None,
        start_process: Callable[[Mapping[str, Any], str], SecondProcess] = SecondProcess,
        chunk_records: int = CHUNK_RECORDS,
    ) -> None:
        """Take settings as `config.checked` returns them; without an outlet the setting `mode` chooses one."""
        self.settings, self._decider, self._hooks = settings, decider, hooks
        self._start_process, self._chunk_records = start_process, chunk_records
        self._source = segment_source(settings)
        self._outlet = outlet
        self._ledger: Ledger | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._stages: Stages | None = None
        self._pipeline: Pipeline | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The straight way, once the run has begun."""
        if self._pipeline is None:
            raise LedgerError("the run has not begun: its ledger is not open")
        return self._pipeline

    @property
    def has_begun(self) -> bool:
        """Say whether there is a pipeline."""
        return self._pipeline is not None

    @property
    def set_aside(self) -> int:
        """How many records and events could not be told."""
        counts = self.pipeline.counts
        return counts["malformed"] + counts["rejected"]

    def begin(self) -> None:
        """Open the ledger, check the key and finish what the outbox holds, before a line is read."""
        if self._pipeline:
            return
        os.umask(0o077)
        settings, mode = self.settings, self.settings["mode"]
        ledger = self._ledger = self._opened()
        if mode == "baseline" and not ledger.outbox_is_empty():
            raise LedgerError(
                "a baseline cannot begin while events are intended and not yet told: run once with mode=send"
            )
        outlet = self._outlet = self._outlet or self._chosen()
        self._hooks.info(
            f"telling {outlet.where} as source {self._source} (mode {mode}, ledger {settings['ledger']})"
        )
        if mode == "send":
            check_write_key(settings, self._hooks.warn)
        ledger.begin(mode)
        hooks = self._hooks if outlet.tells else replace(self._hooks, print_state=_unsaid)
        self._stages = self._wired(ledger, outlet, hooks)
        self._pipeline = Pipeline(self._stages, self._decider.streams, hooks)
        if mode == "send":
            self._pipeline.resume(hold_uncertain=settings["hold_uncertain"])

    def end(self, outcome: str) -> None:
        """Let what is under way land, write what the run did, and say it in one line unless it failed."""
        pipeline, stages, ledger, outlet = self._pipeline, self._stages, self._ledger, self._outlet
        if pipeline and stages and ledger and outlet:
            pipeline.close()
            counts = _counts(pipeline, stages.dispatch.waited)
            if outcome != "failed":
                self._hooks.info(summary(counts, outlet.verb))
            with contextlib.suppress(Exception):
                ledger.end(outcome, counts)
        self.close()

    def close(self) -> None:
        """Let go of everything: what was intended stays in the outbox."""
        if self._pipeline:
            self._pipeline.close()
        if self._ledger:
            self._ledger.close()
            self._ledger = None
        if self._outlet:
            self._outlet.close()
        if self._copy:
            self._copy.cleanup()

    def _chosen(self) -> Outlet:
        if self.settings["mode"] == "dry_run":
            return DryRun(self.settings["dry_run_file"])
        return Courier(self.settings, version=_version(), sleep=self._hooks.sleep, warn=self._hooks.warn)

    def _opened(self) -> Ledger:
        """Open the ledger; a copy of it for a dry run, which changes nothing."""
        path, seconds = self.settings["ledger"], self.settings["lock_wait_seconds"]
        if self.settings["mode"] == "dry_run":
            self._copy = tempfile.TemporaryDirectory(prefix="target-segment-")
            copy = str(Path(self._copy.name) / "ledger.duckdb")
            if Path(path).exists():
                copied(path, copy, wait_seconds=seconds)
            path = copy
        return opened(path, self._source, wait_seconds=seconds, now=self._hooks.now)

    def _wired(self, ledger: Ledger, outlet: Outlet, hooks: Hooks) -> Stages:
        settings, decider, streams = self.settings, self._decider, self._decider.streams
        writer, checkpoints = Writer(ledger, hooks), Checkpoints()
        start = partial(self._start_process, settings, self._source) if settings["second_process"] else None
        return Stages(
            chunks=Chunks(
                config.fingerprint(self._source, settings),
                hooks,
                labels=streams.table,
                second_labels=streams.second_labels,
                most_records=self._chunk_records,
            ),
            lookup=Lookup(writer, resolver(settings), streams, self._watches(ledger)),
            deciders=Deciders(decider, writer, hooks, start),
            writer=writer,
            dispatch=Dispatch(
                outlet,
                writer,
                checkpoints,
                hooks,
                concurrency=settings["concurrency"],
                accepted=ledger.has_receipts(),
            ),
            checkpoints=checkpoints,
        )

    def _watches(self, ledger: Ledger) -> Watches:
        """Return what says since when the transitions of a shop are told; what the settings say of it is read once for all shops."""
        settings = self.settings
        named, on, since = bool(settings["segment_source"]), switched_on(settings), config.since(settings)
        conditions = config.conditions(settings) | self._decider.streams.conditions

        def watched(scope: Scope, read_at: datetime) -> dict[str, Watch]:
            ledger.expect_source(scope, named=named)
            return ledger.since(scope, read_at, on, conditions, since)

        return watched


@contextlib.contextmanager
def by_hand(settings: Mapping[str, Any]) -> Iterator[Ledger]:
    """Open the ledger for a change by hand; raise `LedgerError` while something is under way."""
    ledger = opened(settings["ledger"], segment_source(settings), wait_seconds=settings["lock_wait_seconds"])
    try:
        if not ledger.outbox_is_empty():
            raise LedgerError("some events are intended and not yet told: run once with mode=send before")
        yield ledger
    finally:
        ledger.close()


def _unsaid(_: str) -> None:
    """Print no STATE: a bookmark would move past what was never told."""


def _version() -> str:
    try:
        return version("commerce-segment")
    except PackageNotFoundError:
        return "0"


def _counts(pipeline: Pipeline, waited: float) -> dict[str, Any]:
    by_transition: dict[str, dict[str, int]] = {}
    for (name, fate), count in sorted(pipeline.tally.items()):
        by_transition.setdefault(name, {})[fate] = count
    return {
        "records": pipeline.counts["records"],
        "unchanged": pipeline.counts["unchanged"],
        "told": sum(pipeline.told.values()),
        "refused": pipeline.counts["malformed"] + pipeline.counts["rejected"],
        "waited": waited,
        "counts": {"told": dict(sorted(pipeline.told.items())), "transitions": by_transition},
    }


def summary(counts: Mapping[str, Any], verb: str = "told") -> str:
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
