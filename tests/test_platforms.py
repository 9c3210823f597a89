"""docs/platforms.md says what was measured: its tables are made anew, its calls counted again, its code is the code."""

import re
from contextlib import closing

import pytest

from benchmarks.polls import TITLES, rows
from docs.platforms import CODE, MELTANO, PAGE, ROOT, meltano, page
from docs.telling import LEFT_OUT, SEEN, told, tracks
from sandbox.dialects import DIALECTS
from tap_commerce.settings import SETTINGS

TEXT = PAGE.read_text(encoding="utf-8")
CALLED = {"shopify": "Shopify", "prestashop": "PrestaShop", "elasticpath": "Elastic Path"}
NEARLY = 0.05
"""How far a figure may be off before the page must be measured anew."""

INSTANTS = {
    "order made": ("orders", "created_at"),
    "order completed": ("orders", "completed_at"),
    "payment authorized, paid": ("orders", "paid_at"),
    "order cancelled": ("orders", "cancelled_at"),
    "money given back": ("refunds", "refunded_at"),
    "goods left": ("fulfillments", "fulfilled_at"),
    "parcel delivered": ("fulfillments", "delivered_at"),
    "customer made": ("customers", "created_at"),
    "order or customer changed": ("customers", "updated_at"),
}
"""The fields whose instants the page says to be kept, or not."""


def table(heading):
    """The table that follows a text: rows of cells, the head first."""
    lines = TEXT.partition(heading)[2].partition("|")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if "---" not in line]


def test_the_page_is_fresh():
    assert page() == TEXT, "run: python -m docs.platforms"


def test_meltano_offers_every_platform():
    assert meltano() == MELTANO.read_text(encoding="utf-8"), "run: python -m docs.platforms"


def test_the_page_shows_code():
    shown = {found["path"] for found in CODE.finditer(TEXT)}
    assert {path.rpartition("/")[2] for path in shown} == {
        "asking.py", "dialect.py", "registered.py", "translating.py",
    }  # fmt: skip


def test_every_missing_event_has_its_reason_and_no_other_has():
    missing = {
        (entry.event, CALLED[platform])
        for entry in tracks()
        for platform in DIALECTS
        if entry.name not in told(platform).events
    }
    reasons = {
        (event, name)
        for event, names, _ in table("Where a mark is missing:")[1:]
        for name in names.split(", ")
    }
    assert reasons == missing


@pytest.mark.parametrize("what", INSTANTS)
def test_an_instant_is_said_to_be_kept_where_it_was_seen(what):
    head, *lines = table("how often you poll.\n")
    stream, field = INSTANTS[what]
    cells = dict(zip(head, next(line for line in lines if line[0] == what), strict=True))
    for platform in DIALECTS:
        kept = SEEN if cells[CALLED[platform]].startswith("kept") else LEFT_OUT
        seen = SEEN if told(platform).fields[stream].get(field) else LEFT_OUT
        assert (platform, kept) == (platform, seen)


def figures(platform):
    """The calls that the page prints for a platform, by what was polled."""
    block = TEXT.partition("<!-- polls -->")[2].partition("<!-- end -->")[0]
    part = re.search(rf"^{platform}\n((?:  .*\n)+)", block, re.MULTILINE)[1]
    found = {}
    for line in part.splitlines():
        name = next(name for name, title in TITLES.items() if line.strip().startswith(title))
        calls, orders, *_ = line.strip().removeprefix(TITLES[name]).replace(",", "").split()
        found[name] = int(calls), int(orders)
    return found


@pytest.mark.parametrize("platform", DIALECTS)
def test_the_calls_on_the_page_are_those_that_are_made(platform):
    """A first reading, an idle poll and a thousand changed orders; the longer rows of the table are left to `make bench`."""
    printed = figures(platform)
    assert printed.keys() == TITLES.keys()
    with closing(rows(platform)) as measuring:
        for name, row in measuring:
            calls, orders = printed[name]
            assert row.calls == pytest.approx(calls, rel=NEARLY, abs=1), name
            assert row.orders == pytest.approx(orders, rel=NEARLY), name
            if name == "changed":
                break


@pytest.mark.parametrize("name", ["first", "idle", "changed"])
def test_what_a_poll_costs_in_short_is_what_it_costs_at_length(name):
    text = (PAGE.parent / "running.md").read_text(encoding="utf-8")
    start = {"first": "first reading", "idle": "a poll that finds", "changed": "1,000 changed"}[name]
    line = next(each for each in text.splitlines() if each.startswith(f"| {start}"))
    said = [int(cell.replace(",", "")) for cell in line.strip("| ").split(" | ")[1:]]
    printed = [figures(platform)[name] for platform in DIALECTS]
    assert said == [round(calls / orders * 1000) if name == "changed" else calls for calls, orders in printed]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_a_setting_that_only_some_platforms_read_names_them(setting):
    reading = {
        CALLED[platform]
        for platform in DIALECTS
        for path in (ROOT / "tap_commerce" / "platforms" / platform).rglob("*.py")
        if f'"{setting.name}"' in path.read_text(encoding="utf-8")
    }
    named = {name for name in CALLED.values() if name in setting.description}
    # What all of them read need not name them, unless it means something else on each.
    assert named == reading or (not named and reading == set(CALLED.values()))
