"""What ships the two programs agrees with what they are: settings, pins, commands, the example of `.env`."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tap_commerce.tap import TapCommerce
from target_segment.cli import COMMANDS
from target_segment.singer.target import TargetSegment

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"tap-commerce": TapCommerce, "target-segment": TargetSegment}
BUILT_IN = re.compile(r"stream_map|flattening_|faker_config|batch_config")
KINDS = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def meltano():
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    return {each["name"]: each for each in (*plugins["extractors"], *plugins["loaders"])}


def settings(program):
    """A program's own settings, without what the SDK adds to every tap and target."""
    properties = PROGRAMS[program].config_jsonschema["properties"]
    return {name: shape for name, shape in properties.items() if not BUILT_IN.match(name)}


@pytest.mark.parametrize("program", PROGRAMS)
def test_meltano_knows_every_setting_and_no_other(program):
    assert [each["name"] for each in meltano()[program]["settings"]] == list(settings(program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_meltano_keeps_every_secret(program):
    """A secret that Meltano does not know as one is shown by `meltano config`."""
    told = {each["name"] for each in meltano()[program]["settings"] if each.get("sensitive")}
    assert told == {name for name, shape in settings(program).items() if shape.get("secret")}
    assert told


@pytest.mark.parametrize("program", PROGRAMS)
def test_meltano_knows_the_kind_and_the_choices_of_every_setting(program):
    for each in meltano()[program]["settings"]:
        shape = settings(program)[each["name"]]
        kinds = [
            kind
            for kind in ([shape["type"]] if isinstance(shape["type"], str) else shape["type"])
            if kind != "null"
        ]
        kind = next((kind for kind in kinds if kind != "string"), "string")
        choices = [
            value for value in shape.get("enum") or shape.get("allowed_values") or () if value is not None
        ]
        wanted = (
            "options" if choices else "date_iso8601" if shape.get("format") == "date-time" else KINDS[kind]
        )
        assert (each["name"], each["kind"]) == (each["name"], wanted)
        assert [option["value"] for option in each.get("options", ())] == choices


def test_meltano_knows_every_command_and_hands_it_the_environment():
    assert {name: each["args"] for name, each in meltano()["target-segment"]["commands"].items()} == {
        name: f"--config ENV {name}" for name in COMMANDS
    }


def test_the_documents_name_every_command():
    text = (ROOT / "docs" / "running.md").read_text()
    assert set(COMMANDS) <= set(re.findall(r"^\| `(\w+)` \| [a-z]", text, re.MULTILINE))


def test_the_example_of_dotenv_names_settings_that_exist():
    named = re.findall(
        r"^#?(TAP_COMMERCE|TARGET_SEGMENT)_(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    assert len(named) >= 8
    for prefix, name in named:
        assert name.lower() in settings(prefix.lower().replace("_", "-")), f"{prefix}_{name}"


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    )
    pins = {canonicalize_name(name): version for name, version in pinned.items()}
    optional = project()["optional-dependencies"]
    for text in (*project()["dependencies"], *optional["sandbox"], *optional["dev"]):
        needed = Requirement(text)
        if needed.name != project()["name"]:
            assert pins[canonicalize_name(needed.name)] in needed.specifier, text


def test_the_constraints_name_versions_only():
    """No hashes and no hosts: where packages come from is the user's own affair."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.+-]+", line)] == []


def test_the_commands_are_what_the_documents_call():
    assert set(project()["scripts"]) == set(PROGRAMS)


def test_one_distribution_of_backoff_is_installed():
    """`backoff` and `python-backoff` install the same files; the SDK brings the latter."""
    assert version("python-backoff")
    with pytest.raises(ModuleNotFoundError):
        version("backoff")
