"""Shopify's Admin GraphQL, spoken by a sandbox shop."""

from sandbox.shopify.api import Call, Calls, Shopify

__all__ = ["Call", "Calls", "Shopify"]
