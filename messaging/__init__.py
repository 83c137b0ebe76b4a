"""Messaging: texts, recipients, campaigns, delivery, receipts and history."""
