"""Providers: one folder each, inbound webhooks and outbound senders in one vocabulary."""
