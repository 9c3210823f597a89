"""Transitions minus memory is news: pure, a question with one answer."""
