"""The shops that the tests of all platforms' sandboxes serve."""

import pytest

from sandbox.shop import Shop


@pytest.fixture
def shop():
    """A shop in which only scripted things happen."""
    return Shop(1, alive=False)


@pytest.fixture(scope="session")
def lively():
    """A shop with twelve days of a quick life. Nobody may change it."""
    shop = Shop(5, pace=0.3, orders_per_day=20, max_lines=60)
    shop.advance(12 * 86400)
    return shop
