"""What every platform keeps, whichever it is: read through the real tap from its own sandbox dialect, over real HTTP.

A further platform runs through all of it by its line in the registry and its entry in `sandbox.dialects`.
"""

# ruff: noqa: S311  # kills are drawn from a seed

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module
from random import Random

import pytest
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from sandbox.dialects import DIALECTS, open_shop
from sandbox.faults import Faults
from sandbox.shop import Shop
from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire
from tap_commerce.platforms import PLATFORMS, Platform, platform
from tap_commerce.schemas import KEYS, POLLED_BY, STREAMS, schema
from tap_commerce.settings import SETTINGS
from tests.world import START, Dying, poll

ORDERS = ("orders", "refunds", "fulfillments")
LATE = timedelta(hours=2)
"""Longer than any platform lags, and than a poll looks back."""


pytestmark = pytest.mark.usefixtures("quiet")


# What it says of itself


@pytest.fixture(params=sorted(PLATFORMS))
def kind(request):
    """Every platform's class in turn."""
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


def test_every_platform_has_a_sandbox_that_speaks_it():
    assert sorted(DIALECTS) == sorted(PLATFORMS)


# What it reads


@pytest.fixture(scope="module", params=sorted(DIALECTS))
def dialect(request):
    """Every platform's name in turn."""
    return request.param


@pytest.fixture(scope="module")
def still(dialect):
    """A shop with a life behind it, in which nothing happens any more."""
    shop = Shop(seed=3, start=START, orders_per_day=8, customers_per_day=3, pace=0.4, max_lines=260)
    shop.live(START + timedelta(days=4))
    shop._life = None
    shop.rest(LATE.total_seconds())
    # Two readings are compared by their calls: neither may depend on how fast this machine is.
    with open_shop(dialect, shop, **DIALECTS[dialect].calm) as api:
        yield api


@pytest.fixture(scope="module")
def whole(still):
    """All that a first reading of it writes."""
    return poll(still)


def selecting(**fields):
    """Return a catalog that selects these streams: all fields (None), or those named beside the keys."""
    streams = []
    for name, record in STREAMS.items():
        wanted = fields.get(name, ())
        metadata = [{"breadcrumb": [], "metadata": {"selected": name in fields}}]
        metadata += [
            {"breadcrumb": ["properties", each], "metadata": {"selected": wanted is None or each in wanted}}
            for each in schema(record)["properties"]
            if each not in (*KEYS, POLLED_BY)
        ]
        streams.append(
            {
                "tap_stream_id": name,
                "stream": name,
                "schema": schema(record),
                "key_properties": list(KEYS),
                "replication_key": POLLED_BY,
                "replication_method": "INCREMENTAL",
                "metadata": metadata,
            }
        )
    return {"streams": streams}


def by_id(output):
    """Return each record by its stream and id, as it was last written."""
    return {(stream, record["id"]): record for stream, record in output.records}


def known(output):
    """Return which things are written, orders and customers with the instant of their last change."""
    return {
        (stream, record["id"], record.get("updated_at") if stream in ("orders", "customers") else None)
        for stream, record in output.records
    }


def asked(api):
    return {each.name for each in api.calls}


def watermarks(state):
    return {
        name: datetime.fromisoformat(mark["replication_key_value"])
        for name, mark in state["bookmarks"].items()
    }


def test_a_first_reading_finds_all_orders_and_customers(dialect, still, whole):
    shop, spoken = still.shop, DIALECTS[dialect]
    assert {each["id"] for each in whole.of("orders")} == {
        spoken.order_id(still, each) for each in shop.orders
    }
    found = {each["id"] for each in whole.of("customers") if not each.get("is_guest")}
    assert found == {spoken.customer_id(still, each) for each in shop.customers}
    assert whole.of("refunds")
    assert whole.of("fulfillments")


