"""Synthetic Singer lines: orders as `tap-commerce` would write them.

The records are built from the declared shapes, so that the benchmark measures the contract and not an invention; the
same seed and size always write the same bytes.

    python benchmarks/lines.py --orders 100000 > orders.singer
"""

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import msgspec

from tap_commerce import records
from tap_commerce.schemas import KEYS, POLLED_BY, schema

START = datetime(2025, 1, 1, tzinfo=UTC)
"""When the first order was placed; a target that is to tell everything has a `since` before this."""

SHOP = "bench.myshopify.com"
PLATFORM = "shopify"
LINES_PER_ORDER = 3
ORDERS_PER_CUSTOMER = 2
STATE_EVERY = 250

_FIRST = (
    "Anna",
    "Björn",
    "Chloé",
    "Dmitri",
    "Élodie",
    "Fatima",
    "Giulia",
    "Håkon",
    "Ines",
    "Jürgen",
    "Karin",
    "Luís",
)
_LAST = (
    "Schmidt",
    "Åkesson",
    "Dubois",
    "Novak",
    "Martin",
    "Rossi",
    "Silva",
    "Weiß",
    "O'Neill",
    "García",
    "Kowalska",
)
_CITIES = (
    ("Berlin", "10115", "BE"),
    ("Wien", "1010", "W"),
    ("München", "80331", "BY"),
    ("Hamburg", "20095", "HH"),
)
_GOODS = (
    "Wool Blanket",
    "Enamel Mug",
    "Linen Shirt",
    "Oak Board",
    "Candle",
    "Leather Belt",
    "Notebook A5",
    "Tea Tin",
)
_COLOURS = ("Natural", "Navy", "Forest", "Sand", "Charcoal")


