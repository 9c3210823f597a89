"""Customers, and addresses that do not touch them."""

from datetime import timedelta

from msgspec import UNSET

from sandbox.prestashop import PrestaShop as Api
from tests.tap_commerce.platforms.prestashop.shops import START, made, opened, read


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
