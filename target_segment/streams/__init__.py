"""Records of any Singer tap, as the setting `streams` maps them: the same memory, the same promises as for a shop's.

Each mapping is a transition of its own; its label is its name in the ledger and the stream that memory keeps it under.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from target_segment.errors import Misconfigured
from target_segment.history import history
from target_segment.identity import Identity, Resolve
from target_segment.memory import Scope
from target_segment.request import Event
from target_segment.snapshots import Content
from target_segment.streams import deriving
from target_segment.streams.deriving import Declared
from target_segment.streams.mapping import STREAMS, Telling, tellings
from target_segment.streams.rendering import rendering
from target_segment.transitions import Entry, Kind, News, Proof

__all__ = ["STREAMS", "Declared", "Streams", "Telling"]


class Streams:
    """The mapped streams: whom a record is about, what it proves, how that reads as an event.

    `table` names their transitions by label; `declared` is what the SCHEMAs said so far. `echoes` are the labels under which a record
    is read again, after the first of its stream.
    """

    def __init__(self, settings: Mapping[str, Any], resolve: Resolve) -> None:
        """Take checked settings; raise `Misconfigured`, `TemplateError`."""
        self._tellings = {telling.label: telling for telling in tellings(settings)}
        self._resolve = resolve
        self._renders = {label: rendering(each, settings) for label, each in self._tellings.items()}
        old = history(settings)
        self._of_history = (
            {label: rendering(each, old[1]) for label, each in self._tellings.items()} if old else {}
        )
        self.declared: dict[str, Declared] = {}
        first = {each.stream: label for label, each in reversed(self._tellings.items())}
        self.echoes = frozenset(self._tellings).difference(first.values())
        self.table = {label: _entry(each) for label, each in self._tellings.items()}
        self.conditions = {label: each.condition for label, each in self._tellings.items()}

    def labels(self, stream: str) -> list[str]:
        """Return the transitions that a stream's records may prove, none if it is not mapped."""
        return [label for label, each in self._tellings.items() if each.stream == stream]

    def said(
        self, stream: str, schema: Mapping[str, Any], keys: Iterable[str], replication: str | None
    ) -> dict[str, Declared]:
        """Return what a SCHEMA says for each of the stream's mappings; raise `Misconfigured` if one does not fit it."""
        properties, declared = schema.get("properties") or {}, Declared(list(keys), replication)
        labels = self.labels(stream)
        for telling in map(self._tellings.__getitem__, labels):
            _expect_fields(telling, properties)
            if not telling.id and not declared.keys:
                raise _wrong(
                    telling, "name the fields of a record's key in `id`: its SCHEMA has no key_properties"
                )
            dated = telling.timestamp or telling.created or declared.replication
            if (telling.once or telling.first) and not dated:
                raise _wrong(
                    telling,
                    "name the field that says when it was in `timestamp`: its SCHEMA has no replication key",
                )
        return dict.fromkeys(labels, declared)

    def scope(self, label: str) -> Scope:
        """Return platform and shop, as the mapping says."""
        telling = self._tellings[label]
        return telling.platform, telling.shop

    def glance(self, label: str, raw: Content) -> tuple[str, Identity]:
        """Return a record's key and whom it is about; raise `Malformed`."""
        telling = self._tellings[label]
        fields = deriving.fields_of(telling, raw)
        return (
            deriving.subject(telling, self.declared[label], fields),
            deriving.identity(telling, fields, self._resolve),
        )

    def proof(self, label: str, raw: Content, who: Identity, read_at: datetime) -> Proof:
        """Return what a record proves; raise `Malformed`."""
        return deriving.proof(self._tellings[label], self.declared[label], raw, who, read_at)

    def render(self, news: News, *, of_history: bool) -> Event:
        """Return the event; raise `Unsendable`, `TemplateError`."""
        return (self._of_history if of_history else self._renders)[news.entry.name](news)


def _entry(telling: Telling) -> Entry:
    return Entry(
        name=telling.label,
        event=telling.event,
        streams=(telling.stream,),
        kind=Kind.ONCE if telling.once else Kind.STATE,
        subject="the record",
        when="as mapped",
        timestamp=telling.timestamp or "the replication key",
        facts=telling.facts,
    )


def _expect_fields(telling: Telling, properties: Mapping[str, Any]) -> None:
    """Raise `Misconfigured` for a field that the SCHEMA does not have: every event would lack it without a word."""
    for field in telling.fields() if properties else ():
        if field not in properties and field.partition(".")[0] not in properties:
            raise _wrong(telling, f"there is no field {field!r}; its SCHEMA has {', '.join(properties)}")


def _wrong(telling: Telling, message: str) -> Misconfigured:
    return Misconfigured(f"setting `streams`: {telling.stream}: {message}")
