"""Answers have the keys, the order and the types of those that PrestaShop's own classes gave."""

import pytest

from sandbox.prestashop import PrestaShop
from sandbox.shop import Shop


@pytest.fixture(scope="module")
def told():
    """A shop that has one of everything."""
    shop = Shop(1, alive=False)
    anna = shop.register()
    order = shop.place_order(3, customer=anna, codes=["WELCOME10"])
    shop.rest(60)
    shop.ship(order, tracking=True)
    shop.refund(order, {order.lines[0].id: 1})
    shop.cancel(shop.place_order(email="guest@example.com", pay="pending"))
    return shop


def shape(value):
    """Return the keys in their order and the types; null and an empty text are alike, as PrestaShop mixes them."""
    match value:
        case dict():
            return {key: shape(each) for key, each in value.items()}
        case list():
            return [shape(value[0])] if value else []
        case None:
            return "str"
        case _:
            return type(value).__name__


def asked(client, told, version, resource, display="full", **options):
    with PrestaShop(told, version=version, **options) as api:
        return client(api)(resource, display=display)


@pytest.mark.parametrize(("name", "resource", "version"), [
    ("orders_9.0.3_php82", "orders", "9.0.3"),
    ("orders_8.2.1_php82", "orders", "8.2.1"),
    ("order_slip_9.0.3", "order_slip", "9.0.3"),
    ("order_slip_8.2.1", "order_slip", "8.2.1"),
    ("order_carriers_9.0.3", "order_carriers", "9.0.3"),
    ("order_histories_9.0.3", "order_histories", "9.0.3"),
    ("order_payments_9.0.3", "order_payments", "9.0.3"),
    ("order_states_one_language", "order_states", "9.0.3"),
])  # fmt: skip
def test_a_list_is_shaped_like_the_sample(client, told, sample, name, resource, version):
    said, model = asked(client, told, version, resource), sample(f"{name}.json")
    assert list(said) == list(model)
    (key,) = model
    assert shape(said[key][0]) == shape(model[key][0])
    assert list(shape(said[key][0])) == list(shape(model[key][0])), "also in its order"


@pytest.mark.parametrize("version", ["9.0.3", "8.2.1"])
def test_customers_are_shaped_like_the_sample(client, told, sample, version):
    model = sample(f"customers_{version}.json")["customers"]
    said = asked(client, told, version, "customers", display=f"[{','.join(model[0])}]")["customers"]
    assert [shape(each) for each in said] == [shape(each) for each in model]
    assert [each["is_guest"] for each in said] == ["0", "1"]


def test_whole_customers_betray_their_secrets(client, told):
    said = asked(client, told, "9.0.3", "customers")["customers"][0]
    assert said["passwd"].startswith("$2y$")
    assert said["reset_password_token"]


def test_texts_in_two_languages_are_lists_unless_one_is_asked_for(client, told, sample):
    model = sample("order_states_two_languages.json")["order_states"][0]
    with PrestaShop(told, languages=2) as api:
        ask = client(api)
        state = ask.rows("order_states", {"filter[id]": "[2]"})[0]
        assert shape(state) == shape(model)
        assert state["name"] == model["name"]
        assert ask.rows("order_states", {"filter[id]": "[2]"}, language="2")[0]["name"] == "Paiement accepté"
        both = ask.rows("order_states", {"filter[id]": "[2]"}, language="[1|2]")[0]["name"]
        assert [each["id"] for each in both] == ["1", "2"], "as text, as it stood in the URL"


def test_before_9_all_is_text_but_ids_and_one_number(client, told):
    for version in ("8.2.1", "1.7"):
        row = asked(client, told, version, "order_details")["order_details"][0]
        assert {name for name, value in row.items() if isinstance(value, int)} == {"id"}
        carrier = asked(client, told, version, "carriers")["carriers"][0]
        assert {name for name, value in carrier.items() if isinstance(value, int)} == {
            "id",
            "id_tax_rules_group",
        }


def test_addresses_changed_their_order_with_9(client, told):
    def order(version):
        names = list(asked(client, told, version, "addresses")["addresses"][0])
        return names.index("id_warehouse") < names.index("id_country")

    assert (order("8.2.1"), order("9.0.3")) == (True, False)


def test_one_thing_without_display_is_shaped_like_the_sample(client, told, sample):
    with PrestaShop(told) as api:
        said = client(api)("orders/2")
    model = sample("order_single_without_display_drops_falsy.json")
    dropped = {
        "note",
        "invoice_number",
        "delivery_number",
        "valid",
        "gift",
        "recyclable",
        "mobile_theme",
        "gift_message",
        "shipping_number",
    }
    assert not dropped & said["order"].keys()
    assert list(said["order"]) == list(model["order"])


def test_an_order_without_rows_has_no_associations(client, told):
    with PrestaShop(told) as api:
        ask = client(api)
        assert all("associations" not in each for each in ask.rows("orders", display="[id]"))
        assert all("associations" in each for each in ask.rows("orders", display="[id,order_rows[id]]"))


def test_a_slip_s_details_carry_the_slip_s_id(client, told):
    slip = asked(client, told, "9.0.3", "order_slip")["order_slips"][0]
    assert {each["id"] for each in slip["associations"]["order_slip_details"]} == {slip["id"]}


def test_xml_is_written_like_the_sample(client, told):
    with PrestaShop(told) as api:
        ask = client(api)
        text = ask.get("/api/orders", {"display": "full", "limit": "1"}).decode()
        assert text.startswith(
            '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n<orders>\n<order>\n\t<id>'
        )
        assert f'<id_customer xlink:href="{api.url}/api/customers/2"><![CDATA[2]]></id_customer>' in text
        assert '<shipping_number notFilterable="true"><![CDATA[' in text
        assert '<order_rows nodeType="order_row" virtualEntity="true">' in text
        wrong = ask.get("/api/orders", {"filter[date_upd]": "[1]"}).decode()
        assert (
            "<errors>\n<error>\n<code><![CDATA[32]]></code>\n<message><![CDATA[This filter does not exist."
            in wrong
        )


def test_the_tracking_number_of_an_order_is_that_of_its_first_parcel(shop, ask):
    order = shop.place_order([{"price": "9", "quantity": 2}])
    line = order.lines[0].id
    shop.ship(order, {line: 1}, tracking=True)
    shop.ship(order, {line: 1}, tracking=True)
    first, second = ask.rows("order_carriers")
    assert first["tracking_number"] != second["tracking_number"] != ""
    assert ask.rows("orders")[0]["shipping_number"] == first["tracking_number"]
