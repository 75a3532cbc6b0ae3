"""Conversations: every message of a customer, on whatever channel, in one place."""
