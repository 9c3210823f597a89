"""The tap and the target on a PrestaShop, as programs: the SDK's own tests, and the promise over a shop's life."""

# ruff: noqa: S603, S311  # the tests start the tap, and draw from a seed

import io
import json
import logging
import os
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.faults import Faults
from sandbox.prestashop import PrestaShop as Api
from sandbox.prestashop.expecting import expect
from sandbox.segment import Segment
from sandbox.shop import START, Shop
from sandbox.verdict import faults
from tap_commerce.http import Bounds, Wire
from tap_commerce.tap import TapCommerce, main
from target_segment.target import TargetSegment

ROOT = Path(__file__).parents[4]
CATALOG = ROOT / "catalogs" / "prestashop.json"
KEY = "key"


def lively(days=3):
    shop = Shop(seed=3, start=START, orders_per_day=12)
    shop.live(START + timedelta(days=days))
    shop._life = None
    shop.advance(seconds=60)
    return shop


def test_the_catalog_is_what_discovery_prints(capsys):
    assert main(["--discover"]) == 0
    assert capsys.readouterr().out == CATALOG.read_text(), (
        "run: tap-commerce --discover > catalogs/prestashop.json"
    )


class Told(TargetSegment):
    """A target that waits in the shop's time."""

    shop = None

    def _sleep(self, seconds):
        Told.shop.rest(seconds)


class World:
    """A shop, its webservice, a Segment and a ledger; `poll` is one run of the pipe."""

    def __init__(self, folder, shop, **options):
        self.shop, self.since, self.ledger = shop, shop.now, f"{folder}/ledger.duckdb"
        self.api = Api(shop, **options)
        self.segment = Segment(write_keys={KEY}, clock=lambda: shop.now)
        self.state, self.polls = None, []
        Told.shop = shop

    def __enter__(self):
        self.api.__enter__()
        self.segment.__enter__()
        return self

    def __exit__(self, *error):
        self.segment.__exit__(*error)
        self.api.__exit__(*error)

    def read(self, state, **tap):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            TapCommerce(
                config=self.api.settings | {"shop": "acme", "start_date": self.shop.start.isoformat()} | tap,
                state=state,
                wire=Wire(user_agent="test", sleep=self.shop.rest),
            ).sync_all()
        return out.buffer.getvalue()

    def tell(self, lines):
        out = io.StringIO()
        with redirect_stdout(out):
            target = Told(
                config={
                    "write_key": KEY,
                    "endpoint": self.segment.endpoint,
                    "since": self.since.isoformat(),
                    "ledger": self.ledger,
                    "max_events_per_second": 0,
                }
            )
            assert target.run(io.BytesIO(lines)) == 0
        if states := out.getvalue().split("\n")[:-1]:
            self.state = json.loads(states[-1])

    def poll(self, **tap):
        self.polls.append(self.shop.now)
        self.tell(self.read(self.state, **tap))

    def wrong(self):
        return faults(
            self.segment,
            expect(
                self.shop,
                since=self.since,
                polls=self.polls,
                timezone=self.api.timezone,
                shops=self.api.book.shops,
                id_shop=self.api.settings.get("id_shop"),
            ),
        )


@pytest.fixture
def quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


