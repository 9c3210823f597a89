"""Who is told about: identify before tracks, which stream speaks of a person, and guests who get an account."""

import pytest

from sandbox.segment import _flaw
from target_segment.errors import Misconfigured, Refused
from tests.target_segment.world import (
    CUT,
    SINCE,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    guest,
    named,
    names,
    order,
    refund,
    summary,
)


def identifies(events):
    return [event for event in events if event["type"] == "identify"]


def test_a_person_is_identified_before_the_first_track(world):
    assert names(world.run(order(), refund(), fulfillment()))[0] == "identify"


def test_a_person_of_long_ago_is_identified_before_a_track_whatever_since_says(world):
    world.settings["since"] = day(5)
    old = customer(created_at=day(1, 1), updated_at=day(1, 1))
    assert world.run(old) == []
    assert names(world.run(order(created_at=day(6)))) == ["identify", "Order Completed"]
    assert names(world.run(order("2", created_at=day(7)))) == ["Order Completed"]


@pytest.mark.parametrize("child", [refund(refunded_at=day(8)), fulfillment(fulfilled_at=day(8))])
def test_a_child_of_an_old_order_identifies_first_as_well(world, child):
    world.settings["since"] = day(5)
    told = world.run(child)
    assert names(told)[0] == "identify"
    assert told[0]["userId"] == told[1]["userId"] == "7"


def test_an_order_speaks_of_a_person_until_the_customers_stream_does(world):
    world.run(order(customer=customer_of(first_name="Anna")))
    assert identifies(world.run(order("2", created_at=day(2), customer=customer_of(first_name="Anne"))))
    world.run(customer(first_name="Anne", updated_at=day(3)))
    assert not identifies(world.run(order("3", created_at=day(4), customer=customer_of(first_name="Ann"))))


def test_an_older_order_does_not_take_a_persons_name_back(world):
    world.run(order("2", created_at=day(5), customer=customer_of(first_name="Anne")))
    assert not identifies(world.run(order("1", created_at=day(2), customer=customer_of(first_name="Anna"))))


def test_two_orders_of_one_second_do_not_take_turns_at_every_reading(world):
    """Split orders share their instant; whichever speaks, the second reading of both tells nothing."""
    orders = [
        order("1", customer=None, email="g@example.org", phone="1"),
        order("2", customer=None, email="g@example.org", phone="2"),
    ]
    world.run(*orders)
    assert world.run(*orders, sent_from="x") == []
    assert world.run(*reversed(orders), sent_from="y") == []


def test_the_customers_first_record_tells_nothing_that_the_order_told(world):
    """Customers are read with facts that their order carried: nobody changed."""
    world.run(order(customer=customer_of(created_at=day(1, 2))))
    assert world.run(customer(), events={"customer_created": False}) == []


def test_facts_that_orders_never_carried_are_told_once(world):
    world.run(order(customer=customer_of(created_at=day(1, 2))))
    assert len(identifies(world.run(customer(order_count=3)))) == 1
    assert world.run(customer(order_count=3), sent_from="x") == []
    assert len(identifies(world.run(customer(order_count=4, updated_at=day(8))))) == 1


def test_facts_that_the_customers_stream_left_out_are_adopted_when_they_come(world):
    """A newly granted scope is not news."""
    world.run(customer())
    assert world.run(customer(updated_at=day(8), note="likes tea")) == []
    assert len(identifies(world.run(customer(updated_at=day(9), note="likes coffee")))) == 1


def test_a_customer_of_before_since_is_not_told_and_its_next_change_is(world):
    world.settings["since"] = day(5)
    assert world.run(customer(), at=day(6)) == []
    (told,) = world.run(customer(first_name="Anne", updated_at=day(8)), at=day(9))
    assert told["type"] == "identify"
    assert told["traits"]["firstName"] == "Anne"


def test_a_change_of_traits_before_since_is_told_when_since_is_lowered(world):
    world.run(customer(), at=day(2))
    assert world.run(customer(first_name="Anne", updated_at=day(3)), at=day(4), since=day(6)) == []
    assert (
        len(identifies(world.run(customer(first_name="Anne", updated_at=day(3)), at=day(7), since=SINCE)))
        == 1
    )
    assert world.run(customer(first_name="Anne", updated_at=day(3)), at=day(8), since=SINCE) == []


def test_there_and_back_again_identifies_twice(world):
    world.run(customer(first_name="A"))
    told = [
        *world.run(customer(first_name="B", updated_at=day(3))),
        *world.run(customer(first_name="A", updated_at=day(4))),
    ]
    assert [event["traits"]["firstName"] for event in told] == ["B", "A"]
    assert len({event["messageId"] for event in told}) == 2


