import json
from decimal import Decimal

import msgspec
import pytest

from target_segment.errors import Misconfigured, TemplateError, Unsendable
from target_segment.events.examples import EXAMPLES, example
from target_segment.events.renderer import TRANSITIONS, renderer
from target_segment.snapshots import Consent

from .cases import case


def news(transition="order_completed", **changes):
    told = example(transition, TRANSITIONS[transition])
    return msgspec.structs.replace(told, **changes) if changes else told


def order(**changes):
    """News of the example order, changed."""
    told = news()
    return msgspec.structs.replace(told, snapshot=msgspec.structs.replace(told.snapshot, **changes))


def said(told, **settings):
    return json.loads(renderer(settings)(told).body, parse_float=Decimal)


def test_an_event_tells_its_receipt_what_it_is_about():
    event = renderer({})(news(user_id="7", anonymous_id="a", message_id="m-1", subject="17"))
    assert (event.transition, event.event, event.message_id, event.subject) == (
        "order_completed",
        "Order Completed",
        "m-1",
        "17",
    )
    assert (event.person, event.people) == ("7", ("7", "a"))
    assert (event.amount, event.currency) == (Decimal("27.50"), "EUR")


def test_a_guest_is_one_person():
    event = renderer({})(news(user_id=None, anonymous_id="a"))
    assert (event.person, event.people) == ("a", ("a",))
    assert "userId" not in json.loads(event.body)


def test_the_amount_is_the_events_own():
    render = renderer({})
    assert render(news("order_refunded", total=Decimal("1.20"))).amount == Decimal("1.20")
    assert render(news("post_purchase_upsell")).amount == Decimal("22.50")
    assert render(news("coupon_applied")).amount is None, "the shop does not say what the code took off"
    assert render(news("fulfillment_created")).amount is None
    assert render(order(total=Decimal(0))).amount == Decimal(0), "free is not unknown"


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_nobody_in_particular_is_unsendable(transition):
    with pytest.raises(Unsendable, match=f"{transition} of example: neither a userId nor an anonymousId"):
        renderer({})(news(transition, user_id=None, anonymous_id=None))


def test_an_event_without_a_name_is_unsendable():
    told = news()
    with pytest.raises(Unsendable, match="no event name"):
        renderer({})(msgspec.structs.replace(told, entry=msgspec.structs.replace(told.entry, event=" ")))


@pytest.mark.parametrize("length", [0, 101])
def test_a_message_id_that_segment_would_drop_is_unsendable(length):
    with pytest.raises(Unsendable, match=f"a messageId of {length} characters"):
        renderer({})(news(message_id="m" * length))
    assert renderer({})(news(message_id="m" * 100))


def test_a_new_name_goes_into_the_call_and_the_receipt():
    event = renderer({"events": {"order_cancelled": "Order Canceled"}})(news("order_cancelled"))
    assert event.event == json.loads(event.body)["event"] == "Order Canceled"


def test_money_keeps_the_digits_it_came_with():
    total = b'"total":%s,'
    for digits in (b"27.50", b"27.5", b"1200", b"0.100", b"12345678901234567.89"):
        assert total % digits in renderer({})(order(total=Decimal(digits.decode()))).body


def test_order_id_is_the_id_or_the_name():
    assert {"order_id": "1", "order_name": "#1001"}.items() <= said(news())["properties"].items()
    named = said(news(), order_id="name")["properties"]
    assert {"order_id": "#1001", "platform_order_id": "1"}.items() <= named.items()
    assert "order_name" not in named
    nameless = said(order(name=None), order_id="name")["properties"]
    assert nameless["order_id"] == "1", "an order that has no name goes by its id"


def test_order_id_is_the_same_in_every_event_of_the_order():
    for setting in ("id", "name"):
        ids = {
            said(news(name), order_id=setting)["properties"]["order_id"]
            for name, stream in TRANSITIONS.items()
            if stream != "customers" and name != "identity_linked"
        }
        assert len(ids) == 1


