"""Who is forgotten is nowhere in the ledger, nothing is told of them again, and the account keeps its amounts."""

import io
import json
from decimal import Decimal
from hashlib import md5
from pathlib import Path

import pytest

from sandbox.segment import Segment
from target_segment.commands.forget import MOST_SUBJECTS, REGULATIONS, forget, holds, regulation, report
from target_segment.config import SETTINGS
from target_segment.errors import LedgerError, Misconfigured, Unavailable
from target_segment.identity import derived
from target_segment.ledger import rewritten
from target_segment.ledger.forgetting import Forgotten, Names
from target_segment.settings import check
from target_segment.singer.target import TargetSegment
from target_segment.transitions.table import CUSTOMER_FACTS
from tests.target_segment.world import (
    SINCE,
    World,
    customer,
    customer_of,
    day,
    fulfillment,
    guest,
    names,
    order,
    refund,
    refusing,
    summary,
    unavailable,
)

ANNA, BERT = "anna-4711-0815", "bert-1234-5678"
EMAIL = "Anna.Schmidt@example.org"


def who(number=ANNA, **fields):
    email = EMAIL if number == ANNA else f"{number}@example.org"
    return {"id": number, "email": email, "first_name": "Anna", "phone": "+49 170 555 0123", **fields}


def account(number, person=ANNA, **fields):
    return customer(number=person, **(who(person) | {"is_guest": False} | fields))


def life(**fields):
    """Orders of Anna, with a refund and a parcel; one of Bert; both as customers."""
    mine = summary(customer=who())
    return (
        account("7"),
        account("8", BERT),
        order("1", customer=who(), **fields),
        refund("r1", order=mine),
        fulfillment("f1", order=mine),
        order("2", customer=who(BERT)),
    )


def forgotten(world, *ids, **settings):
    """Forget them, as the command does."""
    ledger = world.ledger(**settings)
    try:
        found = forget(ledger, ids, check(SETTINGS, {**world.settings, **settings}))
    finally:
        ledger.close()
    rewritten(world.path)
    return found


def texts(world):
    """Every text in every table and view."""
    tables = [name for (name,) in world.rows("SELECT table_name FROM information_schema.tables")]
    assert {"memory", "receipts", "refused", "outbox", "runs", "watch", "fates"} <= set(tables)
    return [
        str(value).lower()
        for table in tables
        for row in world.rows(f"SELECT * FROM {table}")
        for value in row
    ]


def traces(world, *words):
    """The words of which some text of the ledger holds something."""
    said = texts(world)
    return [word for word in words if any(word.lower() in text for text in said)]


def money(world):
    return world.rows(
        "SELECT event, subject, amount, currency FROM receipts WHERE amount IS NOT NULL ORDER BY ALL"
    )


pytestmark = pytest.mark.usefixtures("private_files")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_a_forgotten_person_is_nowhere_and_a_whole_second_reading_tells_nothing(world):
    told = world.run(*life())
    assert names(told).count("Order Completed") == 2
    before = money(world)
    assert traces(world, ANNA) == [ANNA], "or the test would find nothing"
    found = forgotten(world, ANNA)
    assert found.people == {ANNA}
    assert traces(world, ANNA, EMAIL) == []
    assert money(world) == before
    assert world.run(*life()) == []
    assert world.run(*life(), at=day(25), include_test_orders=True) == [], "also when all is looked at anew"
    assert traces(world, ANNA, EMAIL) == []
    assert traces(world, BERT) == [BERT]


def test_the_file_holds_nothing_of_them_either(world):
    world.run(*life())
    forgotten(world, ANNA)
    content = Path(world.path).read_bytes()
    assert ANNA.encode() not in content
    assert BERT.encode() in content, "or the test would find nothing"


def test_what_becomes_of_them_later_is_not_told(world):
    world.run(*life())
    forgotten(world, ANNA)
    mine = summary(customer=who())
    later = (
        account("7", phone="+49 1", updated_at=day(22)),
        order("1", customer=who(), cancelled_at=day(22), updated_at=day(22), note="now"),
        refund("r1", total=30.0, order=mine, updated_at=day(22)),
        refund("r2", order=mine, refunded_at=day(22)),
        order("9", customer=who(), created_at=day(22)),
    )
    assert world.run(*later, at=day(23)) == []
    assert traces(world, ANNA, EMAIL) == []
    assert world.run(*life(), order("10", customer=who(BERT), created_at=day(22)), at=day(24)) != []


