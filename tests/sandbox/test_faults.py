"""A schedule of faults follows from its seed alone."""

import pytest

from sandbox.faults import Faults
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.shopify import Shopify


def test_a_plan_comes_first_and_in_its_order():
    faults = Faults(plan=["500", None, "reset"])
    assert [faults.next() for _ in range(4)] == ["500", None, "reset", None]
    assert faults.happened == {"500": 1, "reset": 1}


def test_the_same_seed_spoils_the_same_requests():
    one, other, third = (Faults(seed=seed, rate=0.4) for seed in (1, 1, 2))
    first = [one.next() for _ in range(100)]
    assert first == [other.next() for _ in range(100)]
    assert first != [third.next() for _ in range(100)]
    assert 20 < sum(each is not None for each in first) < 60


def test_it_never_goes_wrong_too_often_in_a_row():
    faults = Faults(rate=1.0, in_a_row=3)
    assert [faults.next() is None for _ in range(8)] == [False, False, False, True] * 2


def test_without_a_rate_nothing_goes_wrong():
    faults = Faults()
    assert [faults.next() for _ in range(50)] == [None] * 50


@pytest.mark.parametrize("faults", [Faults(kinds=["explode"]), Faults(plan=[None, "explode"])])
def test_a_kind_that_a_server_does_not_know_is_refused(faults):
    with pytest.raises(ValueError, match="no such faults here: explode"):
        Segment(faults=faults)
    with pytest.raises(ValueError, match="no such faults here: explode"):
        Shopify(Shop(alive=False), faults=faults)
