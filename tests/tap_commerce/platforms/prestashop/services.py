"""The webservice of a shop: the sandbox's, or one that gives a single answer."""

from datetime import UTC, datetime

import pytest

from sandbox.shop import Shop
from tap_commerce.errors import CommerceError
from tap_commerce.http import Bounds, Wire
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.webservice import Webservice

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


FIRST, LAST = datetime.fromisoformat("2026-09-01"), datetime.fromisoformat("2026-12-01")


def shop(orders=0):
    made = Shop(start=START, alive=False)
    for _ in range(orders):
        made.place_order(1)
    made.rest(60)
    return made


shown = Clocks("Europe/Paris").shown


def service(api, **options):
    slept = []
    wire = Wire(
        user_agent="test", sleep=slept.append, bounds=Bounds(attempts=4), jitter=lambda seconds: seconds
    )
    made = Webservice(wire, api.url, options.pop("key", api.key), **options)
    made.slept = slept
    return made


def codes(api):
    return [(each.status, each.code) for each in api.calls]


class Says:
    """A session that gives one answer, whatever is asked: `{url}` in it stands for the end of the question's."""

    def __init__(self, status, body):
        self.status_code, self.headers, self.auth = status, {}, None
        self.body = body

    def request(self, method, url, **_):
        self.raw, self.url = self, url
        return self

    def read(self, *, decode_content):
        return self.body.replace(b"{url}", self.url[-50:].encode())


def told(status, body, **options):
    wire = Wire(
        user_agent="test", session=Says(status, body), sleep=lambda _: None, bounds=Bounds(attempts=2)
    )
    it = Webservice(wire, "https://shop.example", "K" * 32, **options)
    with pytest.raises(CommerceError) as raised:
        it.page(raw.Order, {}, limit=1)
    return raised.value