def test_another_user_id_tells_nothing_of_what_was_theirs(world):
    """Whoever is identified anew under another strategy is not who was forgotten."""
    world.run(*life())
    forgotten(world, ANNA)
    told = world.run(*life(), at=day(25), user_id="email")
    assert {event["userId"] for event in told} == {f"{BERT}@example.org"}
    assert traces(world, ANNA, EMAIL) == []


@pytest.mark.parametrize("strategy", ["email", "email_md5", "email_sha256", "customer_id", "none"])
def test_an_e_mail_finds_them_under_every_strategy(tmp_path, strategy):
    world = World(tmp_path, user_id=strategy)
    world.run(*life())
    found = forgotten(world, EMAIL.upper() if strategy.startswith("email") else EMAIL)
    (person,) = found.people
    assert traces(world, person, EMAIL, ANNA) == []
    assert world.run(*life(), at=day(25)) == []


def test_the_mark_by_which_an_e_mail_is_found_is_the_first_fact():
    assert CUSTOMER_FACTS[0] == "email"


def test_a_guest_is_found_by_e_mail_and_segment_cannot_be_asked(world):
    world.run(order("1", **guest(email=EMAIL)))
    anonymous = derived("shopify", "shop.test", "email", EMAIL.lower())
    assert traces(world, anonymous) == [anonymous]
    found = forgotten(world, EMAIL)
    assert found.people == found.people & found.guests == {anonymous}
    assert regulation("SUPPRESS_ONLY", found, [EMAIL]) is None
    assert traces(world, anonymous, EMAIL) == []
    assert world.run(order("1", **guest(email=EMAIL)), order("5", **guest(email=EMAIL)), at=day(25)) == []


def test_a_guest_who_became_a_customer_is_one_person(world):
    world.run(order("1", **guest(email=EMAIL)))
    linked = order("1", customer=who(), email=EMAIL, updated_at=day(11))
    world.run(linked, at=day(12))
    anonymous = derived("shopify", "shop.test", "email", EMAIL.lower())
    assert set(traces(world, anonymous, ANNA)) == {anonymous, ANNA}
    found = forgotten(world, anonymous)
    assert found.people == {anonymous, ANNA}
    assert regulation("DELETE_ONLY", found, [anonymous])["subjectIds"] == [ANNA]
    assert traces(world, anonymous, ANNA) == []
    assert world.run(linked, at=day(25)) == []


def test_what_was_refused_of_them_loses_its_payload_and_what_was_of_others_keeps_it(tmp_path):
    world = World(tmp_path)
    world.run(*life())
    world.courier.answer = refusing("Order Updated", "Customer Created")
    world.run(
        order("1", customer=who(), tags=["ring twice"], updated_at=day(11)),
        order("2", customer=who(BERT), tags=["no hurry"], updated_at=day(11)),
        account("7", ANNA, tags=["x"], updated_at=day(11)),
        ("orders", {"platform": "shopify", "shop": "shop.test", "id": "3", "total": "much", "email": EMAIL}),
        at=day(12),
    )  # fmt: skip
    assert len(world.rows("SELECT 1 FROM refused WHERE payload IS NOT NULL")) == 3
    found = forgotten(world, ANNA, EMAIL)
    assert found.refused == 2
    assert traces(world, ANNA, EMAIL, "ring twice") == []
    assert traces(world, "no hurry") == ["no hurry"]
    broken = (
        "orders",
        {"platform": "shopify", "shop": "shop.test", "id": "3", "total": "much", "email": EMAIL},
    )
    world.run(broken, at=day(13))
    assert traces(world, EMAIL) == [], "what was set aside once is not set aside again"


def test_retell_and_retry_bring_nobody_back(world):
    world.run(*life())
    forgotten(world, ANNA)
    ledger = world.ledger()
    ledger.retell(["identify", "order_completed", "customer_created", "order_refunded"])
    ledger.retry()
    ledger.close()
    told = world.run(*life(), at=day(25))
    assert {event["userId"] for event in told} == {BERT}


