"""What travels between contexts: canonical events, content, bus events."""
