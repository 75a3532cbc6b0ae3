"""Notifications: everything we send, in a ledger before it leaves."""