def test_every_record_is_what_its_schema_says_and_its_key_is_its_own(dialect, whole):
    for stream in STREAMS:
        validator = DEFAULT_JSONSCHEMA_VALIDATOR(schema(STREAMS[stream]))
        for record in whole.of(stream):
            validator.validate(record)
            assert (record["platform"], record["shop"]) == (dialect, "acme")
    keys = Counter((stream, *(record[each] for each in KEYS)) for stream, record in whole.records)
    assert [key for key, times in keys.items() if times > 1] == []


def test_nothing_is_made_up_for_what_a_shop_does_not_say(whole):
    """No empty text; every instant in UTC, none in the future."""
    for _, record in whole.records:
        for path, value in leaves(record):
            # What a shopper wrote is as it was written.
            assert value != "" or {"attributes", "properties", "note", "reason"} & set(path), path
            if path[-1].endswith("_at") and value is not None:
                assert value.endswith("Z"), path
                assert datetime.fromisoformat(value).tzinfo


def leaves(value, path=()):
    """Yield every plain value with the way to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


@pytest.mark.parametrize("page_size", [1, 250])
def test_an_order_is_written_before_its_children(still, page_size):
    seen = set()
    for stream, record in poll(still, page_size=page_size).records:
        if stream == "orders":
            seen.add(record["id"])
        elif stream != "customers":
            assert record["order_id"] == record["order"]["id"]
            assert record["order_id"] in seen, (stream, record["id"])


def test_the_amounts_of_a_record_agree(whole):
    """An order's parts make its total, its lines its subtotal; the refunds of an order are what it says went back."""
    orders = {each["id"]: each for each in whole.of("orders")}
    compared = 0
    for order in orders.values():
        parts = [order.get(name) for name in ("subtotal", "shipping", "tax")]
        if None in parts or order.get("edited"):
            continue
        subtotal, shipping, tax = parts
        sum_of_parts = subtotal + shipping + (0 if order["taxes_included"] else tax)
        if "tip" in order:
            assert sum_of_parts + order["tip"] == order["total"], order["id"]
        else:
            # What else there is in it, the platform does not say.
            assert sum_of_parts <= order["total"], order["id"]
        totals = [line.get("total") for line in order["line_items"]]
        if totals and None not in totals:
            assert sum(totals) == subtotal, order["id"]
            compared += 1
    assert compared
    of_order: dict[str, dict[str, Decimal]] = {}
    for refund in whole.of("refunds"):
        order = orders[refund["order_id"]]
        assert refund["currency"] == order["currency"] == refund["order"]["currency"]
        assert refund["order"]["total"] == order["total"]
        assert 0 <= refund["total"] <= refund["total_to_date"] <= refund["order_refunded_to_date"]
        subjects = of_order.setdefault(refund["order_id"], {})
        assert subjects.get(refund["subject"], 0) <= refund["total_to_date"]
        subjects[refund["subject"]] = refund["total_to_date"]
    for key, subjects in of_order.items():
        mine = [each for each in whole.of("refunds") if each["order_id"] == key]
        assert max(each["order_refunded_to_date"] for each in mine) == sum(subjects.values())
        if "total_refunded" in orders[key]:
            assert orders[key]["total_refunded"] == sum(subjects.values())
    assert any(sum(each.values()) for each in of_order.values())


def test_reading_again_gives_the_same_however_it_is_paged(still, whole):
    for page_size, window_days in ((2, 30), (7, 0.4)):
        assert by_id(poll(still, page_size=page_size, window_days=window_days)) == by_id(whole)


@pytest.mark.parametrize("stream", STREAMS)
def test_reading_again_from_a_records_own_instant_finds_it(still, whole, stream):
    """A bookmark is inclusive, wherever it stands."""
    records = whole.of(stream)
    for record in Random(stream).sample(records, min(6, len(records))):
        mark = {"replication_key": POLLED_BY, "replication_key_value": record[POLLED_BY]}
        state = {"bookmarks": {stream: mark | {"rechecked_at": START.isoformat()}}}
        again = poll(still, state, catalog=selecting(**{stream: None}), lookback_minutes=0, recheck_days=0)
        assert record == by_id(again)[stream, record["id"]]


