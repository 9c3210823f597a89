"""PrestaShop's webservice, spoken by a sandbox shop."""

from sandbox.prestashop.api import Call, Calls, PrestaShop

__all__ = ["Call", "Calls", "PrestaShop"]
