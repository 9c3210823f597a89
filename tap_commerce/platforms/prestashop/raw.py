"""What PrestaShop answers, as far as it is asked: the fields declared here are the fields asked for, and no others.

So a customer's password hash and reset token never travel.
https://devdocs.prestashop-project.org/8/webservice/resources/
"""

from collections.abc import Callable, Mapping
from decimal import InvalidOperation
from functools import cache
from typing import Any, ClassVar, TypeVar, final, get_args, get_origin, get_type_hints

from msgspec import UNSET, Struct

from tap_commerce.errors import Malformed
from tap_commerce.platforms.prestashop.values import Amount, Flag, Number, Shown, Text, number

R = TypeVar("R", bound="Raw")


class Raw(Struct, kw_only=True, gc=False):
    """A row of some resource: `id`, and the fields that are asked for."""

    RESOURCE: ClassVar[str] = ""

    id: int


@final
class Order(Raw, kw_only=True, gc=False):
    """An order; its lines are its `order_details`. The merchant's own note is not asked for."""

    RESOURCE: ClassVar[str] = "orders"

    id_address_delivery: Number = UNSET
    id_address_invoice: Number = UNSET
    id_cart: Number = UNSET
    id_currency: Number = UNSET
    id_lang: Number = UNSET
    id_customer: Number = UNSET
    id_carrier: Number = UNSET
    current_state: Number = UNSET
    module: Text = UNSET
    date_add: Shown = UNSET
    date_upd: Shown = UNSET
    id_shop: Number = UNSET
    payment: Text = UNSET
    total_discounts_tax_incl: Amount = UNSET
    total_discounts_tax_excl: Amount = UNSET
    total_paid_tax_incl: Amount = UNSET
    total_paid_tax_excl: Amount = UNSET
    total_paid_real: Amount = UNSET
    total_products: Amount = UNSET
    total_products_wt: Amount = UNSET
    total_shipping_tax_incl: Amount = UNSET
    total_shipping_tax_excl: Amount = UNSET
    reference: Text = UNSET


@final
class Changed(Raw, kw_only=True, gc=False):
    """When an order changed last, and no more."""

    RESOURCE: ClassVar[str] = "orders"

    date_upd: Shown = UNSET


@final
class Detail(Raw, kw_only=True, gc=False):
    """A line of an order."""

    RESOURCE: ClassVar[str] = "order_details"

    id_order: Number = UNSET
    product_id: Number = UNSET
    product_attribute_id: Number = UNSET
    product_name: Text = UNSET
    product_reference: Text = UNSET
    product_quantity: Number = UNSET
    product_quantity_return: Number = UNSET
    product_quantity_refunded: Number = UNSET
    reduction_amount_tax_incl: Amount = UNSET
    unit_price_tax_incl: Amount = UNSET
    total_price_tax_incl: Amount = UNSET
    total_price_tax_excl: Amount = UNSET


@final
class SlipDetail(Raw, kw_only=True, gc=False):
    """A line of a credit slip; its `id` is the slip's."""

    id_order_detail: Number = UNSET
    product_quantity: Number = UNSET
    amount_tax_excl: Amount = UNSET
    amount_tax_incl: Amount = UNSET


@final
class Slip(Raw, kw_only=True, gc=False):
    """A credit slip."""

    RESOURCE: ClassVar[str] = "order_slip"

    id_order: Number = UNSET
    total_products_tax_excl: Amount = UNSET
    total_products_tax_incl: Amount = UNSET
    total_shipping_tax_excl: Amount = UNSET
    total_shipping_tax_incl: Amount = UNSET
    amount: Amount = UNSET
    date_add: Shown = UNSET
    date_upd: Shown = UNSET
    order_slip_details: list[SlipDetail] = []


@final
class History(Raw, kw_only=True, gc=False):
    """An entry of an order's state into another; never changed, never taken away."""

    RESOURCE: ClassVar[str] = "order_histories"

    id_order: Number = UNSET
    id_order_state: Number = UNSET
    date_add: Shown = UNSET


@final
class Parcel(Raw, kw_only=True, gc=False):
    """How an order is sent: the row is there from checkout on, and nothing tells when it changes."""

    RESOURCE: ClassVar[str] = "order_carriers"

    id_order: Number = UNSET
    id_carrier: Number = UNSET
    tracking_number: Text = UNSET
    date_add: Shown = UNSET


@final
class Payment(Raw, kw_only=True, gc=False):
    """A payment: of all orders that share its reference."""

    RESOURCE: ClassVar[str] = "order_payments"

    order_reference: Text = UNSET
    payment_method: Text = UNSET


@final
class OrderRule(Raw, kw_only=True, gc=False):
    """A voucher that was used by an order."""

    RESOURCE: ClassVar[str] = "order_cart_rules"

    id_order: Number = UNSET
    id_cart_rule: Number = UNSET
    name: Text = UNSET
    value: Amount = UNSET
    free_shipping: Flag = UNSET
    deleted: Flag = UNSET


@final
class Rule(Raw, kw_only=True, gc=False):
    """A voucher. That its code goes by this name is inferred, not seen."""

    RESOURCE: ClassVar[str] = "cart_rules"

    code: Text = UNSET


