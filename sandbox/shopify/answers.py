"""How each field of the schema is answered: a table, type by type, from Shopify's names to the shop's facts.

A nullable field that the shop knows nothing of is null; every other field of the schema has a line here.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

from sandbox import goods
from sandbox.money import Money
from sandbox.shopify.pages import listed, paged, searched
from sandbox.shopify.views import (
    CustomerView,
    LineView,
    OrderView,
    ParcelLineView,
    ParcelView,
    PaymentView,
    RefundLineView,
    RefundView,
    financial_status,
)
from sandbox.things import Address, Consent, Discount, Order, Product, Visit

Field = Callable[..., Any]

APPS = {"web": (580111, "Online Store"), "pos": (129785, "Point of Sale"), "draft": (1354745, "Draft Orders")}
SOURCES = {"draft": "shopify_draft_order"}
RESTOCK = {"return": "RETURN", "cancel": "CANCEL", "no": "NO_RESTOCK"}
GATEWAYS = {"shopify_payments": "Shopify Payments", "bogus": "Bogus"}


def gid(kind: str, id: int | None) -> str | None:  # noqa: A002
    """Return a global id, None for nothing."""
    return None if id is None else f"gid://shopify/{kind}/{id}"


def stamp(at: datetime | None) -> str | None:
    """Write an instant as Shopify does: to the second, though more is stored."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def decimal(amount: Decimal) -> str:
    """Write an amount as Shopify does: no zeros at the end but one.

    >>> decimal(Decimal("24.00")), decimal(Decimal("10.99")), decimal(Decimal("1200"))
    ('24.0', '10.99', '1200.0')
    """
    text = f"{amount:f}"
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits.rstrip('0') or '0'}"


@lru_cache(maxsize=100_000)
def bag(money: Money) -> dict[str, Any]:
    """Return a MoneyBag."""
    return {
        "shopMoney": {"amount": decimal(money.shop), "currencyCode": money.currencies[0]},
        "presentmentMoney": {"amount": decimal(money.presentment), "currencyCode": money.currencies[1]},
    }


def pairs(attributes: Iterable[tuple[str, str | None]]) -> list[dict[str, str | None]]:
    """Return attributes."""
    return [{"key": key, "value": value} for key, value in attributes]


def upper(word: str | None) -> str | None:
    """Return one of Shopify's constants."""
    return word.upper() if word else None


def denied(field: str, access: str) -> GraphQLError:
    """Return what is said of a field that a scope is missing for."""
    return GraphQLError(
        f"Access denied for {field} field. Required access: {access}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": access,
        },
    )


# Orders


def fulfillment_status(view: OrderView) -> str:
    """Return where the order's goods stand."""
    sent = sum(view.fulfilled.values())
    open_units = sum(each.unfulfilled for each in view.lines.values())
    if sent:
        return "PARTIALLY_FULFILLED" if open_units else "FULFILLED"
    if not open_units or view.order.cancelled_at:
        return "FULFILLMENT_NOT_REQUIRED" if view.eye.version >= "2026-10" else "UNFULFILLED"
    return "UNFULFILLED"


def current(view: OrderView, of: Callable[[LineView], Money]) -> Money:
    """Add something up over what is left of every line."""
    return view.order.tip.sum(of(each) for each in view.lines.values())


def left(line: LineView, amount: Money) -> Money:
    """Return what the units that are left have of an amount of their line."""
    return line.line.units(amount, line.line.standing - line.current, line.line.standing)


def tax_lines(view: OrderView, amount: Money) -> list[dict[str, Any]]:
    """Return the one tax of this sandbox."""
    if not amount:
        return []
    rate = next((each.tax_rate for each in view.order.lines), Decimal(0))
    return [tax_line(rate, amount)]


def tax_line(rate: Decimal, amount: Money) -> dict[str, Any]:
    """Return one tax line."""
    return {
        "title": "VAT",
        "rate": float(rate),
        "ratePercentage": float(rate * 100),
        "priceSet": bag(amount),
        "price": decimal(amount.shop),
        "source": "shopify",
        "channelLiable": False,
    }


def source_name(order: Order) -> str:
    """Return the sales channel by Shopify's name."""
    return SOURCES.get(order.source, order.source)


def app(order: Order) -> dict[str, Any]:
    """Return the app that made the order."""
    id, name = APPS.get(order.source, (int(order.source) if order.source.isdigit() else 1, "Mobile app"))  # noqa: A001
    return {"id": gid("App", id), "name": name}


def location(id: int | None) -> dict[str, Any] | None:  # noqa: A002
    """Return a location."""
    name = dict(goods.LOCATIONS).get(id)
    return (
        {"id": gid("Location", id), "legacyResourceId": str(id), "name": name, "isActive": True}
        if name
        else None
    )


def moneys(amount: Callable[[Order], Money]) -> Field:
    """Return how a MoneyBag of an order is answered."""
    return lambda view: bag(amount(view.order))


def bare(amount: Callable[[Order], Money]) -> Field:
    """Return how a deprecated bare Money is answered."""
    return lambda view: decimal(amount(view.order).shop)


def metafields(view: Any, owned: Iterable[tuple[str, str, str]], owner: int) -> list[dict[str, Any]]:
    """Return the metafields of something."""
    return [
        {
            "id": gid("Metafield", owner * 10 + place),
            "legacyResourceId": str(owner * 10 + place),
            "namespace": namespace,
            "key": key,
            "value": value,
            "jsonValue": json.loads(value) if value.isdigit() else value,
            "type": "number_integer" if value.isdigit() else "single_line_text_field",
            "createdAt": stamp(view.created_at),
            "updatedAt": stamp(view.updated_at),
        }
        for place, (namespace, key, value) in enumerate(owned)
    ]


