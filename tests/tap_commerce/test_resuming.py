"""Killed between any two questions, again and again, over an index that is late: every change is written in the end."""

import io
import json
import random
from contextlib import redirect_stdout, suppress
from datetime import timedelta

import pytest

from sandbox.shop import START, Shop
from sandbox.shopify import Shopify as Api
from tap_commerce.http import Wire
from tap_commerce.tap import TapCommerce


class Killed(BaseException):
    """The process is gone: nothing after this happens."""


class Dying(Wire):
    """A wire that kills whoever asks once too often."""

    left = 10**9

    def ask(self, *arguments, **more):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return super().ask(*arguments, **more)


def poll(api, state, *, questions=10**9, **settings):
    """Return the records that a run wrote, and the last state that it wrote, if any."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    wire = Dying(user_agent="test", sleep=api.shop.rest)
    wire.left = questions
    known = {"platform": "shopify", "api_url": api.url, "access_token": api.token, "shop": "acme"}
    with redirect_stdout(out), suppress(Killed):
        # Without a second look: it would find what was lost.
        TapCommerce(
            config=known | {"start_date": START.isoformat(), "recheck_days": 0, **settings},
            state=state,
            wire=wire,
        ).sync_all()
    lines = [json.loads(line) for line in out.buffer.getvalue().splitlines()]
    states = [state, *[each["value"] for each in lines if each["type"] == "STATE"]]
    return [each for each in lines if each["type"] == "RECORD"], states[-1]


# Minutes that the index is late, the lookback that is meant for it, and whether a search matches whole days.
@pytest.mark.parametrize(("late", "lookback", "by_day"), [(0, 60, True), (30, 60, False), (120, 130, True)])
def test_whenever_it_is_killed_every_change_is_written_in_the_end(late, lookback, by_day):
    draw = random.Random(late)  # noqa: S311 - the same kills every time
    shop = Shop(seed=late, start=START, orders_per_day=16)
    seen, state, killed = set(), {}, 0
    with Api(shop, index_lag=late * 60, day_filter=by_day, child_lag=5) as api:
        # A first reading that is long, and is killed where it has written states already; then polls as they come.
        for hours, most in ((200, 40), (1, 60), (12, 60), (30, 25), (1, 10**9), (30, 25)):
            shop.live(shop.now + timedelta(hours=hours))
            questions = draw.randint(most // 2, most)
            settings = {"page_size": draw.choice((4, 8)), "window_days": draw.choice((3, 30))}
            before = len(api.calls)
            records, state = poll(api, state, questions=questions, lookback_minutes=lookback, **settings)
            killed += len(api.calls) - before == questions
            seen |= {(each["stream"], each["record"]["id"], each["record"]["updated_at"]) for each in records}
        shop._life = None
        shop.advance(seconds=late * 60 + 60)
        records, state = poll(api, state, lookback_minutes=lookback)
        seen |= {(each["stream"], each["record"]["id"], each["record"]["updated_at"]) for each in records}
    assert killed > 1
    for stream, things in (("orders", shop.orders), ("customers", shop.customers)):
        assert things
        for each in things.values():
            assert (stream, str(each.id), each.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")) in seen
