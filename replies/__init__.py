"""Replies: inbound SMS and what acts on them."""