def metafield(found: list[dict[str, Any]], namespace: str | None, key: str) -> dict[str, Any] | None:
    """Return one metafield; its namespace may be written in front of the key."""
    if namespace is None and "." in key:
        namespace, key = key.split(".", 1)
    return next(
        (each for each in found if each["key"] == key and namespace in (None, each["namespace"])), None
    )


def chosen(
    found: list[dict[str, Any]], namespace: str | None, keys: list[str] | None
) -> list[dict[str, Any]]:
    """Return the metafields of a namespace, or of `namespace.key` names."""
    return [
        each
        for each in found
        if namespace in (None, each["namespace"])
        and (keys is None or f"{each['namespace']}.{each['key']}" in keys or each["key"] in keys)
    ]


def discount_application(discount: Discount, index: int) -> dict[str, Any]:
    """Return how a discount was applied."""
    percentage = discount.kind != "amount"
    value = (
        {"__typename": "PricingPercentageValue", "percentage": float(discount.value)}
        if percentage
        else {"__typename": "MoneyV2", "amount": decimal(discount.value), "currencyCode": "EUR"}
    )
    return {
        "__typename": "DiscountCodeApplication" if discount.code else "ManualDiscountApplication",
        "allocationMethod": "ACROSS",
        "index": index,
        "targetSelection": "ALL" if discount.target == "all" else "ENTITLED",
        "targetType": "SHIPPING_LINE" if discount.kind == "shipping" else "LINE_ITEM",
        "value": value,
        "code": discount.code,
        "title": discount.title,
        "description": discount.title,
    }


def applications(order: Order) -> list[dict[str, Any]]:
    """Return all discounts of an order."""
    made = [discount_application(each, index) for index, each in enumerate(order.discounts)]
    for each in made:
        if each["value"]["__typename"] == "MoneyV2":
            each["value"]["currencyCode"] = order.currency
    return made


def allocations(order: Order, given: Iterable[tuple[int, Money]]) -> list[dict[str, Any]]:
    """Return what discounts took off a line."""
    every = applications(order)
    return [
        {
            "allocatedAmountSet": bag(amount),
            "allocatedAmount": bag(amount)["shopMoney"],
            "discountApplication": every[index],
        }
        for index, amount in given
    ]


def journey(view: OrderView) -> dict[str, Any] | None:
    """Return the visits that led to an order; nothing for orders from elsewhere than the web."""
    order = view.order
    if order.source != "web":
        return None
    visits = sorted(order.visits, key=lambda each: each.at)
    return {
        "ready": True,
        "customerOrderIndex": 0,
        "daysToConversion": (order.created_at - visits[0].at).days if visits else None,
        "firstVisit": visits[0] if visits else None,
        "lastVisit": visits[-1] if visits else None,
        "momentsCount": {"count": len(visits), "precision": "EXACT"},
    }


def entitled_only(view: LineView, codes: bool) -> Money:
    """Return the discounts that are the line's own: not those of the whole order, and codes only on demand."""
    discounts = view.order.order.discounts
    return view.line.price.sum(
        amount
        for index, amount in view.line.allocations
        if discounts[index].target == "entitled" and (codes or discounts[index].code is None)
    )


def total_discounts(view: LineView) -> Money:
    """Return the line-level discounts."""
    return entitled_only(view, codes=True)


def kept_shipping(view: OrderView) -> Money:
    """Return the shipping that was not given back."""
    order = view.order
    return order.shipping_price - order.tip.sum(each.shipping for each in order.refunds)


def token(*parts: Any) -> str:
    """Return something that looks drawn but follows from its parts."""
    return hashlib.md5(repr(parts).encode(), usedforsecurity=False).hexdigest()