LIVES = {
    "a plain life": (1, "2026-10-01T00:00", "Europe/Paris", {}),
    "clocks are put back": (2, "2026-10-24T20:00", "Europe/Paris", {"version": "8.2.1", "state_ids": 40}),
    "clocks are put forward": (3, "2026-03-28T20:00", "Europe/Paris", {"version": "1.7", "languages": 2}),
    "far in the west": (4, "2026-10-31T22:00", "America/New_York", {"debug": True}),
    "life goes on meanwhile": (5, "2026-10-24T20:00", "Europe/Paris", {"tick": 20}),
    "one shop of two": (6, "2026-10-01T00:00", "Europe/Paris", {"shops": 2}),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("life", LIVES)
def test_segment_holds_what_a_perfect_observer_told(tmp_path, life):
    seed, start, zone, options = LIVES[life]
    shop = Shop(
        seed=seed,
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        orders_per_day=8,
        customers_per_day=2,
        pace=0.3,
    )
    draw = Random(seed)
    with World(tmp_path, shop, timezone=zone, **options) as world:
        for _ in range(5):
            shop.advance(3600 * draw.uniform(0.1, 12))
            world.poll(lookback_minutes=draw.choice([0, 60]), page_size=draw.choice([1, 3, 100]))
        world.api.tick = 0
        shop.rest(3700)
        world.poll(recheck_hours=0)
        assert world.wrong() == []
        assert len(world.segment.events) > 20
        told = len(world.segment.events)
        world.tell(world.read(None))
        assert len(world.segment.events) == told


@pytest.mark.usefixtures("quiet")
def test_a_shop_that_fails_now_and_then_changes_nothing(tmp_path):
    shop = Shop(seed=5, start=START, orders_per_day=6, customers_per_day=2, pace=0.3)
    kinds = ("429", "500", "503", "reset", "truncated", "html", "fatal", "module_warning")
    with World(tmp_path, shop, faults=Faults(seed=5, rate=0.1, kinds=kinds)) as world:
        for _ in range(3):
            shop.advance(3600 * 20)
            world.poll()
        shop.rest(3700)
        world.poll(recheck_hours=0)
        assert world.api.faults.happened.total() > 10
        assert world.wrong() == []


def records(text, stream):
    lines = [json.loads(line) for line in text.splitlines()]
    return [each["record"] for each in lines if each["type"] == "RECORD" and each["stream"] == stream]


def test_an_order_is_told_before_its_refunds_and_its_parcels(tmp_path):
    shop = lively()
    with World(tmp_path, shop) as world:
        text = world.read(None)
    streams = [each["stream"] for each in map(json.loads, text.splitlines()) if each["type"] == "RECORD"]
    assert list(dict.fromkeys(streams)) == ["customers", "orders", "refunds", "fulfillments"]
    assert len(records(text, "orders")) == len(shop.orders)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    """Whatever question the shop fails at, the next run brings what the first did not."""
    shop = lively(2)
    with World(tmp_path, shop) as world:
        whole = {(name, each["id"]) for name in STREAMS for each in records(world.read(None), name)}
    for questions in (20, 25, 30, 35):
        plan = [None] * questions + ["500"] * 3
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with Api(shop, faults=Faults(plan=plan, kinds=["500"])) as api:
            settings = api.settings | {
                "shop": "acme",
                "start_date": START.isoformat(),
                "retry_attempts": 2,
                "page_size": 5,
            }
            with redirect_stdout(out):
                tap = TapCommerce(config=settings, wire=impatient())
                with pytest.raises(Exception, match="answered 500"):
                    tap.sync_all()
                out.flush()
            lines = [json.loads(line) for line in out.buffer.getvalue().splitlines()]
            states = [each["value"] for each in lines if each["type"] == "STATE"]
            found = {(each["stream"], each["record"]["id"]) for each in lines if each["type"] == "RECORD"}
            again = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
            with redirect_stdout(again):
                TapCommerce(
                    config=settings, state=states[-1] if states else None, wire=impatient()
                ).sync_all()
            rest = again.buffer.getvalue()
        found |= {(name, each["id"]) for name in STREAMS for each in records(rest, name)}
        assert found == whole, questions


STREAMS = ("customers", "orders", "refunds", "fulfillments")


def impatient():
    return Wire(user_agent="test", bounds=Bounds(attempts=2), sleep=lambda _: None)


def test_however_much_is_logged_the_key_is_not_in_it(tmp_path):
    with Api(lively(1), drop_authorization=True) as api:
        settings = api.settings | {"shop": "acme", "start_date": START.isoformat()}
        (tmp_path / "config.json").write_text(json.dumps(settings))
        kept = {name: value for name, value in os.environ.items() if "TAP_COMMERCE" not in name}
        done = subprocess.run(
            [sys.executable, "-m", "tap_commerce.tap", "--config", tmp_path / "config.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=kept | {"PYTHONPATH": str(ROOT), "LOGLEVEL": "DEBUG", "TAP_COMMERCE_LOGLEVEL": "DEBUG"},
        )
    assert done.returncode == 0, done.stderr
    assert "DEBUG" in done.stderr
    assert api.key not in done.stderr + done.stdout


SETTINGS = {"shop": "acme", "start_date": "2026-09-30T00:00:00Z"} | Api.settings.fget(
    SimpleNamespace(
        url="http://127.0.0.1:9",
        key="K" * 32,
        drop_authorization=False,
        rewrite=True,
        book=SimpleNamespace(shops=1),
    )
)


# PrestaShop does not know all that a record can say: tags, a note, a source, how much a customer bought.
@pytest.mark.filterwarnings("ignore:No records were available to test")
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog")
class TestStandard(
    get_tap_test_class(TapCommerce, config=SETTINGS, suite_config=SuiteConfig(max_records_limit=20))
):
    """The SDK's own tests, against the sandbox."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def serving(cls):
        # The class was made when there was no server yet.
        with Api(lively(), key="K" * 32) as api:
            SETTINGS["api_url"] = api.url
            yield
