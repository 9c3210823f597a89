"""A plain SDK tap for Shopify's orders: what a developer writes who follows the SDK's documentation.

`GraphQLStream`, a JSONPath for the records, a paginator, and the translation in `post_process`. It asks the same fields
and yields the same records as `tap-commerce`; everything else is the SDK's default.

    python -m benchmarks.plain_tap --config shop.json
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator
from singer_sdk.pagination import BaseAPIPaginator
from singer_sdk.streams import GraphQLStream

from tap_commerce.records import Order
from tap_commerce.schemas import schema

QUERY = """
query PlainOrders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id name confirmationNumber createdAt processedAt updatedAt cancelledAt closedAt closed cancelReason test edited
      fullyPaid displayFinancialStatus displayFulfillmentStatus returnStatus sourceName tags note clientIp
      cartToken checkoutToken customerLocale email phone currencyCode presentmentCurrencyCode taxesIncluded
      discountCodes paymentGatewayNames
      customAttributes { key value }
      app { name }
      retailLocation { id name }
      totalPriceSet { ...Both }
      originalTotalPriceSet { ...Shop }
      currentTotalPriceSet { ...Shop }
      subtotalPriceSet { ...Both }
      totalDiscountsSet { ...Both }
      totalShippingPriceSet { ...Both }
      totalTaxSet { ...Both }
      totalTipReceivedSet { ...Shop }
      totalRefundedSet { ...Shop }
      billingAddress { ...Address }
      shippingAddress { ...Address }
      shippingLine { title discountedPriceSet { ...Both } discountAllocations { ...Allocation } }
      customerJourneySummary {
        ready
        lastVisit { landingPage referrerUrl utmParameters { campaign source medium term content } }
      }
      customer {
        id createdAt firstName lastName state verifiedEmail locale note tags numberOfOrders
        amountSpent { amount currencyCode }
        defaultEmailAddress { emailAddress marketingState marketingOptInLevel marketingUpdatedAt }
        defaultPhoneNumber { phoneNumber smsMarketingConsent { state optInLevel updatedAt } }
        defaultAddress { ...Address }
      }
      lineItems(first: 20) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id sku title variantTitle vendor quantity currentQuantity requiresShipping isGiftCard
          customAttributes { key value }
          sellingPlan { name }
          image { url }
          originalUnitPriceSet { ...Both }
          discountAllocations { ...Allocation }
          taxLines { priceSet { ...Shop } }
          product { id productType onlineStoreUrl tags }
          variant { id compareAtPrice }
        }
      }
      transactions(first: 10) { id kind status createdAt processedAt amountSet { ...Shop } }
      fulfillments(first: 10) { createdAt status }
    }
  }
}
fragment Both on MoneyBag { shopMoney { amount } presentmentMoney { amount } }
fragment Shop on MoneyBag { shopMoney { amount } }
fragment Address on MailingAddress {
  firstName lastName name company address1 address2 city province provinceCode zip country countryCodeV2 phone
}
fragment Allocation on DiscountAllocation {
  allocatedAmountSet { ...Both }
  discountApplication { ... on DiscountCodeApplication { code } }
}
"""


class Cursor(BaseAPIPaginator):
    """Relay-style paging."""

    def get_next(self, response):
        """Return the cursor of the next page."""
        page = response.json()["data"]["orders"]["pageInfo"]
        return page["endCursor"] if page["hasNextPage"] else None

    def has_more(self, response):
        """Say whether there is a next page."""
        return response.json()["data"]["orders"]["pageInfo"]["hasNextPage"]


class Orders(GraphQLStream):
    """Changed orders."""

    name = "orders"
    primary_keys = ("platform", "shop", "id")
    replication_key = "polled_at"
    records_jsonpath = "$.data.orders.nodes[*]"
    query = QUERY
    schema = schema(Order)

    @property
    def url_base(self):
        """The API of the shop."""
        return f"{self.config['api_url']}/admin/api/2026-10/graphql.json"

    @property
    def authenticator(self):
        """Send the token as Shopify wants it."""
        return APIKeyAuthenticator(
            key="X-Shopify-Access-Token", value=self.config["access_token"], location="header"
        )

    def get_new_paginator(self):
        """Page by cursor."""
        return Cursor(start_value=None)

    def get_url_params(self, context, next_page_token):
        """Return the query's variables."""
        since = self.get_starting_timestamp(context)
        return {
            "first": 250,
            "after": next_page_token,
            "query": f"updated_at:>='{since.strftime('%Y-%m-%dT%H:%M:%SZ')}'",
        }

    def post_process(self, row, context=None):  # noqa: ARG002
        """Translate an order into the canonical record."""
        transactions = row["transactions"]
        customer = row["customer"]
        location = row["retailLocation"]
        shipping = row["shippingLine"]
        shipped = shipping["discountedPriceSet"] if shipping else row["totalShippingPriceSet"]
        visit = self._visit(row["customerJourneySummary"])
        return {
            "platform": "shopify",
            "shop": self.config["shop"],
            "id": _number(row["id"]),
            "polled_at": _utc(row["updatedAt"]),
            "name": row["name"] or None,
            "confirmation_number": row["confirmationNumber"] or None,
            "created_at": _utc(row["createdAt"]),
            "updated_at": _utc(row["updatedAt"]),
            "authorized_at": _authorized_at(transactions),
            "paid_at": _paid_at(row, transactions),
            "completed_at": _utc(row["processedAt"]),
            "fulfilled_at": _fulfilled_at(row),
            "cancelled_at": _utc(row["cancelledAt"]),
            "closed_at": _utc(row["closedAt"]),
            "cancel_reason": _lower(row["cancelReason"]),
            "status": "cancelled" if row["cancelledAt"] else "closed" if row["closed"] else "open",
            "financial_status": _lower(row["displayFinancialStatus"]),
            "fulfillment_status": row["displayFulfillmentStatus"].lower(),
            "return_status": _lower(row["returnStatus"]),
            "currency": row["currencyCode"],
            "total": _amount(row["totalPriceSet"]),
            "original_total": _amount(row["originalTotalPriceSet"]),
            "current_total": _amount(row["currentTotalPriceSet"]),
            "subtotal": _amount(row["subtotalPriceSet"]),
            "discount": _amount(row["totalDiscountsSet"]),
            "shipping": _amount(shipped),
            "tax": _amount(row["totalTaxSet"]),
            "tip": _amount(row["totalTipReceivedSet"]),
            "total_refunded": _amount(row["totalRefundedSet"]),
            "taxes_included": row["taxesIncluded"],
            "presentment_currency": row["presentmentCurrencyCode"],
            "presentment_total": _seen(row["totalPriceSet"]),
            "presentment_subtotal": _seen(row["subtotalPriceSet"]),
            "presentment_discount": _seen(row["totalDiscountsSet"]),
            "presentment_shipping": _seen(shipped),
            "presentment_tax": _seen(row["totalTaxSet"]),
            "coupons": _coupons(row),
            "payment_methods": row["paymentGatewayNames"],
            "shipping_method": (shipping["title"] or None) if shipping else None,
            "source": row["sourceName"] or None,
            "location_id": _number(location["id"]) if location else None,
            "location_name": (location["name"] or None) if location else None,
            "app": (row["app"]["name"] or None) if row["app"] else None,
            "tags": row["tags"],
            "test": row["test"],
            "edited": row["edited"],
            "note": row["note"] or None,
            "cart_id": row["cartToken"] or None,
            "checkout_id": row["checkoutToken"] or None,
            "attributes": _attributes(row["customAttributes"]),
            "ip": row["clientIp"] or None,
            **visit,
            "email": row["email"] or None,
            "phone": row["phone"] or None,
            "locale": row["customerLocale"] or None,
            "billing_address": _address(row["billingAddress"]),
            "shipping_address": _address(row["shippingAddress"]),
            "customer": _customer(customer) if customer else None,
            "line_items": [_line(line) for line in row["lineItems"]["nodes"]],
        }

    @staticmethod
    def _visit(journey):
        if journey and not journey["ready"]:
            return {}
        visit = journey and journey["lastVisit"]
        if not visit:
            return {"landing_page": None, "referrer": None, "campaign": None}
        utm = visit["utmParameters"]
        return {
            "landing_page": visit["landingPage"] or None,
            "referrer": visit["referrerUrl"] or None,
            "campaign": {
                "name": utm["campaign"] or None,
                "source": utm["source"] or None,
                "medium": utm["medium"] or None,
                "term": utm["term"] or None,
                "content": utm["content"] or None,
            }
            if utm
            else None,
        }


