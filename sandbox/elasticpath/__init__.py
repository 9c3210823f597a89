"""Elastic Path Commerce Cloud, spoken by a sandbox shop."""

from sandbox.elasticpath.api import Call, Calls, ElasticPath
from sandbox.elasticpath.book import Book

__all__ = ["Book", "Call", "Calls", "ElasticPath"]