ORDER: dict[str, Field] = {
    "id": lambda v: gid("Order", v.order.id),
    "legacyResourceId": lambda v: str(v.order.id),
    "name": lambda v: v.order.name,
    "number": lambda v: v.order.number,
    "confirmationNumber": lambda v: v.order.confirmation,
    "poNumber": lambda v: v.order.po_number,
    "createdAt": lambda v: stamp(v.order.created_at),
    "processedAt": lambda v: stamp(v.order.processed_at),
    "updatedAt": lambda v: stamp(v.order.updated_at),
    "closedAt": lambda v: stamp(v.order.closed_at),
    "closed": lambda v: v.order.closed_at is not None,
    "cancelledAt": lambda v: stamp(v.order.cancelled_at),
    "cancelReason": lambda v: upper(v.order.cancel_reason),
    "cancellation": lambda v: {"staffNote": v.order.staff_note} if v.order.cancelled_at else None,
    "test": lambda v: v.order.test,
    "confirmed": lambda _: True,
    "edited": lambda v: v.order.edited,
    "unpaid": lambda v: v.order.received.shop <= 0 < v.order.total.shop,
    "fullyPaid": lambda v: v.order.received.shop >= v.order.total.shop,
    "capturable": lambda v: v.order.authorized.shop > 0,
    "canMarkAsPaid": lambda v: v.order.received.shop < v.order.total.shop and v.order.cancelled_at is None,
    "canNotifyCustomer": lambda v: v.order.email is not None,
    "displayFinancialStatus": lambda v: financial_status(v.order),
    "displayFulfillmentStatus": fulfillment_status,
    "returnStatus": lambda _: "NO_RETURN",
    "fulfillable": lambda v: fulfillment_status(v) in ("UNFULFILLED", "PARTIALLY_FULFILLED"),
    "refundable": lambda v: v.order.received.shop > v.order.promised_back.shop,
    "restockable": lambda v: any(each.current for each in v.lines.values()),
    "requiresShipping": lambda v: any(not each.product.digital for each in v.order.lines),
    "sourceName": lambda v: source_name(v.order),
    "app": lambda v: app(v.order),
    "attribution": lambda v: {"handle": token(source_name(v.order))[:8] if v.order.source.isdigit() else source_name(v.order).replace("_", "-"), "displayName": app(v.order)["name"]},
    "publication": lambda v: {"id": gid("Publication", app(v.order)["id"].rsplit("/")[-1]), "name": app(v.order)["name"], "autoPublish": True},
    "retailLocation": lambda v: location(v.order.location),
    "physicalLocation": lambda v: location(v.order.location),
    "statusPageUrl": lambda v, **_: f"https://{v.eye.shop.name}.myshopify.com/548380009/orders/{token(v.order.id)}/authenticate?key={token('key', v.order.id)}",
    "note": lambda v: v.order.note,
    "tags": lambda v: list(v.order.tags),
    "customAttributes": lambda v: pairs(v.order.attributes),
    "discountCodes": lambda v: list(v.order.codes),
    "discountCode": lambda v: v.order.codes[0] if v.order.codes else None,
    "discountApplications": lambda v, **a: paged(applications(v.order), a, key=lambda each: each["index"]),
    "paymentGatewayNames": lambda v: sorted({each.gateway for each in v.order.payments}),
    "customerLocale": lambda v: v.order.locale,
    "customerAcceptsMarketing": lambda v: (c := v.eye.customer(v.order.customer_id)) is not None and c.customer.email_consent.state == "subscribed",
    "email": lambda v: v.order.email,
    "phone": lambda v: v.order.phone,
    "cartToken": lambda v: v.order.cart_token,
    "checkoutToken": lambda v: v.order.checkout_token,
    "clientIp": lambda v: v.order.ip,
    "customerJourneySummary": journey,
    "currencyCode": lambda v: v.order.currency,
    "presentmentCurrencyCode": lambda v: v.order.presentment_currency,
    "taxesIncluded": lambda v: v.order.taxes_included,
    "totalPriceSet": moneys(lambda o: o.total),
    "totalPrice": bare(lambda o: o.total),
    "originalTotalPriceSet": moneys(lambda o: o.original_total),
    "currentTotalPriceSet": moneys(lambda o: o.current_total),
    "subtotalPriceSet": moneys(lambda o: o.subtotal),
    "subtotalPrice": bare(lambda o: o.subtotal),
    "currentSubtotalPriceSet": lambda v: bag(current(v, lambda each: left(each, each.line.net))),
    "totalTaxSet": moneys(lambda o: o.tax),
    "totalTax": bare(lambda o: o.tax),
    "currentTotalTaxSet": lambda v: bag(
        v.order.tax - v.order.tip.sum([*(line.tax for each in v.order.refunds for line in each.lines), *(each.shipping_tax for each in v.order.refunds)])
    ),
    "taxLines": lambda v: tax_lines(v, v.order.tax),
    "currentTaxLines": lambda v: tax_lines(v, current(v, lambda each: left(each, each.line.tax))),
    "totalDiscountsSet": moneys(lambda o: o.discount),
    "totalDiscounts": bare(lambda o: o.discount),
    "currentTotalDiscountsSet": lambda v: bag(current(v, lambda each: left(each, each.line.discount)) + (v.order.shipping.discount if v.order.shipping else v.order.tip.zero())),
    "cartDiscountAmountSet": moneys(lambda o: o.discount),
    "cartDiscountAmount": bare(lambda o: o.discount),
    "currentCartDiscountAmountSet": lambda v: bag(current(v, lambda each: left(each, each.line.discount))),
    # "before discounts and returns", as the deprecated field beside it still says: what is paid is the line's discountedPriceSet
    "totalShippingPriceSet": moneys(lambda o: o.shipping.price if o.shipping else o.tip.zero()),
    "totalShippingPrice": bare(lambda o: o.shipping.price if o.shipping else o.tip.zero()),
    "currentShippingPriceSet": lambda v: bag(kept_shipping(v)),
    "totalTipReceivedSet": moneys(lambda o: o.tip),
    "totalTipReceived": lambda v: bag(v.order.tip)["shopMoney"],
    "totalReceivedSet": moneys(lambda o: o.received),
    "totalReceived": bare(lambda o: o.received),
    "totalRefundedSet": moneys(lambda o: o.given_back),
    "totalRefunded": bare(lambda o: o.given_back),
    "totalRefundedShippingSet": moneys(lambda o: o.tip.sum(each.shipping for each in o.refunds)),
    "totalOutstandingSet": moneys(lambda o: o.tip.zero() if o.cancelled_at else o.total - o.returned + o.discrepancy - o.received + o.given_back),
    "totalCapturableSet": moneys(lambda o: o.authorized),
    "totalCapturable": bare(lambda o: o.authorized),
    "netPaymentSet": moneys(lambda o: o.received - o.given_back),
    "netPayment": bare(lambda o: o.received - o.given_back),
    "refundDiscrepancySet": moneys(lambda o: o.discrepancy),
    "totalCashRoundingAdjustment": lambda v: {"paymentSet": bag(v.order.tip.zero()), "refundSet": bag(v.order.tip.zero())},
    "totalWeight": lambda v: str(sum(each.product.grams * each.quantity for each in v.order.lines)),
    "currentTotalWeight": lambda v: str(sum(each.line.product.grams * each.current for each in v.lines.values())),
    "subtotalLineItemsQuantity": lambda v: sum(each.quantity for each in v.order.lines),
    "currentSubtotalLineItemsQuantity": lambda v: sum(each.current for each in v.lines.values()),
    "billingAddress": lambda v: v.order.billing,
    "shippingAddress": lambda v: v.order.address,
    "displayAddress": lambda v: v.order.address or v.order.billing,
    "billingAddressMatchesShippingAddress": lambda v: v.order.billing is not None and v.order.billing == v.order.address,
    "shippingLine": lambda v: ShippingView(v) if v.order.shipping else None,
    "shippingLines": lambda v, includeRemovals=False, **a: paged([ShippingView(v)] if v.order.shipping else [], a, key=lambda each: each.shipping.id),  # noqa: ARG005, N803
    "customer": lambda v: v.eye.customer(v.order.customer_id),
    "lineItems": lambda v, **a: paged(list(v.lines.values()), a, key=lambda each: each.line.id),
    "nonFulfillableLineItems": lambda v, **a: paged([each for each in v.lines.values() if not each.unfulfilled], a, key=lambda each: each.line.id),
    "transactionsCount": lambda v: {"count": len(v.order.payments), "precision": "EXACT"},
    "transactions": lambda v, first=None, **_: listed([PaymentView(each, v) for each in v.order.payments], first),
    "refunds": lambda v, first=None: listed([RefundView(each, v) for each in v.order.refunds], first),
    "fulfillmentsCount": lambda v: {"count": len(v.order.fulfillments), "precision": "EXACT"},
    "fulfillments": lambda v, first=None, query=None: listed(searched([ParcelView(each, v) for each in v.order.fulfillments], query, "fulfillments", v.eye), first),
    "fulfillmentOrders": lambda _, displayable=False, query=None, **a: paged([], a),  # noqa: ARG005
    "metafield": lambda v, key, namespace=None: metafield(metafields(v.order, v.order.metafields, v.order.id), namespace, key),
    "metafields": lambda v, namespace=None, keys=None, **a: paged(chosen(metafields(v.order, v.order.metafields, v.order.id), namespace, keys), a, key=lambda each: each["id"]),
    "merchantEditable": lambda v: v.order.cancelled_at is None,
    "merchantEditableErrors": lambda v: ["The order is cancelled"] if v.order.cancelled_at else [],
    "riskLevel": lambda _: "LOW",
    "landingPageUrl": lambda v: v.order.visits[0].landing_page if v.order.visits else None,
    "referrerUrl": lambda v: v.order.visits[0].referrer if v.order.visits else None,
}  # fmt: skip