@pytest.mark.parametrize(
    ("changes", "revenue"),
    [
        ({}, Decimal("22.50")),
        ({"tip": Decimal("5.00"), "total": Decimal("32.50")}, Decimal("22.50")),
        ({"subtotal": msgspec.UNSET}, Decimal("22.50")),
        ({"subtotal": msgspec.UNSET, "shipping": None}, Decimal("25.50")),
        ({"subtotal": msgspec.UNSET, "shipping": None, "tax": None}, Decimal("27.50")),
        ({"subtotal": msgspec.UNSET, "shipping": msgspec.UNSET}, None),
        ({"subtotal": None, "total": None}, None),
    ],
)
def test_segments_revenue_is_the_products_without_shipping_and_tax(changes, revenue):
    """None of it is nothing; not knowing it leaves revenue unknown."""
    assert said(order(**changes))["properties"].get("revenue") == revenue


def test_segments_revenue_takes_the_tax_off_line_by_line_where_prices_contain_it():
    """The order's tax is also that on shipping, which is no revenue to begin with."""
    (line,) = news().snapshot.line_items
    taxed = msgspec.structs.replace(line, tax=Decimal("3.59"))
    about = order(taxes_included=True, line_items=[taxed])
    assert said(about)["properties"]["revenue"] == Decimal("18.91")


def test_segments_revenue_is_left_out_where_the_tax_on_shipping_cannot_be_told_from_that_on_products():
    (line,) = news().snapshot.line_items
    untold = [msgspec.structs.replace(line, tax=msgspec.UNSET)]
    assert "revenue" not in said(order(taxes_included=True, line_items=untold))["properties"]
    free = said(order(taxes_included=True, line_items=untold, shipping=Decimal("0.0")))["properties"]
    assert free["revenue"] == Decimal("20.50")


def test_segments_revenue_takes_the_tax_off_as_the_platform_sums_it_up_where_no_line_says_it():
    (line,) = news().snapshot.line_items
    untold = [msgspec.structs.replace(line, tax=msgspec.UNSET)]
    summed = order(taxes_included=True, line_items=untold, subtotal_tax=Decimal("3.60"))
    assert said(summed)["properties"]["revenue"] == Decimal("18.90")
    unknown = order(
        taxes_included=True, line_items=untold, subtotal_tax=Decimal("3.60"), subtotal=msgspec.UNSET
    )
    assert "revenue" not in said(unknown)["properties"]


def test_littledatas_revenue_is_the_products_before_discounts():
    assert said(news(), revenue="littledata")["properties"]["revenue"] == Decimal("22.50")
    (line,) = news().snapshot.line_items
    taxed = msgspec.structs.replace(line, tax=Decimal("3.59"))
    gross = order(taxes_included=True, line_items=[taxed])
    assert said(gross, revenue="littledata")["properties"]["revenue"] == Decimal("18.91")
    unpriced = order(line_items=[line, msgspec.structs.replace(line, price=msgspec.UNSET)])
    assert "revenue" not in said(unpriced, revenue="littledata")["properties"]


def test_revenue_can_be_left_out():
    assert "revenue" not in said(news(), revenue="off")["properties"]
    assert "revenue" not in said(news("post_purchase_upsell"), revenue="off")["properties"]


def test_the_original_total_goes_along_where_it_differs():
    assert said(order(original_total=Decimal("30.00")))["properties"]["original_total"] == Decimal("30.00")
    assert "original_total" not in said(order(original_total=Decimal("27.5")))["properties"]


def test_affiliation_is_the_tags_else_the_platforms_name():
    assert said(order(tags=["vip", "b2b"]))["properties"]["affiliation"] == "vip,b2b"
    for platform, name in (
        ("shopify", "Shopify"),
        ("prestashop", "PrestaShop"),
        ("elasticpath", "Elastic Path"),
        ("x", "x"),
    ):
        assert said(order(platform=platform))["properties"]["affiliation"] == name


def test_an_odd_platform_breaks_nothing():
    assert said(order(platform='my "shop"\\'))["properties"]["my__shop___customer_id"] == "7"


def test_products_without_seed_names_are_the_specs_own():
    (product,) = said(news(), seed_names=False)["properties"]["products"]
    assert set(product) == {
        "product_id", "variant_id", "sku", "name", "variant", "quantity", "price", "position",
    }  # fmt: skip
    assert "example_customer_id" not in said(news(), seed_names=False)["properties"]