# What it asks


def test_what_is_not_selected_is_not_asked_for(dialect, still):
    questions = DIALECTS[dialect].asked_for
    made = set()
    for stream in STREAMS:
        still.calls.clear()
        found = poll(still, catalog=selecting(**{stream: None}))
        assert {name for name, _ in found.records} == {stream}
        needless = {name for name, streams in questions.items() if stream not in streams}
        assert not asked(still) & needless, stream
        made |= asked(still)
    assert made >= set(questions)


FEW = {
    "orders": ("name", "total", "currency", "created_at"),
    "refunds": ("total", "total_to_date", "currency"),
    "fulfillments": ("status", "tracking_numbers"),
    "customers": ("email", "first_name"),
}


def test_a_field_that_is_not_selected_is_not_there_and_costs_nothing(still, whole):
    still.calls.clear()
    poll(still)
    all_calls = len(still.calls)
    still.calls.clear()
    found = poll(still, catalog=selecting(**FEW))
    assert len(still.calls) <= all_calls
    full = by_id(whole)
    for stream, record in found.records:
        kept = {*KEYS, *FEW[stream]}
        # What is not asked for cannot bring a record up once more, so it may be polled by an earlier instant.
        assert record.pop(POLLED_BY) <= full[stream, record["id"]][POLLED_BY]
        assert record == {name: value for name, value in full[stream, record["id"]].items() if name in kept}
    assert by_id(found).keys() == full.keys()


def test_an_empty_shop_is_read_and_its_watermark_moves(dialect):
    shop = Shop(alive=False, start=START)
    shop.rest(86400)
    with open_shop(dialect, shop) as api:
        first = poll(api)
        assert first.records == []
        assert {each["stream"] for each in first.messages if each["type"] == "SCHEMA"} == set(STREAMS)
        marks = watermarks(first.states[-1])
        assert set(marks) == set(STREAMS)
        assert all(timedelta(0) <= shop.now - mark <= timedelta(minutes=5) for mark in marks.values())
        shop.rest(3600)
        shop.place_order(1)
        shop.rest(600)
        assert [name for name, _ in poll(api, first.states[-1]).records if name == "orders"] == ["orders"]


def test_a_quiet_poll_moves_the_watermark_and_asks_little(dialect, still, whole):
    state, before = whole.states[-1], watermarks(whole.states[-1])
    still.shop.rest(12 * 3600)
    still.calls.clear()
    quiet = poll(still, state, lookback_minutes=0)
    # A platform may look again at what it knows, and then finds it as it was.
    assert not {"orders", "customers"} & {name for name, _ in quiet.records}
    assert by_id(quiet).items() <= by_id(whole).items()
    assert len(still.calls) <= 40
    after = watermarks(quiet.states[-1])
    for name in STREAMS:
        assert after[name] >= before[name] + timedelta(hours=11)
        assert after[name] <= still.shop.now


# What happens while it reads


