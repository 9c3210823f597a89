"""`render`: a user's template beside the default: what each makes of one record, and where they differ.

Nothing is told and nothing is remembered: the ledger is not even opened.
"""

import difflib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click
import msgspec
from msgspec import Raw, Struct

from target_segment.commands.given import Given, takes_settings
from target_segment.errors import Malformed, Misconfigured
from target_segment.events.examples import EXAMPLES
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.identity import about, resolver
from target_segment.snapshots import SHAPES, Snapshot, snapshot
from target_segment.transitions.derivations import derivations
from target_segment.transitions.proofs import AGES_AGO, News
from target_segment.transitions.table import TABLE

_USUAL = {
    "orders": "order_completed",
    "refunds": "order_refunded",
    "fulfillments": "fulfillment_created",
    "customers": "identify",
}
"""The transition that a template is for, if only a record says so."""


@click.command(
    epilog="\b\nExample:\n  target-segment render --config segment.json order_completed.jsonata order.json\n"
    "  target-segment render --config segment.json 'order_completed={\"order_id\": record.id}'"
)
@takes_settings
@click.argument("template")
@click.argument("record", required=False, type=click.File(encoding="utf-8"))
def command(given: Given, template: str, record: IO[str] | None) -> None:
    """Show what a template makes of a record, beside the default.

    TEMPLATE is a file, a JSONata text, or a transition that has one (order_completed=FILE where it must be said); RECORD is a file with a
    record or Singer lines, without which it is the built-in example.
    """
    click.echo(rendering(template, _text_of(record), given.settings()).text(), nl=False)


def _text_of(file: IO[str] | None) -> str | None:
    try:
        return file.read() if file else None
    except UnicodeDecodeError as error:
        raise Misconfigured(f"render: {file and file.name} is no text: {error}") from error


class Rendering(Struct, frozen=True):
    """What a template and the default make of one record, as JSON for a person."""

    transition: str
    record: str
    note: str
    template: str
    default: str

    def text(self) -> str:
        """Show both, and the difference in the order of the alphabet."""
        lines = difflib.unified_diff(
            _sorted(self.default), _sorted(self.template), "default", "template", lineterm=""
        )
        difference = "\n".join(lines) or "None."
        return (
            f"{self.transition} of {self.record}{self.note}\n\n# The template\n{self.template}\n\n"
            f"# The default\n{self.default}\n\n# The difference\n{difference}\n"
        )


def rendering(given: str, record: str | None, settings: Mapping[str, Any]) -> Rendering:
    """Render a template and the default.

    `given` is a transition's name, for its template in the settings; a file or a JSONata text, after `transition=` where
    neither the file's name nor the record says which. `record` is the content of a file: a record, or Singer lines.
    Raise `TemplateError`, `Malformed`, `Misconfigured`, `Unsendable`.
    """
    name, template = _template(given, settings)
    stream, raw = _record(name, record)
    name = name or _USUAL[stream]
    if stream not in TABLE[name].streams:
        raise Misconfigured(
            f"render: {name} is told from {', '.join(TABLE[name].streams)}, and this is one of {stream}"
        )
    news, proven = _news(name, stream, raw, settings)
    note = "" if record else ", the built-in example"
    if not proven:
        note += " (which does not prove it: shown as if it did)"
    plain = {**settings, "templates": {}}
    default = renderer(plain)(news).body
    own = renderer({**plain, "templates": {name: template}})(news).body
    what = f"{type(news.snapshot).__name__.lower()} {news.snapshot.id}"
    return Rendering(name, what, note, _said(own), _said(default))


# --- which template, which record


