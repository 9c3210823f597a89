"""What Elastic Path keeps, in the words and shapes of its API.

Amounts are integers of the store's own minor units; what an address lacks is "", and nothing is null that the documentation shows as text.
https://elasticpath.dev/docs/api/carts/orders
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from sandbox.elasticpath.book import Buyer, Erasure, Group, Kept, Transaction, contact_of, uuid
from sandbox.money import PER_EURO, PLACES, Money
from sandbox.shop import Shop
from sandbox.things import Address, Line, Order

Answer = dict[str, Any]

SIGNS = {"USD": "${price}", "JPY": "¥{price}", "EUR": "€{price}", "GBP": "£{price}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """How a store writes: its currencies' decimal places, its instants, and which of two documented spellings of a name it uses."""

    places: dict[str, int]
    instants: str = "ms"
    offset: str | None = None
    hyphens: bool = False
    camel: bool = False
    group_status: bool = True
    charge_in_group: bool = False
    """Whether shipping is charged by the cart's shipping group; else it is an item."""

    def decimals(self, currency: str) -> int:
        """Return how many decimal places the store gave a currency."""
        return self.places.get(currency, PLACES.get(currency, 2))

    def minor(self, amount: Decimal, currency: str) -> int:
        """Return an amount in the store's minor units."""
        return int(amount.scaleb(self.decimals(currency)))

    def shown(self, at: datetime) -> datetime:
        """Return an instant as exactly as the store keeps it."""
        return at.replace(microsecond=0 if self.instants == "s" else at.microsecond // 1000 * 1000)

    def at(self, at: datetime) -> str:
        """Write an instant."""
        text = at.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{text}Z" if self.instants == "s" else f"{text}.{at.microsecond // 1000:03}Z"

    def of_money(self, at: datetime) -> str:
        """Write an instant of a transaction: to the second, and sometimes in a zone of its own."""
        if not self.offset:
            return at.strftime("%Y-%m-%dT%H:%M:%SZ")
        hours, minutes = (int(each) for each in self.offset[1:].split(":"))
        sign = -1 if self.offset[0] == "-" else 1
        zone = timezone(sign * timedelta(hours=hours, minutes=minutes))
        return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") + self.offset

    def price(self, amount: Decimal, currency: str) -> Answer:
        """Write an amount as it is shown."""
        sign = "-" if amount < 0 else ""
        text = f"{abs(amount):,.{self.decimals(currency)}f}"
        form = SIGNS.get(currency, "{price} " + currency)
        return {
            "amount": self.minor(amount, currency),
            "currency": currency,
            "formatted": sign + form.replace("{price}", text),
        }

    def plain(self, amount: Decimal, currency: str, *, includes_tax: bool) -> Answer:
        """Write an amount as it is kept."""
        return {
            "amount": self.minor(amount, currency),
            "currency": currency,
            "includes_tax": includes_tax,
        }


# Orders


def order(
    kept: Kept, its_items: list[Answer], *, shop: Shop, spell: Spelling, buyer: Buyer | None, account: bool
) -> Answer:
    """Write an order. `buyer` is who ordered, if that was no guest; `account` whether as a member of an account."""
    first = kept.order
    name, email = ("*", "*") if kept.anonymized else contact_of(first, buyer)
    who = {"name": name, "email": email}
    made: Answer = {
        "type": "order",
        "id": uuid(shop, "order", first.id),
        "status": kept.status,
        "payment": kept.payment,
        "shipping": kept.shipping,
        "anonymized": kept.anonymized,
        **({"contact": who} if account else {"customer": who}),
        "shipping_address": _address(kept.address or first.billing, kept, instructions=True),
        "billing_address": _address(first.billing or kept.address, kept, instructions=False),
        "links": {},
        "meta": {
            "display_price": _totals(kept, spell),
            "timestamps": {
                "created_at": spell.at(first.created_at),
                "updated_at": spell.at(kept.updated_at),
            },
        },
        "relationships": {"items": {"data": [{"type": "item", "id": each["id"]} for each in its_items]}}
        | _owner(shop, buyer, account=account),
    }  # fmt: skip
    if first.number % 2:
        made["order_number"] = str(first.number)
    if first.number % 3 == 0:
        made["external_ref"] = f"e-{first.confirmation}"
    if first.attributes:
        made["custom_attributes"] = {
            key: {"type": "string", "value": value or ""} for key, value in first.attributes
        }
    return made


def _owner(shop: Shop, buyer: Buyer | None, *, account: bool) -> Answer:
    if buyer is None:
        return {}
    kinds = ("account", "account_member") if account else ("customer",)
    return {kind: {"data": {"type": kind, "id": uuid(shop, kind, buyer.id)}} for kind in kinds}


def _totals(kept: Kept, spell: Spelling) -> Answer:
    first, total = kept.order, kept.total
    paid, authorized = kept.paid, kept.authorized
    tax, off = first.tax.presentment, first.discount.presentment
    sent = first.shipping if spell.charge_in_group else None
    free = sent.discount.presentment if sent else Decimal(0)
    amounts = {
        "with_tax": total,
        "without_tax": total - tax,
        "tax": tax,
        "discount": free - off,
        "balance_owing": total - paid,
        "paid": paid,
        "authorized": authorized,
        "without_discount": total + off,
        "shipping": sent.price.presentment if sent else Decimal(0),
        "shipping_discount": -free,
    }
    return {name: spell.price(amount, kept.currency) for name, amount in amounts.items()}


def _address(address: Address | None, kept: Kept, *, instructions: bool) -> Answer:
    """Write an address; an order always has both, if need be empty ones."""
    told = {
        "first_name": address and address.first_name,
        "last_name": address and address.last_name,
        "phone_number": address and address.phone,
        "company_name": address and address.company,
        "line_1": address and address.street,
        "line_2": address and address.street_2,
        "city": address and address.city,
        "postcode": address and address.zip,
        "county": address and address.region,
        "country": address and address.country_code,
        "region": address and address.region_code,
        "instructions": "",
    }
    if not instructions:
        del told["phone_number"], told["instructions"]
    return {name: "*" if kept.anonymized else value or "" for name, value in told.items()}


# Items


def items(first: Order, *, shop: Shop, spell: Spelling) -> list[Answer]:
    """Write an order's items: products, then what else was charged, then the promotions, which the products' own prices already contain."""
    made = [_product(line, first, shop, spell) for line in first.lines]
    if first.shipping and not spell.charge_in_group:
        sent = first.shipping
        made.append(
            _custom(("shipping", "Shipping", "shipping"), (sent.price, sent.discount, sent.tax), first, shop, spell)
        )  # fmt: skip
    if first.tip:
        zero = first.tip.zero()
        made.append(_custom(("tip", "Tip", None), (first.tip, zero, zero), first, shop, spell))
    made += [
        _promotion(index, off, first, shop, spell)
        for index, off in enumerate(_promotions(first, in_group=spell.charge_in_group))
        if off
    ]
    return made


def codes(order: Order, *, in_group: bool) -> set[str]:
    """Return the codes that can be seen on an order: those that took something off."""
    off = _promotions(order, in_group=in_group)
    return {each.code for each, amount in zip(order.discounts, off, strict=True) if each.code and amount}


def _promotions(order: Order, *, in_group: bool) -> list[Decimal]:
    """Return what each discount took off, of lines and of a shipping charge that is an item."""
    found = []
    for index in range(len(order.discounts)):
        allocations = [each.allocations for each in order.lines]
        if order.shipping and not in_group:
            allocations.append(order.shipping.allocations)
        found.append(
            sum((amount.presentment for some in allocations for place, amount in some if place == index), Decimal(0))
        )  # fmt: skip
    return found


def _product(line: Line, order: Order, shop: Shop, spell: Spelling) -> Answer:
    product, variant = line.product, str(line.product.variant_id)
    made = _item("line", line.id, product.title, line.quantity, order, shop, spell)
    made |= {"product_id": uuid(shop, "product", variant)}
    if product.sku:
        made["sku"] = product.sku
    made |= _worth(line.quantity, (line.price, line.discount, line.tax), order, shop, spell, line.allocations)
    if line.attributes:
        made["custom_inputs"] = {key: value or "" for key, value in line.attributes}
    if spell.charge_in_group and order.shipping:
        group = uuid(shop, "group", order.id)
        made["shipping_group_id"] = group
        made["relationships"]["shipping_group"] = {"data": {"type": "shipping_group", "id": group}}
    return made | {"catalog_id": "default", "catalog_source": "pim"}


def _custom(
    what: tuple[str, str, str | None],
    amounts: tuple[Money, Money, Money],
    order: Order,
    shop: Shop,
    spell: Spelling,
) -> Answer:
    kind, name, sku = what
    made = _item(kind, order.id, name, 1, order, shop, spell)
    if sku:
        made["sku"] = sku
    allocations = order.shipping.allocations if kind == "shipping" and order.shipping else ()
    return made | _worth(1, amounts, order, shop, spell, allocations)


def _promotion(index: int, off: Decimal, order: Order, shop: Shop, spell: Spelling) -> Answer:
    discount = order.discounts[index]
    id = uuid(shop, "promotion", discount.title)  # noqa: A001
    made = _item("promotion_item", f"{order.id}/{index}", discount.title, 1, order, shop, spell)
    # The documentation shows such items of carts only; of orders it says that they have no type of their own and no sku.
    if order.number % 4:
        made |= {"promotion_id": id, "sku": _code(discount.code, id)}
    if order.number % 4 == 1:
        made["type"] = "promotion_item"
    price = spell.plain(-off, order.presentment_currency, includes_tax=order.taxes_included)
    one = {name: {"unit": spell.price(amount, order.presentment_currency), "value": spell.price(amount, order.presentment_currency)}
           for name, amount in _prices(-off, -off, Decimal(0), Decimal(0)).items()}  # fmt: skip
    made |= {"unit_price": price, "value": price}
    made["meta"] = {"display_price": one} | made["meta"]
    return made


def _item(
    kind: str, id: int | str, name: str, quantity: int, order: Order, shop: Shop, spell: Spelling  # noqa: A002
) -> Answer:  # fmt: skip
    written = spell.at(order.created_at)
    return {
        "type": "order_item",
        "id": uuid(shop, kind, id),
        "quantity": quantity,
        "name": name,
        "unit_price": {},
        "value": {},
        "discounts": [],
        "links": {},
        "meta": {"timestamps": {"created_at": written, "updated_at": written}},
        "relationships": {"cart_item": {"data": {"type": "cart_item", "id": uuid(shop, f"cart/{kind}", id)}}},
    }


def _worth(
    quantity: int,
    amounts: tuple[Money, Money, Money],
    order: Order,
    shop: Shop,
    spell: Spelling,
    allocations: tuple[tuple[int, Money], ...],
) -> Answer:
    """Write what an item costs: `unit_price` and `value` before discounts, the prices shown after them."""
    price, discount, tax = (each.presentment for each in amounts)
    currency, included = order.presentment_currency, order.taxes_included
    whole = price * quantity
    net = whole - discount
    with_tax = net if included else net + tax
    values = _prices(with_tax, with_tax - tax, tax, discount)
    shown = {
        name: {
            "unit": spell.price(_each(amount, quantity, spell.decimals(currency)), currency),
            "value": spell.price(amount, currency),
        }
        for name, amount in values.items()
    }
    taken = []
    totals: dict[str, Decimal] = {}
    for index, money in allocations:
        entry = order.discounts[index]
        id = uuid(shop, "promotion", entry.title)  # noqa: A001
        code = _code(entry.code, id)
        totals[code] = totals.get(code, Decimal(0)) - money.presentment
        taken.append(
            {
                "amount": spell.plain(-money.presentment, currency, includes_tax=included),
                "code": code,
                "id": id,
                "promotion_source": "rule-promotion",
                **({"is_cart_discount": True} if entry.target == "all" else {}),
            }
        )
    if totals:
        shown["discounts"] = {code: spell.price(amount, currency) for code, amount in totals.items()}
    written = spell.at(order.created_at)
    return {
        "unit_price": spell.plain(price, currency, includes_tax=included),
        "value": spell.plain(whole, currency, includes_tax=included),
        "discounts": taken,
        "meta": {"display_price": shown, "timestamps": {"created_at": written, "updated_at": written}},
    }


def _prices(with_tax: Decimal, without_tax: Decimal, tax: Decimal, discount: Decimal) -> dict[str, Decimal]:
    return {
        "with_tax": with_tax,
        "without_tax": without_tax,
        "tax": tax,
        "discount": -discount,
        "without_discount": with_tax + discount,
    }


def _each(amount: Decimal, quantity: int, digits: int) -> Decimal:
    return (amount / quantity).quantize(Decimal(1).scaleb(-digits))


def _code(code: str | None, id: str) -> str:  # noqa: A002
    """Return a promotion's code: one that applies by itself has one that nobody typed."""
    return code or f"auto_{id}"


# What belongs to an order


def transaction(each: Transaction, kept: Kept, *, shop: Shop, spell: Spelling) -> Answer:
    """Write a transaction."""
    currency = kept.currency
    made: Answer = {
        "id": uuid(shop, "transaction", each.id),
        "type": "transaction",
        "reference": "manual" if each.gateway == "manual" else f"pi_{each.id:x}",
        "name": "",
        "custom_reference": "",
        "gateway": each.gateway,
        "amount": spell.minor(each.amount, currency),
        "refunded_amount": spell.minor(each.refunded, currency),
        "currency": currency,
        "transaction-type" if spell.hyphens else "transaction_type": each.type,
        "status": each.status,
        "relationships": {"order": {"data": {"type": "order", "id": uuid(shop, "order", kept.order.id)}}},
        "meta": {
            "display_price": spell.price(each.amount, currency),
            "display_refunded_amount": {"total": spell.price(each.refunded, currency)},
            "timestamps": {
                "created_at": spell.of_money(each.created_at),
                "updated_at": spell.of_money(each.updated_at),
            },
        },
    }
    if each.mechanism:
        made["refund_mechanism"] = each.mechanism
    if each.status == "failed":
        made["failure_details"] = {"code": "card_declined", "reason": "Your card was declined."}
    return made


def group(each: Group, kept: Kept, *, shop: Shop, spell: Spelling) -> Answer:
    """Write a shipping group."""
    order_id, currency = uuid(shop, "order", kept.order.id), kept.currency
    first, last = ("createdAt", "updatedAt") if spell.camel else ("created_at", "updated_at")
    sent = kept.order.shipping if each.planned else None
    cost = sent.price.presentment if sent else Decimal(0)
    prices = {
        "total": sent.net.presentment if sent else cost,
        "base": cost,
        "tax": Decimal(0),
        "fees": Decimal(0),
    }
    made: Answer = {
        "type": "shipping_group",
        "id": uuid(shop, "group", each.id),
        "relation": "order",
        "order_id": order_id,
        "cart_id": uuid(shop, "cart", kept.order.id),
        "shipping_type": each.type,
        "tracking_reference": each.tracking or "",
        "address": _address(kept.address, kept, instructions=True),
        first: spell.at(each.created_at),
        last: spell.at(each.updated_at),
        "relationships": {"order": {"data": {"type": "order", "id": order_id}}},
        "meta": {
            "shipping_display_price": {name: spell.price(amount, currency) for name, amount in prices.items()}
        },
    }
    if each.estimate:
        made["delivery_estimate"] = {
            "start": spell.at(each.estimate - timedelta(days=1)),
            "end": spell.at(each.estimate),
        }
    if spell.group_status:
        made["shipping_status"] = "fulfilled" if each.fulfilled else "unfulfilled"
    return made


# Buyers and the store


def buyer(each: Buyer, kind: str, *, shop: Shop, spell: Spelling, url: str) -> Answer:
    """Write a buyer as a `customer`, an `account` or an `account_member`."""
    made: Answer = {
        "type": kind,
        "id": uuid(shop, kind, each.id),
        "name": each.name,
    }
    times = {"created_at": spell.at(each.created_at), "updated_at": spell.at(each.updated_at)}
    if kind != "account":
        made["email"] = each.email
    if kind == "customer":
        if each.id % 2:
            made["external_ref"] = f"c-{each.id}"
        return made | {"password": bool(each.id % 3), "meta": {"timestamps": times}}
    if kind == "account":
        made |= {
            "legal_name": made["name"],
            "registration_id": None,
            "external_ref": None,
            "parent_id": None,
        }
    where = {"account": "accounts", "account_member": "account-members"}[kind]
    return made | {
        "meta": {"timestamps": times},
        "links": {"self": f"{url}/v2/{where}/{made['id']}"},
    }


def membership(each: Buyer, *, shop: Shop, spell: Spelling) -> Answer:
    """Write how a member belongs to its account."""
    member, account = uuid(shop, "account_member", each.id), uuid(shop, "account", each.id)
    return {
        "type": "account_membership",
        "id": uuid(shop, "membership", each.id),
        "meta": {
            "timestamps": {
                "created_at": spell.at(each.created_at),
                "updated_at": spell.at(each.created_at),
            }
        },
        "relationships": {
            "account_member": {"data": {"type": "account_member", "id": member}},
            "account": {"data": {"type": "account", "id": account}},
        },
        "links": {},
    }


def address(each: Address, owner: str, owner_id: str, *, shop: Shop, spell: Spelling, at: datetime) -> Answer:
    """Write an address of a `customer` or an `account`."""
    return {
        "type": "address",
        "id": uuid(shop, "address", each.id),
        "name": "",
        "first_name": each.first_name or "",
        "last_name": each.last_name or "",
        "phone_number": each.phone or "",
        "company_name": each.company or "",
        "line_1": each.street or "",
        "line_2": each.street_2 or "",
        "city": each.city or "",
        "postcode": each.zip or "",
        "county": each.region or "",
        "region": each.region_code or "",
        "country": each.country_code,
        "instructions": "",
        "meta": {"timestamps": {"created_at": spell.at(at), "updated_at": spell.at(at)}},
        "relationships": {owner: {"data": {"type": owner, "id": owner_id}}},
        "links": {},
    }


def currency(code: str, *, shop: Shop, spell: Spelling) -> Answer:
    """Write a currency of the store."""
    rate = PER_EURO[code] / PER_EURO[shop.currency]
    return {
        "id": uuid(shop, "currency", code),
        "type": "currency",
        "code": code,
        "exchange_rate": 1 if code == shop.currency else float(round(rate, 4)),
        "format": SIGNS.get(code, "{price} " + code),
        "decimal_point": ".",
        "thousand_separator": ",",
        "decimal_places": spell.decimals(code),
        "default": code == shop.currency,
        "enabled": True,
        "links": {},
        "meta": {"timestamps": {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}},
    }


def erasure(each: Erasure, kind: str, *, shop: Shop, spell: Spelling) -> Answer:
    """Write a wish to be forgotten."""
    done = "SUCCESS" if each.granted else "FAILURE"
    described = {
        "SUCCESS": "The erasure request is successfully processed",
        "FAILURE": "There was an error processing your request, you can retry it or report it using the id",
    }
    return {
        "id": uuid(shop, "erasure", f"{each.buyer}/{each.at.isoformat()}"),
        "type": "erasure_request",
        "resource_id": uuid(shop, kind, each.buyer),
        "resource_type": kind,
        "initiator": {
            "access-token-email": "owner@example.com",
            "access-token-id": "1222341536243515939",
            "access-token-name": "owner",
            "access-token-store-id": uuid(shop, "store", "0"),
            "access-token-type": "client-credentials-token",
        },
        "status": done,
        "status_description": described[done],
        "created_at": spell.at(each.at),
        "updated_at": spell.at(each.at + timedelta(milliseconds=70)),
    }
