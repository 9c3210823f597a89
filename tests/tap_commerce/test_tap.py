"""The tap as a program: what it says of itself, what it writes, how it ends."""

# ruff: noqa: S603  # the tests start the tap

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.faults import Faults
from sandbox.shopify import Shopify as Api
from tap_commerce.tap import TapCommerce
from tests.world import Output, lively

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "catalogs" / "shopify.json"


def config(api, **settings):
    return {
        "platform": "shopify",
        "api_url": api.url,
        "access_token": api.token,
        "shop": "acme",
        "start_date": "2026-09-30T00:00:00Z",
    } | settings


def command(*arguments):
    return [sys.executable, "-m", "tap_commerce.tap", *map(str, arguments)]


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if "TAP_COMMERCE" not in name}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def run(tmp_path, settings, *arguments, **more):
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return subprocess.run(
        command("--config", tmp_path / "config.json", *arguments),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(**more),
    )


@pytest.fixture(scope="module")
def api():
    with Api(lively()) as serving:
        yield serving


def test_the_catalog_is_what_discovery_prints(tmp_path):
    done = run(tmp_path, {}, "--discover")
    assert done.returncode == 0
    assert done.stdout == CATALOG.read_text(), "run: tap-commerce --discover > catalogs/shopify.json"


def test_about_shows_every_setting_and_no_secret(tmp_path):
    done = run(tmp_path, {"access_token": "shpat_secret"}, "--about", "--format=json")
    assert done.returncode == 0
    settings = json.loads(done.stdout)["settings"]["properties"]
    assert settings["access_token"]["secret"] is True
    assert "recheck_days" in settings
    assert "shpat_secret" not in done.stdout + done.stderr


def test_a_trial_reads_a_record_of_each_stream(tmp_path, api):
    done = run(tmp_path, config(api), "--test")
    assert done.returncode == 0, done.stderr
    written = Output(done.stdout)
    told = [stream for stream, _ in written.records]
    assert sorted(told) == ["customers", "fulfillments", "orders", "refunds"]
    assert all(not each.get("bookmarks", {}).get("orders", {}).get("replication_key_value")
               for each in written.states)  # fmt: skip


def test_a_run_says_what_it_read_and_a_second_one_goes_on(tmp_path, api):
    first = run(tmp_path, config(api))
    assert first.returncode == 0, first.stderr
    written = Output(first.stdout)
    lines = written.messages
    assert lines[-1]["type"] == "STATE"
    assert len(written.of("orders")) == len(api.shop.orders)
    seen, described = set(), set()
    for each in lines:
        if each["type"] == "SCHEMA":
            assert each["stream"] not in described, "once is enough"
            described.add(each["stream"])
        if each["type"] == "RECORD":
            assert each["stream"] in described
            assert each["time_extracted"].endswith("Z")
            seen.add(each["stream"])
    assert seen == {"customers", "fulfillments", "orders", "refunds"}
    (tmp_path / "state.json").write_text(json.dumps(written.states[-1]))
    again = run(tmp_path, config(api, lookback_minutes=0), "--state", tmp_path / "state.json")
    assert again.returncode == 0, again.stderr
    assert Output(again.stdout).records == []
    assert all(len(line) < 250 for line in again.stderr.splitlines())


def test_money_is_written_with_the_shops_own_digits(tmp_path, api):
    text = run(tmp_path, config(api)).stdout
    raw = json.loads(text.splitlines()[-2], parse_float=str)
    assert '"total":' in text
    assert isinstance(raw.get("record", {}).get("total", "0.0"), str)


