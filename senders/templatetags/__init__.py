"""Filters for the pages of senders."""
