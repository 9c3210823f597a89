"""What is asked of a PrestaShop, and that nothing is missed: each stream by its own trace."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET

from sandbox.prestashop import PrestaShop as Api
from sandbox.shop import Shop
from tap_commerce.errors import Denied, Misconfigured
from tap_commerce.http import Wire
from tap_commerce.platforms import PLATFORMS, Window, platform
from tap_commerce.platforms.prestashop.asking import ENTRIES, OVERLAP, PrestaShop
from tap_commerce.schemas import STREAMS, schema

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
EVERYTHING = {name: frozenset(schema(kind)["properties"]) for name, kind in STREAMS.items()}


def made(**options):
    return Shop(start=START, alive=False, **options)


def opened(api, selection=None, **settings):
    it = PrestaShop(
        api.settings | {"shop": "acme", "page_size": 250, "tracking_days": 14} | settings,
        Wire(user_agent="test", sleep=lambda _: None),
    )
    it.open(EVERYTHING if selection is None else selection)
    return it


def pages(it, stream, start=START - timedelta(days=1), end=None, cursors=()):
    return list(it.read((stream,), Window(start, end or it.now() - it.lag, dict(cursors))))


def read(it, stream, *window, **more):
    return [record for page in pages(it, stream, *window, **more) for _, record in page.records]


def ids(found):
    return [each.id for each in found]


# Settings


def test_the_registry_knows_it():
    settings = {"platform": "prestashop", "api_url": "https://shop.example", "webservice_key": "key"}
    it = platform(settings, lambda: Wire(user_agent="test"))
    assert (type(it), it.shop, it.name) == (PrestaShop, "shop.example", "prestashop")
    assert "prestashop" in PLATFORMS


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"webservice_key": None}, "webservice_key: must be set"),
        ({"webservice_key": "key\n"}, "webservice_key: must be plain ASCII"),
        ({"timezone": "Mars/Olympus"}, "timezone: 'Mars/Olympus' is no time zone"),
        ({"order_states": ["15=gone"]}, "order_states: "),
        ({"api_url": "http://shop.example"}, "api_url: must begin with https"),
    ],
)
def test_settings_are_checked_before_anything_is_asked(settings, says):
    whole = {"api_url": "https://shop.example", "webservice_key": "key"} | settings
    with pytest.raises(Misconfigured) as raised:
        PrestaShop(whole, Wire(user_agent="test"))
    assert says in str(raised.value)
    assert "key\n" not in str(raised.value)


# Rights


def rights(api, *without):
    return [name for name in api.resources if name not in without]


def granted(*without, **options):
    api = Api(made(), **options)
    api.rights = set(rights(api, *without))
    return api


def test_all_missing_rights_are_named_before_the_first_record():
    with granted("orders", "order_slip", "order_states", "customers") as api:
        with pytest.raises(
            Denied, match="may not read customers, order_slip, order_states, orders: tick GET for each"
        ):
            opened(api)
        assert all(each.rows <= 20 for each in api.calls)


@pytest.mark.parametrize(
    "right", ["order_histories", "order_carriers", "currencies", "order_details", "configurations"]
)
def test_a_right_that_cannot_be_done_without_is_named(right):
    with granted(right) as api, pytest.raises(Denied, match=f"may not read {right}: tick GET for it"):
        opened(api)


def test_what_nobody_selected_needs_no_right():
    with granted(
        "orders", "order_slip", "order_carriers", "order_histories", "order_states", "addresses"
    ) as api:
        opened(api, {"customers": frozenset({"id", "email"})})
        assert {each.name for each in api.calls} == {"customers", "configurations"}
    with granted("customers", "order_details", "order_carriers", "order_slip") as api:
        opened(api, {"orders": EVERYTHING["orders"] - {"customer", "line_items"}})


OPTIONAL = {
    "addresses": ("billing_address", "shipping_address", "phone"),
    "order_payments": (),
    "order_cart_rules": ("coupons",),
    "cart_rules": ("coupons",),
    "carriers": ("shipping_method",),
    "languages": ("locale",),
    "order_slip": ("total_refunded", "current_total"),
}


@pytest.mark.parametrize("right", OPTIONAL)
def test_a_right_that_can_be_done_without_is_warned_of_once_and_its_fields_are_left_out(right, caplog):
    shop = made()
    for _ in range(3):
        shop.place_order(2, customer=shop.register(), codes=["WELCOME10"])
    shop.rest(60)
    api = Api(shop)
    api.rights = set(rights(api, right))
    selection = {"orders": EVERYTHING["orders"], "customers": EVERYTHING["customers"]}
    with api:
        it = opened(api, selection)
        orders = read(it, "orders")
        customers = read(it, "customers")
    assert len(orders) == len(customers) == 3
    for name in OPTIONAL[right]:
        assert {getattr(each, name) for each in orders} == {UNSET}, name
    assert caplog.text.count(f"may not read {right}") == 1


def test_settings_may_say_what_the_configuration_would():
    shop = made()
    shop.place_order(1)
    shop.rest(60)
    api = Api(shop)
    api.rights = set(rights(api, "configurations"))
    with api:
        it = opened(api, timezone="America/New_York", order_states=["6=cancelled"])
        (order,) = read(it, "orders", START - timedelta(days=2), START + timedelta(days=2))
    assert order.created_at == "2026-10-01T14:00:00Z", "ten o'clock in Paris, said to be New York's"


# Orders


def test_orders_are_read_for_all_of_a_page_at_once():
    shop = made()
    for _ in range(120):
        shop.place_order(1, customer=shop.register(), codes=["WELCOME10"])
        shop.advance(seconds=30)
    with Api(shop) as api:
        it = opened(api)
        before = len(api.calls)
        assert len(read(it, "orders")) == 120
        asked = Counter(each.name for each in api.calls[before:])
    assert all(count <= 4 for count in asked.values()), asked
    assert len([each for each in api.calls if each.status != 200]) == 0


def test_an_order_that_changes_while_its_parts_are_read_is_left_to_the_next_poll():
    """Else a record would mix two versions of it."""
    shop = made()
    first = shop.place_order([{"price": "10.00", "quantity": 1}])
    shop.place_order([{"price": "10.00", "quantity": 1}])
    shop.advance(seconds=60)

    class Restless(Api):
        def _answer(self, request):
            answer = super()._answer(request)
            if (
                "/api/order_details" in request.path
                and "limit=1&" not in request.path
                and not shop.order(first).edited
            ):
                shop.edit_order(first, add=[{"price": "5.00", "quantity": 1}])
            return answer

    with Restless(shop) as api:
        it = opened(api)
        assert ids(read(it, "orders")) == ["2"]
        shop.rest(60)
        late = {each.id: each for each in read(opened(api), "orders")}
    assert late["1"].total - late["2"].total == 5
    assert len(late["1"].line_items) == 2


def test_fields_of_a_customer_are_asked_for_only_by_name():
    shop = made()
    shop.place_order(1, customer=shop.register())
    shop.rest(60)
    with Api(shop) as api:
        (plain,) = read(opened(api), "customers")
        asked = [each.query["display"] for each in api.calls if each.name == "customers"]
        assert plain.metafields is UNSET
        assert asked
        assert not any("company" in each or "siret" in each for each in asked)
        (told,) = read(opened(api, customer_metafields=["id_default_group", "company"]), "customers")
        (order,) = read(opened(api, customer_metafields=["id_default_group"]), "orders")
    assert [each.name for each in told.metafields] == ["id_default_group", "company"]
    assert order.customer.metafields == told.metafields[:1]


def test_a_field_of_a_customer_that_is_not_offered_is_refused_by_name():
    with Api(made()) as api, pytest.raises(Misconfigured, match="customer_metafields: 'passwd' is none of"):
        opened(api, customer_metafields=["passwd"])


def test_the_window_is_asked_for_in_the_shops_own_time_and_is_half_open():
    shop = made()
    for _ in range(3):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.rest(60)
    with Api(shop) as api:
        it = opened(api)
        second = START + timedelta(seconds=60)
        assert ids(read(it, "orders", START, second)) == ["1"]
        assert ids(read(it, "orders", second, second + timedelta(seconds=60))) == ["2"]
        asked = [each.query["filter[date_upd]"] for each in api.calls if "filter[date_upd]" in each.query]
    assert asked[0] == "[2026-10-01 10:00:00,2026-10-01 10:00:59]"


@pytest.mark.parametrize("minutes", [7, 20, 45, 60, 90])
def test_no_order_is_lost_in_the_hour_that_comes_twice(minutes):
    """2026-10-25 in Paris: from 02:00 to 03:00 twice. Each window begins where the last one ended, with no look back."""
    shop = Shop(start=datetime(2026, 10, 24, 22, tzinfo=UTC), alive=False)
    found, start = set(), shop.start - timedelta(hours=1)
    with Api(shop) as api:
        it = opened(api)
        for number in range(1, 40):
            shop.place_order(1)
            shop.advance(seconds=7 * 60)
            if number * 7 % minutes < 7:
                it._configure({}, of_orders=True)  # it learns the time
                end = it.now() - it.lag
                found |= {each.id for each in read(it, "orders", start, end)}
                start = end
    assert len(found) > 30
    assert found == {str(number) for number in range(1, len(found) + 1)}


def test_nothing_comes_after_a_page_that_said_it_would_not():
    """Else a run that is interrupted there would lose it; also in an hour that comes twice."""
    shop = Shop(start=datetime(2026, 10, 24, 22, tzinfo=UTC), alive=False)
    orders = []
    for number in range(36):
        orders.append(shop.place_order(1, customer=shop.register(f"Ann {number}")))
        shop.advance(seconds=7 * 60)
        if number % 2:
            order = orders[number // 2]
            shop.ship(order)
            shop.refund(order, {each.id: each.quantity for each in order.lines}, shipping=True)
        shop.advance(seconds=60)
    shop.rest(3600)
    with Api(shop) as api:
        it = opened(api, page_size=3)
        for (stream,) in it.passes:
            said, count = datetime.min.replace(tzinfo=UTC), 0
            for page in pages(it, stream, shop.start - timedelta(hours=3)):
                # With one refund of an order all are told: then the latest is what it was polled by.
                polled = {}
                for _, record in page.records:
                    subject = getattr(record, "subject", record.id)
                    polled[subject] = max(polled.get(subject, ""), record.polled_at)
                assert all(datetime.fromisoformat(each) >= said for each in polled.values()), stream
                count += len(polled)
                said = max(said, page.oldest or said)
            assert count > 15
            assert said > shop.start, stream


def test_a_page_says_how_far_it_proves_the_list():
    shop = made()
    for _ in range(5):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.rest(60)
    with Api(shop) as api:
        told = [page.oldest for page in pages(opened(api, page_size=2), "orders")]
    assert told == [*(START + timedelta(minutes=number) for number in range(1, 5)), None]


def test_only_the_shop_that_is_asked_for_is_read():
    shop = made()
    for _ in range(6):
        order = shop.place_order([{"price": "10.00", "quantity": 1}], customer=shop.register())
        shop.advance(seconds=60)
        shop.ship(order)
        shop.refund(order, {order.lines[0].id: 1})
    shop.rest(60)
    with Api(shop, shops=2) as api:
        found = {}
        for number in (1, 2):
            it = opened(api, id_shop=number)
            orders = set(ids(read(it, "orders")))
            assert {each.order_id for each in read(it, "refunds")} == orders
            assert {each.order_id for each in read(it, "fulfillments")} == orders
            found[number] = orders
    assert found[1] | found[2] == {str(number) for number in range(1, 7)}
    assert not found[1] & found[2]


# Refunds


def test_a_credit_slip_is_found_although_its_order_did_not_change():
    shop = made()
    order = shop.place_order([{"price": "10.00", "quantity": 3}])
    shop.advance(seconds=86400)
    shop.refund(order, {order.lines[0].id: 1}, bumps=False)
    shop.rest(60)
    with Api(shop) as api:
        it, later = opened(api), START + timedelta(hours=20)
        assert read(it, "orders", later) == []
        (refund,) = read(it, "refunds", later)
    assert (refund.order_id, refund.total, refund.polled_at) == ("1", 10, "2026-10-02T08:00:00Z")


def test_with_one_refund_of_an_order_all_of_them_are_told():
    shop = made()
    order = shop.place_order([{"price": "10.00", "quantity": 3}])
    shop.place_order(1)
    for _ in range(2):
        shop.advance(seconds=86400)
        shop.refund(order, {order.lines[0].id: 1})
    shop.rest(60)
    with Api(shop) as api:
        told = read(opened(api), "refunds", START + timedelta(hours=30))
    assert [each.total_to_date for each in told] == [10, 20]
    assert {each.order_id for each in told} == {"1"}


def test_a_refund_is_found_by_its_own_instant():
    """Reading again from any record's `polled_at` finds that record."""
    shop = made()
    for _ in range(8):
        order = shop.place_order(1, customer=shop.register())
        shop.advance(seconds=600)
        shop.refund(order, {each.id: each.quantity for each in order.lines}, shipping=True)
        shop.advance(seconds=600)
    with Api(shop) as api:
        it = opened(api)
        every = read(it, "refunds")
        kinds = {each.id.partition(":")[2] for each in every}
        assert kinds == {"", "refunded"}
        for each in every:
            at = datetime.fromisoformat(each.polled_at)
            assert each.id in ids(read(it, "refunds", at, at + timedelta(seconds=1)))


