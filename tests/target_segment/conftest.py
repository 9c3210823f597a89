"""The world in which the target's tests happen."""

import pytest

from .world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)
