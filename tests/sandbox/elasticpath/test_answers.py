"""Answers have the shapes of the documentation's examples, and amounts that add up."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.elasticpath import ElasticPath
from sandbox.elasticpath.answers import Spelling, codes, items
from sandbox.shop import Shop

SAMPLES = Path(__file__).with_name("samples")

OPTIONAL = {
    "order": {"order_number", "external_ref", "custom_attributes", "contact", "customer"},
    "relationships": {"customer", "account", "account_member"},
    "order_item": {"sku", "product_id", "promotion_id", "custom_inputs", "shipping_group_id", "catalog_id", "catalog_source"},
    "display_price": {"discounts"},
    "transaction": {"refund_mechanism", "failure_details", "transaction-type", "transaction_type"},
    "shipping_group": {"delivery_estimate", "shipping_status", "created_at", "updated_at", "createdAt", "updatedAt"},
    "customer": {"external_ref"},
}  # fmt: skip
"""What the documentation shows now and then."""


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def shapes(value, where=()):
    """Yield (path, type) of everything in a JSON value; what may be left out is left out."""
    kind = (
        "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    )
    yield where, kind
    if isinstance(value, dict):
        optional = OPTIONAL.get(where[-1] if where else "", set()) | OPTIONAL.get(value.get("type"), set())
        for key, each in value.items():
            if key not in optional:
                yield from shapes(each, (*where, key))
    elif isinstance(value, list):
        for each in value:
            yield from shapes(each, where)


def same_shape(ours, theirs):
    """Check that every path is in both, with a type that is there as well; null may stand for a text that is missing."""
    mine, wanted = (
        {path: {kind for at, kind in set(shapes(each)) if at == path} for path, _ in set(shapes(each))}
        for each in (ours, theirs)
    )
    assert mine.keys() == wanted.keys()
    for path, kinds in mine.items():
        assert (
            kinds <= wanted[path] | {"NoneType", "str", "list"} if "links" in path else kinds <= wanted[path]
        ), path


@pytest.fixture
def busy(shop):
    """A shop with an order of each kind that the samples show."""
    anna = shop.register("Ron", "Swanson", addresses=())
    order = shop.place_order([{"price": "50", "quantity": 2}], customer=anna, shipping=None)
    shop.place_order([{"price": "25", "quantity": 1}], customer=anna, pay=None, shipping=None)
    shop.advance(60)
    parcel = shop.ship(order, tracking=True)
    shop.progress(parcel, "in_transit")
    return shop, order


def test_orders_and_their_items_look_like_the_documentations(busy, client):
    shop, _ = busy
    with ElasticPath(shop, index_lag=0) as api:
        page = client(api)("orders", include="items", limit=100)
    page["included"]["items"] = [each for each in page["included"]["items"] if "product_id" in each]
    same_shape(page, sample("orders_page1"))


def test_transactions_look_like_the_documentations_before_and_after_a_refund(busy, client):
    shop, order = busy
    with ElasticPath(shop) as api:
        ask = client(api)
        same_shape({"data": ask.of_order(order, "transactions")}, sample("transactions_before_refund"))
        shop.refund(order, amount="50")
        (after,) = ask.of_order(order, "transactions")
        same_shape({"data": [after]}, sample("transactions_after_partial_refund"))
        assert (after["transaction_type"], after["amount"], after["refunded_amount"]) == (
            "refund",
            10000,
            5000,
        )
        assert after["refund_mechanism"] in ("automatic", "manual")


@pytest.mark.parametrize("groups", ["parcels", "checkout"])
def test_shipping_groups_look_like_the_documentations(shop, client, groups):
    order = shop.place_order([{"price": "50", "quantity": 2}])
    with ElasticPath(shop, groups=groups) as api:
        ask = client(api)
        shop.ship(order, tracking=True)
        found = ask.of_order(order, "shipping-groups")
        same_shape({"data": found}, sample("shipping_groups"))
        assert found[0]["tracking_reference"]


@pytest.mark.parametrize(
    ("path", "name", "buyers"),
    [
        ("customers", "customers", "customers"),
        ("accounts", "accounts", "accounts"),
        ("account-members", "account_members", "accounts"),
    ],
)
def test_buyers_look_like_the_documentations(busy, client, path, name, buyers):
    shop, _ = busy
    with ElasticPath(shop, buyers=buyers, index_lag=0) as api:
        page = client(api)(path, limit=100)
    assert len(page["data"]) == 1
    theirs = sample(name)
    for each in (page, theirs):
        each.pop("links", None)
    same_shape(page, theirs)


def test_currencies_and_tokens_look_like_the_documentations(shop, client):
    with ElasticPath(shop, places={"JPY": 2}) as api:
        ask = client(api)
        found = ask("currencies")
        same_shape(found, sample("currencies"))
        assert {each["code"]: each["decimal_places"] for each in found["data"]} == {
            "EUR": 2,
            "USD": 2,
            "JPY": 2,
            "SEK": 2,
        }
        assert [each["code"] for each in found["data"] if each["default"]] == ["EUR"]
        same_shape(ask.grant(), sample("access_token"))


def test_errors_are_the_documentations(shop, client):
    with ElasticPath(shop, forbidden=["customers"], rate=4) as api:
        ask = client(api)
        assert ask("orders", filter="x") == sample("error_400_filter")
        assert ask("orders/x") == sample("error_404")
        assert ask("customers") == sample("error_403")
        assert ask("currencies") == sample("error_429")
        shop.advance(3600)
        assert ask("orders") == sample("error_401")


# Spellings


def test_a_store_may_spell_otherwise(shop, client):
    order = shop.place_order(currency="JPY")
    shop.advance(0.75)
    with ElasticPath(
        shop, hyphens=True, camel=True, instants="s", offset="-07:00", places={"JPY": 2}, group_status=False
    ) as api:
        shop.ship(order)
        ask = client(api)
        (transaction,) = ask.of_order(order, "transactions")
        assert transaction["transaction-type"] == "purchase"
        assert "transaction_type" not in transaction
        assert transaction["meta"]["timestamps"]["created_at"] == "2026-10-01T01:00:00-07:00"
        assert transaction["amount"] == int(order.total.presentment * 100)
        (group,) = ask.of_order(order, "shipping-groups")
        assert group["createdAt"] == "2026-10-01T08:00:00Z"
        assert "created_at" not in group
        assert "shipping_status" not in group
        assert ask.of_order(order)["meta"]["timestamps"]["updated_at"] == "2026-10-01T08:00:00Z"
    with ElasticPath(shop) as api:
        assert client(api).of_order(order)["meta"]["timestamps"]["updated_at"] == "2026-10-01T08:00:00.750Z"


def test_an_order_has_one_currency_the_shoppers_in_its_own_minor_units(shop, client):
    order = shop.place_order([{"price": "24", "quantity": 1}], currency="JPY", shipping=None)
    with ElasticPath(shop) as api:
        total = client(api).of_order(order)["meta"]["display_price"]["with_tax"]
    assert total == {"amount": 3918, "currency": "JPY", "formatted": "¥3,918"}


# Who


def test_a_guest_is_a_name_and_an_address_and_an_account_a_contact(shop, client):
    anna = shop.register()
    guest, own = shop.place_order(email="G@Example.com"), shop.place_order(customer=anna)
    with ElasticPath(shop) as api:
        ask = client(api)
        shown = ask.of_order(guest)
        assert shown["customer"] == {"name": "Gast Gæst", "email": "G@Example.com"}
        assert set(shown["relationships"]) == {"items"}
        assert ask.of_order(own)["relationships"]["customer"]["data"]["id"] == api.id_of("customer", anna.id)
    with ElasticPath(shop, buyers="accounts") as api:
        shown = client(api).of_order(own)
        assert "customer" not in shown
        assert shown["contact"] == {"name": "Anna Schmidt", "email": anna.email}
        assert shown["relationships"]["account_member"]["data"] == {
            "type": "account_member",
            "id": api.id_of("account_member", anna.id),
        }


def test_an_anonymized_order_shows_stars(shop, client):
    order = shop.place_order(customer=shop.register())
    shop.cancel(order)
    with ElasticPath(shop) as api:
        api.book.anonymize(order)
        shop.advance(1)
        shown = client(api).of_order(order)
    assert shown["anonymized"] is True
    assert shown["customer"] == {"name": "*", "email": "*"}
    assert set(shown["billing_address"].values()) == set(shown["shipping_address"].values()) == {"*"}


def test_who_was_erased_is_gone_and_the_request_says_so(shop, client):
    anna, bert = shop.register(), shop.register("Bert")
    with ElasticPath(shop, index_lag=0) as api:
        ask = client(api)
        api.book.erase(bert, granted=False)
        shop.advance(60)
        api.book.erase(anna)
        assert [each["name"] for each in ask("customers")["data"]] == ["Bert Schmidt"]
        ask(f"customers/{api.id_of('customer', anna.id)}")
        assert ask.status == 404
        found = ask("personal-data/erasure-requests")["data"]
        assert [(each["status"], each["resource_id"]) for each in found] == [
            ("FAILURE", api.id_of("customer", bert.id)),
            ("SUCCESS", api.id_of("customer", anna.id)),
        ]
        one = f"eq(resource_type,customer):eq(resource_id,{api.id_of('customer', anna.id)})"
        assert ask("personal-data/erasure-requests", filter=one)["data"] == found[1:]
    with ElasticPath(shop, erasure_filter=True) as api:
        ask = client(api)
        ask("personal-data/erasure-requests")
        assert ask.status == 400
        ask("personal-data/erasure-requests", filter=one)
        assert ask.status == 200


def test_who_was_erased_may_stay_with_stars_instead(shop, client):
    anna = shop.register()
    with ElasticPath(shop, index_lag=0, erased="starred") as api:
        shop.advance(60)
        api.book.erase(anna)
        (shown,) = client(api)("customers")["data"]
        assert (shown["name"], shown["email"]) == ("*", "*")
        assert shown["meta"]["timestamps"]["updated_at"] == "2026-10-01T08:01:00.000Z"
        assert client(api)(f"customers/{shown['id']}")["data"] == shown


def test_members_addresses_and_memberships_can_be_asked_for(lively, client):
    with ElasticPath(lively, buyers="accounts", rate=None) as api:
        ask = client(api)
        key = next(each.id for each in lively.customers.values() if each.addresses)
        account, member = api.id_of("account", key), api.id_of("account_member", key)
        assert ask(f"accounts/{account}")["data"]["id"] == account
        assert ask(f"account-members/{member}")["data"]["type"] == "account_member"
        assert len(ask(f"accounts/{account}/addresses")["data"]) == 1
        found = ask(f"accounts/{account}/account-memberships", include="account_member")
        assert found["data"][0]["relationships"]["account_member"]["data"]["id"] == member
        assert found["included"]["account_members"][0]["id"] == member
        ask(f"accounts/{account}/account-memberships", filter="eq(name,x)")
        assert ask.status == 400


# Items


def test_promotions_are_items_too_that_the_products_prices_contain_already(shop):
    order = shop.place_order(
        [{"price": "50", "quantity": 2}, {"price": "10", "quantity": 1}],
        codes=["WELCOME10", "FREESHIP"],
        tip="2.50",
    )
    made = items(order, shop=shop, spell=Spelling(places={}))
    products = [each for each in made if "product_id" in each]
    assert [each["value"]["amount"] for each in products] == [10000, 1000], "before discounts"
    shown = [each["meta"]["display_price"]["with_tax"]["value"]["amount"] for each in products]
    assert shown == [9000, 900]
    assert [
        (each["code"], each["amount"]["amount"], each["is_cart_discount"])
        for each in products[0]["discounts"]
    ] == [("WELCOME10", -1000, True)]
    rest = [each for each in made if "product_id" not in each]
    assert [(each["name"], each["value"]["amount"]) for each in rest] == [
        ("Shipping", 500),
        ("Tip", 250),
        ("WELCOME10", -1100),
        ("FREESHIP", -500),
    ]
    assert codes(order, in_group=False) == {"WELCOME10", "FREESHIP"}
    assert codes(order, in_group=True) == {"WELCOME10"}


def test_a_promotion_that_applies_by_itself_has_a_code_that_nobody_typed(shop):
    order = shop.place_order(free=True)
    made = items(order, shop=shop, spell=Spelling(places={}))
    (code,) = {each["code"] for item in made for each in item["discounts"]}
    assert code.startswith("auto_")
    assert codes(order, in_group=False) == set()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", ["parcels", "checkout"])
def test_items_add_up_to_their_order_in_any_life(seed, groups, client):
    shop = Shop(seed, orders_per_day=30, pace=0.3, max_lines=15, taxes_included=bool(seed % 2), currency="KWD" if seed == 3 else "EUR")  # fmt: skip
    shop.advance(2 * 86400)
    with ElasticPath(shop, groups=groups, rate=None, index_lag=0) as api:
        ask = client(api)
        page = ask("orders", include="items", limit=100)
        included = {each["id"]: each for each in page["included"]["items"]}
        assert len(included) == len(page["included"]["items"])
        for order in page["data"]:
            price = {name: each["amount"] for name, each in order["meta"]["display_price"].items()}
            mine = [included[each["id"]] for each in order["relationships"]["items"]["data"]]
            goods = [each for each in mine if each["value"]["amount"] >= 0]
            for name in ("with_tax", "tax", "without_tax", "discount", "without_discount"):
                whole = sum(each["meta"]["display_price"][name]["value"]["amount"] for each in goods)
                if groups == "parcels":
                    assert whole == price[name], name
                elif name == "with_tax" and shop.taxes_included:
                    assert whole + price["shipping"] + price["shipping_discount"] == price[name]
            assert price["with_tax"] - price["tax"] == price["without_tax"]
            assert price["balance_owing"] == price["with_tax"] - price["paid"]
            done = ask(f"orders/{order['id']}/transactions")["data"]
            paid = sum(
                each["amount"]
                for each in done
                if each["status"] == "complete" and each["transaction_type"] != "authorize"
            )
            assert paid == price["paid"]
            for each in done:
                assert each["refunded_amount"] <= each["amount"]
                assert each["currency"] == order["meta"]["display_price"]["with_tax"]["currency"]
            assert all(isinstance(each["amount"], int) for each in order["meta"]["display_price"].values())


def test_minor_units_are_exact():
    spell = Spelling(places={"JPY": 2})
    assert [
        spell.minor(Decimal(amount), currency)
        for amount, currency in (("0.10", "EUR"), ("3918", "JPY"), ("1.005", "KWD"), ("-9.99", "USD"))
    ] == [10, 391800, 1005, -999]
