"""From news of another tap's record to the bytes of one Segment call: fields by name, or what a JSONata text makes of them."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET, Raw

from target_segment.batch import Event
from target_segment.errors import Unsendable
from target_segment.events.context import library
from target_segment.events.overrides import expression
from target_segment.events.renderer import Call
from target_segment.events.shapes import ENCODER
from target_segment.events.trimming import LIMIT, trimmed
from target_segment.other_taps.deriving import reach
from target_segment.other_taps.mapping import Content, StreamMapping
from target_segment.snapshots import Foreign
from target_segment.transitions.proofs import News

Render = Callable[[News], Event]


def rendering(mapping: StreamMapping, settings: Mapping[str, Any]) -> Render:
    """Return the function from news to its event; JSONata is compiled now: raise `TemplateError`."""
    content = _content(mapping, int(settings.get("template_timeout_ms") or 1000))
    chosen = settings.get("integrations")
    integrations = Raw(ENCODER.encode(chosen)) if chosen else None
    context: dict[str, Any] = {"library": library()}
    kind, event = ("identify", None) if mapping.identify else ("track", mapping.event)
    if mapping.identify:
        context["active"] = False

    def render(news: News) -> Event:
        person = news.user_id or news.anonymous_id
        if not person:
            raise Unsendable(f"{mapping.label} of {news.subject}: neither a userId nor an anonymousId")
        said = content(news)
        properties, traits = (None, said) if mapping.identify else (said, None)
        body = ENCODER.encode(
            Call(
                kind, news.message_id, news.at, event, news.user_id, news.anonymous_id, properties, traits, context,
                integrations,
            )
        )  # fmt: skip
        if len(body) > LIMIT:
            body = trimmed(body)
        both = news.user_id and news.anonymous_id
        people = (news.user_id or "", news.anonymous_id or "") if both else (person,)
        return Event(
            mapping.label,
            mapping.event,
            news.message_id,
            news.subject,
            person,
            people,
            news.at,
            None,
            None,
            body,
        )

    return render


def _content(mapping: StreamMapping, timeout: int) -> Callable[[News], Any]:
    given = mapping.content
    if isinstance(given, str):
        evaluate = expression(f"streams: {mapping.label}", given, timeout)

        def evaluated(news: News) -> Raw:
            foreign: Foreign = news.snapshot
            document = {"record": foreign.fields, "stream": foreign.stream, "event": mapping.event}
            return evaluate(ENCODER.encode(document), f"{mapping.stream} {foreign.id}")

        return evaluated
    names = _names(given)

    def placed(news: News) -> dict[str, Any]:
        said = {name: reach(news.snapshot.fields, field) for name, field in names.items()}
        return {name: value for name, value in said.items() if value is not None and value is not UNSET}

    return placed


def _names(content: Content) -> dict[str, str]:
    """Return each property's name with its field; a field that lies within an object goes by its own name."""
    if isinstance(content, dict):
        return content
    return {field.rpartition(".")[2]: field for field in content}
