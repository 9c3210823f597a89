"""Start a shop and a Segment on loopback, to play with: `python -m sandbox`."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo import serve
from sandbox.dialects import DIALECTS
from sandbox.faults import EVERY, Faults
from sandbox.segment import Segment
from sandbox.shop import Shop

COMMANDS = """\
  HOURS       let that many hours pass, e.g. 6 or 0.5
  status      say what the shop and Segment hold
  calls       say what was asked of the shop
  events      say what Segment was told
  quit        stop (so does the end of input)
"""


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop; time passes only by command."""
    given = _options(argv)
    shop = Shop(
        given.seed,
        datetime.now(UTC).replace(microsecond=0) - timedelta(days=given.days),
        currency=given.currency,
        orders_per_day=given.orders_per_day,
    )
    shop.advance(given.days * 86400)
    faults = Faults(seed=given.seed, rate=given.faults, kinds=EVERY)
    key = "sandbox-write-key"
    with (
        serve(given.platform, shop, faults=faults, **({"cost": given.cost} if given.cost else {})) as api,
        Segment({key}, faults=Faults(seed=given.seed + 1, rate=given.faults, kinds=EVERY)) as segment,
    ):
        print(f"shop     {api.url}   {_credentials(api.settings)}")
        print(f"segment  {segment.endpoint}   write key {key}")
        print(
            f"it is {shop.now:%Y-%m-%d %H:%M:%S} in the shop: {len(shop.orders)} orders, {len(shop.customers)} customers\n{COMMANDS}",
            flush=True,
        )
        for line in sys.stdin:
            word = line.strip()
            if word in ("quit", "exit"):
                break
            print(_obey(word, shop, api, segment), flush=True)
    return 0


def _credentials(settings: dict[str, Any]) -> str:
    """Say by what the shop lets a client in, as the tap's settings call it."""
    secrets = ("_token", "_key", "_id", "_secret")
    return "   ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in settings.items() if name.endswith(secrets)
    )


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=__doc__,
        epilog="Then on stdin:\n" + COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="what the shop's life follows from (default: %(default)s)"
    )
    parser.add_argument(
        "--platform",
        choices=sorted(DIALECTS),
        default="shopify",
        help="whose API the shop speaks (default: %(default)s)",
    )
    parser.add_argument(
        "--orders-per-day", type=float, default=24, help="how lively it is (default: %(default)s)"
    )
    parser.add_argument(
        "--days", type=float, default=14, help="how much of its life lies behind (default: %(default)s)"
    )
    parser.add_argument("--currency", default="EUR", help="the shop's own currency (default: %(default)s)")
    parser.add_argument(
        "--cost",
        choices=("low", "linear"),
        help="what Shopify's queries cost: as seen today (low), or by the old rule",
    )
    parser.add_argument(
        "--faults",
        type=float,
        default=0,
        help="the share of requests that go wrong, e.g. 0.1 (default: none)",
    )
    return parser.parse_args(argv)


def _obey(word: str, shop: Shop, api: Any, segment: Segment) -> str:
    match word:
        case "status" | "":
            return f"{shop.now:%Y-%m-%d %H:%M:%S}: {len(shop.orders)} orders, {len(shop.customers)} customers, {len(segment.events)} events"
        case "calls":
            return (
                "\n".join(
                    f"{times:6} {name} {status}" for (name, status), times in sorted(api.calls.count.items())
                )
                or "none"
            )
        case "events":
            names = sorted({each.get("event", each["type"]) for each in segment.events})
            return "\n".join(f"{len(segment.named(name)):6} {name}" for name in names) or "none"
    try:
        hours = float(word)
    except ValueError:
        return f"{word}?\n{COMMANDS}"
    before = len(shop.history)
    shop.advance(hours * 3600)
    return f"{shop.now:%Y-%m-%d %H:%M:%S}: {len(shop.history) - before} things happened"


if __name__ == "__main__":
    sys.exit(main())
