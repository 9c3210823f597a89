"""The setting `streams`: what is told of the records of other taps, checked before the first record.

A wrong word in it is one line that names the stream, the word and what would be right.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from target_segment.errors import Misconfigured
from target_segment.settings import Setting

STREAMS: tuple[Setting, ...] = (
    Setting(
        name="streams",
        kind="object",
        about="What is told of the records of other taps, by stream: one mapping or a list of them, see docs/streams.md.",
    ),
    Setting(
        name="unmapped_streams",
        kind="string",
        default="warn",
        choices=("warn", "stop"),
        about="What becomes of a stream from which no event is derived: one warning, or the run stops.",
    ),
)

Content = list[str] | dict[str, str] | str
"""Fields, names with fields, or a JSONata text."""


class StreamMapping(Struct, frozen=True, kw_only=True):
    """What is told of one stream's records: one event, of each record once or whenever its facts change.

    Fields are named as in the record; a dot leads into an object. `label` is the transition's name and where memory keeps it.
    """

    label: str
    stream: str
    event: str
    identify: bool
    once: bool
    first: bool
    content: Content
    facts: tuple[str, ...]
    id: tuple[str, ...] = ()
    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None
    timestamp: str | None = None
    created: str | None = None
    when: dict[str, list[Any]] = {}
    platform: str = "singer"
    shop: str = "singer"

    @property
    def condition(self) -> str:
        """What has to be so for it to be told: another condition is told from when it is first on."""
        return f"{self.timestamp or ''} {self.created or ''} {sorted(self.when.items())}" if self.once else ""

    def fields(self) -> Iterator[str]:
        """Yield every field that it names."""
        yield from self.id
        for field in (self.user_id, self.anonymous_id, self.email, self.timestamp, self.created):
            if field:
                yield field
        yield from self.when
        yield from self.facts
        if isinstance(self.content, dict):
            yield from self.content.values()
        elif isinstance(self.content, list):
            yield from self.content


_TEXTS = ("user_id", "anonymous_id", "email", "timestamp", "created", "platform", "shop")
_WORDS = (
    "event", "identify", "kind", "name", "id", "properties", "traits", "facts", "first", "when", *_TEXTS,
)  # fmt: skip


def mappings(settings: Mapping[str, Any]) -> list[StreamMapping]:
    """Return everything that `streams` maps; raise `Misconfigured`."""
    found: list[StreamMapping] = []
    for stream, given in (settings.get("streams") or {}).items():
        each = given if isinstance(given, list) else [given]
        if not each or not all(isinstance(mapping, dict) for mapping in each):
            raise _wrong(stream, f"{given!r} is neither a mapping nor a list of mappings")
        found += [_mapping(stream, mapping) for mapping in each]
    labels = [mapping.label for mapping in found]
    if twice := [label for label in labels if labels.count(label) > 1]:
        stream, _, name = twice[0].rpartition(".")
        raise _wrong(stream, f"two mappings are called {name!r}: give one of them another `name`")
    return found


def _mapping(stream: str, given: Mapping[str, Any]) -> StreamMapping:
    if unknown := [word for word in given if word not in _WORDS]:
        raise _wrong(stream, f"there is no {unknown[0]!r}; there are {', '.join(_WORDS)}")
    identify = given.get("identify", False)
    if not isinstance(identify, bool):
        raise _wrong(stream, f"`identify` is {identify!r}, neither true nor false")
    event = given.get("event")
    if identify == (event is not None) or (event is not None and not _is_text(event)):
        raise _wrong(stream, "give either `event`, the event's name, or `identify`: true")
    kind = given.get("kind", "state" if identify else "once")
    if kind not in ("once", "state"):
        raise _wrong(stream, f"`kind` is {kind!r}, neither once nor state")
    for word in _TEXTS:
        if word in given and not _is_text(given[word]):
            raise _wrong(stream, f"`{word}` is {given[word]!r}, not a text")
    if not any(given.get(word) for word in ("user_id", "anonymous_id", "email")):
        raise _wrong(
            stream, "name the field that says whom it is about: `user_id`, `anonymous_id` or `email`"
        )
    name = given.get("name", "identify" if identify else kind)
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+", name):
        raise _wrong(stream, f"`name` is {name!r}, not a word")
    first = given.get("first", identify)
    if not isinstance(first, bool):
        raise _wrong(stream, f"`first` is {first!r}, neither true nor false")
    content = _content(stream, given, "traits" if identify else "properties")
    # The ledger keeps what belongs to one key apart by a colon.
    return StreamMapping(
        label=f"{stream.replace(':', '-')}.{name}",
        stream=stream,
        event=event.strip() if event else "identify",
        identify=identify,
        once=kind == "once",
        first=first,
        content=content,
        facts=_facts(stream, given, content) if kind == "state" else (),
        id=_fields(stream, "id", given["id"]) if "id" in given else (),
        when=_when(stream, given.get("when", {})),
        **{word: given[word].strip() for word in _TEXTS if word in given},
    )


def _content(stream: str, given: Mapping[str, Any], word: str) -> Content:
    other = "properties" if word == "traits" else "traits"
    if other in given or word not in given:
        raise _wrong(stream, f"say in `{word}` what is told: a list of fields, names with fields, or JSONata")
    match given[word]:
        case list() as fields if fields and all(map(_is_text, fields)):
            names = [field.rpartition(".")[2] for field in fields]
            if twice := [name for name in names if names.count(name) > 1]:
                raise _wrong(stream, f"`{word}`: two fields are called {twice[0]!r}: give names with fields")
            return fields
        case dict() as names if names and all(_is_text(field) for field in names.values()):
            return names
        case str() as text if text.strip().endswith(".jsonata"):
            try:
                return Path(text.strip()).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise _wrong(stream, f"`{word}`: cannot read {text.strip()}: {error}") from error
        case str() as text if text.strip():
            return text
    raise _wrong(stream, f"`{word}` is neither a list of fields, nor names with fields, nor JSONata")


def _facts(stream: str, given: Mapping[str, Any], content: Content) -> tuple[str, ...]:
    """Return the fields whose change is told: those named, else those told, without those that date the record."""
    if "facts" in given:
        return _fields(stream, "facts", given["facts"])
    if isinstance(content, str):
        raise _wrong(
            stream, "where JSONata says what is told, name in `facts` the fields whose change is told"
        )
    told = content if isinstance(content, list) else list(content.values())
    facts = tuple(dict.fromkeys(each for each in told if each != given.get("timestamp")))
    if not facts:
        raise _wrong(stream, "name in `facts` the fields whose change is told")
    return facts


def _fields(stream: str, word: str, given: Any) -> tuple[str, ...]:
    fields = given if isinstance(given, list) else [given]
    if not fields or not all(map(_is_text, fields)):
        raise _wrong(stream, f"`{word}` is {given!r}, neither a field nor a list of fields")
    return tuple(fields)


def _when(stream: str, given: Any) -> dict[str, list[Any]]:
    if not isinstance(given, dict):
        raise _wrong(stream, f"`when` is {given!r}, not fields with their values")
    return {field: value if isinstance(value, list) else [value] for field, value in given.items()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _wrong(stream: str, message: str) -> Misconfigured:
    return Misconfigured(f"setting `streams`: {stream}: {message}")