LINE: dict[str, Field] = {
    "id": lambda v: gid("LineItem", v.line.id),
    "sku": lambda v: v.line.product.sku,
    "name": lambda v: f"{v.line.product.title} - {v.line.product.variant}" if v.line.product.variant else v.line.product.title,
    "title": lambda v: v.line.product.title,
    "variantTitle": lambda v: v.line.product.variant,
    "vendor": lambda v: v.line.product.vendor,
    "quantity": lambda v: v.line.quantity,
    "currentQuantity": lambda v: v.current,
    "refundableQuantity": lambda v: v.current,
    "unfulfilledQuantity": lambda v: v.unfulfilled,
    "fulfillableQuantity": lambda v: v.unfulfilled,
    "nonFulfillableQuantity": lambda v: v.line.quantity - v.unfulfilled,
    "fulfillmentStatus": lambda v: "unfulfilled" if v.unfulfilled else "fulfilled",
    "requiresShipping": lambda v: not v.line.product.digital,
    "taxable": lambda _: True,
    "isGiftCard": lambda v: v.line.product.gift_card,
    "canRestock": lambda v: v.current > 0,
    "restockable": lambda v: v.current > 0,
    "merchantEditable": lambda v: v.unfulfilled > 0,
    "product": lambda v: v.line.product,
    "variant": lambda v: v.line.product,
    "image": lambda v, **_: image(v.line.product),
    "originalUnitPriceSet": lambda v: bag(v.line.price),
    "originalUnitPrice": lambda v: decimal(v.line.price.shop),
    "originalTotalSet": lambda v: bag(v.line.gross),
    "originalTotal": lambda v: decimal(v.line.gross.shop),
    "discountedTotalSet": lambda v, withCodeDiscounts=False: bag(v.line.gross - entitled_only(v, withCodeDiscounts)),  # noqa: N803
    "discountedTotal": lambda v: decimal((v.line.gross - entitled_only(v, False)).shop),
    "discountedUnitPriceSet": lambda v: bag((v.line.gross - entitled_only(v, False)).share(1, v.line.quantity)),
    "discountedUnitPrice": lambda v: decimal((v.line.gross - entitled_only(v, False)).share(1, v.line.quantity).shop),
    "discountedUnitPriceAfterAllDiscountsSet": lambda v: bag(v.line.net.share(1, v.line.quantity)),
    "priceAfterAllDiscountsBeforeTaxesSet": lambda v: bag(left(v, v.line.net) - left(v, v.line.tax) if v.order.order.taxes_included else left(v, v.line.net)),
    "totalDiscountSet": lambda v: bag(total_discounts(v)),
    "totalDiscount": lambda v: decimal(total_discounts(v).shop),
    "unfulfilledOriginalTotalSet": lambda v: bag(v.line.price * v.unfulfilled),
    "unfulfilledOriginalTotal": lambda v: decimal((v.line.price * v.unfulfilled).shop),
    "unfulfilledDiscountedTotalSet": lambda v: bag(v.line.net.share(v.unfulfilled, v.line.quantity)),
    "unfulfilledDiscountedTotal": lambda v: decimal(v.line.net.share(v.unfulfilled, v.line.quantity).shop),
    "discountAllocations": lambda v: allocations(v.order.order, v.line.allocations),
    "taxLines": lambda v, first=None: listed([tax_line(v.line.tax_rate, v.line.tax)] if v.line.tax else [], first),
    "customAttributes": lambda v: pairs(v.line.attributes),
    "sellingPlan": lambda v: {"name": v.line.plan, "sellingPlanId": gid("SellingPlan", 77)} if v.line.plan else None,
    "contract": lambda v: {"id": gid("SubscriptionContract", v.line.id), "createdAt": stamp(v.order.order.created_at), "updatedAt": stamp(v.order.order.created_at), "currencyCode": v.order.order.currency, "status": "ACTIVE"} if v.line.plan else None,
    "weight": lambda v: {"unit": "GRAMS", "value": float(v.line.product.grams)} if v.line.product.grams else None,
}  # fmt: skip