def test_twice_is_as_once(world):
    world.run(*life())
    forgotten(world, ANNA)
    rows = world.rows("SELECT count(*) FROM memory")
    again = forgotten(world, ANNA)
    assert (again.people, again.receipts) == (set(), 0)
    assert world.rows("SELECT count(*) FROM memory") == rows
    assert world.run(*life(), at=day(25)) == []


def test_who_was_never_told_of_will_not_be(world):
    world.run(*life())
    assert forgotten(world, "carl-0000-1111").people == set()
    new = order("7", customer={"id": "carl-0000-1111", "email": "carl@example.org"}, created_at=day(9))
    assert world.run(new, at=day(25)) == []


def test_nobody_is_forgotten_while_something_is_intended(tmp_path):
    world = World(tmp_path, answer=unavailable)
    world.run(*life(), catch=(Unavailable,))
    with pytest.raises(LedgerError, match="intended and not yet told: run once with mode=send"):
        forgotten(world, ANNA)
    world.courier.answer = lambda events: None
    world.run()
    assert forgotten(world, ANNA).people == {ANNA}


def test_a_customer_of_another_shop_with_the_same_number_stays(world):
    """Where the e-mail is the identity, number 7 of one shop has nothing to do with number 7 of another."""
    elsewhere = {"shop": "other.test"}
    first, second = customer("7", email=EMAIL), customer("7", email="other@example.org", **elsewhere)
    world.run(first, second, user_id="email")
    forgotten(world, EMAIL, user_id="email")
    kept = customer("7", email="other@example.org", first_name="Olga", updated_at=day(11), **elsewhere)
    told = world.run(first, kept, at=day(12), user_id="email")
    assert [event["userId"] for event in told] == ["other@example.org"]


def test_the_same_shop_under_an_earlier_source_is_forgotten_too(world):
    world.run(*life(), segment_source="old")
    world.run(*life(), segment_source="new")
    forgotten(world, ANNA, segment_source="new")
    assert traces(world, ANNA) == []
    assert world.run(*life(), at=day(25), segment_source="old") == []


def test_a_ledger_that_knows_no_shop_is_named(world):
    with pytest.raises(LedgerError, match="knows no shop under this source"):
        forgotten(world, ANNA)


@pytest.mark.parametrize("ids", [[], [" "], ["x" + str(number) for number in range(MOST_SUBJECTS + 1)]])
def test_none_and_too_many_are_refused(world, ids):
    world.run(*life())
    with pytest.raises(Misconfigured, match="name one id to 5,000"):
        forgotten(world, *ids)


@pytest.mark.parametrize("kind", REGULATIONS)
def test_the_request_is_what_segment_takes(kind):
    found = Forgotten(people={"7", "anon"}, guests={"anon"})
    assert regulation(kind, found, ["7"]) == {
        "regulationType": kind,
        "subjectType": "USER_ID",
        "subjectIds": ["7"],
    }


def test_an_id_that_the_ledger_does_not_know_is_passed_on_and_an_e_mail_is_not():
    assert regulation("SUPPRESS_ONLY", Forgotten(), ["7", EMAIL])["subjectIds"] == ["7"]
    assert regulation("SUPPRESS_ONLY", Forgotten(), [EMAIL]) is None


def test_the_report_names_nobody(world):
    world.run(*life())
    text = report(forgotten(world, ANNA))
    assert text.startswith(
        "Forgotten: 1 identities, the name in 5 receipts, 0 refused payloads, what 3 orders"
    )
    assert ANNA not in text


@pytest.mark.parametrize(
    ("payload", "about"),
    [
        ({"userId": "7"}, True),
        ({"customer": {"id": "7"}}, True),
        ({"order": {"customer": {"id": "7"}}}, True),
        ({"properties": {"shopify_customer_id": "7"}}, True),
        ({"context": {"externalIds": [{"id": "7", "type": "shopify_customer_id"}]}}, True),
        ({"attributes": [{"name": "anonymous_id", "value": "7"}]}, True),
        ({"line_items": [{"id": "7", "product_id": "7", "quantity": 7}]}, False),
        ({"id": "7", "name": "#7"}, False),
        ({"note": f"write to {EMAIL.upper()}"}, True),
    ],
)
def test_a_short_id_counts_only_where_it_names_a_person(payload, about):
    known = Names({"7", EMAIL.lower()}, set(), set(), set())
    assert holds("refused", json.dumps(payload), known) is about


