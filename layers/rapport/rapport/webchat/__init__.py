"""Web chat: our own channel, with visitors behind short-lived tokens."""
