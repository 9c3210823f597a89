"""Facts: equal by value, apart by content."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from target_segment.snapshots import Address, Attribute, Consent, Customer, Line, Order
from target_segment.transitions.customers import facts as facts_of_customer
from target_segment.transitions.facts import (
    fact_hash,
    parts,
    plain,
    text,
    words,
)
from target_segment.transitions.orders import facts as facts_of_order

lines = parts("id", "quantity", "price", "properties")
one = parts("name", "value")


def line(number="1", **fields):
    return Line(id=number, **{"quantity": 1, "price": Decimal(1), "properties": [], **fields})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(0, 6))
def test_amounts_are_equal_by_value(amount, zeros):
    assert fact_hash(amount) == fact_hash(Decimal(f"{amount:f}" + "0" * zeros))


def test_instants_are_equal_by_value():
    here = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert fact_hash(here) == fact_hash(here.astimezone(timezone(timedelta(hours=2))))


def test_values_of_several_types_are_apart():
    said = [UNSET, None, "", "0", "None", True, 2, Decimal("2.5"), "2.50"]
    assert len({fact_hash(value) for value in said}) == len(said)


def test_lists_are_equal_whatever_their_order():
    assert words(["b", "a"]) == words(["a", "b"])
    assert lines([line("1"), line("2")]) == lines([line("2"), line("1")])


def test_a_thing_is_hashed_by_what_it_says():
    assert one(Attribute(name="a", value="b")) != one(Attribute(name="a", value="c"))
    assert one(Attribute(name="a")) != one(Attribute(name="a", value="c"))


def test_facts_are_what_the_ledgers_out_there_remember():
    """A hash that changed would make every order and customer news: these were written by the first version."""
    order = Order(
        platform="shopify",
        shop="a",
        id="1",
        name="#1001",
        currency="EUR",
        total=Decimal("120.00"),
        discount=Decimal("0.00"),
        tax=Decimal("-1.5E+1"),
        tip=None,
        tags=["b", "a"],
        note="",
        email="Ännchen@example.org",
        test=False,
        attributes=[Attribute(name="gift", value="yes"), Attribute(name="empty")],
        shipping_address=Address(city="Wien", country_code="AT", phone=None),
        billing_address=Address(city="Graz", company=None),
        line_items=[line("2", price=Decimal("7.50")), line("1", quantity=3, price=None, properties=UNSET)],
    )
    customer = Customer(
        platform="shopify",
        shop="a",
        id="7",
        email="a@example.org",
        verified_email=True,
        created_at=datetime(2024, 2, 29, 23, 30, 0, 120_000, tzinfo=timezone(timedelta(hours=-2))),
        tags=[],
        email_consent=Consent(
            state="subscribed", opt_in_level=None, updated_at=datetime(2026, 1, 1, tzinfo=UTC)
        ),
        default_address=Address(street="Ring 1", city="Wien"),
        metafields=[],
    )
    assert facts_of_order(order) == ORDER
    assert facts_of_customer(customer) == CUSTOMER


ORDER = "eb184c608d,d683f4a286,f24f3e16a9,,,1982e3a7bb,,ef40baeeab,-,7fbae1a428,2d06800538,3.074e20168c,bf7f1f4b48,,1840.3446f6986e,48.8fd67b9c30,,f.e85bed3141,,,,b360509dad"
CUSTOMER = "73133f1dd4,,,,,26cdd197cb,,5a10ddd172,,0,,,,3.9a3977419e,,5.2f52722767,0"


@given(
    st.datetimes(
        timezones=st.just(UTC) | st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
    )
)
def test_an_instant_reads_as_python_writes_it_in_utc(at):
    try:
        expected = at.astimezone(UTC).isoformat()
    except OverflowError:
        return
    assert text(at) == expected


@given(
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent),
        st.integers(-(10**30), 10**30),
        st.integers(-30, 6),
    )
)
def test_an_amount_reads_as_its_value(amount):
    assert plain(amount) == str(amount.normalize() + 0)
