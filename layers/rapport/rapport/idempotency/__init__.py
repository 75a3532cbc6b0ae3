"""Idempotency: a request of the API that comes again gets the answer it got."""
