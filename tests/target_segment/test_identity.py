import hashlib
import re
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from target_segment.errors import Misconfigured
from target_segment.identity import (
    IDENTITY,
    NAMESPACE,
    Identity,
    customer_id_of,
    derived,
    email_of,
    escaped,
    real_email,
    real_id,
    resolver,
)
from target_segment.settings import check
from target_segment.snapshots import Attribute, Customer, CustomerSummary, OrderSummary

ANNA = CustomerSummary(id="544365967", email="Anna@Example.com ")
JUNK = [
    "",
    " ",
    "0",
    "000",
    "-",
    "0-0",
    "-1",
    "null",
    "NULL",
    "None",
    "undefined",
    "anonymous",
    "void",
    "guest",
    "*",
    "****",
]
NOBODY = [
    "", "*", "a***@example.com", "a@*", "anna", "anna@", "@example.com", "anna@example", "anna@@example.com", "an na@example.com",
    "null@example.com", "noreply@example.com", "no-reply@example.com", "anonymous@psgdpr.com", "no.email7@example.com",
    "x@deleted.invalid", "a" * 250 + "@example.com",
]  # fmt: skip


def resolve(customer=None, order=None, shop="acme", platform="shopify", **settings):
    return resolver(settings)(platform, shop, customer, order)


def order(order_id="17", **said):
    return OrderSummary(id=order_id, **said)


def attributes(**pairs):
    return [Attribute(name=name, value=value) for name, value in pairs.items()]


def test_a_customer_is_known_by_the_shops_id_alone():
    assert resolve(ANNA, order()) == Identity("544365967", None)


def test_the_customers_stream_resolves_like_orders():
    customer = Customer(platform="shopify", shop="acme", id="544365967", email="anna@example.com")
    for strategy in ("customer_id", "email", "email_md5", "email_sha256", "none"):
        assert resolve(customer, None, user_id=strategy) == resolve(ANNA, order(), user_id=strategy)


@pytest.mark.parametrize(
    ("strategy", "user_id"),
    [
        ("email", "anna@example.com"),
        ("email_md5", hashlib.md5(b"anna@example.com").hexdigest()),  # noqa: S324
        ("email_sha256", hashlib.sha256(b"anna@example.com").hexdigest()),
    ],
)
def test_an_email_is_trimmed_and_lowered_before_it_becomes_an_id(strategy, user_id):
    assert resolve(ANNA, order(), user_id=strategy) == Identity(user_id, None)


def test_the_orders_own_email_stands_in_for_the_customers():
    assert resolve(CustomerSummary(id="7"), order(email="A@b.co"), user_id="email").user_id == "a@b.co"
    assert resolve(None, order(email="A@b.co"), user_id="email").user_id == "a@b.co"
    assert email_of(CustomerSummary(email="*"), order(email=" A@b.co")) == "A@b.co"


def test_a_metafield_or_an_attribute_can_be_the_id():
    crm = CustomerSummary(id="7", metafields=[Attribute(name="crm.id", value=" C-9 ")])
    assert resolve(crm, order(), user_id="metafield", user_id_field="crm.id").user_id == "C-9"
    tagged = order(attributes=attributes(loyalty="L-1"))
    assert resolve(ANNA, tagged, user_id="attribute", user_id_field="loyalty").user_id == "L-1"


def test_a_customers_field_needs_no_namespace():
    """Shopify's metafields have one, Elastic Path's fields have none."""
    crm = CustomerSummary(id="7", metafields=[Attribute(name="crm_id", value="C-9")])
    assert resolve(crm, order(), user_id="metafield", user_id_field="crm_id").user_id == "C-9"


def test_without_the_metafield_a_customer_is_anonymous_but_always_the_same():
    first = resolve(ANNA, order("1"), user_id="metafield", user_id_field="crm.id")
    second = resolve(ANNA, order("2"), user_id="metafield", user_id_field="crm.id")
    assert first == second
    assert first.user_id is None
    assert first.anonymous_id


def test_none_never_gives_a_user_id():
    assert resolve(ANNA, order(), user_id="none").user_id is None