@final
class Customer(Raw, kw_only=True, gc=False):
    """A customer, or a guest."""

    RESOURCE: ClassVar[str] = "customers"

    id_lang: Number = UNSET
    newsletter_date_add: Shown = UNSET
    deleted: Flag = UNSET
    lastname: Text = UNSET
    firstname: Text = UNSET
    email: Text = UNSET
    newsletter: Flag = UNSET
    active: Flag = UNSET
    is_guest: Flag = UNSET
    date_add: Shown = UNSET
    date_upd: Shown = UNSET
    company: Text = UNSET
    siret: Text = UNSET
    ape: Text = UNSET
    website: Text = UNSET
    id_default_group: Text = UNSET


BY_NAME = ("company", "siret", "ape", "website", "id_default_group")
"""Fields of a customer that are asked for only where the settings name them."""


@final
class Address(Raw, kw_only=True, gc=False):
    """A postal address."""

    RESOURCE: ClassVar[str] = "addresses"

    id_customer: Number = UNSET
    id_country: Number = UNSET
    id_state: Number = UNSET
    company: Text = UNSET
    lastname: Text = UNSET
    firstname: Text = UNSET
    address1: Text = UNSET
    address2: Text = UNSET
    postcode: Text = UNSET
    city: Text = UNSET
    phone: Text = UNSET
    phone_mobile: Text = UNSET
    deleted: Flag = UNSET
    date_upd: Shown = UNSET


@final
class Moved(Raw, kw_only=True, gc=False):
    """When an address changed last and whose it is, and no more."""

    RESOURCE: ClassVar[str] = "addresses"

    id_customer: Number = UNSET
    date_upd: Shown = UNSET


@final
class State(Raw, kw_only=True, gc=False):
    """A state that orders can be in."""

    RESOURCE: ClassVar[str] = "order_states"

    shipped: Flag = UNSET
    paid: Flag = UNSET


@final
class Configuration(Raw, kw_only=True, gc=False):
    """A setting of the shop."""

    RESOURCE: ClassVar[str] = "configurations"

    name: Text = UNSET
    value: Text = UNSET


@final
class Currency(Raw, kw_only=True, gc=False):
    """A currency."""

    RESOURCE: ClassVar[str] = "currencies"

    iso_code: Text = UNSET


@final
class Country(Raw, kw_only=True, gc=False):
    """A country."""

    RESOURCE: ClassVar[str] = "countries"

    iso_code: Text = UNSET
    name: Text = UNSET


@final
class Region(Raw, kw_only=True, gc=False):
    """A state or province of a country."""

    RESOURCE: ClassVar[str] = "states"

    iso_code: Text = UNSET
    name: Text = UNSET


@final
class Carrier(Raw, kw_only=True, gc=False):
    """A carrier, also one that is no longer in use."""

    RESOURCE: ClassVar[str] = "carriers"

    name: Text = UNSET
    url: Text = UNSET


@final
class Language(Raw, kw_only=True, gc=False):
    """A language. That its code goes by this name is inferred, not seen."""

    RESOURCE: ClassVar[str] = "languages"

    iso_code: Text = UNSET
    language_code: Text = UNSET


ESSENTIAL = frozenset({"id", "date_add", "date_upd", "id_order", "id_customer", "id_order_state", "is_guest"})
"""Fields without which a row cannot be placed: that a shop does not know one of them is an error."""


def display(kind: type[Raw], without: frozenset[str] = frozenset()) -> str:
    """Write the fields of a row as the parameter `display` wants them.

    >>> display(Currency)
    '[id,iso_code]'
    """
    named = []
    for name, (_, part) in _fields(kind).items():
        if name in without:
            continue
        named.append(f"{name}{display(part)}" if part else name)
    return f"[{','.join(named)}]"


def read(kind: type[R], row: Mapping[str, Any]) -> R | None:
    """Read a row; `None` if it is gone: PrestaShop lists ids first and then loads each."""
    try:
        if not number(row.get("id")):
            return None
        parts = row.get("associations")
        found: dict[str, Any] = {}
        for name, (reader, part) in _fields(kind).items():
            if part:
                rows = parts.get(name) if isinstance(parts, dict) else None
                found[name] = [each for raw in _listed(rows) if (each := read(part, raw)) is not None]
            elif name in row:
                found[name] = reader(row[name])
        return kind(**found)
    except (ValueError, TypeError, InvalidOperation, ArithmeticError) as error:
        raise Malformed(
            f"PrestaShop: a row of {kind.RESOURCE or 'an association'} (id {row.get('id')}) is not as documented: {error}"
        ) from error


def _listed(rows: Any) -> list[Any]:
    # One row alone has been seen without its list around it.
    rows = [rows] if isinstance(rows, dict) else rows
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


@cache
def _fields(kind: type[Raw]) -> dict[str, tuple[Callable[[Any], Any], type[Raw] | None]]:
    """Name the fields of a kind, each with what reads it, or with what its rows are."""
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, tuple[Callable[[Any], Any], type[Raw] | None]] = {}
    for name in kind.__struct_fields__:
        hint = hints[name]
        if get_origin(hint) is list:
            found[name] = (_listed, get_args(hint)[0])
        else:
            found[name] = (getattr(hint, "__metadata__", (number,))[0], None)
    return found
