"""Senders: sender names and from when to when they are valid."""
