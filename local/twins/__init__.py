"""The provider twins: what providers' APIs and webhooks do, on this machine, to hold in a hand."""
