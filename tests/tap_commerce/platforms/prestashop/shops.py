"""A shop on PrestaShop, as the sandbox serves it, and what is read of it."""

from datetime import UTC, datetime, timedelta

from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tap_commerce.http import Wire
from tap_commerce.platforms import Window
from tap_commerce.platforms.prestashop.asking import PrestaShop
from tap_commerce.schemas import STREAMS, schema

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


EVERYTHING = {name: frozenset(schema(kind)["properties"]) for name, kind in STREAMS.items()}


def made(**options):
    return Shop(start=START, alive=False, **options)


def opened(api, selection=None, **settings):
    it = PrestaShop(
        api.settings | {"shop": "acme", "page_size": 250, "tracking_days": 14} | settings,
        Wire(user_agent="test", sleep=lambda _: None),
    )
    it.open(EVERYTHING if selection is None else selection)
    return it


def pages(it, stream, start=START - timedelta(days=1), end=None, cursors=()):
    return list(it.read((stream,), Window(start, end or it.now() - it.lag, dict(cursors))))


def read(it, stream, *window, **more):
    return [record for page in pages(it, stream, *window, **more) for _, record in page.records]


def ids(found):
    return [each.id for each in found]


def rights(api, *without):
    return [name for name in api.resources if name not in without]


def granted(*without, **options):
    api = Api(made(), **options)
    api.rights = set(rights(api, *without))
    return api
