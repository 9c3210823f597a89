"""What every platform keeps, whichever it is."""

from importlib import import_module

import pytest

from tap_commerce.errors import Misconfigured
from tap_commerce.http import Wire
from tap_commerce.platforms import PLATFORMS, Platform, platform
from tap_commerce.schemas import STREAMS


@pytest.fixture(params=sorted(PLATFORMS))
def kind(request):
    """Every platform in turn."""
    module, _, name = PLATFORMS[request.param].partition(":")
    return getattr(import_module(module), name)


def test_a_platform_keeps_the_protocol(kind):
    for name in Platform.__annotations__:
        assert name == "shop" or hasattr(kind, name), name
    for name in ("open", "now", "permit", "read"):
        assert callable(getattr(kind, name))


def test_its_passes_feed_every_stream_once(kind):
    fed = [stream for streams in kind.passes for stream in streams]
    assert sorted(fed) == sorted(STREAMS)


def test_it_is_registered_under_its_own_name(kind):
    assert PLATFORMS[kind.name].endswith(f":{kind.__name__}")


def test_an_unknown_platform_is_refused_with_those_that_are_known():
    with pytest.raises(Misconfigured, match="shopify"):
        platform({"platform": "magento"}, lambda: Wire(user_agent="test"))