def image(product: Product) -> dict[str, Any] | None:
    """Return a product's picture; what cannot be touched has none."""
    if product.digital:
        return None
    url = f"https://cdn.shopify.com/s/files/1/0548/products/{product.handle}.jpg?v=17"
    return {
        "id": gid("ProductImage", product.id),
        "url": url,
        "altText": product.title,
        "width": 800,
        "height": 600,
    }


VARIANT: dict[str, Field] = {
    "id": lambda p: gid("ProductVariant", p.variant_id),
    "legacyResourceId": lambda p: str(p.variant_id),
    "title": lambda p: p.variant or "Default Title",
    "displayName": lambda p: f"{p.title} - {p.variant or 'Default Title'}",
    "sku": lambda p: p.sku,
    "barcode": lambda p: p.barcode,
    "price": lambda p: decimal(p.price),
    "compareAtPrice": lambda p: decimal(p.compare_at_price) if p.compare_at_price else None,
    "image": lambda _, **__: None,
    "product": lambda p: p,
    "availableForSale": lambda _: True,
    "taxable": lambda _: True,
    "inventoryPolicy": lambda _: "DENY",
    "metafields": lambda _, namespace=None, keys=None, **a: paged([], a),  # noqa: ARG005
    "productParents": lambda _, query=None, **a: paged([], a),  # noqa: ARG005
    "createdAt": lambda _: "2026-01-01T00:00:00Z",
    "updatedAt": lambda _: "2026-01-01T00:00:00Z",
    "position": lambda _: 1,
    "defaultCursor": lambda p: token(p.variant_id),
    "storefrontId": lambda p: gid("ProductVariant", p.variant_id),
}

PRODUCT: dict[str, Field] = {
    "id": lambda p: gid("Product", p.id),
    "legacyResourceId": lambda p: str(p.id),
    "title": lambda p: p.title,
    "handle": lambda p: p.handle,
    "vendor": lambda p: p.vendor,
    "productType": lambda p: p.kind,
    "tags": lambda p: list(p.tags),
    "onlineStoreUrl": lambda p: f"https://acme-test.example/products/{p.handle}" if not p.gift_card else None,
    "category": lambda p: {
        "id": gid("TaxonomyCategory", p.id), "name": p.category[-1], "fullName": " > ".join(p.category),
        "isLeaf": True, "isRoot": False, "isArchived": False, "level": len(p.category), "ancestorIds": [], "childrenIds": [],
    },
    "featuredMedia": lambda p: {
        "__typename": "MediaImage", "id": gid("MediaImage", p.id), "alt": p.title, "image": image(p), "mediaContentType": "IMAGE",
        "status": "READY", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "mimeType": "image/jpeg",
        "preview": {"image": image(p), "status": "READY"},
    } if image(p) else None,
    "featuredImage": image,
    "isGiftCard": lambda p: p.gift_card,
    "status": lambda _: "ACTIVE",
    "description": lambda p, **_: p.title,
    "descriptionHtml": lambda p: p.title,
    "descriptionPlainSummary": lambda p: p.title,
    "createdAt": lambda _: "2026-01-01T00:00:00Z",
    "updatedAt": lambda _: "2026-01-01T00:00:00Z",
    "publishedAt": lambda _: "2026-01-01T00:00:00Z",
    "defaultCursor": lambda p: token(p.id),
    "storefrontId": lambda p: gid("Product", p.id),
    "variants": lambda p, sortKey=None, **a: paged([p], a, key=lambda each: each.variant_id),  # noqa: ARG005, N803
    "variantsCount": lambda _: {"count": 1, "precision": "EXACT"},
    "metafields": lambda _, namespace=None, keys=None, **a: paged([], a),  # noqa: ARG005
    "productParents": lambda _, query=None, **a: paged([], a),  # noqa: ARG005
}  # fmt: skip


class ShippingView:
    """How an order is sent."""

    def __init__(self, order: OrderView) -> None:
        self.order, self.shipping = order, order.order.shipping


