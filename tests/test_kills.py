"""SIGKILL, a few times, to real processes over a shop and a Segment that fail: `make chaos` does it twenty times."""

import pytest

from sandbox.chaos import Kill, World


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, seed=2, orders_per_day=8) as world:
        yield world


def test_nothing_is_lost_or_doubled_when_tap_and_target_are_killed_in_turn(world):
    """The tap dies between two pages, the target before, between and after its answers; the shop lives on meanwhile."""
    kills = (
        Kill(side="tap", calls=3, later=0.01),
        Kill(side="target", calls=1, later=0),
        Kill(side="target", calls=1, later=0.05),
        Kill(side="tap", calls=2, later=0),
    )
    struck = []
    for number, kill in enumerate(kills):
        world.misbehave(seed=number, rate=0.1)
        ended, hit = world.run(kill)
        struck.append(hit)
        assert ended.well is not hit, ended.log
        world.shop.advance(3600 * 5)
    assert any(struck)
    assert world.settle() == []


def test_a_run_whose_target_died_keeps_the_bookmark_of_what_was_acknowledged(world):
    """A STATE that was never printed was never kept: the next run starts from where receipts end."""
    ended, hit = world.run(Kill(side="target", calls=1, later=0))
    assert hit
    assert ended.target == -9
    assert not world.pipe.state.exists() or ended.states
