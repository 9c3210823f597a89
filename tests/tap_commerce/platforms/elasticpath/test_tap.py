"""The tap and the target on an Elastic Path store, as programs: the SDK's own tests, and the promise over a shop's life."""

# ruff: noqa: S311  # lives are drawn from a seed

import io
import json
import logging
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.elasticpath import ElasticPath as Api
from sandbox.elasticpath.expecting import expect
from sandbox.faults import Faults
from sandbox.segment import Segment
from sandbox.shop import START, Shop
from sandbox.verdict import faults
from tap_commerce.http import Bounds, Wire
from tap_commerce.tap import TapCommerce, main
from target_segment.target import TargetSegment

ROOT = Path(__file__).parents[4]
CATALOG = ROOT / "catalogs" / "elasticpath.json"
DAWN = datetime(2026, 10, 1, tzinfo=UTC)
KEY = "key"


def lively(days=3):
    shop = Shop(seed=3, start=START, orders_per_day=12, max_lines=12)
    shop.live(START + timedelta(days=days))
    shop._life = None
    shop.advance(seconds=120)
    return shop


def config(api, **settings):
    return {
        **api.settings,
        "shop": "acme",
        "start_date": "2026-09-30T00:00:00Z",
        "requests_per_second": 1e6,
    } | settings


@pytest.fixture(scope="module")
def api():
    with Api(lively(), rate=None) as serving:
        yield serving


def run(api, state=None, catalog=None, **settings):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        TapCommerce(
            config=config(api, **settings),
            state=state,
            catalog=catalog,
            wire=Wire(user_agent="test", bounds=Bounds(seconds=1e6), sleep=api.shop.rest),
        ).sync_all()
    return out.buffer.getvalue()


def messages(lines):
    return [json.loads(line) for line in lines.splitlines()]


def records(lines, stream=None):
    return [
        each["record"]
        for each in messages(lines)
        if each["type"] == "RECORD" and stream in (None, each["stream"])
    ]


def states(lines):
    return [each["value"] for each in messages(lines) if each["type"] == "STATE"]


def test_the_catalog_is_what_discovery_prints(capsys):
    assert main(["--discover"]) == 0
    assert capsys.readouterr().out == CATALOG.read_text(), (
        "run: tap-commerce --discover > catalogs/elasticpath.json"
    )


def test_a_second_run_goes_on_and_reads_nothing_twice(api):
    first = run(api)
    assert {each["stream"] for each in messages(first) if each["type"] == "RECORD"} == {
        "customers", "orders", "refunds", "fulfillments",
    }  # fmt: skip
    assert len(records(first, "orders")) == len(api.shop.orders)
    assert records(run(api, states(first)[-1], lookback_minutes=0)) == []


def test_a_backfill_that_breaks_off_anywhere_goes_on_from_its_last_state(api):
    """Whatever STATE was the last that somebody kept: it and what was written before it are the whole."""
    lines = messages(run(api, window_days=0.5))
    everything = {(each["stream"], each["record"]["id"]) for each in lines if each["type"] == "RECORD"}
    places = [place for place, each in enumerate(lines) if each["type"] == "STATE"]
    assert len(places) > 5
    for place in places[::3]:
        rest = messages(run(api, lines[place]["value"], lookback_minutes=0))
        found = {
            (each["stream"], each["record"]["id"])
            for each in [*lines[:place], *rest]
            if each["type"] == "RECORD"
        }
        assert found == everything


def test_the_catalog_selects_what_is_asked_for(api):
    catalog = json.loads(CATALOG.read_text())
    for stream in catalog["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = stream["tap_stream_id"] == "refunds"
    api.calls.clear()
    found = messages(run(api, catalog=catalog))
    assert {each["stream"] for each in found if each["type"] == "RECORD"} == {"refunds"}
    assert not {"customers", "shipping-groups", "items"} & {each.name for each in api.calls}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client_secret": ""}, "client_secret: must be set"),
        ({"client_secret": "wrong-s3cret"}, "client_id and client_secret"),
        ({"customer_source": "people"}, "customer_source: must be one of"),
        ({"api_url": "http://127.0.0.1:9"}, "api_url"),
        ({"concurrency": 0}, "concurrency: must be a whole number"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_shows_no_secret(tmp_path, capsys, api, change, says):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config(api, **change) | {"retry_attempts": 1}))
    assert main(["--config", str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert "s3cret" not in line


SETTINGS = {
    "platform": "elasticpath",
    "api_url": "http://127.0.0.1:9",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "start_date": "2026-09-30T00:00:00Z",
    "requests_per_second": 1e6,
}


# Elastic Path does not know all that a record can say: consents, tags, a phone number.
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
        with Api(lively(), rate=None) as api:
            SETTINGS["api_url"] = api.url
            yield


class Told(TargetSegment):
    """A target that waits in the shop's time, in which nothing happens meanwhile."""

    shop = None

    def _sleep(self, seconds):
        Told.shop.rest(seconds)


class World:
    """A shop, its store, a Segment and a ledger; `poll` is one run of the pipe."""

    def __init__(self, folder, shop, **options):
        self.shop, self.since, self.ledger = shop, shop.now, f"{folder}/ledger.duckdb"
        self.api, self.options = Api(shop, **options), options
        self.segment = Segment(write_keys={KEY}, clock=lambda: shop.now)
        self.state, self.polls = None, []
        Told.shop = shop

    def __enter__(self):
        self.api.__enter__()
        self.segment.__enter__()
        self.source = self.api.settings["customer_source"]
        return self

    def __exit__(self, *error):
        self.segment.__exit__(*error)
        self.api.__exit__(*error)

    def read(self, state, **tap):
        return run(self.api, state, customer_source=self.source, start_date=DAWN.isoformat(), **tap)

    def tell(self, lines):
        out = io.StringIO()
        try:
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
        finally:
            if printed := out.getvalue().split("\n")[:-1]:
                self.state = json.loads(printed[-1])

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
                book=self.api.book,
                buyers=self.api.buyers,
                customer_source=self.source,
                instants=self.options.get("instants", "ms"),
            ),
        )


@pytest.fixture
def quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (3, {"groups": "late", "hyphens": True, "camel": True, "offset": "-07:00", "instants": "s"}),
        (5, {"groups": "checkout", "refund_bumps": False, "group_bumps": False, "wrapped_token": True}),
        (9, {"buyers": "both", "privacy": 0.2, "total_method": "observed", "places": {"JPY": 2}}),
        (11, {"groups": False, "tick": 2, "token_lifetime": 120, "rate": 25, "index_lag": 55, "faults": 0.1}),
    ],
)
def test_segment_holds_what_a_perfect_observer_told(tmp_path, quiet, seed, options):
    """Polled at random intervals; then read again from the beginning, which tells nothing."""
    draw = Random(seed)
    if "faults" in options:
        kinds = ("429", "500", "503", "truncated", "reset", "html", "expired")
        options = options | {"faults": Faults(seed=seed, rate=options["faults"], kinds=kinds)}
    shop = Shop(seed=seed, start=DAWN, orders_per_day=5, customers_per_day=2, pace=0.3, max_lines=9)
    shop.live(DAWN + timedelta(hours=draw.choice((0, 30))))
    with World(tmp_path, shop, **options) as world:
        for _ in range(2):
            shop.advance(3600 * draw.uniform(0.05, 50))
            world.poll()
        shop.rest(3700)
        world.poll(recheck_hours=0)
        assert world.wrong() == []
        told = len(world.segment.events)
        assert told > 20
        world.tell(world.read(None))
        assert len(world.segment.events) == told
