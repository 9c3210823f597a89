"""Nothing lost, nothing doubled: drawn stories of a small shop, read in pieces, with overlaps, crashes and in any order."""

import random
from collections import Counter

import pytest

from tests.target_segment.world import (
    CUT,
    SINCE,
    Crash,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    name_of,
    order,
    refund,
    summary,
    tracks,
)

POINTS = [
    "before intent",
    "after intent",
    "before delivery",
    "after delivery",
    "before receipt",
    "after receipt",
]


def story(chance):
    """Draw a few orders of two customers and two guests, and what becomes of them."""
    told = []
    for number in range(4):
        who = chance.choice([customer_of(str(1 + number % 2)), None])
        base = {
            "customer": who,
            "email": None if who else f"g{number % 2}@example.org",
            "created_at": day(1 + number),
        }
        told.append(order(str(number), **base))
        if chance.random() < 0.6:
            told.append(order(str(number), updated_at=day(6 + number), note="n", **base))
        if chance.random() < 0.5:
            end = {"updated_at": day(12), "cancelled_at": day(12), "note": "n", "coupons": [{"code": "X"}]}
            told.append(order(str(number), **base, **end))
        for part in range(chance.randint(0, 2)):
            about = {
                "order": summary(str(number), **base),
                "order_id": str(number),
                "refunded_at": day(6 + part),
            }
            told.append(refund(f"s{number}", 5 + part, **about))
        if chance.random() < 0.6:
            told.append(fulfillment(f"f{number}", order=summary(str(number), **base)))
        if who and chance.random() < 0.6:
            told.append(
                customer(who["id"], updated_at=day(chance.randint(1, 9)), first_name=chance.choice("AB"))
            )
    return told


WHENEVER = {"Order Updated", "Fulfillment Updated", "Coupon Applied", "Order Refunded"}
"""Told of what was seen to change, so of what was seen at all; and refunds, whose money is counted."""


def account(events):
    """What happened, whatever was read when: once events that have an instant, and the money of each refund."""
    seen = {event["messageId"]: event for event in events if event["type"] == "track"}.values()
    happened = Counter(
        (name_of(event), event.get("userId") or event["anonymousId"], event["properties"].get("order_id"))
        for event in seen
        if name_of(event) not in WHENEVER
    )
    for event in seen:
        if name_of(event) == "Order Refunded":
            happened["money", event["properties"]["refund_id"]] += event["properties"]["total"]
    return happened


@pytest.mark.parametrize("since", [SINCE, day(5)])
@pytest.mark.parametrize("seed", range(3))
def test_a_shop_that_is_read_in_pieces_between_crashes_is_told_as_if_read_at_once(tmp_path, seed, since):
    chance = random.Random(seed)  # noqa: S311
    said = story(chance)
    (tmp_path / "at once").mkdir()
    at_once = account(World(tmp_path / "at once", since=since).run(*said, at=day(14)))
    world = World(tmp_path, since=since)
    place = 0
    while place < len(said):
        ahead = place + chance.randint(1, 6)
        piece = [
            each
            for one in said[max(0, place - 2) : ahead]
            for each in ([one, CUT] if chance.random() < 0.3 else [one])
        ]
        crash = (chance.choice(POINTS), chance.randint(1, 2)) if chance.random() < 0.5 else None
        world.run(*piece, at=day(14), crash=crash, catch=(Crash,))
        place = ahead
    world.run(*said, at=day(15))
    assert account(world.courier.taken) == at_once
    assert all(len(bodies) == 1 for bodies in world.courier.bodies.values())
    again = said[:]
    chance.shuffle(again)
    assert world.run(*said, at=day(16), sent_from="x") == []
    assert tracks(world.run(*again, at=day(17), sent_from="y")) == []
