"""Facebook Messenger and Instagram messaging (Meta)."""