SHIPPING: dict[str, Field] = {
    "id": lambda v: gid("ShippingLine", v.shipping.id),
    "title": lambda v: v.shipping.title,
    "code": lambda v: v.shipping.code,
    "source": lambda _: "shopify",
    "custom": lambda _: False,
    "isRemoved": lambda _: False,
    "originalPriceSet": lambda v: bag(v.shipping.price),
    "originalPrice": lambda v: bag(v.shipping.price)["shopMoney"],
    "price": lambda v: decimal(v.shipping.price.shop),
    "discountedPriceSet": lambda v: bag(v.shipping.net),
    "discountedPrice": lambda v: bag(v.shipping.net)["shopMoney"],
    "currentDiscountedPriceSet": lambda v: bag(kept_shipping(v.order)),
    "discountAllocations": lambda v: allocations(v.order.order, v.shipping.allocations),
    "taxLines": lambda v: [tax_line(v.shipping.tax_rate, v.shipping.tax)] if v.shipping.tax else [],
}

PAYMENT: dict[str, Field] = {
    "id": lambda v: gid("OrderTransaction", v.payment.id),
    "kind": lambda v: v.payment.kind.upper(),
    "status": lambda v: v.payment.status.upper(),
    "gateway": lambda v: v.payment.gateway,
    "formattedGateway": lambda v: GATEWAYS.get(v.payment.gateway, v.payment.gateway.capitalize()),
    "manualPaymentGateway": lambda v: v.payment.gateway in ("manual", "Bank deposit"),
    "errorCode": lambda v: upper(v.payment.error),
    "test": lambda v: v.payment.test,
    "createdAt": lambda v: stamp(v.payment.created_at),
    "processedAt": lambda v: stamp(v.payment.processed_at),
    "paymentId": lambda v: (
        f"r{token('payment', v.order.order.id)[:9]}.1" if v.payment.gateway == "shopify_payments" else None
    ),
    "parentTransaction": lambda v: v.order.payment(v.payment.parent_id),
    "order": lambda v: v.order,
    "amountSet": lambda v: bag(v.payment.amount),
    "amount": lambda v: decimal(v.payment.amount.shop),
    "amountV2": lambda v: bag(v.payment.amount)["shopMoney"],
    "manuallyCapturable": lambda v: v.payment.kind == "authorization" and v.order.order.authorized.shop > 0,
    "location": lambda v: location(v.order.order.location),
    "authorizationCode": lambda v: token(v.payment.id)[:6],
    "settlementCurrency": lambda v: v.order.order.currency,
    "settlementCurrencyRate": lambda _: "1.0",
}


def refund_total(view: RefundView) -> Money:
    """Return what a refund gave back: its successful payments."""
    return view.order.order.money_of(view.refund)


REFUND: dict[str, Field] = {
    "id": lambda v: gid("Refund", v.refund.id),
    "legacyResourceId": lambda v: str(v.refund.id),
    "createdAt": lambda v: stamp(v.refund.created_at),
    "processedAt": lambda v: stamp(v.refund.created_at),
    "updatedAt": lambda v: stamp(v.refund.updated_at),
    "note": lambda v: v.refund.note,
    "order": lambda v: v.order,
    "return": lambda _: None,
    "totalRefundedSet": lambda v: bag(refund_total(v)),
    "totalRefunded": lambda v: bag(refund_total(v))["shopMoney"],
    "refundLineItems": lambda v, **a: paged([RefundLineView(each, v.order) for each in v.refund.lines], a, key=lambda each: each.line.id),
    "refundShippingLines": lambda v, **a: paged([v] if v.refund.shipping or v.refund.shipping_tax else [], a, key=lambda each: each.refund.id),
    "orderAdjustments": lambda v, **a: paged([{"id": gid("OrderAdjustment", number), "reason": reason.upper(), "amountSet": bag(amount), "taxAmountSet": bag(amount.zero())} for number, reason, amount in v.refund.adjustments], a, key=lambda each: each["id"]),
    "transactions": lambda v, **a: paged([PaymentView(each, v.order) for each in v.order.order.payments if each.refund_id == v.refund.id], a, key=lambda each: each.payment.id),
}  # fmt: skip

REFUND_SHIPPING: dict[str, Field] = {
    "id": lambda v: gid("RefundShippingLine", v.refund.id),
    "shippingLine": lambda v: ShippingView(v.order),
    "subtotalAmountSet": lambda v: bag(v.refund.shipping),
    "taxAmountSet": lambda v: bag(v.refund.shipping_tax),
}

REFUND_LINE: dict[str, Field] = {
    "id": lambda v: gid("RefundLineItem", v.line.id),
    "quantity": lambda v: v.line.quantity,
    "restockType": lambda v: RESTOCK[v.line.restock],
    "restocked": lambda v: v.line.restock != "no",
    "location": lambda v: location(goods.LOCATIONS[0][0]) if v.line.restock != "no" else None,
    "priceSet": lambda v: bag(v.order.lines[v.line.line_id].line.price),
    "price": lambda v: decimal(v.order.lines[v.line.line_id].line.price.shop),
    "subtotalSet": lambda v: bag(v.line.subtotal),
    "subtotal": lambda v: decimal(v.line.subtotal.shop),
    "totalTaxSet": lambda v: bag(v.line.tax),
    "totalTax": lambda v: decimal(v.line.tax.shop),
    "lineItem": lambda v: v.order.lines[v.line.line_id],
}

