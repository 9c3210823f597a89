"""The tables that a PrestaShop has before its first order: states, languages, currencies, carriers, configuration.

The default ids are PrestaShop's own; a shop may have shifted those of its order states.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox import goods
from sandbox.money import PER_EURO, PLACES
from sandbox.shop import Shop

CHEQUE, PAID, PROCESSING, SHIPPED, DELIVERED, CANCELED, REFUNDED, ERROR = range(1, 9)
BACKORDER_PAID, WIRE, REMOTE, BACKORDER, COD, AUTHORIZED = range(9, 15)

STATES = (
    (CHEQUE, "Awaiting check payment", "En attente du paiement par chèque", "ps_checkpayment", "", "PS_OS_CHEQUE"),
    (PAID, "Payment accepted", "Paiement accepté", "", "logable paid invoice", "PS_OS_PAYMENT"),
    (PROCESSING, "Processing in progress", "En cours de préparation", "", "logable paid delivery", "PS_OS_PREPARATION"),
    (SHIPPED, "Shipped", "Expédié", "", "logable paid delivery shipped", "PS_OS_SHIPPING"),
    (DELIVERED, "Delivered", "Livré", "", "logable paid delivery shipped", "PS_OS_DELIVERED"),
    (CANCELED, "Canceled", "Annulé", "", "", "PS_OS_CANCELED"),
    (REFUNDED, "Refunded", "Remboursé", "", "invoice", "PS_OS_REFUND"),
    (ERROR, "Payment error", "Erreur de paiement", "", "", "PS_OS_ERROR"),
    (BACKORDER_PAID, "On backorder (paid)", "En attente de réapprovisionnement (payé)", "", "paid invoice", "PS_OS_OUTOFSTOCK_PAID"),
    (WIRE, "Awaiting bank wire payment", "En attente de virement bancaire", "ps_wirepayment", "", "PS_OS_BANKWIRE"),
    (REMOTE, "Remote payment accepted", "Paiement à distance accepté", "", "logable paid", "PS_OS_WS_PAYMENT"),
    (BACKORDER, "On backorder (not paid)", "En attente de réapprovisionnement (non payé)", "", "", "PS_OS_OUTOFSTOCK_UNPAID"),
    (COD, "Awaiting Cash On Delivery validation", "En attente de paiement à la livraison", "ps_cashondelivery", "", "PS_OS_COD_VALIDATION"),
    (AUTHORIZED, "Authorized. To be captured by merchant", "Autorisation. À capturer par le marchand", "ps_checkout", "", "PS_CHECKOUT_STATE_AUTHORIZED"),
)  # fmt: skip
"""(default id, name, French name, module, flags, the configuration that names it)"""

FLAGS = {state: frozenset(flags.split()) for state, _, _, _, flags, _ in STATES}

LANGUAGES = (("en", "English", "en-US"), ("fr", "Français", "fr-FR"), ("de", "Deutsch", "de-DE"))

MODULES = {
    "shopify_payments": ("ps_checkout", "Credit card"),
    "cash": ("ps_cashondelivery", "Cash"),
    "Bank deposit": ("ps_wirepayment", "Bank wire"),
    "manual": ("ps_wirepayment", "Bank wire"),
}
"""The payment module, and what it calls itself, for each way to pay."""
BY_CHECK, FREE = ("ps_checkpayment", "Payment by check"), ("free_order", "Free order")
TEST_MODULE = "ps_sandbox"

PICKUP = "Click and collect"
COMPANIES = tuple(company for company, _ in goods.CARRIERS)

DELAY = ("Delivery next day!", "Livraison le lendemain !", "Lieferung am nächsten Tag")


def reference(
    shop: Shop, timezone: str, state_ids: int, languages: int, shops: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (table, row); ids count from 1 unless a row has one."""
    for iso, name, locale in LANGUAGES[:languages]:
        yield (
            "languages",
            {
                "name": name,
                "iso_code": iso,
                "locale": locale,
                "language_code": locale.lower(),
                "active": 1,
                "date_format_lite": "d/m/Y",
                "date_format_full": "d/m/Y H:i:s",
            },
        )
    for number in range(1, shops + 1):
        name = f"{shop.name} {number}" if number > 1 else shop.name
        yield (
            "shops",
            {"id_shop_group": 1, "id_category": 2, "active": 1, "name": name, "theme_name": "classic"},
        )
    for default, name, french, module, flags, _ in STATES:
        said = flags.split()
        yield (
            "order_states",
            {
                "id": default + state_ids,
                "unremovable": 1,
                "send_email": 1,
                "module_name": module,
                "color": "#34209E",
                "pdf_invoice": int("invoice" in said),
                "name": (name, french, name),
                "template": (name.split()[0].lower(),) * 3,
                **dict.fromkeys(said, 1),
            },
        )
    for number, code in enumerate(currencies(shop), 1):
        yield (
            "currencies",
            {
                "names": code,
                "name": (code,) * 3,
                "symbol": (code,) * 3,
                "iso_code": code,
                "numeric_iso_code": f"{900 + number}",
                "precision": PLACES.get(code, 2),
                "conversion_rate": rate(shop, code),
                "active": int(number == 1 or code in shop.presentment),
                "pattern": ("",) * 3,
            },
        )
    for number, name in enumerate(("Visitor", "Guest", "Customer"), 1):
        yield "groups", {"id": number, "show_prices": 1, "name": (name,) * 3}
    settings = {
        "PS_TIMEZONE": timezone,
        "PS_LANG_DEFAULT": "1",
        "PS_CURRENCY_DEFAULT": "1",
        "PS_SHOP_NAME": shop.name,
        **{name: str(default + state_ids) for default, *_, name in STATES},
    }
    for name, value in settings.items():
        yield "configurations", {"value": value, "name": name, "id_shop_group": None, "id_shop": None}


def currencies(shop: Shop) -> list[str]:
    """Return the currencies in the order of their ids, the shop's own first."""
    return [shop.currency, *sorted(PER_EURO.keys() - {shop.currency})]


def rate(shop: Shop, code: str) -> Decimal:
    """Return how much of a currency one of the shop's own buys."""
    return (PER_EURO[code] / PER_EURO[shop.currency]).quantize(Decimal("0.000001"))
