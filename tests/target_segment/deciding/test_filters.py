"""What the filters keep back: whole orders, judged once; customers while their tag is there; whoever refused a consent."""

import pytest

from target_segment.errors import Misconfigured
from tests.target_segment.world import (
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    guest,
    names,
    order,
    refund,
    summary,
    tracks,
)

YES, NO = {"state": "subscribed"}, {"state": "not_subscribed"}


def told(folder, *said, **settings):
    return tracks(World(folder, **settings).run(*said))


# --- orders


@pytest.mark.parametrize(
    ("settings", "kept", "filtered"),
    [
        ({"sources": ["Web"]}, {"source": "web"}, {"source": "pos"}),
        ({"sources": ["web"]}, {"source": " WEB "}, {"source": None}),
        ({"sources_except": ["amazon"]}, {"source": None}, {"source": "Amazon"}),
        ({"order_tags": ["b2c", "vip"]}, {"tags": ["x", "VIP"]}, {"tags": []}),
        ({"order_tags_except": ["wholesale"]}, {"tags": ["x"]}, {"tags": ["x", "Wholesale"]}),
        ({"zero_value_orders": False}, {"total": 0.01}, {"total": 0.00}),
        ({"customer_tags": ["eu"]}, {"customer": customer_of(tags=["EU"])}, {"customer": customer_of(tags=[])}),
        ({"customer_tags": ["eu"]}, {"customer": customer_of(tags=["eu"])}, guest()),
        ({"customer_tags_except": ["staff"]}, guest(), {"customer": customer_of(tags=["staff"])}),
        ({"customer_tags_except": ["staff"]}, {}, {"customer": customer_of(tags=["Staff"])}),
    ],
)  # fmt: skip
def test_an_order_is_told_or_kept_back_with_its_person(tmp_path, settings, kept, filtered):
    world = World(tmp_path, pos_orders="off", **settings)
    assert world.run(order("1", **filtered)) == []
    assert names(world.run(order("2", **kept))) == ["identify", "Order Completed"]


def test_without_a_filter_orders_of_nothing_are_told(world):
    assert tracks(world.run(order(total=0))) == ["Order Completed"]


def test_filters_add_up(tmp_path):
    settings = {"sources": ["web"], "order_tags_except": ["b2b"]}
    said = [
        order("1", source="web"),
        order("2", source="web", tags=["b2b"]),
        order("3", source="app"),
        order("4", source="web", test=True),
    ]
    world = World(tmp_path, **settings)
    assert [event["properties"]["order_id"] for event in world.run(*said) if event["type"] == "track"] == [
        "1"
    ]


def test_an_order_is_judged_once_and_its_children_follow_it(tmp_path):
    world = World(tmp_path, order_tags_except=["b2b"])
    world.run(order("1"), order("2", tags=["b2b"]))
    later = {"updated_at": day(4), "tags": ["b2b"]}
    first = {"order": summary("1", tags=["b2b"])}
    assert tracks(world.run(order("1", **later), refund(**first))) == ["Order Updated", "Order Refunded"]
    second = {"order_id": "2", "order": summary("2")}
    untagged = order("2", updated_at=day(4), tags=[], cancelled_at=day(4))
    assert world.run(untagged, refund("r2", **second), fulfillment("f2", **second), at=day(11)) == []


def test_a_child_that_comes_before_its_order_judges_for_it(tmp_path):
    world = World(tmp_path, order_tags_except=["b2b"])
    assert world.run(refund(order=summary(tags=["b2b"]))) == []
    assert world.run(order(), at=day(11)) == []


def test_another_filter_does_not_judge_an_order_anew(tmp_path):
    world = World(tmp_path, order_tags_except=["b2b"])
    world.run(order(tags=["b2b"]))
    assert world.run(order(tags=["b2b"]), at=day(11), order_tags_except=[]) == []


# --- customers


def test_a_customer_is_not_told_while_the_tag_is_there_and_never_created(tmp_path):
    world = World(tmp_path, customer_tags_except=["staff"])
    assert world.run(customer(tags=["staff"])) == []
    assert world.run(customer(tags=["staff"], first_name="Anne", updated_at=day(2)), at=day(11)) == []
    told = world.run(customer(tags=[], first_name="Anne", updated_at=day(3)), at=day(12))
    assert names(told) == ["identify"]
    assert told[0]["traits"]["firstName"] == "Anne"
    assert world.run(customer(tags=[], first_name="Anne", updated_at=day(3)), at=day(13), sent_from="x") == []


def test_what_changed_while_the_tag_was_there_is_told_once_it_is_gone(tmp_path):
    world = World(tmp_path, customer_tags_except=["staff"])
    world.run(customer(tags=[]))
    assert world.run(customer(tags=["staff"], first_name="Anne", updated_at=day(2)), at=day(11)) == []
    (identify,) = world.run(customer(tags=[], first_name="Anne", updated_at=day(3)), at=day(12))
    assert identify["traits"]["firstName"] == "Anne"


def test_only_customers_with_a_tag(tmp_path):
    said = [customer("7", tags=["eu"]), customer("8", tags=[])]
    told = World(tmp_path, customer_tags=["eu"]).run(*said)
    assert {event["userId"] for event in told} == {"7"}


# --- consent


