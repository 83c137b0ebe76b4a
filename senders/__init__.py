"""Senders: names and numbers, when they are valid, and to which phones numbers are lent."""