def test_another_strategy_of_ids_identifies_anew_and_tells_no_track_again(world):
    said = order(customer=customer_of(created_at=day(1, 2))), customer()
    world.run(*said)
    told = world.run(*said, user_id="email")
    assert names(told) == ["identify"]
    assert told[0]["userId"] == "c7@example.org"


def test_a_guest_is_the_same_person_in_every_order_and_run(world):
    ids = {
        event["anonymousId"]
        for number in (1, 2)
        for event in world.run(order(str(number), created_at=day(number), **guest()))
    }
    assert len(ids) == 1


def test_a_guest_who_gets_an_account_is_linked_once(world):
    (first, *_) = world.run(order(**guest()))
    told = world.run(order(updated_at=day(4), email="guest@example.org"))
    linked = [event for event in told if event.get("anonymousId") and event.get("userId")]
    assert [(event["userId"], event["anonymousId"]) for event in linked] == [("7", first["anonymousId"])]
    again = world.run(order(updated_at=day(5), email="guest@example.org", note="x"))
    assert not [event for event in again if event.get("anonymousId")]


def test_a_guest_of_several_orders_is_linked_once_for_all_of_them(world):
    """The subject of a link is both ids, not the order: one messageId never travels with two contents."""
    orders = [order(str(number), created_at=day(number), **guest()) for number in (1, 2, 3)]
    world.run(*orders)
    account = [
        order(
            str(number),
            created_at=day(number),
            updated_at=day(8),
            email="guest@example.org",
            customer=customer_of(),
        )
        for number in (1, 2, 3)
    ]
    told = [*world.run(account[0], account[1]), *world.run(account[2])]
    assert len([event for event in told if event.get("anonymousId") and event.get("userId")]) == 1
    assert all(len(bodies) == 1 for bodies in world.courier.bodies.values())


def test_an_order_that_was_not_told_for_a_guest_links_nobody(world):
    world.run(order(**guest()), since=day(5))
    told = world.run(order(updated_at=day(6)), since=day(5))
    assert not [event for event in told if event.get("anonymousId")]


def test_a_persons_identify_does_not_come_back_with_each_of_their_orders(world):
    told = world.run(*[order(str(number), created_at=day(number)) for number in range(1, 6)])
    assert names(told).count("identify") == 1


def test_a_person_of_two_orders_in_two_cuts_is_identified_once(world):
    told = world.run(order("1"), CUT, order("2", created_at=day(2)))
    assert names(told).count("identify") == 1


def test_a_guest_as_the_platform_keeps_them_is_identified_and_not_created(world):
    told = world.run(customer(is_guest=True))
    assert "Customer Created" not in names(told)


def test_without_identify_only_tracks_are_told(tmp_path):
    world = World(tmp_path, events={"identify": False, "identity_linked": False})
    assert names(world.run(order(), customer())) == ["Order Completed", "Customer Created"]


def test_the_person_of_a_filtered_order_is_told_once_an_order_is_kept(world):
    assert world.run(order(test=True)) == []
    assert names(world.run(order("2", created_at=day(2)))) == ["identify", "Order Completed"]


def test_two_customers_with_one_address_do_not_take_turns_at_every_reading(tmp_path):
    world = World(tmp_path, user_id="email", events={"customer_created": False})
    both = [
        customer("7", email="a@example.org", first_name="A"),
        customer("8", email="a@example.org", first_name="B"),
    ]
    world.run(*both)
    assert world.run(*both, sent_from="x") == []


def test_a_refunds_summary_is_no_change_of_traits(world):
    world.run(order(), customer())
    assert not identifies(world.run(refund(order=summary(customer=customer_of(first_name="Other")))))


def test_what_a_forced_identify_told_is_not_told_again_by_the_orders_stream(world):
    world.run(refund())
    assert not named(world.run(order(updated_at=day(5))), "identify")


# --- an order's customer as it was then


def test_what_an_order_says_of_its_customer_does_not_undo_what_the_customer_said(world):
    """The customers stream has spoken before `since`; an order that was placed under the old address forces an identify."""
    world.settings["since"] = day(5)
    world.run(customer(email="new@example.org"), at=day(4))
    told = world.run(order(created_at=day(6), customer=customer_of(email="old@example.org")), at=day(7))
    (identify,) = [each for each in told if each["type"] == "identify"]
    assert identify["userId"] == "7"
    assert "old@example.org" not in str(identify)