PARCEL: dict[str, Field] = {
    "id": lambda v: gid("Fulfillment", v.parcel.id),
    "legacyResourceId": lambda v: str(v.parcel.id),
    "name": lambda v: v.parcel.name,
    "status": lambda v: v.parcel.status.upper(),
    "displayStatus": lambda v: upper(v.parcel.carrier_status),
    "createdAt": lambda v: stamp(v.parcel.created_at),
    "updatedAt": lambda v: stamp(v.parcel.updated_at),
    "inTransitAt": lambda v: stamp(v.parcel.in_transit_at),
    "deliveredAt": lambda v: stamp(v.parcel.delivered_at),
    "estimatedDeliveryAt": lambda v: stamp(v.parcel.estimated_delivery_at),
    "totalQuantity": lambda v: sum(count for _, _, count in v.parcel.lines),
    "requiresShipping": lambda v: any(not v.order.lines[line].line.product.digital for _, line, _ in v.parcel.lines),
    "location": lambda v: location(v.parcel.location),
    "order": lambda v: v.order,
    "service": lambda _: {"id": gid("FulfillmentService", 1), "handle": "manual", "serviceName": "Manual", "type": "MANUAL"},
    "trackingInfo": lambda v, first=None: listed([{"company": each.company, "number": each.number, "url": each.url} for each in v.parcel.tracking], first),
    "fulfillmentLineItems": lambda v, **a: paged([ParcelLineView(number, v.order.lines[line], count) for number, line, count in v.parcel.lines], a, key=lambda each: each.id),
    "fulfillmentOrders": lambda _, **a: paged([], a),
    "events": lambda v, sortKey=None, **a: paged([{"id": gid("FulfillmentEvent", v.parcel.id), "createdAt": stamp(v.parcel.in_transit_at), "happenedAt": stamp(v.parcel.in_transit_at), "status": "IN_TRANSIT"}] if v.parcel.in_transit_at else [], a, key=lambda each: each["id"]),  # noqa: ARG005, N803
}  # fmt: skip

PARCEL_LINE: dict[str, Field] = {
    "id": lambda v: gid("FulfillmentLineItem", v.id),
    "quantity": lambda v: v.quantity,
    "lineItem": lambda v: v.line,
    "originalTotalSet": lambda v: bag(v.line.line.price * v.quantity),
    "originalTotal": lambda v: decimal((v.line.line.price * v.quantity).shop),
    "discountedTotalSet": lambda v: bag(v.line.line.net.share(v.quantity, v.line.line.quantity)),
    "discountedTotal": lambda v: decimal(v.line.line.net.share(v.quantity, v.line.line.quantity).shop),
}

# People


def full_name(first: str | None, last: str | None) -> str | None:
    """Return both names as one."""
    return " ".join(filter(None, (first, last))) or None


ADDRESS: dict[str, Field] = {
    "id": lambda a: f"gid://shopify/MailingAddress/{a.id}?model_name=Address",
    "firstName": lambda a: a.first_name,
    "lastName": lambda a: a.last_name,
    "name": lambda a: full_name(a.first_name, a.last_name),
    "company": lambda a: a.company,
    "address1": lambda a: a.street,
    "address2": lambda a: a.street_2,
    "city": lambda a: a.city,
    "province": lambda a: a.region,
    "provinceCode": lambda a: a.region_code,
    "zip": lambda a: a.zip,
    "country": lambda a: a.country,
    "countryCode": lambda a: a.country_code,
    "countryCodeV2": lambda a: a.country_code,
    "phone": lambda a: a.phone,
    "coordinatesValidated": lambda _: False,
    "formatted": lambda a, **_: [
        each for each in (a.street, a.street_2, f"{a.zip} {a.city}", a.country) if each
    ],
    "formattedArea": lambda a: f"{a.city}, {a.country}",
}


def sms(consent: Consent) -> dict[str, Any]:
    """Return the consent to be written to by telephone."""
    never = consent.state == "not_subscribed"
    return {
        "state": "NEVER_SUBSCRIBED" if never else upper(consent.state),
        "optInLevel": upper(consent.level),
        "updatedAt": stamp(consent.at),
        "collectedFrom": None if never else "SHOPIFY",
    }


def email_address(view: CustomerView) -> dict[str, Any] | None:
    """Return the default e-mail address and what it may be used for."""
    customer = view.customer
    if customer.email is None:
        return None
    consent = customer.email_consent
    return {
        "emailAddress": customer.email,
        "validFormat": "@" in customer.email,
        "marketingState": consent.state.upper(),
        "marketingOptInLevel": upper(consent.level),
        "marketingUpdatedAt": stamp(consent.at),
        "marketingUnsubscribeUrl": f"https://acme-test.example/unsubscribe/{token(customer.id)}",
        "openTrackingLevel": "UNKNOWN",
        "openTrackingUrl": f"https://acme-test.example/open/{token(customer.id)}",
        "sourceLocation": None,
    }


def phone_number(view: CustomerView) -> dict[str, Any] | None:
    """Return the default telephone number and what it may be used for."""
    customer = view.customer
    if customer.phone is None:
        return None
    consent = customer.sms_consent
    return {
        "phoneNumber": customer.phone,
        "smsMarketingConsent": sms(consent),
        "whatsAppMarketingConsent": sms(Consent(state="not_subscribed")),
        "marketingState": consent.state.upper(),
        "marketingOptInLevel": upper(consent.level),
        "marketingUpdatedAt": stamp(consent.at),
        "marketingCollectedFrom": None if consent.state == "not_subscribed" else "SHOPIFY",
    }