def test_what_cannot_be_read_goes_rather_than_stays():
    known = Names({"7"}, set(), set(), set())
    assert holds("broken", '{"customer": {"id": "7"', known)
    assert not holds("broken", '{"customer": {"id": "8"', known)


def test_amounts_stay_by_order(world):
    world.run(*life())
    forgotten(world, ANNA)
    (row,) = world.rows(
        "SELECT amount, person FROM receipts WHERE event = 'Order Completed' AND subject = '1'"
    )
    assert row == (Decimal(30), "forgotten")
    assert world.rows(
        "SELECT fate FROM fates WHERE stream = 'orders' AND subject = '1' AND transition = 'forgotten'"
    ) == [("forgotten",)]


def test_md5_of_an_e_mail_can_be_named_itself(tmp_path):
    world = World(tmp_path, user_id="email_md5")
    world.run(*life())
    digest = md5(EMAIL.lower().encode()).hexdigest()  # noqa: S324 - as Littledata does
    assert forgotten(world, digest).people == {digest}
    assert traces(world, digest) == []


def tap(stream, *records, key):
    """Lines of another tap."""
    fields = {name: {"type": "string"} for record in records for name in record}
    lines = [
        {"type": "SCHEMA", "stream": stream, "key_properties": key, "schema": {"properties": fields}},
        *({"type": "RECORD", "stream": stream, "record": each} for each in records),
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def machine(tmp_path):
    """Return what runs the target over lines and returns the events, and its settings."""
    with Segment({"key"}) as segment:

        def run(text, **settings):
            before = len(segment.events)
            TargetSegment(config={**config, **settings}).run(io.StringIO(text))
            return segment.events[before:]

        config = run.config = {
            "write_key": "key",
            "since": SINCE,
            "endpoint": segment.endpoint,
            "ledger": str(tmp_path / "ledger.duckdb"),
        }
        yield run


CONTACT = {"identify": True, "user_id": "who", "timestamp": "at", "traits": ["plan"]}
TICKET = {
    "event": "Ticket",
    "kind": "state",
    "first": True,
    "user_id": "who",
    "timestamp": "at",
    "properties": ["plan"],
}


@pytest.mark.parametrize(
    ("key", "number"),
    [(["mail"], {}), (["mail", "list"], {"list": "3"}), (["list", "mail"], {"list": "a:b"})],
)
@pytest.mark.parametrize("since", [SINCE, day(6)])
def test_an_e_mail_in_another_tap_s_key_goes_told_or_not(machine, world, command, key, number, since):
    """As it stands there, alone or with others, and also where it lay before `since`."""
    text = tap("contacts", {"mail": EMAIL, "who": "c-77", "plan": "pro", "at": day(5), **number}, key=key)
    streams = {"contacts": CONTACT}
    assert len(machine(text, streams=streams, since=since)) == (since == SINCE)
    assert traces(world, EMAIL) == [EMAIL], "or the test would find nothing"
    assert command("forget", EMAIL.lower(), **machine.config, streams=streams)[0] == 0
    assert traces(world, EMAIL) == []
    assert machine(text, streams=streams, sent_from="anew") == []
    assert traces(world, EMAIL) == []


def test_of_what_another_tap_said_of_them_no_hash_stays(machine, world, command):
    text = tap(
        "tickets",
        {"no": "7", "who": ANNA, "plan": "pro", "at": day(5)},
        {"no": "8", "who": BERT, "plan": "pro", "at": day(5)},
        key=["no"],
    )
    assert len(machine(text, streams={"tickets": TICKET})) == 2
    assert command("forget", ANNA, **machine.config, streams={"tickets": TICKET})[0] == 0
    states = "SELECT subject FROM memory WHERE stream = 'tickets.state' AND remembered LIKE '%states%'"
    assert world.rows(states) == [("8",)]
    assert machine(text, streams={"tickets": TICKET}, sent_from="anew") == []


def test_a_short_number_in_another_tap_s_key_is_nobody_s_name(machine, world, command):
    text = tap(
        "tickets",
        {"no": "77", "who": BERT, "plan": "pro", "at": day(5)},
        {"no": "78", "who": "77", "plan": "pro", "at": day(5)},
        key=["no"],
    )
    machine(text, streams={"tickets": TICKET})
    assert command("forget", "77", **machine.config, streams={"tickets": TICKET})[0] == 0
    assert world.rows("SELECT subject, person FROM receipts ORDER BY ALL") == [
        ("77", BERT),
        ("78", "forgotten"),
    ]
    later = text.replace('"pro"', '"max"')
    assert [event["userId"] for event in machine(later, streams={"tickets": TICKET})] == [BERT]


def test_a_malformed_record_of_another_tap_is_not_named_after_them(machine, world, command):
    text = tap("contacts", {"id": EMAIL, "who": "c-77", "at": "soon", "plan": "x"}, key=["id"])
    assert machine(text, streams={"contacts": CONTACT | {"kind": "once"}}) == []
    assert traces(world, EMAIL) == [EMAIL]
    machine(
        tap("contacts", {"id": "1", "who": "c-78", "at": day(5), "plan": "x"}, key=["id"]),
        streams={"contacts": CONTACT},
    )
    assert command("forget", EMAIL, **machine.config, streams={"contacts": CONTACT})[0] == 0
    assert traces(world, EMAIL) == []


def test_a_record_of_another_tap_that_goes_by_their_id_is_forgotten_too(tmp_path, command):
    mapping = {"identify": True, "user_id": "id", "timestamp": "at", "traits": ["plan"]}
    fields = {name: {"type": "string"} for name in ("id", "plan")} | {
        "at": {"type": "string", "format": "date-time"}
    }
    lines = [
        {"type": "SCHEMA", "stream": "members", "key_properties": ["id"], "schema": {"properties": fields}}
    ]
    lines += [
        {"type": "RECORD", "stream": "members", "record": {"id": each, "plan": "pro", "at": day(5)}}
        for each in (ANNA, BERT)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    with Segment({"key"}) as segment:
        config = {
            "write_key": "key",
            "since": SINCE,
            "endpoint": segment.endpoint,
            "ledger": str(tmp_path / "ledger.duckdb"),
            "streams": {"members": mapping},
        }
        TargetSegment(config=config).run(io.StringIO(text))
        assert {event["userId"] for event in segment.events} == {ANNA, BERT}
        _, out, _ = command("forget", ANNA, "--regulation", "DELETE_ONLY", **config)
        TargetSegment(config={**config, "sent_from": "anew"}).run(io.StringIO(text))
        assert len(segment.events) == 2
    assert ANNA in out
    world = World(tmp_path)
    assert (traces(world, ANNA), traces(world, BERT)) == ([], [BERT])


# --- the command


def test_a_person_is_forgotten_and_segment_s_request_is_printed(command, tmp_path):
    world = World(tmp_path)
    world.run(order("1", customer=customer_of("anna-4711")))
    settings = {key: value for key, value in world.settings.items() if key != "ledger"}
    code, out, error = command("forget", "anna-4711", **settings)
    assert code == 0
    assert json.loads(out) == {
        "regulationType": "SUPPRESS_WITH_DELETE",
        "subjectType": "USER_ID",
        "subjectIds": ["anna-4711"],
    }
    assert "Forgotten: 1 identities" in error
    assert not list(tmp_path.glob("*.new"))
    code, out, _ = command("forget", "anna-4711", "--regulation", "DELETE_ONLY", **settings)
    assert json.loads(out)["regulationType"] == "DELETE_ONLY"
    assert world.run(order("1", customer=customer_of("anna-4711"))) == []


def test_a_regulation_that_segment_does_not_know_is_refused(command):
    code, _, error = command("forget", "7", "--regulation", "UNSUPPRESS")
    assert code == 1
    assert "SUPPRESS_WITH_DELETE" in error


def test_a_program_is_told_what_went_and_what_to_ask_of_segment(command, tmp_path):
    world = World(tmp_path)
    world.run(order("1", customer=customer_of("anna-4711")), order("2", customer=customer_of("bert-1234")))
    settings = {key: value for key, value in world.settings.items() if key != "ledger"}
    code, out, error = command("forget", "anna-4711", "bert-1234", "--json", **settings)
    said = json.loads(out)
    assert (code, error) == (0, "")
    assert said["forgotten"]["identities"] == 2
    assert said["forgotten"].keys() == {"identities", "receipts", "refused", "subjects"}
    assert said["regulation"]["subjectIds"] == ["anna-4711", "bert-1234"]
    assert json.loads(command("forget", "anna@example.com", "--json", **settings)[1])["regulation"] is None
