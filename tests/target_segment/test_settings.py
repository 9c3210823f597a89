"""A setting's value is read as its kind, also where the environment gave it as text; what does not fit is named."""

import pytest

from target_segment.errors import Misconfigured
from target_segment.settings import Setting, check


def fit(kind, value, **more):
    return check((Setting(name="it", kind=kind, about="It.", **more),), {"it": value})["it"]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("string", "x", "x"),
        ("boolean", True, True), ("boolean", "Yes", True), ("boolean", "0", False),
        ("integer", 3, 3), ("integer", "3", 3), ("integer", 3.0, 3),
        ("number", 3, 3.0), ("number", "0.5", 0.5),
        ("array", "web, pos,", ["web", "pos"]), ("array", ["web", 7], ["web", "7"]),
        ("object", {"a": 1}, {"a": 1}), ("object", '{"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_a_value_is_read_as_its_kind(kind, value, read):
    assert fit(kind, value) == read
    assert type(fit(kind, value)) is type(read)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("string", 7, "7"),
        ("boolean", "maybe", "'maybe'"), ("boolean", 1, "1"),
        ("integer", "x", "'x'"), ("integer", [], "[]"),
        ("number", True, "True"), ("number", "1e400", "inf"),
        ("array", 7, "7"),
        ("object", "[1]", "[1]"), ("object", "{", "'{'"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_is_shown(kind, value, shown):
    with pytest.raises(Misconfigured) as refused:
        fit(kind, value)
    assert str(refused.value) == f"setting `it`: {shown} is not of type {kind}"


@pytest.mark.parametrize(
    ("kind", "value", "bounds", "says"),
    [
        ("string", "c", {"choices": ("a", "b")}, "'c' is none of a, b"),
        ("array", "a,c", {"items": ("a", "b")}, "'c' is none of a, b"),
        ("integer", 0, {"least": 1}, "0 is less than 1"),
    ],
)
def test_what_is_out_of_bounds_is_told_the_bounds(kind, value, bounds, says):
    with pytest.raises(Misconfigured) as refused:
        fit(kind, value, **bounds)
    assert str(refused.value) == f"setting `it`: {says}"


def test_a_secret_is_not_shown():
    with pytest.raises(Misconfigured) as refused:
        fit("string", 4711, secret=True)
    assert str(refused.value) == "setting `it`: the value is not of type string"


@pytest.mark.parametrize("empty", [None, ""])
def test_what_is_empty_is_not_said(empty):
    assert fit("integer", empty, default=3) == 3
    with pytest.raises(Misconfigured, match=r"^setting `it` is missing: It\.$"):
        fit("integer", empty, required=True)
