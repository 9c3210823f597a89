"""The tap and the target on an Elastic Path store, as programs: the SDK's own tests, and the promise over a shop's life."""

# ruff: noqa: S311  # lives are drawn from a seed

import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.elasticpath import ElasticPath as Api
from sandbox.faults import Faults
from sandbox.shop import Shop
from tap_commerce.tap import TapCommerce, main
from tests.world import START, World, config, lively, poll

ROOT = Path(__file__).parents[4]
CATALOG = ROOT / "catalogs" / "elasticpath.json"


@pytest.fixture(scope="module")
def api():
    with Api(lively(max_lines=12), rate=None) as serving:
        yield serving


def test_the_catalog_is_what_discovery_prints(capsys):
    assert main(["--discover"]) == 0
    assert capsys.readouterr().out == CATALOG.read_text(), (
        "run: tap-commerce --discover > catalogs/elasticpath.json"
    )


def test_a_second_run_goes_on_and_reads_nothing_twice(api):
    first = poll(api)
    assert {stream for stream, _ in first.records} == {"customers", "orders", "refunds", "fulfillments"}
    assert len(first.of("orders")) == len(api.shop.orders)
    assert poll(api, first.states[-1], lookback_minutes=0).records == []


def test_a_backfill_that_breaks_off_anywhere_goes_on_from_its_last_state(api):
    """Whatever STATE was the last that somebody kept: it and what was written before it are the whole."""
    begun = "2026-09-30T00:00:00Z"  # before there was a shop
    lines = poll(api, window_days=0.5, start_date=begun).messages
    everything = {(each["stream"], each["record"]["id"]) for each in lines if each["type"] == "RECORD"}
    places = [place for place, each in enumerate(lines) if each["type"] == "STATE"]
    assert len(places) > 5
    for place in places[::3]:
        rest = poll(api, lines[place]["value"], lookback_minutes=0, start_date=begun).messages
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
    assert {stream for stream, _ in poll(api, catalog=catalog).records} == {"refunds"}
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
        with Api(lively(max_lines=12), rate=None) as api:
            SETTINGS["api_url"] = api.url
            yield


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
    shop = Shop(seed=seed, start=START, orders_per_day=5, customers_per_day=2, pace=0.3, max_lines=9)
    shop.live(START + timedelta(hours=draw.choice((0, 30))))
    with World("elasticpath", tmp_path, shop, since=shop.now, **options) as world:
        for _ in range(2):
            shop.advance(3600 * draw.uniform(0.05, 50))
            world.poll()
        world.settle()
        assert world.wrong() == []
        told = len(world.segment.events)
        assert told > 20
        world.tell(world.read(None))
        assert len(world.segment.events) == told
