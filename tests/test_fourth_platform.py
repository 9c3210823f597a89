"""The worked example of docs/platforms.md is a whole platform: it runs, and it needs nothing changed but the two lists of all platforms."""

import ast
import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from docs.examples.cornershop.dialect import CornerShop
from docs.examples.cornershop.platform import translating
from sandbox.shop import START, Shop

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "cornershop"
SAMPLES = EXAMPLE / "samples"
REGISTERED = "import docs.examples.cornershop.registered; "
ENCODER = msgspec.json.Encoder(decimal_format="number")
FLOORS = ("tap_commerce.errors", "tap_commerce.http", "tap_commerce.platforms", "tap_commerce.records")


def python(*arguments, **env):
    return subprocess.run(  # noqa: S603  # the project's own commands
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)} | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def tap(registered, config, *arguments):
    """Run the real program, with or without the registry line."""
    command = "import sys; from tap_commerce.tap import main; sys.exit(main(sys.argv[1:]))"
    return python("-c", (REGISTERED if registered else "") + command, "--config", str(config), *arguments)


@pytest.fixture
def corner():
    shop = Shop(seed=3, start=START, orders_per_day=10, max_lines=6)
    shop.live(START + timedelta(days=5))
    shop.rest(7200)
    with CornerShop(shop) as serving:
        yield serving


@pytest.fixture
def config(corner, tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(corner.settings | {"shop": "corner", "start_date": "2026-10-01T00:00:00Z"}))
    return path


def test_the_real_tap_reads_it_and_goes_on_where_it_was(corner, config, tmp_path):
    first = tap(True, config)
    assert first.returncode == 0, first.stderr
    said = [json.loads(line) for line in first.stdout.splitlines()]
    found = {(each["stream"], each["record"]["id"]) for each in said if each["type"] == "RECORD"}
    shop = corner.shop
    assert {int(key) for stream, key in found if stream == "orders"} == set(shop.orders)
    assert {int(key) for stream, key in found if stream == "customers"} == set(shop.customers)
    refunds = {refund.id for order in shop.orders.values() for refund in order.refunds}
    assert {int(key) for stream, key in found if stream == "refunds"} == refunds
    parcels = {parcel.id for order in shop.orders.values() for parcel in order.fulfillments}
    assert {int(key) for stream, key in found if stream == "fulfillments"} == parcels
    assert refunds
    assert parcels

    state = tmp_path / "state.json"
    state.write_text(json.dumps([each["value"] for each in said if each["type"] == "STATE"][-1]))
    corner.shop.rest(7200)
    new = corner.shop.place_order(1)
    corner.shop.rest(60)
    second = tap(True, config, "--state", str(state))
    told = [json.loads(line) for line in second.stdout.splitlines()]
    assert [each["record"]["id"] for each in told if each["type"] == "RECORD"] == [str(new.id)]


def test_a_wrong_key_is_named_by_its_setting(corner, config):
    corner.key = "another"
    done = tap(True, config)
    assert done.returncode == 1
    assert "access_token" in done.stderr
    assert "corner-key" not in done.stderr


def test_without_its_line_in_the_registry_nobody_knows_it(config):
    done = tap(False, config)
    assert done.returncode == 1
    assert "platform: must be one of" in done.stderr
    assert "cornershop" in tap(True, config, "--about", "--format=json").stdout


def test_the_suite_of_all_platforms_holds_it_to_the_promise():
    """The same tests that the others pass, run with the two lines of `registered.py`.

    But for one that kills a run after its fifteenth question at the earliest: the corner shop is read with fewer. Another kills it everywhere.
    """
    done = python(
        "-m", "pytest", "-q", "-p", "docs.examples.cornershop.registered", "-p", "no:cacheprovider",
        "tests/tap_commerce/platforms/test_contract.py",
        "tests/test_promise.py::test_segment_holds_what_a_perfect_observer_told",
        "-k", "cornershop and not whenever_it_is_killed",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


def answer(kind):
    """What the feed answered, in its own bytes."""
    answers = (SAMPLES / kind / "answers.json").read_bytes()
    return bytes(msgspec.json.decode(answers, type=dict[str, msgspec.Raw])["feed"])


@pytest.mark.parametrize("kind", ["orders", "customers"])
def test_a_sample_becomes_its_records(golden, kind):
    raw = answer(kind)
    if kind == "orders":
        rows = msgspec.json.decode(raw, type=translating.Sales).rows
        made = [
            {"stream": stream, "record": record}
            for row in rows
            for stream, record in translating.order(row, "corner")
        ]
    else:
        rows = msgspec.json.decode(raw, type=translating.People).rows
        made = [{"stream": "customers", "record": translating.customer(row, "corner")} for row in rows]
    text = msgspec.json.format(ENCODER.encode(made), indent=2).decode() + "\n"
    golden(SAMPLES / kind / "records.json", text)


def test_refunds_are_told_in_the_order_in_which_their_money_moved():
    rows = msgspec.json.decode(answer("orders"), type=translating.Sales).rows
    refunds = [
        record for row in rows for stream, record in translating.order(row, "x") if stream == "refunds"
    ]
    assert [(each.total, each.order_refunded_to_date) for each in refunds] == [
        (Decimal("20.00"), Decimal("20.00")),
        (Decimal("5.00"), Decimal("25.00")),
        (Decimal("0.00"), Decimal("25.00")),
    ]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


@pytest.mark.parametrize("path", sorted((EXAMPLE / "platform").glob("*.py")), ids=lambda path: path.name)
def test_its_package_stands_on_the_floors_below_the_platforms(path):
    ours = [each for each in imports(path) if each.partition(".")[0] in ("tap_commerce", "sandbox", "tests")]
    assert [each for each in ours if not each.startswith(FLOORS) and each != "tap_commerce"] == []


def test_its_dialect_knows_nothing_of_the_tap():
    assert [each for each in imports(EXAMPLE / "dialect.py") if each.startswith(("tap_", "target_"))] == []


def test_what_makes_it_known_is_one_line_in_each_list():
    tree = ast.parse((EXAMPLE / "registered.py").read_text("utf-8"))
    assigned = [ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)]
    assert assigned == ["PLATFORMS['cornershop']", "DIALECTS['cornershop']"]
