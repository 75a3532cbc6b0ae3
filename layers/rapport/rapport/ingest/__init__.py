"""Ingest: webhooks in, canonical events on the queue."""
