"""What is known of a shop beside its rows: what the settings say goes before what it says itself."""

from datetime import timedelta

from sandbox.prestashop import PrestaShop as Api
from tests.tap_commerce.platforms.prestashop.shops import START, made, opened, read, rights


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


def test_a_state_that_is_named_but_does_not_exist_is_warned_of(caplog):
    with Api(made()) as api:
        opened(api, order_states=["51=shipped", "5=delivered"])
    assert "order_states: the shop has no state 51" in caplog.text
    assert "no state 5" not in caplog.text.replace("no state 51", "")
