"""Cut the full Admin schema down to what the sandbox answers: `python -m sandbox.shopify.prune FULL.graphql.gz`.

Nothing is renamed or retyped: what stays is Shopify's own, what is cut is an unknown field as in a misspelt query.
"""

import gzip
import sys
from dataclasses import replace
from pathlib import Path

from graphql import (
    DefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

PRUNED = Path(__file__).with_name("schema_2026-10.graphql")

HEADER = """\
# Shopify's Admin GraphQL schema 2026-10, pruned by sandbox/shopify/prune.py to what the sandbox answers.
# Source: the schema that is bundled in the npm package @shopify/dev-mcp 1.16.0 (ISC licence).
"""

LISTED = (
    "Order", "Customer", "LineItem", "Refund", "RefundLineItem", "RefundShippingLine", "OrderAdjustment",
    "OrderTransaction", "Fulfillment", "FulfillmentLineItem", "MailingAddress", "DiscountApplication", "Metafield",
    "ShippingLine", "Event", "FulfillmentOrder", "Product", "ProductVariant", "Location",
)  # fmt: skip
"""Types that come in connections."""

WHOLE = (
    "Order", "LineItem", "Refund", "RefundLineItem", "RefundShippingLine", "OrderAdjustment", "Fulfillment",
    "FulfillmentLineItem", "FulfillmentTrackingInfo", "OrderTransaction", "Customer", "CustomerEmailAddress",
    "CustomerPhoneNumber", "CustomerSmsMarketingConsent", "CustomerWhatsAppMarketingConsent", "CustomerStatistics",
    "MailingAddress", "ProductVariant", "Product", "ShippingLine", "CustomerJourneySummary", "CustomerVisit",
    "UTMParameters", "OrderAttribution", "OrderCancellation", "DiscountApplication", "DiscountCodeApplication",
    "ManualDiscountApplication", "AutomaticDiscountApplication", "ScriptDiscountApplication", "DiscountAllocation",
    "PricingValue", "PricingPercentageValue", "MoneyBag", "MoneyV2", "TaxLine", "Attribute", "Count", "PageInfo",
    "TaxonomyCategory", "LineItemSellingPlan", "Weight", "CashRoundingAdjustment", "AccessScope", "ApiVersion",
    "Node", "BulkOperation", "BulkOperationRunQueryPayload", "BulkOperationUserError",
    *(f"{each}Connection" for each in LISTED),
    *(f"{each}Edge" for each in LISTED),
)  # fmt: skip
"""Types of which every field stays whose own type stays."""

SOME = {
    "QueryRoot": "bulkOperation currentAppInstallation customer customers customersCount events fulfillment "
    "fulfillmentOrders location locations node nodes order orders ordersCount product productVariant products "
    "publicApiVersions refund return shop",
    "Mutation": "bulkOperationRunQuery",
    "AppInstallation": "accessScopes id",
    "Shop": "createdAt currencyCode description email enabledPresentmentCurrencies ianaTimezone id myshopifyDomain "
    "name plan taxesIncluded timezoneAbbreviation timezoneOffset timezoneOffsetMinutes url",
    "ShopPlan": "partnerDevelopment publicDisplayName shopifyPlus",
    "Location": "id isActive legacyResourceId name",
    "Metafield": "createdAt id jsonValue key legacyResourceId namespace type updatedAt value",
    "Image": "altText height id url width",
    "Media": "alt id mediaContentType preview status",
    "MediaImage": "alt createdAt id image mediaContentType mimeType preview status updatedAt",
    "MediaPreviewImage": "image status",
    "SubscriptionContract": "createdAt currencyCode id note status updatedAt",
    "Publication": "autoPublish id name",
    "OrderApp": "id name",
    "FulfillmentService": "handle id serviceName type",
    "FulfillmentOrder": "createdAt id orderId orderName orderProcessedAt requestStatus status updatedAt",
    "Event": "action createdAt id message",
    "BasicEvent": "action createdAt id message subjectId subjectType",
    "Return": "closedAt createdAt id name order status totalQuantity",
    "FulfillmentEvent": "createdAt estimatedDeliveryAt happenedAt id message status",
    "FulfillmentEventConnection": "edges nodes pageInfo",
    "FulfillmentEventEdge": "cursor node",
}
"""Types of which only these fields stay."""

NOT = {
    ("Order", "events"), ("Customer", "events"), ("Product", "events"), ("ProductVariant", "events"),
    ("Order", "localizationExtensions"), ("Order", "localizedFields"), ("Customer", "paymentMethods"),
    ("Order", "suggestedRefund"), ("Order", "alerts"), ("Order", "metafieldDefinitions"),
    ("ProductVariant", "contextualPricing"), ("Product", "contextualPricing"),
    ("Product", "publishedInContext"), ("Product", "restrictedForResource"),
}  # fmt: skip
"""Fields that would need an input type which nothing else needs."""


def prune(text: str) -> str:
    """Return the pruned schema as text."""
    everything = {
        each.name.value: each
        for each in parse(text, no_location=True).definitions
        if hasattr(each, "name") and each.name
    }
    kept = {name for name in [*WHOLE, *SOME] if name in everything}
    definitions = [_cut(everything[name], kept, everything) for name in sorted(kept)]
    needed = {name for each in definitions for name in _leaves(each)} - kept
    leaves = [_plain(everything[name]) for name in sorted(needed) if name in everything]
    body = "\n\n".join(print_ast(each) for each in [*definitions, *leaves])
    return f"{HEADER}schema {{\n  query: QueryRoot\n  mutation: Mutation\n}}\n\n{body}\n"


def main() -> None:
    """Write the pruned schema beside this file."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    full = Path(sys.argv[1])
    packed = full.read_bytes()
    text = gzip.decompress(packed) if full.suffix == ".gz" else packed
    PRUNED.write_text(prune(text.decode()), encoding="utf-8")
    print(f"{PRUNED.name}: {PRUNED.stat().st_size:,} bytes")


def _cut(node: DefinitionNode, kept: set[str], everything: dict[str, DefinitionNode]) -> DefinitionNode:
    """Keep of a type the fields whose types stay."""
    node = replace(node, description=None)
    if isinstance(node, UnionTypeDefinitionNode):
        return replace(node, types=tuple(each for each in node.types if each.name.value in kept))
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return node
    name = node.name.value
    wanted = set(SOME[name].split()) if name in SOME else None
    fields = (
        field
        for field in node.fields
        if (wanted is None or field.name.value in wanted)
        and (name, field.name.value) not in NOT
        and _stays(field.type, kept, everything)
    )
    return replace(
        node,
        interfaces=tuple(each for each in node.interfaces or () if each.name.value in kept),
        fields=tuple(
            replace(
                field,
                description=None,
                arguments=tuple(
                    replace(argument, description=None)
                    for argument in field.arguments or ()
                    if _stays(argument.type, kept, everything)
                ),
            )
            for field in fields
        ),
    )


def _plain(node: DefinitionNode) -> DefinitionNode:
    """Take the descriptions from a scalar or an enum."""
    node = replace(node, description=None)
    if hasattr(node, "values"):
        node = replace(node, values=tuple(replace(each, description=None) for each in node.values or ()))
    return node


def _stays(node: TypeNode, kept: set[str], everything: dict[str, DefinitionNode]) -> bool:
    name = _name(node)
    return name in kept or name not in everything or everything[name].kind.startswith(("scalar", "enum"))


def _leaves(node: DefinitionNode) -> set[str]:
    """Name the scalars and enums that a type uses."""
    names = set()
    for field in getattr(node, "fields", ()):
        names.add(_name(field.type))
        names.update(_name(argument.type) for argument in field.arguments or ())
    return names


def _name(node: TypeNode) -> str:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)  # noqa: S101
    return node.name.value


if __name__ == "__main__":
    main()