def test_settings_may_come_from_the_environment(tmp_path, api):
    settings = {f"TAP_COMMERCE_{name.upper()}": str(value) for name, value in config(api).items()}
    done = subprocess.run(
        command("--config", "ENV"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(**settings, TAP_COMMERCE_PAGE_SIZE="7"),
    )
    assert done.returncode == 0, done.stderr
    assert Output(done.stdout).of("orders")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"start_date": None}, "start_date: must be set"),
        ({"access_token": None}, "access_token: must be set"),
        ({"access_token": "shpat_wrong"}, "access_token"),
        ({"platform": "magento"}, "platform: must be one of "),
        ({"api_url": "https://nowhere.invalid"}, "nowhere.invalid"),
        ({"api_url": "http://127.0.0.1:9"}, "api_url"),
        ({"stream_maps": 7}, "stream_maps"),
    ],
    ids=[
        "missing",
        "no token",
        "a wrong token",
        "a wrong platform",
        "an unknown host",
        "nobody there",
        "maps",
    ],
)
def test_a_bad_setting_is_one_clear_line_and_a_code(tmp_path, api, change, says):
    settings = {name: value for name, value in (config(api) | change).items() if value is not None}
    done = run(tmp_path, settings, TAP_COMMERCE_LOGLEVEL="WARNING")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("tap-commerce: ")
    assert says in line
    assert "shpat" not in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--state", "bad.json"], "state: bad.json is not JSON"),
        (["--state", "odd.json"], "replication_key_value"),
        (["--state", "number.json"], "bookmarks.orders.replication_key_value"),
        (["--state", "list.json"], "state: bookmarks must hold"),
        (["--state", "flat.json"], "state: bookmarks must hold"),
        (["--state", "text.json"], "must hold an object"),
        (["--catalog", "bad.json"], "catalog: bad.json is not JSON"),
        (["--catalog", "text.json"], "must hold an object"),
        (["--catalog", "list.json"], "catalog: streams must be a list"),
        (["--state", "nowhere.json"], "nowhere.json"),
        (["--config", "bad.json"], "JSON"),
        (["--bogus"], "--bogus"),
    ],
)
def test_a_bad_file_or_option_is_one_clear_line_and_a_code(tmp_path, api, arguments, says):
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "odd.json").write_text('{"bookmarks": {"orders": {"replication_key_value": "soon"}}}')
    (tmp_path / "number.json").write_text('{"bookmarks": {"orders": {"replication_key_value": 17}}}')
    (tmp_path / "list.json").write_text('{"bookmarks": [1]}')
    (tmp_path / "flat.json").write_text('{"bookmarks": {"orders": "2026-11-20T00:00:00Z"}}')
    (tmp_path / "text.json").write_text('"2026-11-20T00:00:00Z"')
    done = run(tmp_path, config(api), *arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert says in line


def test_however_much_is_logged_neither_secrets_nor_people_are_in_it(tmp_path):
    with Api(lively(2), client_id="id", client_secret="hush-hush") as api:
        settings = config(api, client_id="id", client_secret="hush-hush")
        del settings["access_token"]
        done = run(tmp_path, settings, LOGLEVEL="DEBUG", TAP_COMMERCE_LOGLEVEL="DEBUG")
    assert done.returncode == 0, done.stderr
    assert "DEBUG" in done.stderr
    people = {
        each[name]
        for each in Output(done.stdout).of("customers")
        for name in ("email", "last_name")
        if each[name]
    }
    assert people
    for secret in ("hush", "shpca_", *people):
        assert secret not in done.stderr


class Process:
    """The tap as a child that can be watched and signalled."""

    def __init__(self, tmp_path, settings, stdout=subprocess.PIPE):
        (tmp_path / "config.json").write_text(json.dumps(settings))
        self.child = subprocess.Popen(
            command("--config", tmp_path / "config.json"),
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(TAP_COMMERCE_LOGLEVEL="WARNING"),
        )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_between_whole_lines_with_its_own_code(tmp_path, number, code):
    with Api(lively(), faults=Faults(rate=1, kinds=["slow"], slow=0.2, in_a_row=10**9)) as slow:
        child = Process(tmp_path, config(slow, page_size=2)).child
        line = child.stdout.readline()
        until = time.monotonic() + 30
        while b'"RECORD"' not in line and time.monotonic() < until:
            line = child.stdout.readline()
        child.send_signal(number)
        rest, said = child.stdout.read(), child.stderr.read()
    assert child.wait(timeout=30) == code
    child.stdout.close()
    child.stderr.close()
    assert rest == b"" or rest.endswith(b"\n")
    for each in rest.splitlines():
        json.loads(each)
    (told,) = said.decode().splitlines()
    assert signal.Signals(number).name in told


def test_a_signal_is_heard_while_it_waits_to_ask_again(tmp_path):
    with Api(lively(), faults=Faults(rate=1, kinds=["503"], in_a_row=10**9)) as down:
        child = Process(tmp_path, config(down)).child
        until = time.monotonic() + 30
        while len(down.calls) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        child.terminate()
        child.communicate(timeout=10)
    assert child.returncode == 143


def test_a_reader_that_goes_away_is_one_line(tmp_path, api):
    child = Process(tmp_path, config(api)).child
    child.stdout.close()
    said = child.stderr.read().decode()
    assert child.wait(timeout=30) == 1
    child.stderr.close()
    (line,) = said.splitlines()
    assert "gone" in line


SETTINGS = config(SimpleNamespace(url="http://127.0.0.1:9", token="shpat_sandbox"))


# Shopify does not know all that a record can say: a user agent, a market, when a checkout was started.
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog")
class TestStandard(
    get_tap_test_class(TapCommerce, config=SETTINGS, suite_config=SuiteConfig(max_records_limit=20))
):
    """The SDK's own tests, against the sandbox."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def serving(cls):
        # The class was made when there was no server yet.
        with Api(lively()) as api:
            SETTINGS["api_url"] = api.url
            yield
