"""The tap and the target on a PrestaShop, as programs: the SDK's own tests, and the promise over a shop's life."""

# ruff: noqa: S603, S311  # the tests start the tap, and draw from a seed

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.faults import Faults
from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import START, Shop
from tap_commerce.http import Bounds, Wire
from tap_commerce.tap import TapCommerce, main
from tests.world import Output, World, config, lively, poll

ROOT = Path(__file__).parents[4]
CATALOG = ROOT / "catalogs" / "prestashop.json"


def test_the_catalog_is_what_discovery_prints(capsys):
    assert main(["--discover"]) == 0
    assert capsys.readouterr().out == CATALOG.read_text(), (
        "run: tap-commerce --discover > catalogs/prestashop.json"
    )


class Plain(World):
    """A world whose tap starts where the shop does, and is no more patient than a tap is by itself."""

    def __init__(self, folder, shop, **options):
        super().__init__("prestashop", folder, shop, since=shop.now, **options)

    def read(self, state, **tap):
        wire = Wire(user_agent="test", sleep=self.shop.rest)
        return super().read(state, wire=wire, start_date=self.shop.start.isoformat(), **tap)


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
    with Plain(tmp_path, shop, timezone=zone, **options) as world:
        for _ in range(5):
            shop.advance(3600 * draw.uniform(0.1, 12))
            world.poll(lookback_minutes=draw.choice([0, 60]), page_size=draw.choice([1, 3, 100]))
        world.api.tick = 0
        world.settle()
        assert world.wrong() == []
        assert len(world.segment.events) > 20
        told = len(world.segment.events)
        world.tell(world.read(None))
        assert len(world.segment.events) == told


@pytest.mark.usefixtures("quiet")
def test_a_shop_that_fails_now_and_then_changes_nothing(tmp_path):
    shop = Shop(seed=5, start=START, orders_per_day=6, customers_per_day=2, pace=0.3)
    kinds = ("429", "500", "503", "reset", "truncated", "html", "fatal", "module_warning")
    with Plain(tmp_path, shop, faults=Faults(seed=5, rate=0.1, kinds=kinds)) as world:
        for _ in range(3):
            shop.advance(3600 * 20)
            world.poll()
        world.settle()
        assert world.api.faults.happened.total() > 10
        assert world.wrong() == []


def test_an_order_is_told_before_its_refunds_and_its_parcels():
    shop = lively()
    with Api(shop) as api:
        found = poll(api)
    streams = [stream for stream, _ in found.records]
    assert list(dict.fromkeys(streams)) == ["customers", "orders", "refunds", "fulfillments"]
    assert len(found.of("orders")) == len(shop.orders)


def test_an_interrupted_run_goes_on_where_it_was(capsysbinary):
    """Whatever question the shop fails at, the next run brings what the first did not."""
    shop = lively(2)
    with Api(shop) as api:
        whole = ids(poll(api))
    settings = {"retry_attempts": 2, "page_size": 5}
    for questions in (20, 25, 30, 35):
        plan = [None] * questions + ["500"] * 3
        with Api(shop, faults=Faults(plan=plan, kinds=["500"])) as api:
            tap = TapCommerce(config=config(api, **settings), wire=impatient())
            with pytest.raises(Exception, match="answered 500"):
                tap.sync_all()
            broken = Output(capsysbinary.readouterr().out)
            state = broken.states[-1] if broken.states else None
            rest = poll(api, state, wire=impatient(), **settings)
        assert ids(broken) | ids(rest) == whole, questions


def ids(output):
    return {(stream, record["id"]) for stream, record in output.records}


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