def _template(given: str, settings: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return for which transition a template is, if that is said, and what the setting `templates` would hold."""
    configured = settings.get("templates") or {}
    if given in TRANSITIONS:
        if given not in configured:
            raise Misconfigured(
                f"render: the setting `templates` has none for {given}: name a file, or a JSONata text"
            )
        return given, configured[given]
    name, separator, text = given.partition("=")
    if separator and name.strip() in TRANSITIONS:
        return name.strip(), _content(text)
    named = [each for each, said in configured.items() if said == given]
    stem = Path(given).stem
    return next(iter(named), stem if stem in TRANSITIONS and _is_path(given) else None), _content(given)


def _is_path(text: str) -> bool:
    return "\n" not in text and Path(text).suffix != ""


def _content(given: str) -> str:
    """Return a file's text whatever its name ends with; `.jsonata` files are read by who compiles them."""
    if not _is_path(given) or Path(given).suffix == ".jsonata":
        return given
    try:
        return Path(given).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Misconfigured(f"render: {given} is no text: {error}") from error
    except (OSError, ValueError):
        # A text with a dot in it, such as a field of the record's.
        return given


class _Line(Struct):
    type: str | None = None
    stream: str | None = None
    record: Raw = Raw()


class _Keys(Struct):
    total_to_date: Any = None
    order_id: Any = None
    line_items: Any = None
    total: Any = None
    completed_at: Any = None


def _record(name: str | None, content: str | None) -> tuple[str, bytes]:
    """Return a record and its stream: the first of the right one, else the built-in example."""
    if content is None:
        if name is None:
            raise Misconfigured(
                "render: for which transition is it? Write its name before it, as in order_completed=mine.jsonata"
            )
        return TRANSITIONS[name], EXAMPLES[TRANSITIONS[name]].encode()
    wanted = TABLE[name].streams if name else tuple(SHAPES)
    found = _lines(content.encode())
    for line in found:
        if line.record and line.stream in wanted:
            return line.stream or "", bytes(line.record)
    if found:
        raise Misconfigured(f"render: among these lines is no RECORD of {', '.join(wanted)}")
    try:
        return _stream(msgspec.json.decode(content, type=_Keys)), content.encode()
    except msgspec.DecodeError as error:
        raise Malformed(f"render: the record is no JSON object, nor Singer lines: {error}") from error


def _lines(content: bytes) -> list[_Line]:
    """Return the RECORD messages of a file of Singer lines."""
    found = []
    for text in content.splitlines():
        try:
            line = msgspec.json.decode(text, type=_Line)
        except msgspec.DecodeError:
            continue
        if line.type == "RECORD":
            found.append(line)
    return found


def _stream(keys: _Keys) -> str:
    """Return the stream of a bare record, by what only its records say."""
    if keys.total_to_date is not None:
        return "refunds"
    if keys.order_id is not None:
        return "fulfillments"
    return (
        "customers"
        if keys.line_items is None and keys.total is None and keys.completed_at is None
        else "orders"
    )


# --- as news


def _news(name: str, stream: str, raw: bytes, settings: Mapping[str, Any]) -> tuple[News, bool]:
    """Return the news of that name that a record is, and whether it proves it."""
    found = snapshot(stream, raw)
    derive = derivations(settings, frozenset(TABLE))[stream]
    proof = derive(found, found.updated_at or found.created_at or AGES_AGO)
    proven = next((each for each in proof.transitions if each.name == name), None)
    customer, order = about(found)
    identity = resolver(settings)(found.platform, found.shop, customer, order)
    news = News(
        entry=TABLE[name],
        message_id="00000000-0000-5000-8000-000000000000",
        subject=proof.subject,
        at=proven.at if proven else proof.instant,
        user_id=identity.user_id,
        anonymous_id=identity.anonymous_id,
        snapshot=found,
        total=proven.total
        if proven and proven.total is not None
        else getattr(found, "total_to_date", Decimal(0)),
        detail=proven.detail if proven and proven.detail else _detail(name, found),
    )
    return news, proven is not None or TABLE[name].identify


def _detail(name: str, found: Snapshot) -> Any:
    """Return the coupon or the line that it would be about."""
    field = TABLE[name].of
    if field is None:
        return None
    if not (parts := getattr(found, field, None)):
        raise Misconfigured(f"render: the record has no {field}, of which {name} tells one")
    return parts[0]


# --- to look at


class _Call(Struct):
    properties: Raw = Raw()
    traits: Raw = Raw()


def _said(body: bytes) -> str:
    call = msgspec.json.decode(body, type=_Call)
    return msgspec.json.format(bytes(call.properties or call.traits), indent=2).decode()


_exactly = msgspec.json.Decoder(float_hook=Decimal).decode
_in_order = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


def _sorted(text: str) -> list[str]:
    return msgspec.json.format(_in_order(_exactly(text)), indent=2).decode().splitlines()
