"""Elastic Path Commerce Cloud: https://elasticpath.dev/docs/api."""
