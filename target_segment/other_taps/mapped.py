"""Records of any Singer tap, as the setting `streams` maps them: the same memory, the same promises as for a shop's.

Each mapping is a transition of its own; its label is its name in the ledger and the stream that memory keeps it under.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from target_segment.batch import Event
from target_segment.errors import Misconfigured
from target_segment.events.history import history
from target_segment.identity import Identity, Resolve
from target_segment.other_taps import deriving
from target_segment.other_taps.deriving import StreamKeys
from target_segment.other_taps.mapping import StreamMapping, mappings
from target_segment.other_taps.rendering import rendering
from target_segment.remembered import Scope
from target_segment.snapshots import Content
from target_segment.transitions.proofs import News, Proof
from target_segment.transitions.table import Entry, Kind


class MappedStreams:
    """The mapped streams: whom a record is about, what it proves, how that reads as an event.

    `table` names their transitions by label; `stream_keys` is what the SCHEMAs said so far. `second_labels` are the labels under which a record
    is read again, after the first of its stream.
    """

    def __init__(self, settings: Mapping[str, Any], resolve: Resolve) -> None:
        """Take checked settings; raise `Misconfigured`, `TemplateError`."""
        self._mappings = {mapping.label: mapping for mapping in mappings(settings)}
        self._resolve = resolve
        self._renders = {label: rendering(each, settings) for label, each in self._mappings.items()}
        old = history(settings)
        self._of_history = (
            {label: rendering(each, old[1]) for label, each in self._mappings.items()} if old else {}
        )
        self.stream_keys: dict[str, StreamKeys] = {}
        first = {each.stream: label for label, each in reversed(self._mappings.items())}
        self.second_labels = frozenset(self._mappings).difference(first.values())
        self.table = {label: _entry(each) for label, each in self._mappings.items()}
        self.conditions = {label: each.condition for label, each in self._mappings.items()}

    def labels(self, stream: str) -> list[str]:
        """Return the transitions that a stream's records may prove, none if it is not mapped."""
        return [label for label, each in self._mappings.items() if each.stream == stream]

    def schema_says(
        self, stream: str, schema: Mapping[str, Any], keys: Iterable[str], replication: str | None
    ) -> dict[str, StreamKeys]:
        """Return what a SCHEMA says for each of the stream's mappings; raise `Misconfigured` if one does not fit it."""
        properties, said = schema.get("properties") or {}, StreamKeys(list(keys), replication)
        labels = self.labels(stream)
        for mapping in map(self._mappings.__getitem__, labels):
            _expect_fields(mapping, properties)
            if not mapping.id and not said.keys:
                raise _wrong(
                    mapping, "name the fields of a record's key in `id`: its SCHEMA has no key_properties"
                )
            dated = mapping.timestamp or mapping.created or said.replication
            if (mapping.once or mapping.first) and not dated:
                raise _wrong(
                    mapping,
                    "name the field that says when it was in `timestamp`: its SCHEMA has no replication key",
                )
        return dict.fromkeys(labels, said)

    def reads_otherwise(self, said: Mapping[str, StreamKeys]) -> bool:
        """Say whether a SCHEMA says other than the last one of its stream."""
        return any(self.stream_keys.get(label, each) != each for label, each in said.items())

    def scope(self, label: str) -> Scope:
        """Return platform and shop, as the mapping says."""
        mapping = self._mappings[label]
        return mapping.platform, mapping.shop

    def keys_of(self, label: str, raw: Content) -> tuple[str, Identity]:
        """Return a record's key and whom it is about; raise `Malformed`."""
        mapping = self._mappings[label]
        fields = deriving.fields_of(mapping, raw)
        return (
            deriving.subject(mapping, self.stream_keys[label], fields),
            deriving.identity(mapping, fields, self._resolve),
        )

    def proof(self, label: str, raw: Content, who: Identity, read_at: datetime) -> Proof:
        """Return what a record proves; raise `Malformed`."""
        return deriving.proof(self._mappings[label], self.stream_keys[label], raw, who, read_at)

    def render(self, news: News, *, of_history: bool) -> Event:
        """Return the event; raise `Unsendable`, `TemplateError`."""
        return (self._of_history if of_history else self._renders)[news.entry.name](news)


def _entry(mapping: StreamMapping) -> Entry:
    return Entry(
        name=mapping.label,
        event=mapping.event,
        streams=(mapping.stream,),
        kind=Kind.ONCE if mapping.once else Kind.STATE,
        subject="the record",
        when="as mapped",
        timestamp=mapping.timestamp or "the replication key",
        facts=mapping.facts,
    )


def _expect_fields(mapping: StreamMapping, properties: Mapping[str, Any]) -> None:
    """Raise `Misconfigured` for a field that the SCHEMA does not have: every event would lack it without a word."""
    for field in mapping.fields() if properties else ():
        if field not in properties and field.partition(".")[0] not in properties:
            raise _wrong(mapping, f"there is no field {field!r}; its SCHEMA has {', '.join(properties)}")


def _wrong(mapping: StreamMapping, message: str) -> Misconfigured:
    return Misconfigured(f"setting `streams`: {mapping.stream}: {message}")