def display_name(view: CustomerView) -> str:
    """Return the name, else the e-mail, else the telephone number."""
    customer = view.customer
    return full_name(customer.first_name, customer.last_name) or customer.email or customer.phone or ""


def last_order(view: CustomerView) -> OrderView | None:
    """Return the newest order."""
    return view.eye.order(view.customer.last_order_id) if view.customer.last_order_id else None


def spent(view: CustomerView) -> dict[str, str]:
    """Return the lifetime spend."""
    return {"amount": decimal(view.customer.spent), "currencyCode": view.customer.currency}


CUSTOMER: dict[str, Field] = {
    "id": lambda v: gid("Customer", v.customer.id),
    "legacyResourceId": lambda v: str(v.customer.id),
    "createdAt": lambda v: stamp(v.customer.created_at),
    "updatedAt": lambda v: stamp(v.customer.updated_at),
    "displayName": display_name,
    "firstName": lambda v: v.customer.first_name,
    "lastName": lambda v: v.customer.last_name,
    "email": lambda v: v.customer.email,
    "phone": lambda v: v.customer.phone,
    "state": lambda v: v.customer.state.upper(),
    "verifiedEmail": lambda v: v.customer.verified,
    "validEmailAddress": lambda v: v.customer.email is not None,
    "locale": lambda v: v.customer.locale,
    "note": lambda v: v.customer.note,
    "tags": lambda v: list(v.customer.tags),
    "taxExempt": lambda v: v.customer.tax_exempt,
    "taxExemptions": lambda _: [],
    "dataSaleOptOut": lambda v: v.customer.data_sale_opt_out,
    "numberOfOrders": lambda v: str(v.customer.order_count),
    "amountSpent": spent,
    "lastOrder": last_order,
    "lifetimeDuration": lambda v: f"{max(1, (v.eye.now - v.customer.created_at).days)} days",
    "productSubscriberStatus": lambda _: "NEVER_SUBSCRIBED",
    "defaultEmailAddress": email_address,
    "defaultPhoneNumber": phone_number,
    "defaultAddress": lambda v: v.customer.addresses[0] if v.customer.addresses else None,
    "addressesV2": lambda v, **a: paged(list(v.customer.addresses), a, key=lambda each: each.id),
    "addresses": lambda v, first=None: listed(list(v.customer.addresses), first),
    "orders": lambda v, query=None, sortKey=None, **a: paged(searched(v.eye.orders_of(v.customer.id), query, "orders", v.eye), a, key=lambda each: each.order.id),  # noqa: ARG005, N803
    "canDelete": lambda v: v.customer.order_count == 0,
    "image": lambda v, **_: {"id": None, "url": f"https://gravatar.example/{token(v.customer.id)}"},
    "statistics": lambda _: {"predictedSpendTier": None, "rfmGroup": None},
    "unsubscribeUrl": lambda v: f"https://acme-test.example/unsubscribe/{token(v.customer.id)}",
    "metafield": lambda v, key, namespace=None: metafield(metafields(v.customer, v.customer.metafields, v.customer.id), namespace, key),
    "metafields": lambda v, namespace=None, keys=None, **a: paged(chosen(metafields(v.customer, v.customer.metafields, v.customer.id), namespace, keys), a, key=lambda each: each["id"]),
}  # fmt: skip

VISIT: dict[str, Field] = {
    "id": lambda v: gid("CustomerVisit", v.id),
    "landingPage": lambda v: v.landing_page,
    "landingPageHtml": lambda v: v.landing_page,
    "occurredAt": lambda v: stamp(v.at),
    "referrerUrl": lambda v: v.referrer,
    "referralInfoHtml": lambda v: v.source,
    "source": lambda v: v.source,
    "sourceDescription": lambda v: v.source,
    "utmParameters": lambda v: (
        {"campaign": None, "content": None, "medium": None, "source": None, "term": None} | dict(v.campaign)
        if v.campaign
        else None
    ),
}

CONNECTION: dict[str, Field] = {
    "nodes": lambda page: page.nodes,
    "edges": lambda page: [
        {"cursor": cursor, "node": node} for cursor, node in zip(page.cursors, page.nodes, strict=True)
    ],
    "pageInfo": lambda page: {
        "hasNextPage": page.after,
        "hasPreviousPage": page.before,
        "startCursor": page.cursors[0] if page.cursors else None,
        "endCursor": page.cursors[-1] if page.cursors else None,
    },
}

TYPES: dict[str, dict[str, Field]] = {
    "Order": ORDER,
    "LineItem": LINE,
    "Product": PRODUCT,
    "ProductVariant": VARIANT,
    "ShippingLine": SHIPPING,
    "OrderTransaction": PAYMENT,
    "Refund": REFUND,
    "RefundLineItem": REFUND_LINE,
    "RefundShippingLine": REFUND_SHIPPING,
    "Fulfillment": PARCEL,
    "FulfillmentLineItem": PARCEL_LINE,
    "MailingAddress": ADDRESS,
    "Customer": CUSTOMER,
    "CustomerVisit": VISIT,
}
"""Types that are answered from a thing of the shop. All others are answered by dicts that have their fields' names."""

NODES: tuple[tuple[type, str], ...] = (
    (OrderView, "Order"),
    (CustomerView, "Customer"),
    (RefundView, "Refund"),
    (ParcelView, "Fulfillment"),
    (LineView, "LineItem"),
    (PaymentView, "OrderTransaction"),
    (Address, "MailingAddress"),
    (Visit, "CustomerVisit"),
)
"""What a thing is called where the schema says only that it is a Node."""