def test_what_an_order_says_of_its_customer_goes_along_where_nothing_contradicts(world):
    world.settings["since"] = day(5)
    world.run(customer(), at=day(4))
    (identify, *_) = world.run(order(created_at=day(6)), at=day(7))
    assert identify["traits"]["email"] == "c7@example.org"


# --- the alias call: along with the link of a guest's ids, where it is switched on


LINKED = order(updated_at=day(3), customer=customer_of("9"))


def test_by_default_a_link_is_one_identify(world):
    world.run(order(**guest()))
    assert names(world.run(LINKED)) == ["identify", "identify"]


def test_an_alias_goes_before_the_identify_that_links(tmp_path):
    world = World(tmp_path, alias=True)
    first = world.run(order(**guest()))
    alias, linked, _ = world.run(LINKED)
    assert {name: alias[name] for name in ("type", "userId", "previousId", "timestamp")} == {
        "type": "alias",
        "userId": "9",
        "previousId": first[0]["anonymousId"],
        "timestamp": day(3),
    }
    assert alias.keys() == {"type", "messageId", "timestamp", "userId", "previousId", "context"}
    assert alias["context"].keys() == {"library", "externalIds"}
    assert (linked["type"], linked["anonymousId"]) == ("identify", alias["previousId"])
    assert alias["messageId"] != linked["messageId"]


def test_an_alias_is_told_once_whatever_else_is_read(tmp_path):
    world = World(tmp_path, alias=True)
    world.run(order(**guest()), order("2", **guest()))
    again = order("2", updated_at=day(4), customer=customer_of("9"))
    assert names(world.run(LINKED, again)).count("alias") == 1
    assert world.run(LINKED, again, at=day(11), sent_from="elsewhere") == []


def test_switched_on_later_it_is_as_old_as_the_link(tmp_path):
    world = World(tmp_path, since="now")
    world.run(order(**guest()), at="2026-02-28T00:00:00Z")
    world.run(LINKED, at=day(4))
    assert world.run(LINKED, at=day(11), alias=True) == []
    (alias,) = world.run(LINKED, at=day(12), alias=True, since=SINCE)
    assert (alias["type"], alias["timestamp"]) == ("alias", day(3))


def test_a_refused_alias_is_set_aside_and_can_be_retried(tmp_path):
    world = World(tmp_path, alias=True)
    world.run(order(**guest()))
    world.courier.answer = refusing_alias
    assert names(world.run(LINKED)) == ["identify", "identify"]
    world.courier.answer = lambda events: None
    assert world.run(LINKED, at=day(11), sent_from="x") == []
    ledger = world.ledger()
    assert ledger.retry() == 1
    ledger.close()
    assert names(world.run(LINKED, at=day(12))) == ["alias"]


def refusing_alias(events):
    if any(event["type"] == "alias" for event in events):
        raise Refused("Segment answered 400")


def test_history_goes_elsewhere_as_an_alias_too(tmp_path):
    world = World(tmp_path, alias=True, history_days=2, history_integrations={"All": False})
    world.run(order(**guest()))
    assert world.run(LINKED)[0]["integrations"] == {"All": False}


def test_an_alias_has_no_name_to_change(tmp_path):
    with pytest.raises(Misconfigured, match="`events`: alias is"):
        World(tmp_path, events={"alias": "Alias"}).run(order())


def test_segment_swallows_an_alias_without_both_ids():
    event = {"type": "alias", "userId": "7", "messageId": "m"}
    assert "previousId" in _flaw(event)
    assert _flaw(event | {"previousId": "a"}) is None


@pytest.mark.parametrize("link", [{"alias": True}, {"events": {}}])
def test_a_link_of_before_it_was_switched_on_is_not_told_at_the_next_change(tmp_path, link):
    """Nobody else knows since when it is so: that it lay before is remembered with the first reading."""
    world = World(tmp_path, since="now", events={"identity_linked": False})
    world.run(order(**guest()), at="2026-02-28T00:00:00Z")
    world.run(LINKED, at=day(4))
    assert world.run(LINKED, at=day(11), **link) == []
    changed = order(updated_at=day(11), customer=customer_of("9"), tags=["ring"])
    assert names(world.run(changed, at=day(12), **link)) == ["Order Updated"]
    told = world.run(changed, at=day(13), **link, since=SINCE)
    assert len(told) == 1, "and lowering `since` tells it, once"
    assert world.run(changed, at=day(14), **link, since=SINCE, sent_from="x") == []
