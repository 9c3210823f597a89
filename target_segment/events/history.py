"""What is so long ago that other destinations are to get it: the age, and the settings by which it is rendered.

The age is that at the reading, so that the same news, read again, is the same bytes.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from target_segment.errors import Misconfigured
from target_segment.settings import Setting

HISTORY: tuple[Setting, ...] = (
    Setting(
        name="history_days",
        kind="number",
        least=0,
        about="Events that are older than so many days when they are read carry `history_integrations`; without it no event does.",
    ),
    Setting(
        name="history_integrations",
        kind="object",
        about="The whole `integrations` object of events older than `history_days`, such as "
        '`{"All": false, "BigQuery": true}`.',
    ),
)


def history(settings: Mapping[str, Any]) -> tuple[timedelta, dict[str, Any]] | None:
    """Return from which age on an event is history, and the settings for those; None where nothing is.

    Raise `Misconfigured` where one of the two settings lacks the other.
    """
    days, integrations = settings["history_days"], settings["history_integrations"]
    if days is None and integrations is None:
        return None
    if days is None or not integrations:
        missing, there = (
            ("history_days", "history_integrations")
            if days is None
            else ("history_integrations", "history_days")
        )
        raise Misconfigured(f"setting `{missing}` is missing: `{there}` says nothing without it")
    # An option of a destination, such as a client id, would switch it on: none goes along.
    placed = {
        place: said
        for place, said in (settings.get("attributes") or {}).items()
        if not place.startswith("integrations.")
    }
    # What is older than there are dates is nothing.
    return timedelta(days=min(days, timedelta.max.days)), {
        **settings,
        "integrations": integrations,
        "attributes": placed,
    }
