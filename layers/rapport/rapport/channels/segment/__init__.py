"""Segment's HTTP Tracking API, of which we are the server."""
