"""An order's money as PrestaShop keeps it: in the shopper's currency, each amount with tax and without.

Pure: from an order of the sandbox's own to the columns of a row. What is to be a sum is one, to the cent.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from sandbox.money import Money, rounded
from sandbox.things import Discount, Line, Order, Product, Refund

Columns = dict[str, Any]

NOTHING, CENT, SIX = Decimal(0), Decimal("0.01"), Decimal("0.000001")


class Both(NamedTuple):
    """One amount, with tax and without."""

    incl: Decimal
    excl: Decimal

    def __add__(self, other: "Both") -> "Both":
        return Both(self.incl + other.incl, self.excl + other.excl)

    def __sub__(self, other: "Both") -> "Both":
        return Both(self.incl - other.incl, self.excl - other.excl)


FREE = Both(NOTHING, NOTHING)


def product_id(product: Product) -> int:
    """Return a product's id: small, as PrestaShop counts."""
    return product.id - 7700


def attribute_id(product: Product) -> int:
    """Return the id of a product's combination, 0 where it has none."""
    return product.variant_id - 8800 if product.variant is not None else 0


def totals(order: Order) -> Columns:
    """Return an order's totals: what is paid is products, shipping and wrapping less discounts, and it contains the order's tax."""
    total = order.total.presentment
    paid, wrapping = Both(total, total - order.tax.presentment), Both(*[order.tip.presentment] * 2)
    products = sum((line_total(order, each) for each in order.lines), FREE)
    sent = _both(order, order.shipping.price.presentment, order.shipping.tax_rate) if order.shipping else FREE
    if not order.discount.presentment:  # shares of a tax may lose a cent
        products = paid - sent - wrapping
    off = products + sent + wrapping - paid
    return {
        "total_products_wt": products.incl,
        "total_products": products.excl,
        "carrier_tax_rate": order.shipping.tax_rate * 100 if order.shipping else NOTHING,
        **_three("total_paid", paid),
        **_three("total_discounts", off),
        **_three("total_shipping", sent),
        **_three("total_wrapping", wrapping),
    }


def _three(name: str, amount: Both) -> Columns:
    return {name: amount.incl, f"{name}_tax_incl": amount.incl, f"{name}_tax_excl": amount.excl}


def line_total(order: Order, line: Line) -> Both:
    """Return what the standing units of a line cost, before vouchers."""
    return _both(order, line.units(line.gross, 0, line.standing).presentment, line.tax_rate)


def detail(order: Order, line: Line) -> Columns:
    """Return what a line says of its product and its price. A reduced one holds the price before, without tax."""
    price, product = line.price.presentment, line.product
    if order.taxes_included:
        unit = Both(price, (price / (1 + line.tax_rate)).quantize(SIX))
    else:
        unit = Both((price * (1 + line.tax_rate)).quantize(SIX), price)
    reduced = product.compare_at_price is not None and line.price.shop * 2 == product.compare_at_price
    return {
        "product_id": product_id(product),
        "product_attribute_id": attribute_id(product),
        "product_name": f"{product.title} (Option: {product.variant})" if product.variant else product.title,
        "product_quantity_in_stock": line.standing,
        "product_price": unit.excl * (2 if reduced else 1),
        "original_product_price": unit.excl * (2 if reduced else 1),
        "reduction_percent": Decimal(50 if reduced else 0),
        "product_ean13": product.barcode or "",
        "product_reference": product.sku or "",
        "product_weight": Decimal(product.grams) / 1000,
        "id_tax_rules_group": 1,
        "unit_price_tax_incl": unit.incl,
        "unit_price_tax_excl": unit.excl,
    }


def vouchers(order: Order) -> Iterator[tuple[int, Discount, Both, bool]]:
    """Yield for each discount its number, what it takes off, and whether that is the shipping."""
    for index, discount in enumerate(order.discounts):
        off = order.tip.sum(
            each.units(amount, 0, each.standing)
            for each in order.lines
            for place, amount in each.allocations
            if place == index
        )
        waived = order.tip.sum(
            amount
            for place, amount in (order.shipping.allocations if order.shipping else ())
            if place == index
        )
        value = _both(order, (off + waived).presentment, order.lines[0].tax_rate)
        yield index, discount, value, bool(waived)


class Credit(NamedTuple):
    """What a credit slip says."""

    lines: list[tuple[Line, int, Both]]
    shipping: Both
    amount: Decimal
    """The column of that name: with tax or without, as the customer's group sees prices, unless it was chosen; never with shipping."""
    chosen: bool
    """Whether the employee chose the amount: then the lines keep their full value."""

    @property
    def products(self) -> Both:
        """What the lines are worth."""
        return sum((amount for _, _, amount in self.lines), FREE)


def credit(order: Order, refund: Refund, given: Decimal, room: Mapping[int, Decimal], draw: Random) -> Credit:
    """Return the slip by which `given` goes back. `room` says by line id what has not gone back yet."""
    parts = [
        (order.line(each.line_id), each.quantity, _worth(order, each.subtotal, each.tax))
        for each in refund.lines
    ]
    sent = _worth(order, refund.shipping, refund.shipping_tax)
    whole = Credit(parts, sent, NOTHING, chosen=False)
    without_tax = draw.random() < 0.2
    if whole.products.incl + sent.incl == given:
        return whole._replace(amount=whole.products.excl if without_tax else whole.products.incl)
    # An amount that looks like the lines' own value could not be told from it.
    of_products = given - sent.incl
    told_apart = of_products.quantize(CENT) not in {each.quantize(CENT) for each in whole.products}
    if parts and of_products > 0 and told_apart and draw.random() < 0.5:
        return whole._replace(amount=of_products, chosen=True)
    made = _typed(order, parts, sent.incl, given, room)
    return made._replace(amount=made.products.incl)


def _typed(
    order: Order,
    parts: list[tuple[Line, int, Both]],
    sent: Decimal,
    given: Decimal,
    room: Mapping[int, Decimal],
) -> Credit:
    """Spread an amount as an employee would type it: over the lines at hand, else over any, the rest over shipping."""
    if parts:
        shipping, caps = min(sent, given), [(line, count, amount.incl) for line, count, amount in parts]
    else:
        caps = [(line, 1, max(room[line.id], NOTHING)) for line in order.lines if line.id in room]
        shipping = max(NOTHING, given - sum((cap for _, _, cap in caps), NOTHING))
    rest, lines = given - shipping, []
    for line, count, cap in caps:
        part = min(rest, cap)
        if part > 0:
            lines.append((line, count, part))
            rest -= part
    if rest and lines:
        line, count, part = lines[-1]
        lines[-1] = (line, count, part + rest)
    elif rest:
        shipping += rest
    return Credit(
        [(line, count, _less_tax(order, part, line.tax_rate)) for line, count, part in lines],
        _less_tax(order, shipping, order.lines[0].tax_rate),
        NOTHING,
        chosen=False,
    )


def _worth(order: Order, amount: Money, tax: Money) -> Both:
    """Return what a refund's part is worth."""
    if order.taxes_included:
        return Both(amount.presentment, (amount - tax).presentment)
    return Both((amount + tax).presentment, amount.presentment)


def _both(order: Order, amount: Decimal, rate: Decimal) -> Both:
    """Return an amount of the shop's own prices, which contain tax or do not."""
    if order.taxes_included:
        return _less_tax(order, amount, rate)
    return Both(rounded(amount * (1 + rate), order.presentment_currency), amount)


def _less_tax(order: Order, amount: Decimal, rate: Decimal) -> Both:
    return Both(amount, rounded(amount / (1 + rate), order.presentment_currency))