def write(orders: int, out: BinaryIO, *, seed: int = 1) -> None:
    """Write a SCHEMA line, one RECORD line per order and a STATE line after every 250 and at the end."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    out.write(encoder.encode(_schema_message()) + b"\n")
    written = 0
    state = b""
    for order in _orders(orders, seed):
        message = {
            "type": "RECORD",
            "stream": "orders",
            "record": order,
            "time_extracted": _instant(START + timedelta(days=500)),
        }
        out.write(encoder.encode(message) + b"\n")
        written += 1
        state = encoder.encode(_state_message(order.polled_at)) + b"\n"
        if written % STATE_EVERY == 0:
            out.write(state)
    if written % STATE_EVERY:
        out.write(state)


def _schema_message() -> dict[str, Any]:
    return {
        "type": "SCHEMA",
        "stream": "orders",
        "schema": schema(records.Order),
        "key_properties": KEYS,
        "bookmark_properties": [POLLED_BY],
    }


def _state_message(polled_at: str) -> dict[str, Any]:
    bookmark = {"replication_key": "polled_at", "replication_key_value": polled_at}
    return {"type": "STATE", "value": {"bookmarks": {"orders": bookmark}}}


def _orders(count: int, seed: int) -> Iterator[records.Order]:
    """Yield `count` orders, a minute apart; a customer orders twice, the second time half the history later."""
    customers = max(1, count // ORDERS_PER_CUSTOMER)
    for number in range(count):
        yield _order(number, _customer(number % customers, seed), random.Random(f"{seed}-{number}"))


def _customer(number: int, seed: int) -> records.CustomerSummary:
    """Return a customer as both of its orders carry it: the counters are those of the reading."""
    dice = random.Random(f"{seed}-customer-{number}")
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    agreed = _instant(START - timedelta(days=dice.randrange(1, 400)))
    return records.CustomerSummary(
        id=str(7_000_000_000_000 + number),
        email=f"customer.{number}@example.com",
        phone=f"+4930{number:08d}",
        first_name=first,
        last_name=last,
        created_at=_instant(START - timedelta(days=400, minutes=number % 10_000)),
        state="enabled",
        verified_email=True,
        locale="de-DE",
        tags=["newsletter", f"tier-{number % 4}"],
        note=None,
        order_count=ORDERS_PER_CUSTOMER,
        lifetime_spend=_amount(dice, 50, 900),
        lifetime_currency="EUR",
        email_consent=records.Consent(state="subscribed", opt_in_level="confirmed_opt_in", updated_at=agreed),
        sms_consent=records.Consent(state="not_subscribed", opt_in_level="single_opt_in"),
        default_address=_address(dice, first, last),
    )


def _order(number: int, customer: records.CustomerSummary, dice: random.Random) -> records.Order:
    placed = START + timedelta(minutes=number)
    lines = [_line(number, position, dice) for position in range(LINES_PER_ORDER)]
    coupon = f"WELCOME{dice.randrange(10)}" if number % 5 == 0 else None
    subtotal = sum((line.total for line in lines), Decimal())
    shipping = Decimal("4.90")
    tax = sum((line.tax for line in lines), Decimal())
    total = subtotal + shipping
    address = customer.default_address
    zero = Decimal("0.00")
    return records.Order(
        platform=PLATFORM,
        shop=SHOP,
        id=str(5_000_000_000_000 + number),
        polled_at=_instant(placed + timedelta(minutes=3)),
        name=f"#{1000 + number}",
        confirmation_number=f"{dice.randrange(16**9):09X}",
        created_at=_instant(placed),
        updated_at=_instant(placed + timedelta(minutes=3)),
        authorized_at=_instant(placed + timedelta(seconds=1)),
        paid_at=_instant(placed + timedelta(seconds=2)),
        completed_at=_instant(placed),
        fulfilled_at=None,
        cancelled_at=None,
        closed_at=None,
        cancel_reason=None,
        status="open",
        financial_status="paid",
        fulfillment_status="unfulfilled",
        return_status="no_return",
        currency="EUR",
        total=total,
        original_total=total,
        current_total=total,
        subtotal=subtotal,
        discount=zero,
        shipping=shipping,
        tax=tax,
        tip=zero,
        total_refunded=zero,
        taxes_included=True,
        presentment_currency="EUR",
        presentment_total=total,
        presentment_subtotal=subtotal,
        presentment_discount=zero,
        presentment_shipping=shipping,
        presentment_tax=tax,
        coupons=[records.Coupon(code=coupon)] if coupon else [],
        payment_methods=["shopify_payments"],
        shipping_method="Standard",
        source="web",
        location_id=None,
        location_name=None,
        app="Online Store",
        tags=["web"],
        test=False,
        edited=False,
        note=None,
        cart_id=f"{dice.randrange(16**32):032x}",
        checkout_id=f"{dice.randrange(16**32):032x}",
        attributes=[],
        ip=f"203.0.113.{number % 250}",
        landing_page="https://shop.example/collections/all?utm_source=newsletter&utm_medium=email",
        referrer="https://www.google.com/",
        campaign=records.Campaign(
            name="spring", source="newsletter", medium="email", term=None, content=None
        ),
        email=customer.email,
        phone=customer.phone,
        locale="de-DE",
        billing_address=address,
        shipping_address=address,
        customer=customer,
        line_items=lines,
    )


def _line(number: int, position: int, dice: random.Random) -> records.Line:
    goods, colour = dice.choice(_GOODS), dice.choice(_COLOURS)
    quantity = dice.randrange(1, 4)
    price = _amount(dice, 5, 120)
    total = price * quantity
    product = 8_000_000_000_000 + dice.randrange(2_000)
    return records.Line(
        id=str(14_000_000_000_000 + number * 10 + position),
        product_id=str(product),
        variant_id=str(44_000_000_000_000 + product % 10_000 * 10 + position),
        sku=f"{goods[:3].upper()}-{colour[:3].upper()}-{product % 10_000:04d}",
        name=goods,
        variant=colour,
        brand="Hearth & Field",
        category="Home",
        quantity=quantity,
        current_quantity=quantity,
        price=price,
        compare_at_price=None,
        discount=Decimal("0.00"),
        total=total,
        tax=(total * Decimal("0.1597")).quantize(Decimal("0.01")),
        presentment_price=price,
        presentment_total=total,
        url=f"https://shop.example/products/{goods.lower().replace(' ', '-')}",
        image_url=f"https://cdn.shopify.com/s/files/1/0000/0001/products/{product}.jpg",
        tags=[],
        requires_shipping=True,
        gift_card=False,
        properties=[],
    )


def _address(dice: random.Random, first: str, last: str) -> records.Address:
    city, postal_code, region_code = dice.choice(_CITIES)
    return records.Address(
        first_name=first,
        last_name=last,
        name=f"{first} {last}",
        company=None,
        street=f"Hauptstraße {dice.randrange(1, 200)}",
        street_2=None,
        city=city,
        postal_code=postal_code,
        region=city,
        region_code=region_code,
        country="Germany",
        country_code="DE",
        phone=None,
    )


def _amount(dice: random.Random, low: int, high: int) -> Decimal:
    return Decimal(dice.randrange(low * 100, high * 100)).scaleb(-2)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Write the lines to stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(given.orders, sys.stdout.buffer, seed=given.seed)


if __name__ == "__main__":
    main()
