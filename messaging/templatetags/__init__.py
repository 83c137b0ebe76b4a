"""Filters of the pages of messaging."""