class PlainTap(Tap):
    """The tap."""

    name = "plain-tap"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("shop", th.StringType, required=True),
        th.Property("access_token", th.StringType, required=True, secret=True),
        th.Property("start_date", th.DateTimeType, required=True),
    ).to_dict()

    def discover_streams(self):
        """Return the one stream."""
        return [Orders(tap=self)]


def _number(gid):
    return gid.rsplit("/", 1)[-1].partition("?")[0]


def _utc(value):
    if not value or value.endswith("Z"):
        return value or None
    return datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _lower(value):
    return value.lower() if value else None


def _amount(bag):
    return Decimal(bag["shopMoney"]["amount"]) if bag else None


def _seen(bag):
    return Decimal(bag["presentmentMoney"]["amount"]) if bag else None


def _attributes(pairs):
    return [{"name": pair["key"], "value": pair["value"]} for pair in pairs]


def _authorized_at(transactions):
    return min(
        (
            _utc(each["processedAt"] or each["createdAt"])
            for each in transactions
            if each["status"] == "SUCCESS" and each["kind"] in {"AUTHORIZATION", "EMV_AUTHORIZATION", "SALE"}
        ),
        default=None,
    )


def _paid_at(row, transactions):
    total = min(_amount(row["totalPriceSet"]), _amount(row["originalTotalPriceSet"]))
    if total <= 0:
        return _utc(row["processedAt"])
    received, last = Decimal(0), None
    payments = sorted(
        (_utc(each["processedAt"] or each["createdAt"]), each["id"], _amount(each["amountSet"]))
        for each in transactions
        if each["status"] == "SUCCESS" and each["kind"] in {"SALE", "CAPTURE"}
    )
    for at, _, payment in payments:
        received, last = received + payment, at
        if received >= total:
            return at
    return last if row["fullyPaid"] else None


