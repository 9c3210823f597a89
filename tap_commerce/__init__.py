"""A Singer tap that polls a shop: Shopify, PrestaShop or Elastic Path, in one canonical shape."""