# Fulfillments


def test_a_tracking_number_that_comes_without_a_trace_is_found_for_some_days():
    shop = made()
    parcel = shop.ship(
        shop.place_order([{"price": "10.00", "quantity": 1}, {"price": "1.00", "quantity": 1}])
    )
    shop.advance(seconds=86400 * 2)
    shop.track(parcel, bumps=False)
    shop.rest(60)
    with Api(shop) as api:
        late = START + timedelta(days=1)
        (told,) = read(opened(api), "fulfillments", late)
        assert told.tracking_numbers
        assert read(opened(api, tracking_days=1), "fulfillments", late) == []
        assert read(opened(api, tracking_days=0), "fulfillments", late) == []


def test_parcels_are_looked_for_again_once_in_a_run():
    shop = made()
    shop.ship(shop.place_order(2), tracking=True)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        it, late = opened(api), START + timedelta(hours=2)
        assert len(read(it, "fulfillments", late, late + timedelta(hours=1))) == 1
        assert read(it, "fulfillments", late + timedelta(hours=1)) == []


def test_what_the_windows_bring_anyway_is_not_looked_for_again():
    shop = made()
    for _ in range(3):
        shop.ship(shop.place_order(2), tracking=True)
        shop.advance(seconds=60)
    with Api(shop) as api:
        assert len(read(opened(api), "fulfillments")) == 3


