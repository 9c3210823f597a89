"""docs/events.md is what `python -m docs.generate` writes, and what it declares is all that is ever said."""

import json

import pytest

from docs.generate import PAGE, SAMPLED, SHAPES, page
from target_segment.events.settings import EVENTS
from target_segment.events.shapes import CustomerSeeds, Product, ProductSeeds
from target_segment.identity import IDENTITY
from target_segment.transitions.table import TABLE

from .cases import CASES, SAMPLES, case

TRIMMED = {"products_truncated", "products_total_count"}


def test_the_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.generate"


def test_every_transition_is_on_the_page():
    assert set(SHAPES) == set(SAMPLED) == set(TABLE) - {"alias"}


@pytest.mark.parametrize("setting", [each.name for each in (*EVENTS, *IDENTITY)])
def test_every_setting_is_on_the_page(setting):
    assert f"`{setting}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in CASES if not case(name).settings])
def test_a_sample_says_nothing_that_is_not_declared(name):
    calls = json.loads((SAMPLES / name / "events.json").read_text(encoding="utf-8"))
    for news, call in zip(case(name).news, calls, strict=True):
        said = call.get("properties") or call["traits"]
        platform = news.snapshot.platform
        assert (
            set(said) <= names(SHAPES[news.entry.name], platform) | names(CustomerSeeds, platform) | TRIMMED
        )
        for product in said.get("products", []):
            assert set(product) <= names(Product, platform) | names(ProductSeeds, platform)


def names(shape, platform):
    own = {name.replace("platform_", f"{platform}_") for name in shape.__struct_encode_fields__}
    return own | set(shape.__struct_encode_fields__)