def test_a_product_without_variants_is_its_only_one():
    (line,) = news().snapshot.line_items

    def variant(**changes):
        told = order(line_items=[msgspec.structs.replace(line, **changes)])
        return said(told)["properties"]["products"][0].get("variant")

    assert variant(variant="Blue") == "Blue"
    assert variant(variant=None) == variant(variant=msgspec.UNSET) == "31"
    assert variant(variant_id=None) == "21"
    assert variant(variant_id=None, product_id=None) is None


def test_the_customers_names_end_as_another_integration_had_them():
    properties = said(news(), seed_suffix="_littledata")["properties"]
    assert properties["example_customer_id_littledata"] == "7"
    assert "example_customer_id" not in properties
    (product,) = properties["products"]
    assert "example_product_id" in product, "only the customer's names had a suffix"


def test_a_line_that_was_edited_away_is_no_product():
    (line,) = news().snapshot.line_items
    gone = msgspec.structs.replace(line, id="12", quantity=0)
    properties = said(order(line_items=[gone, line, line]))["properties"]
    assert [product["position"] for product in properties["products"]] == [1, 2]
    assert properties["quantity"] == 4
    assert "products" not in said(order(line_items=[gone]))["properties"]


def test_later_increases_of_a_refund_carry_no_lines():
    first = said(news("order_refunded", total=Decimal("5.00")))["properties"]
    later = said(news("order_refunded", total_before=Decimal("5.00"), first=False))["properties"]
    assert (first["total"], len(first["products"]), first["quantity"]) == (Decimal("5.00"), 1, 2)
    assert (later["total"], later["products"]) == (Decimal("6.25"), [])
    assert not {"quantity", "shipping", "tax", "adjustment", "subtotal"} & set(later)


@pytest.mark.parametrize(("back", "kind"), [("27.49", "partial"), ("27.5", "full"), ("30", "full")])
def test_a_refund_is_full_once_everything_is_back(back, kind):
    told = news("order_refunded")
    refund = msgspec.structs.replace(told.snapshot, order_refunded_to_date=Decimal(back))
    assert said(msgspec.structs.replace(told, snapshot=refund))["properties"]["refund_type"] == kind


def test_a_refund_of_an_order_of_unknown_total_is_neither_full_nor_partial():
    told = news("order_refunded")
    refund = msgspec.structs.replace(
        told.snapshot, order=msgspec.structs.replace(told.snapshot.order, total=msgspec.UNSET)
    )
    assert "refund_type" not in said(msgspec.structs.replace(told, snapshot=refund))["properties"]


def test_an_anonymised_email_never_leaves():
    told = order(email="*", customer=msgspec.structs.replace(news().snapshot.customer, email="*"))
    assert b"*" not in renderer({"traits_in": ["context", "properties", "identify"]})(told).body


def test_junk_ids_are_no_external_ids():
    told = order(customer=msgspec.structs.replace(news().snapshot.customer, id="0"))
    call = said(told)
    assert "externalIds" not in call["context"]
    assert "example_customer_id" not in call["properties"]


def test_a_polled_identify_is_not_active():
    assert said(news("identify"))["context"]["active"] is False
    assert "active" not in said(news())["context"]


@pytest.mark.parametrize("transition", [name for name, stream in TRANSITIONS.items() if stream == "orders"])
def test_the_shoppers_visit_goes_with_what_the_shopper_did(transition):
    told = news(transition)
    visited = msgspec.structs.replace(
        told.snapshot, ip="203.0.113.7", landing_page="https://shop.example/?a=1"
    )
    context = said(msgspec.structs.replace(told, snapshot=visited))["context"]
    mine = transition not in {"order_updated", "order_cancelled", "identity_linked"}
    assert ("ip" in context) is mine
    assert context.get("page") == ({"url": "https://shop.example/?a=1", "search": "?a=1"} if mine else None)


def test_the_counters_of_an_orders_customer_are_no_traits():
    """An order's identify is dated by the order, the counters are those of the reading."""
    told = news("identify", snapshot=case("order").news[0].snapshot)
    assert not {"purchaseCount", "customerLifetimeValue"} & set(said(told)["traits"])
    assert {"purchaseCount", "customerLifetimeValue"} <= set(said(news("identify"))["traits"])


def test_traits_go_where_the_settings_say():
    settings = {"traits_in": ["context", "properties"]}
    call = said(news(), **settings)
    assert call["context"]["traits"]["firstName"] == call["properties"]["firstName"] == "Anna"
    assert said(news("identify"), **settings)["traits"] == {}
    assert "traits" not in said(news())["context"]
    assert said(news())["properties"]["email"] == "anna@example.com", "the e-mail always goes along"


