"""Every setting of target-segment in one tuple, and what follows from them before the first record.

Settings are declared in the room that uses them; only those of a run as a whole are declared here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

import msgspec

from target_segment.deciding.filters import FILTERS
from target_segment.delivery.courier import DELIVERY, endpoint
from target_segment.errors import Misconfigured
from target_segment.events.history import HISTORY
from target_segment.events.settings import EVENTS, choices
from target_segment.identity import IDENTITY
from target_segment.other_taps.mapping import STREAMS
from target_segment.settings import Setting, check
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
"""The settings of a run as a whole."""

SETTINGS = DELIVERY + RUNNING + FILTERS + ORDERS + IDENTITY + EVENTS + HISTORY + STREAMS
"""Every setting."""

_OF_SDK = frozenset(
    {
        "stream_maps",
        "stream_map_config",
        "faker_config",
        "flattening_enabled",
        "flattening_max_depth",
        "flattening_max_key_length",
    }
)
"""What the Singer SDK takes beside them."""

_OPERATION = frozenset(setting.name for setting in DELIVERY) | {
    "ledger", "mode", "dry_run_file", "lock_wait_seconds", "second_process", "hold_uncertain", "strict",
    "unmapped_streams",
}  # fmt: skip
"""Settings that do not change what a record implies."""
_DERIVATION = "1"
"""Raised when this program derives other things from the same record, so that records seen before are looked at again."""
_CONDITIONS = {
    "order_completed": ("order_completed_on",),
    "pos_order_placed": ("order_completed_on", "pos_orders"),
    "checkout_started": ("checkout_started_on",),
}
"""The settings that say when a transition is told."""


_NO_DAY = re.compile(r"\d{4}([-/]\d\d)?")
"""A year or a month: pendulum would take its first day."""


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting with its value or default; raise `Misconfigured` on the first that is wrong."""
    settings = check(SETTINGS, config)
    if settings["ledger"] == ":memory:" and settings["mode"] == "send":
        raise Misconfigured("setting `ledger`: a ledger in memory would forget what was told; name a file")
    choices(settings, TABLE)
    endpoint(settings)
    since(settings)
    return settings


def unknown(config: Mapping[str, Any]) -> list[str]:
    """Return the names of settings that nobody knows."""
    return sorted(config.keys() - _OF_SDK - {setting.name for setting in SETTINGS})


def since(settings: Mapping[str, Any]) -> datetime | None:
    """Return the setting `since` as an instant in UTC, None for `now`; raise `Misconfigured`."""
    text = settings["since"]
    if text == "now":
        return None
    import pendulum  # noqa: PLC0415  # 70 ms, which `now` need not pay

    try:
        match pendulum.parse(text.upper(), exact=True):
            case pendulum.DateTime() as instant:
                at = instant.in_timezone("UTC")
                return datetime.combine(at.date(), at.time(), UTC)
            case pendulum.Date() as day if not _NO_DAY.fullmatch(text):
                return datetime.combine(day, time.min, UTC)
    except (ValueError, OverflowError) as error:
        raise _no_instant(text) from error
    # A time, a duration, an interval, or a part of a date.
    raise _no_instant(text)


def _no_instant(text: str) -> Misconfigured:
    return Misconfigured(
        f"setting `since`: {text!r} is neither `now` nor an instant such as 2026-01-01T00:00:00Z"
    )


def conditions(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return under which condition each of the shop's transitions that has one is told: switched on under another, it is new."""
    return {name: " ".join(str(settings[each]) for each in names) for name, names in _CONDITIONS.items()}


def fingerprint(source: str, settings: Mapping[str, Any]) -> bytes:
    """Return what a record's implications depend on besides the record."""
    said = {name: value for name, value in settings.items() if name not in _OPERATION}
    # A baseline looks again at what was seen before: some of it may have lain before `since`.
    return msgspec.json.encode(
        [source, _DERIVATION, settings["mode"] == "baseline", said], order="deterministic"
    )
