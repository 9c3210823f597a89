"""The project's own meltano.yml, as a user runs it: installed, run, run again, asked by its commands; state is Meltano's.

python .ci/meltano.py path/to/meltano
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sandbox.segment import Segment  # noqa: E402  # the checkout is not installed
from sandbox.shop import Shop  # noqa: E402
from sandbox.shopify import Shopify  # noqa: E402

TOKEN, KEY = "shpat_sandbox", "sandbox-write-key"
STATE_ID = "prod:tap-commerce-to-target-segment"


def main(meltano: str) -> int:
    """Install the plugins, run, give commands, and say how many of the checks passed."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=4)
    shop = Shop(seed=5, start=start, orders_per_day=6)
    shop.live(start + timedelta(days=4))
    checks: dict[str, bool] = {}
    with (
        tempfile.TemporaryDirectory(prefix="meltano-") as scratch,
        Shopify(shop, token=TOKEN, clock=time.monotonic) as api,
        Segment(write_keys={KEY}) as segment,
    ):
        project = _project(Path(scratch))
        meltano_in = _meltano(meltano, project, _settings(api.url, segment.url, start))
        meltano_in("install")

        shop.rest(120)
        meltano_in("run", "tap-commerce", "target-segment")
        told = len(segment.events)
        checks["the first run told something"] = told > 0
        saved = json.loads(meltano_in("state", "get", STATE_ID))
        bookmarks = saved["singer_state"]["bookmarks"]
        checks["Meltano keeps a bookmark of every stream"] = bookmarks.keys() >= {
            "orders",
            "refunds",
            "fulfillments",
            "customers",
        }

        seen = len(api.calls)
        shop.rest(120)
        meltano_in("run", "tap-commerce", "target-segment")
        checks["the second run told nothing"] = len(segment.events) == told
        asked = [
            _from(call.variables["query"]) for call in api.calls[seen:] if (call.variables or {}).get("query")
        ]
        checks["the second run started from the state"] = bool(asked) and min(asked) > start + timedelta(
            days=1
        )

        shop.place_order(2, email="new@example.com")
        shop.rest(120)
        meltano_in("run", "shop-to-segment")
        new = [event for event in segment.events[told:] if event.get("event") == "Order Completed"]
        checks["the job told the new order, and only that"] = len(new) == 1
        checks["Segment never saw a messageId twice"] = not segment.repeats

        person = next(event["userId"] for event in segment.events if event.get("userId"))
        asked_of_segment = json.loads(meltano_in("invoke", "target-segment:forget", person))
        checks["a command takes Meltano's settings, and names"] = asked_of_segment["subjectIds"] == [person]
        plan = json.loads(meltano_in("invoke", "target-segment:plan", "--platform", "shopify"))
        checks["a command takes options of its own"] = "shopify_product_id" in json.dumps(plan["rules"])
    for name, passed in checks.items():
        print(f"{'ok' if passed else 'FAILED'}: {name}")
    passed = sum(checks.values())
    print(f"meltano: {passed} passed, {len(checks) - passed} failed")
    return 0 if passed == len(checks) else 1


def _project(scratch: Path) -> Path:
    """Copy what git knows: no .env, no state and no ledger of the checkout gets in."""
    project = scratch / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_bytes((ROOT / name).read_bytes())
    return project


def _settings(shop: str, segment: str, start: datetime) -> dict[str, str]:
    """Return the settings as Meltano's users give them."""
    since = start.isoformat().replace("+00:00", "Z")
    return {
        "TAP_COMMERCE_PLATFORM": "shopify",
        "TAP_COMMERCE_API_URL": shop,
        "TAP_COMMERCE_SHOP": "sandbox",
        "TAP_COMMERCE_ACCESS_TOKEN": TOKEN,
        "TAP_COMMERCE_START_DATE": since,
        "TARGET_SEGMENT_WRITE_KEY": KEY,
        "TARGET_SEGMENT_ENDPOINT": f"{segment}/v1/batch",
        "TARGET_SEGMENT_SINCE": since,
        "TARGET_SEGMENT_LEDGER": "state/ledger.duckdb",
    }


def _meltano(command: str, project: Path, settings: dict[str, str]) -> Callable[..., str]:
    """Return a function that runs a Meltano command in the project; a failing one ends this script."""
    foreign = ("TAP_COMMERCE_", "TARGET_SEGMENT_", "MELTANO_", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | settings

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [Path(command).absolute(), *arguments],
            cwd=project,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"meltano {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    return run


def _from(query: str) -> datetime:
    """Return from when on a search asked."""
    return datetime.fromisoformat(query.split(">='", 1)[1].split("'", 1)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
