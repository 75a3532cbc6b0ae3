"""WhatsApp Cloud API (Meta)."""
