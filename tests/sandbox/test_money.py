"""Amounts in two currencies."""

from decimal import Decimal

import pytest

from sandbox.money import money


def test_each_currency_is_rounded_to_its_own_smallest_unit():
    amount = money("10.005", "EUR", "JPY")
    assert (amount.shop, amount.presentment) == (Decimal("10.01"), Decimal(1634))
    assert str(money("1", "EUR", "KWD").presentment) == "0.334"


def test_currencies_are_never_mixed():
    with pytest.raises(ValueError, match="do not add up"):
        money(1, "EUR") + money(1, "USD")


def test_shares_are_rounded_and_the_whole_is_exact():
    amount = money("10.00", "EUR")
    assert amount.share(1, 3).shop == Decimal("3.33")
    assert amount.share(3, 3) is amount
    assert amount.at_most(money(3, "EUR")).shop == 3
    assert amount.at_least(money(30, "EUR")).shop == 30
    assert not amount - amount