@pytest.mark.parametrize("customer", [None, UNSET, CustomerSummary(id=None), CustomerSummary()])
def test_a_guest_is_derived_from_platform_shop_and_email(customer):
    guest = resolve(customer, order("1", email=" Guest@Example.com"))
    assert guest == Identity(None, str(uuid5(NAMESPACE, "shopify\nacme\nemail\nguest@example.com")))
    assert guest == resolve(customer, order("2", email="guest@example.com"))
    assert guest != resolve(customer, order("1", email="guest@example.com"), shop="other")
    assert guest != resolve(customer, order("1", email="guest@example.com"), platform="prestashop")


def test_a_guest_without_email_is_derived_from_the_order():
    guest = resolve(None, order("17"))
    assert guest == Identity(None, str(uuid5(NAMESPACE, "shopify\nacme\norder\n17")))
    assert guest != resolve(None, order("18"))


def test_the_storefronts_anonymous_id_comes_before_a_derived_one():
    named = order(email="guest@example.com", attributes=attributes(ajs_anonymous_id="ab-12"))
    assert resolve(None, named, anonymous_id_attribute="ajs_anonymous_id") == Identity(None, "ab-12")
    assert resolve(ANNA, named, anonymous_id_attribute="ajs_anonymous_id") == Identity("544365967", "ab-12")
    assert resolve(ANNA, named) == Identity("544365967", None)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_no_id(junk):
    assert real_id(junk) is None
    assert resolve(CustomerSummary(id=junk), order("17")) == resolve(None, order("17"))
    named = order(attributes=attributes(a=junk))
    assert resolve(None, named, anonymous_id_attribute="a") == resolve(None, order())


@pytest.mark.parametrize("email", NOBODY)
def test_an_email_that_nobody_reads_is_none(email):
    assert real_email(email) is None
    assert resolve(CustomerSummary(email=email), order("17"), user_id="email_md5") == resolve(
        None, order("17")
    )


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "anna.null@example.com",
        "Zoë@exämple.de",
        "guest@hotel.example",
        "noreplyson@example.com",
        "o'x+y@a-b.io",
    ],
)
def test_an_email_of_somebody_stays(email):
    assert real_email(f" {email} ") == email


def test_a_guest_whom_the_platform_keeps_as_a_customer_is_a_guest_in_both_streams():
    """PrestaShop: the order's customer summary has no id, the customers stream says `is_guest`."""
    row = Customer(platform="prestashop", shop="acme", id="57", email="g@example.com", is_guest=True)
    summary = CustomerSummary(id=None, email="g@example.com")
    assert customer_id_of(row) is None
    assert resolve(row, None, platform="prestashop") == resolve(summary, order(), platform="prestashop")
    silent = Customer(platform="prestashop", shop="acme", id="57", is_guest=True)
    assert resolve(silent).anonymous_id


def test_where_nothing_can_be_an_id_there_is_none():
    nobody = resolve(Customer(platform="shopify", shop="acme", id="0", email="*"))
    assert nobody == Identity(None, None)
    assert nobody.person is None


def test_the_person_is_the_user_id_else_the_anonymous_id():
    assert Identity("u", "a").person == "u"
    assert Identity(None, "a").person == "a"


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["email", "order"]), st.text(max_size=40))
def test_a_derived_id_is_the_uuid5_it_says(platform, shop, kind, value):
    found = derived(platform, shop, kind, value)
    assert UUID(found) == uuid5(NAMESPACE, f"{platform}\n{shop}\n{kind}\n{value}")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_checks(text):
    assert real_id(text) in (None, text.strip())
    assert real_email(text) in (None, text.strip())


def test_derived_ids_never_change():
    """A guest told last year must be the same guest today: this value is for ever."""
    assert derived("shopify", "acme", "email", "guest@example.com") == "c00fe211-a234-5608-9def-a2c61a02286c"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"user_id": "metafield"}, "`user_id_field` is missing"),
        ({"user_id": "attribute"}, "`user_id_field` is missing"),
        ({"user_id": "phone"}, "'phone' is none of"),
    ],
)
def test_a_wrong_setting_is_named(wrong, says):
    with pytest.raises(Misconfigured, match=says):
        resolver(wrong)


def test_the_defaults_are_the_settings_own():
    assert resolver(check(IDENTITY, {}))("shopify", "acme", ANNA, order()) == resolve(ANNA, order())


@given(st.lists(st.text("a:\\", max_size=4), min_size=2, max_size=3))
def test_a_key_of_several_ids_is_no_others(ids):
    key = ":".join(map(escaped, ids))
    assert [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:^|:)((?:\\.|[^:\\])*)", key)] == ids
