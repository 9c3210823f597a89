"""`make demo` with credentials: the same command runs for real (here against a sandbox that it takes for real)."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.demo import Account, Story, report, side_by_side
from sandbox.segment import Segment
from sandbox.shop import START, Shop
from sandbox.shopify import Shopify

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def demo(installed):
    """Run the command with these settings and none from outside, least of all somebody's `.env`."""

    def run(*arguments, **settings):
        foreign = ("TAP_COMMERCE_", "TARGET_SEGMENT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return subprocess.run(  # noqa: S603  # the project's own command
            [sys.executable, "-m", "sandbox.demo", *arguments],
            cwd=ROOT,
            env=kept | installed | {"ENV_FILE": "/dev/null"} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_half_the_credentials_are_an_error(demo):
    """Nobody who meant to run for real is shown a sandbox instead."""
    done = demo(TAP_COMMERCE_API_URL="https://x.myshopify.com")
    assert done.returncode == 2
    assert "TARGET_SEGMENT_WRITE_KEY is not" in done.stderr


def test_with_credentials_the_pipe_runs_once_against_what_they_name(demo, tmp_path):
    shop = Shop(alive=False)
    shop.place_order(2, customer=shop.register())
    shop.rest(120)
    with Shopify(shop) as api, Segment(clock=lambda: shop.now) as segment:
        (tmp_path / "shop.json").write_text(
            json.dumps(
                {
                    "platform": "shopify",
                    "api_url": api.url,
                    "access_token": api.token,
                    "start_date": START.isoformat(),
                }
            )
        )
        (tmp_path / "segment.json").write_text(
            json.dumps(
                {
                    "write_key": "key",
                    "endpoint": segment.endpoint,
                    "since": (START - timedelta(days=1)).isoformat(),
                    "ledger": str(tmp_path / "ledger.duckdb"),
                }
            )
        )
        done = demo(
            TAP_COMMERCE_API_URL=api.url,
            TARGET_SEGMENT_WRITE_KEY="key",
            TARGET_SEGMENT_LEDGER=str(tmp_path / "ledger.duckdb"),
            TAP_CONFIG=str(tmp_path / "shop.json"),
            TARGET_CONFIG=str(tmp_path / "segment.json"),
            STATE=str(tmp_path / "state.json"),
        )
    assert done.returncode == 0, done.stderr
    assert [event["event"] for event in segment.events if event["type"] == "track"] == [
        "Customer Created",
        "Order Completed",
    ]
    assert "Order Completed" in done.stdout
    assert f"The ledger: {tmp_path / 'ledger.duckdb'}" in done.stdout
    assert (tmp_path / "state.json").read_text().startswith('{"bookmarks"')


def test_the_report_sets_runs_side_by_side_and_leaves_out_what_never_was():
    first = Account(
        "first", polled={"orders": 1200}, told={"identify": 1, "Order Completed": 1200}, seconds=1.25
    )
    second = Account("second", polled={"orders": 3}, told={}, known=7)
    lines = report([first, second]).splitlines()
    assert ["orders", "1,200", "3"] in [line.split() for line in lines]
    assert ["identify", "1", "–"] in [line.split() for line in lines]
    assert ["already", "known", "–", "7"] in [line.split() for line in lines]
    assert not [line for line in lines if "set aside" in line]


def test_the_platforms_stand_side_by_side_with_what_each_poll_did():
    story = Story([Account("first poll", polled={"orders": 38}, told={"identify": 40}, calls=9)], 0, 40, 0)
    doubled = story._replace(repeats=2)
    lines = side_by_side({"one": story, "other": doubled}).splitlines()
    assert ["first", "poll", "38", "40", "–", "9", "–", "0.0"] in [line.split() for line in lines]
    assert "  Segment holds 40 events; none came twice" in lines
    assert "  Segment holds 40 events; 2 came twice" in lines


@pytest.mark.parametrize(
    ("account", "code", "repeats", "well"),
    [
        (Account("last", told={}), 0, 0, True),
        (Account("last", told={"identify": 1}), 0, 0, False),
        (Account("last", told={}), 0, 1, False),
        (Account("last", told={}), 1, 0, False),
    ],
)
def test_a_story_went_well_if_its_last_poll_told_nothing_and_nothing_came_twice(account, code, repeats, well):
    assert Story([Account("first", told={"identify": 9}), account], code, 9, repeats).well is well


def test_without_credentials_the_whole_story_of_one_platform_is_told(demo, tmp_path):
    done = demo("--platform", "prestashop", "--folder", str(tmp_path / "sandbox"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A shop on prestashop" in done.stdout
    assert "none came to it twice" in done.stdout
    assert "on other platforms" not in done.stdout