def test_how_far_the_history_was_read_is_told_last_and_less_an_overlap():
    shop = made()
    for _ in range(120):
        shop.ship(shop.place_order(1))
        shop.advance(seconds=1)
    shop.rest(60)
    with Api(shop) as api:
        last = max(api.book.read(shop.history).tables["order_histories"])
        *before, end = pages(opened(api), "fulfillments", cursors={ENTRIES: 1})
    assert {len(each.cursors) for each in before} == {0}
    assert end.cursors == {ENTRIES: last - OVERLAP}
    assert end.records == []


def test_an_entry_that_a_module_wrote_without_its_order_is_found_by_its_number():
    shop = made()
    for _ in range(3):
        shop.place_order(2)
    shop.advance(seconds=86400 * 30)
    with Api(shop) as api:
        table = api.book.read(shop.history).tables["order_histories"]
        cursor = max(table)
        table[cursor + 1] = table[cursor] | {
            "id": cursor + 1, "id_order": 2, "id_order_state": 4, "date_add": "2026-10-03 10:00:00",
        }  # fmt: skip
        late = shop.now - timedelta(days=1)
        assert read(opened(api), "fulfillments", late) == [], "nothing leads there"
        (told,) = read(opened(api), "fulfillments", late, cursors={ENTRIES: cursor})
    assert (told.order_id, told.fulfilled_at) == ("2", "2026-10-03T08:00:00Z")


