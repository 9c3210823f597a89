"""From PrestaShop's answers to canonical records.

Pure functions: nothing is asked here, and nothing is known here that the answers do not say.
"""

from tap_commerce.platforms.prestashop.translating.customers import customer_record
from tap_commerce.platforms.prestashop.translating.fulfillments import fulfillment_records
from tap_commerce.platforms.prestashop.translating.orders import order_record, summary
from tap_commerce.platforms.prestashop.translating.refunds import refund_records
from tap_commerce.platforms.prestashop.translating.values import PLATFORM, Family, Known

__all__ = [
    "PLATFORM",
    "Family",
    "Known",
    "customer_record",
    "fulfillment_records",
    "order_record",
    "refund_records",
    "summary",
]
