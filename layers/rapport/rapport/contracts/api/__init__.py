"""What the HTTP API takes and answers, a module a context."""