def test_a_shop_that_counts_anew_is_read_by_date_again():
    shop = made()
    shop.ship(shop.place_order(2), tracking=True)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        late = shop.now - timedelta(hours=1)
        assert len(read(opened(api), "fulfillments", late, cursors={ENTRIES: 10**6})) == 1


# Customers


def test_a_customer_whose_address_changed_is_read_again():
    shop = made()
    shop.place_order(2, customer=shop.register("Ann", "Lee"))
    shop.register("Bob", "Ray")
    shop.advance(seconds=86400)
    shop.rest(60)
    with Api(shop) as api:
        table = api.book.read(shop.history).tables["addresses"]
        late = START + timedelta(hours=12)
        assert read(opened(api), "customers", late) == []
        (address,) = (row for row in table.values() if row["id_customer"])
        address.update(city="Elsewhere", date_upd="2026-10-02 09:00:00")
        (told,) = read(opened(api), "customers", late)
        assert (told.first_name, told.default_address.city) == ("Ann", "Elsewhere")
        assert (told.polled_at, told.updated_at) == ("2026-10-02T07:00:00Z", "2026-10-02T07:00:00Z")
        only = opened(api, {"customers": frozenset({"id", "email"})})
        assert read(only, "customers", late) == []


def test_a_customer_is_never_asked_for_whole():
    shop = made()
    shop.place_order(2, customer=shop.register())
    shop.rest(60)
    with Api(shop) as api:
        it = opened(api)
        for (stream,) in it.passes:
            read(it, stream)
        asked = [each.query["display"] for each in api.calls]
        whole = [each for each in asked if "full" in each]
        secret = [each for each in asked if "passwd" in each or "token" in each or "secure_key" in each]
    assert len(asked) > 20
    assert whole == secret == []


# Cost


def test_an_idle_poll_costs_few_questions():
    shop = made()
    for _ in range(30):
        shop.place_order(1)
        shop.advance(seconds=60)
    shop.advance(seconds=86400)
    with Api(shop) as api:
        it = opened(api)
        opening = len(api.calls)
        for (stream,) in it.passes:
            assert read(it, stream, shop.now - timedelta(hours=1)) == []
        assert (opening, len(api.calls) - opening) == (13, 8)