def test_where_a_trait_has_the_name_of_a_property_the_property_counts():
    told = news("fulfillment_created")
    assert said(told, traits_in=["properties"])["properties"]["status"] == "success"
    merged = said(order(email="other@example.com"), traits_in=["properties"])["properties"]
    assert merged["order_id"] == "1"


def test_integrations_go_along_only_if_set():
    assert "integrations" not in said(news())
    assert said(news(), integrations={"All": False})["integrations"] == {"All": False}


def consenting(**states):
    customer = msgspec.structs.replace(
        news("identify").snapshot, **{channel: Consent(state=state) for channel, state in states.items()}
    )
    told = news("customer_updated", snapshot=customer)
    return said(told, consent_categories={"Advertising": "email", "Messaging": "sms"})["context"].get(
        "consent"
    )


def test_marketing_consent_becomes_the_categories_that_follow_it():
    assert consenting(email_consent="subscribed", sms_consent="pending") == {
        "categoryPreferences": {"Advertising": True, "Messaging": False}
    }
    assert consenting(email_consent="unsubscribed") == {"categoryPreferences": {"Advertising": False}}


def test_unknown_consent_is_left_out_whole():
    """An empty object would close every mapped destination."""
    assert consenting() is None
    assert "consent" not in said(order(customer=None), consent_categories={"Advertising": "email"})["context"]


def test_a_customers_word_on_the_sale_of_data_is_a_category_too():
    def sharing(out):
        customer = msgspec.structs.replace(news("identify").snapshot, data_sale_opt_out=out)
        told = news("identify", snapshot=customer)
        return said(told, consent_categories={"DataSharing": "data_sale"})["context"].get("consent")

    assert sharing(out=True) == {"categoryPreferences": {"DataSharing": False}}
    assert sharing(out=False) == {"categoryPreferences": {"DataSharing": True}}
    assert sharing(out=None) is sharing(out=msgspec.UNSET) is None
    assert "consent" not in said(news(), consent_categories={"DataSharing": "data_sale"})["context"]


@pytest.mark.parametrize("given", ["push", {"attributes": "x"}, {"attribute": ""}, {"attribute": []}, True])
def test_consent_follows_a_channel_or_an_attribute(given):
    with pytest.raises(Misconfigured, match=r"`consent_categories`: Advertising is .*neither"):
        renderer({"consent_categories": {"Advertising": given}})


def test_sent_from_and_category_are_on_every_track():
    for name in TRANSITIONS:
        if not name.startswith("ident"):
            properties = said(news(name), sent_from="us", event_category="Shop")["properties"]
            assert (properties["sent_from"], properties["category"]) == ("us", "Shop")


def test_every_stream_has_an_example():
    assert set(EXAMPLES) == {"orders", "refunds", "fulfillments", "customers"}


def test_three_hundred_lines_stay_one_event_with_the_orders_money():
    (event,) = map(renderer({}), case("three_hundred_lines").news)
    properties = json.loads(event.body, parse_float=Decimal)["properties"]
    assert properties["products_total_count"] == 300 > len(properties["products"])
    assert (properties["total"], properties["quantity"]) == (Decimal("6095.00"), 600)
    assert event.amount == Decimal("6095.00")


def test_a_broken_template_stops_at_the_start():
    with pytest.raises(TemplateError, match="`order_completed`"):
        renderer({"templates": {"order_completed": "{"}})


def test_what_was_given_with_an_order_is_no_trait_of_its_customer():
    """It may be another's; it is all that is known of a guest."""
    told = news("identify")
    given = order(email="other@example.com", phone="+49151").snapshot
    customer = msgspec.structs.replace(given.customer, email="anna@example.com", phone=None)
    of_customer = msgspec.structs.replace(told, snapshot=msgspec.structs.replace(given, customer=customer))
    traits = said(of_customer)["traits"]
    assert traits["email"] == "anna@example.com"
    assert "phone" not in traits
    of_guest = msgspec.structs.replace(told, snapshot=msgspec.structs.replace(given, customer=None))
    assert {"email": "other@example.com", "phone": "+49151"}.items() <= said(of_guest)["traits"].items()