def test_nothing_is_told_of_who_refused(tmp_path):
    said = [
        customer(email_consent=NO),
        order(customer=customer_of(email_consent=NO)),
        refund(order=summary(customer=customer_of(email_consent=NO))),
    ]
    world = World(tmp_path, refused_consent=["email"])
    assert world.run(*said) == []
    assert world.run(*said, at=day(11), sent_from="elsewhere") == []


@pytest.mark.parametrize("consent", [YES, None])
def test_who_agreed_or_was_never_asked_is_told(tmp_path, consent):
    said = [customer(email_consent=consent), order(customer=customer_of(email_consent=consent))]
    told = names(World(tmp_path, refused_consent=["email"]).run(*said))
    assert told == ["identify", "Customer Created", "Order Completed"]


def test_another_channel_does_not_count(tmp_path):
    said = order(customer=customer_of(email_consent=NO, sms_consent=YES))
    assert told(tmp_path, said, refused_consent=["sms"]) == ["Order Completed"]


def test_one_of_several_refused_is_refused(tmp_path):
    said = order(customer=customer_of(email_consent=YES, sms_consent=NO))
    assert told(tmp_path, said, refused_consent=["email", "sms"]) == []


def test_a_withdrawal_ends_what_is_told_and_a_late_consent_begins_it(tmp_path):
    world = World(tmp_path, refused_consent=["email"])
    agreed, refusing = (
        {"customer": customer_of(email_consent=YES)},
        {"customer": customer_of(email_consent=NO)},
    )
    assert tracks(world.run(order(**agreed))) == ["Order Completed"]
    assert world.run(refund(order=summary(**refusing)), at=day(11)) == []
    assert tracks(world.run(order("2", **agreed), at=day(12))) == ["Order Completed"]
    assert world.run(order(**agreed), refund(order=summary(**agreed)), at=day(13), sent_from="x") == []


def test_an_order_of_who_had_refused_stays_untold_with_its_children(tmp_path):
    world = World(tmp_path, refused_consent=["email"])
    world.run(order(customer=customer_of(email_consent=NO)))
    agreed = {"customer": customer_of(email_consent=YES)}
    assert world.run(refund(order=summary(**agreed)), at=day(11)) == []


def test_what_the_customers_stream_said_counts_for_orders_that_do_not_say(tmp_path):
    world = World(tmp_path, refused_consent=["email"])
    assert world.run(customer(email_consent=NO), order()) == []
    told = world.run(customer(email_consent=YES, updated_at=day(4)), order("2"), at=day(11))
    assert names(told) == ["identify", "Order Completed"]


def test_a_category_of_segments_counts_as_it_is_told(tmp_path):
    settings = {
        "consent_categories": {"Advertising": {"attribute": "ads"}},
        "refused_consent": ["Advertising"],
    }
    said = [
        order("1", attributes=[{"name": "ads", "value": "no"}]),
        order("2", attributes=[{"name": "ads", "value": "yes"}], customer=customer_of("8")),
    ]
    (_, completed) = World(tmp_path, **settings).run(*said)
    assert completed["properties"]["order_id"] == "2"


def test_a_consent_that_nobody_knows_is_a_wrong_setting(tmp_path):
    with pytest.raises(Misconfigured, match="`refused_consent`: 'mail' is none of email, sms"):
        World(tmp_path, refused_consent=["mail"]).run(order())


def test_a_refusal_survives_the_second_process_and_a_crash(tmp_path):
    """What is decided is in the ledger, not in the one who decided."""
    world = World(tmp_path, refused_consent=["email"])
    world.run(customer(email_consent=NO))
    assert world.rows(
        "SELECT count(*) FROM memory WHERE stream = 'identify' AND remembered LIKE '%consents%'"
    ) == [(1,)]


BOTH = {
    "consent_categories": {"Analytics": {"attribute": "analytics"}},
    "refused_consent": ["email", "Analytics"],
}


def answered(word):
    return {"attributes": [{"name": "analytics", "value": word}]}


def test_an_answer_to_one_question_takes_back_no_refusal_of_another(tmp_path):
    """An order carries its own attribute, and not what its customer said to mails."""
    world = World(tmp_path, **BOTH)
    assert world.run(customer(email_consent=NO), order(**answered("yes"))) == []
    assert world.run(order("2", **answered("yes")), at=day(11)) == []
    assert tracks(
        world.run(customer(email_consent=YES, updated_at=day(4)), order("3", **answered("yes")), at=day(12))
    ) == ["Order Completed"]


def test_what_an_older_order_said_takes_back_no_newer_refusal(tmp_path):
    """An order that is read again, for another setting or a late refund, says what was so when it was made."""
    world = World(tmp_path, **BOTH)
    older = order("1", created_at=day(1), updated_at=day(1), **answered("yes"))
    assert tracks(world.run(older)) == ["Order Completed"]
    assert world.run(order("2", created_at=day(4), **answered("no")), at=day(11)) == []
    edited = order("1", created_at=day(1), updated_at=day(5), **answered("yes"))
    assert world.run(edited, order("3", created_at=day(6)), at=day(12), sent_from="x") == []


def test_a_consent_that_is_no_longer_asked_for_bars_nobody(tmp_path):
    world = World(tmp_path, refused_consent=["email"])
    assert world.run(customer(email_consent=NO)) == []
    assert tracks(world.run(order("2"), at=day(11), refused_consent=["sms"])) == ["Order Completed"]
    assert world.run(order("3"), at=day(12)) == []