def _fulfilled_at(row):
    if row["displayFulfillmentStatus"] != "FULFILLED":
        return None
    return max(
        (_utc(each["createdAt"]) for each in row["fulfillments"] if each["status"] == "SUCCESS"), default=None
    )


def _coupons(row):
    taken = {}
    allocations = [each for line in row["lineItems"]["nodes"] for each in line["discountAllocations"]]
    allocations += (row["shippingLine"] or {}).get("discountAllocations") or []
    for each in [] if row["edited"] else allocations:
        code = each["discountApplication"].get("code")
        if code:
            taken[code.casefold()] = taken.get(code.casefold(), Decimal(0)) + _amount(
                each["allocatedAmountSet"]
            )
    return [
        {"code": code, "amount": taken[code.casefold()]} if code.casefold() in taken else {"code": code}
        for code in row["discountCodes"]
    ]


def _customer(customer):
    email, phone, spent = (
        customer["defaultEmailAddress"],
        customer["defaultPhoneNumber"],
        customer["amountSpent"],
    )
    sms = phone and phone["smsMarketingConsent"]
    return {
        "id": _number(customer["id"]),
        "email": email["emailAddress"] if email else None,
        "phone": phone["phoneNumber"] if phone else None,
        "first_name": customer["firstName"] or None,
        "last_name": customer["lastName"] or None,
        "created_at": _utc(customer["createdAt"]),
        "state": _lower(customer["state"]),
        "verified_email": customer["verifiedEmail"],
        "locale": customer["locale"] or None,
        "tags": customer["tags"],
        "note": customer["note"] or None,
        "order_count": int(customer["numberOfOrders"]),
        "lifetime_spend": Decimal(spent["amount"]) if spent else None,
        "lifetime_currency": spent["currencyCode"] if spent else None,
        "email_consent": {
            "state": email["marketingState"].lower(),
            "opt_in_level": _lower(email["marketingOptInLevel"]),
            "updated_at": _utc(email["marketingUpdatedAt"]),
        }
        if email
        else None,
        "sms_consent": {
            "state": sms["state"].lower(),
            "opt_in_level": _lower(sms["optInLevel"]),
            "updated_at": _utc(sms["updatedAt"]),
        }
        if sms
        else None,
        "default_address": _address(customer["defaultAddress"]),
    }


def _address(address):
    if not address:
        return None
    return {
        "first_name": address["firstName"] or None,
        "last_name": address["lastName"] or None,
        "name": address["name"] or None,
        "company": address["company"] or None,
        "street": address["address1"] or None,
        "street_2": address["address2"] or None,
        "city": address["city"] or None,
        "postal_code": address["zip"] or None,
        "region": address["province"] or None,
        "region_code": address["provinceCode"] or None,
        "country": address["country"] or None,
        "country_code": address["countryCodeV2"] or None,
        "phone": address["phone"] or None,
    }


def _line(line):
    product, variant = line["product"] or {}, line["variant"] or {}
    price, seen = _amount(line["originalUnitPriceSet"]), _seen(line["originalUnitPriceSet"])
    allocations = line["discountAllocations"]
    discount = sum((_amount(each["allocatedAmountSet"]) for each in allocations), Decimal(0))
    seen_discount = sum((_seen(each["allocatedAmountSet"]) for each in allocations), Decimal(0))
    codes = dict.fromkeys(code for each in allocations if (code := each["discountApplication"].get("code")))
    return {
        "id": _number(line["id"]),
        "product_id": _number(product["id"]) if product else None,
        "variant_id": _number(variant["id"]) if variant else None,
        "sku": line["sku"] or None,
        "name": line["title"] or None,
        "variant": line["variantTitle"] or None,
        "brand": line["vendor"] or None,
        "category": product.get("productType") or None,
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "price": price,
        "compare_at_price": Decimal(variant["compareAtPrice"]) if variant.get("compareAtPrice") else None,
        "discount": discount,
        "total": price * line["quantity"] - discount,
        "tax": sum((_amount(each["priceSet"]) for each in line["taxLines"]), Decimal(0)),
        "coupon": ",".join(codes) or None,
        "presentment_price": seen,
        "presentment_total": seen * line["quantity"] - seen_discount,
        "url": product.get("onlineStoreUrl") or None,
        "image_url": (line["image"]["url"] or None) if line["image"] else None,
        "tags": product.get("tags"),
        "requires_shipping": line["requiresShipping"],
        "gift_card": line["isGiftCard"],
        "subscription": (line["sellingPlan"]["name"] or None) if line["sellingPlan"] else None,
        "properties": _attributes(line["customAttributes"]),
    }


if __name__ == "__main__":
    PlainTap.cli()
