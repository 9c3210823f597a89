"""Filters, sorts and limits mean what they mean to PrestaShop, oddities included."""

import pytest

from sandbox.prestashop.fields import Field, resources
from sandbox.prestashop.questions import condition, question

ID, AT, NAME = Field("id", "int"), Field("date_upd", "time"), Field("reference", "text")
NOON = "2026-11-19 12:00:00"


@pytest.mark.parametrize(("value", "wanted"), [
    ("[3]", [3]),
    ("3", [3]),
    ("[1|3|99]", [1, 3]),
    ("[2,4]", [2, 3, 4]),
    ("[4,2]", [2, 3, 4]),
    ("[10,9]", []),  # sorted as texts
    (">[3]", [4, 5, 9, 10]),
    ("<[3]", [1, 2]),
    (">=[3]", [1, 2, 3, 4, 5, 9, 10]),  # no condition at all
    ("<=[3]", [1, 2, 3, 4, 5, 9, 10]),
    ("![3]", [1, 2, 4, 5, 9, 10]),
    ("![1|3]", [2, 4, 5, 9, 10]),
    ("[1]%", [1, 10]),
    ("%[0]", [10]),
    ("[nonsense]", []),
    ("[1,2,3]", [1]),  # one exact value, of which MariaDB reads the number
])  # fmt: skip
def test_a_filter_of_numbers(value, wanted):
    test = condition(ID, value)
    assert [each for each in (1, 2, 3, 4, 5, 9, 10) if test(each)] == wanted


@pytest.mark.parametrize(("value", "found"), [
    ("[2026-11-19 12:00:00,2026-11-19 13:00:00]", True),
    ("[2026-11-19 11:00:00,2026-11-19 12:00:00]", True),
    ("[2026-11-19 12:00:00]", True),
    (">[2026-11-19 12:00:00]", False),
    (">[2026-11-19 11:59:59]", True),
    ("[2026-11-19,2026-11-20]", True),
    ("[2026-11-18,2026-11-19]", False),  # a day is its midnight
    ("[2026-11-19T11:00:00,2026-11-19T13:00:00]", False),  # one exact value
    ("[2026-11-19 12:00:00+01:00]", False),
    (">[yesterday]", False),
])  # fmt: skip
def test_a_filter_of_dates_includes_both_ends(value, found):
    assert condition(AT, value)(NOON) is found


@pytest.mark.parametrize(("value", "found"), [
    ("[xkbknabjk]", True), ("[XKB]%", True), ("%[jk]", True), ("%[NAB]%", True), ("[XKB]", False), ("![XKBKNABJK]", False),
])  # fmt: skip
def test_a_filter_of_texts_knows_no_case(value, found):
    assert condition(NAME, value)("XKBKNABJK") is found


def test_dates_may_be_filtered_and_sorted_by_only_if_date_is_said():
    asked = question(
        resources("9.0.3")["orders"],
        {
            "date": "1",
            "filter[date_upd]": f"[{NOON},{NOON}]",
            "sort": "[date_upd_ASC,id_DESC]",
            "limit": "5,10",
        },
    )
    assert [name for name, _ in asked.tests] == ["date_upd"]
    assert (asked.sort, asked.limit) == ([("date_upd", False), ("id", True)], (5, 10))


@pytest.mark.parametrize(
    ("limit", "wanted"), [("3", (0, 3)), ("1,2", (1, 2)), ("abc", (0, 0)), ("0,100", (0, 100))]
)
def test_a_limit_that_is_no_number_is_none_at_all(limit, wanted):
    assert question(resources("9.0.3")["orders"], {"limit": limit}).limit == wanted


def test_a_display_names_fields_and_parts_of_associations():
    orders = resources("9.0.3")["orders"]
    asked = question(orders, {"display": "[id, total_paid,order_rows[id,product_quantity]]"})
    assert asked.fields == ["id", "total_paid"]
    assert asked.associations == {"order_rows": ["id", "product_quantity"]}
    assert question(orders, {"display": "[order_rows]"}).associations == {"order_rows": None}
    assert question(orders, {"display": "full"}).fields == list(orders.fields)
    assert question(orders, {}).fields is None


def test_rows_come_by_id_or_as_sorted(ask, shop):
    first, second = shop.place_order(), shop.place_order()
    shop.rest(60)
    shop.edit_order(first, note="later")
    assert ask.ids("orders") == [1, 2]
    assert ask.ids("orders", date="1", sort="[date_upd_ASC,id_ASC]") == [2, 1]
    assert ask.ids("orders", sort="[id_DESC]", limit="1") == [2]
    assert ask.ids("orders", limit="1,5") == [2]
    assert ask.rows("orders", limit="abc") == []
    assert second.id


def test_an_exact_current_state_can_be_filtered(ask, shop):
    shop.place_order()
    shop.cancel(shop.place_order())
    states = {each["name"]: each["value"] for each in ask.rows("configurations")}
    assert ask.ids(
        "orders", {"filter[current_state]": f"[{states['PS_OS_PAYMENT']}|{states['PS_OS_PREPARATION']}]"}
    ) == [1]
