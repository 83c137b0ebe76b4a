"""Accounts: users, customers, SMS accounts, the ledger and who may see what."""
