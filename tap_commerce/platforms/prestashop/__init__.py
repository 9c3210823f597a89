"""PrestaShop's webservice."""