def test_many_rows_of_one_second_are_all_read_wherever_it_is_killed(dialect):
    """Pages that are smaller than the second, and a bookmark in the middle of it."""
    shop = Shop(alive=False, start=START)
    shop.rest(3600)
    people = [shop.register() for _ in range(5)]
    for number in range(7):
        order = shop.place_order(1, customer=people[number % 5])
        if number % 2:
            shop.ship(order)
            shop.refund(order, amount="1")
    shop.rest(LATE.total_seconds())
    with open_shop(dialect, shop) as api:
        for page_size in (1, 2, 3):
            settings = {"page_size": page_size, "lookback_minutes": 0, "recheck_days": 0}
            api.calls.clear()
            whole = known(poll(api, **settings))
            assert Counter(stream for stream, *_ in whole)["orders"] == 7
            questions = len(api.calls)
            for left in sorted({max(1, questions * part // 6) for part in range(1, 6)}):
                first = poll(api, wire=Dying(shop.rest, left), **settings)
                assert not first.ended
                state = first.states[-1] if first.states else None
                found = known(first) | known(poll(api, state, **settings))
                assert found == whole, (page_size, left)


def test_whenever_it_is_killed_every_change_is_written_in_the_end(dialect):
    """Between any two questions, again and again, while the shop lives on; nothing is looked at twice, which would find what was lost."""
    draw = Random(f"killed/{dialect}")
    shop = Shop(seed=1, start=START, orders_per_day=20, customers_per_day=5, max_lines=6)
    shop.live(START + timedelta(days=9))
    plainly = {"lookback_minutes": 0, "recheck_days": 0, "page_size": 4}
    seen, state, killed, within = set(), None, 0, 0
    with open_shop(dialect, shop, **DIALECTS[dialect].calm) as api:
        poll(api, **plainly)
        questions = len(api.calls)
        for hours, share in ((0, 0.85), (1, 0.2), (12, 0.05), (30, 0.05), (1, 2), (30, 0.05)):
            shop.live(shop.now + timedelta(hours=hours))
            left = int(questions * share * draw.uniform(0.8, 1))
            found = poll(api, state, wire=Dying(shop.rest, left), **plainly)
            killed += not found.ended
            within += not found.ended and bool(found.states)
            seen |= known(found)
            state = found.states[-1] if found.states else state
        shop._life = None
        shop.rest(LATE.total_seconds())
        seen |= known(poll(api, state, **plainly))
        whole = known(poll(api))
    assert killed > 1
    assert within, "a state in the middle of a window"
    assert whole - seen == set()


def test_what_a_platform_shows_late_is_not_passed_over(dialect):
    """Polled just after it happened, while the platform's lists are as late as it is said to be, and never looking back."""
    shop = Shop(alive=False, start=START)
    shop.rest(LATE.total_seconds())
    seen, state = set(), None
    plainly = {"lookback_minutes": 0, "recheck_days": 0}
    spoken = DIALECTS[dialect]
    with open_shop(dialect, shop, **spoken.calm | spoken.lagging) as api:
        for seconds in (1, 2, 3, 4, 8, 30):
            shop.place_order(1, customer=shop.register())
            shop.rest(seconds)
            found = poll(api, state, **plainly)
            seen |= known(found)
            state = found.states[-1]
        shop.rest(LATE.total_seconds())
        seen |= known(poll(api, state, **plainly))
        whole = known(poll(api))
    assert Counter(stream for stream, *_ in whole)["orders"] == 6
    assert whole - seen == set()


@pytest.mark.parametrize("seed", [4, 5])
def test_rows_that_change_while_they_are_paged_are_not_lost(dialect, seed):
    """With every question the shop lives on, and what was on the next page may now be on the last, or on none."""
    shop = Shop(seed=seed, start=START, orders_per_day=60, customers_per_day=20, pace=0.02, max_lines=3)
    shop.advance(3600 * 10)
    seen, state = set(), None
    with open_shop(dialect, shop) as api:
        api.tick = 40
        for page_size in (3, 7, 2):
            found = poll(api, state, page_size=page_size, lookback_minutes=0, recheck_days=0)
            seen |= known(found)
            state = found.states[-1]
        api.tick, shop._life = 0, None
        shop.rest(LATE.total_seconds())
        seen |= known(poll(api, state, lookback_minutes=0, recheck_days=0))
        whole = known(poll(api))
    assert len(whole) > 60
    assert whole - seen == set()


def test_throttling_and_errors_are_waited_out(dialect, still, whole):
    spoken = DIALECTS[dialect]
    kinds = ("429", "429_after", "500", "503", "truncated", "reset", *spoken.faults)
    failing = Faults(seed=8, rate=0.3, kinds=kinds)
    with open_shop(dialect, still.shop, faults=failing, **spoken.throttling) as api:
        found = poll(api, page_size=9)
    assert failing.happened.total() > 2
    assert by_id(found) == by_id(whole)


@pytest.mark.parametrize("name", sorted(name for name, each in DIALECTS.items() if each.expiring))
def test_a_token_that_expires_is_renewed(name):
    shop = Shop(seed=6, start=START, orders_per_day=6)
    shop.live(START + timedelta(days=3))
    shop._life = None
    with open_shop(name, shop, **DIALECTS[name].expiring) as api:
        shop.rest(LATE.total_seconds())
        found = poll(api, page_size=2)
        assert api.calls.count["oauth", 200] > 2
    assert len(found.of("orders")) == len(shop.orders)


@pytest.mark.parametrize("own", [False, True])
def test_a_wrong_secret_is_refused_by_the_name_of_its_setting(dialect, own):
    """At once, before a record; what was set is not said."""
    shop = Shop(alive=False)
    shop.place_order(1)
    options = (DIALECTS[dialect].expiring or {}) if own else {}
    with open_shop(dialect, shop, **options) as api:
        secrets = [each.name for each in SETTINGS if each.secret and each.name in api.settings]
        assert secrets
        for secret in secrets:
            wrong = api.settings[secret][:-4] + "zzzz"
            api.calls.clear()
            with pytest.raises(Denied, match=secret) as refused:
                poll(api, **{secret: wrong})
            assert wrong not in str(refused.value)
            assert len(api.calls) <= 3


# What touches no order


def refund(shop, order):
    shop.refund(order, amount="7", bumps=False)
    shop.settle(shop.refund(order, amount="2", pending=True, bumps=False), bumps=False)


def track(shop, order):
    shop.track(shop.order(order).fulfillments[0], bumps=False)


def send_more(shop, order):
    # Not all of it: that would change the order.
    shop.ship(order, {order.lines[0].id: 1}, bumps=False)


HAPPENS = {"refund": refund, "tracking": track, "parcel": send_more}


@pytest.mark.parametrize("late", HAPPENS)
def test_what_leaves_its_order_untouched_is_found_by_the_next_poll_or_the_second_look(dialect, late):
    """Which of the two is what the platform's documentation says."""
    spoken = DIALECTS[dialect]
    shop = Shop(alive=False, start=START)
    shop.rest(3600)
    order = shop.place_order([{"quantity": 3, "price": "20.00"}], customer=shop.register())
    shop.rest(3600)
    shop.ship(order, {order.lines[0].id: 3 if late == "tracking" else 1})
    shop.rest(LATE.total_seconds())
    with open_shop(dialect, shop, **spoken.silent) as api:
        first = poll(api)
        before = shows(first)
        shop.rest(LATE.total_seconds())
        HAPPENS[late](shop, order)
        shop.rest(LATE.total_seconds())
        then = poll(api, first.states[-1])
        assert (shows(then)[late] > before[late]) == (late in spoken.noticed)
        found = poll(api, then.states[-1], recheck_hours=0)
        assert shows(found)[late] == {"refund": 9, "tracking": 1, "parcel": 2}[late]
        assert (
            by_id(found).items()
            >= {key: each for key, each in by_id(poll(api)).items() if key[0] != "customers"}.items()
        )


def shows(output):
    """Count what a reading shows."""
    parcels = by_id(output)
    return {
        "refund": max((each["order_refunded_to_date"] for each in output.of("refunds")), default=0),
        "tracking": sum(len(each.get("tracking_numbers") or ()) for each in output.of("fulfillments")),
        "parcel": sum(stream == "fulfillments" for stream, _ in parcels),
    }


def test_a_state_is_plain_json_that_any_scheduler_can_keep(whole):
    for state in whole.states:
        assert json.loads(json.dumps(state)) == state
