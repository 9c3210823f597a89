"""The settings of target-segment, declared once: the SDK's JSON Schema, the checks at the start and the docs follow.

An error names the setting and what would be right, never a secret's value.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from target_segment.errors import Misconfigured


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: `kind` is a JSON Schema type; `choices` close it; `items` closes a list's values."""

    name: str
    kind: str
    about: str
    default: Any = None
    choices: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    secret: bool = False
    required: bool = False
    least: float | None = None


def _texts(value: Any) -> list[str]:
    """Return a list of words, also where the environment gave them as one comma-separated text."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return [str(word) for word in value]


_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class _Kind(NamedTuple):
    """What a value of a kind is, and how it is read, also where the environment gave it as text."""

    type: type
    read: Callable[[Any], Any]


_KINDS: Mapping[str, _Kind] = {
    "string": _Kind(str, lambda value: value),
    "boolean": _Kind(bool, lambda value: _TRUTHS[value.lower()] if isinstance(value, str) else value),
    "integer": _Kind(int, lambda value: value if isinstance(value, bool) else int(value)),
    "number": _Kind(float, lambda value: value if isinstance(value, bool) else float(value)),
    "array": _Kind(list, _texts),
    "object": _Kind(dict, lambda value: msgspec.json.decode(value) if isinstance(value, str) else value),
}


def _fit(setting: Setting, value: Any) -> Any:
    """Return `value` as the setting's kind; raise `Misconfigured`."""
    kind = _KINDS[setting.kind]
    try:
        fitted = kind.read(value)
    except (KeyError, ValueError, TypeError, msgspec.DecodeError) as error:
        raise _odd(setting, value) from error
    if not isinstance(fitted, kind.type) or (isinstance(fitted, float) and not isfinite(fitted)):
        raise _odd(setting, fitted)
    _expect_allowed(setting, fitted)
    return fitted


def _expect_allowed(setting: Setting, fitted: Any) -> None:
    """Raise `Misconfigured` for what the setting's `choices`, `items` or `least` exclude."""
    if setting.choices and fitted not in setting.choices:
        raise Misconfigured(
            f"setting `{setting.name}`: {_shown(setting, fitted)} is none of {', '.join(setting.choices)}"
        )
    if setting.items and (odd := [word for word in fitted if word not in setting.items]):
        raise Misconfigured(f"setting `{setting.name}`: {odd[0]!r} is none of {', '.join(setting.items)}")
    if setting.least is not None and fitted < setting.least:
        raise Misconfigured(f"setting `{setting.name}`: {fitted} is less than {setting.least:g}")


def _odd(setting: Setting, value: Any) -> Misconfigured:
    return Misconfigured(f"setting `{setting.name}`: {_shown(setting, value)} is not of type {setting.kind}")


def _shown(setting: Setting, value: Any) -> str:
    return "the value" if setting.secret else repr(value)


def check(table: tuple[Setting, ...], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting of the table with its value or default; raise `Misconfigured` on the first that is wrong."""
    values: dict[str, Any] = {}
    for setting in table:
        value = config.get(setting.name)
        if value is None or value == "":
            if setting.required:
                raise Misconfigured(f"setting `{setting.name}` is missing: {setting.about}")
            values[setting.name] = setting.default
        else:
            values[setting.name] = _fit(setting, value)
    return values


def schema(table: tuple[Setting, ...]) -> dict[str, Any]:
    """Return the JSON Schema that the SDK shows in `--about` and Meltano reads."""
    properties: dict[str, Any] = {}
    for setting in table:
        kinds = [setting.kind] if setting.required else [setting.kind, "null"]
        # Meltano and the environment hand lists, objects and numbers over as text: `check` reads both.
        if setting.kind != "string":
            kinds.append("string")
        shape: dict[str, Any] = {
            "type": kinds,
            "description": setting.about,
            "title": setting.name.replace("_", " ").capitalize(),
        }
        if setting.kind == "array":
            shape["items"] = {"type": "string"}
        if setting.default is not None:
            shape["default"] = setting.default
        if setting.secret:
            shape |= {"secret": True, "writeOnly": True}
        if setting.choices:
            shape["enum"] = [*setting.choices, *([] if setting.required else [None])]
        properties[setting.name] = shape
    return {
        "type": "object",
        "properties": properties,
        "required": [setting.name for setting in table if setting.required],
    }
