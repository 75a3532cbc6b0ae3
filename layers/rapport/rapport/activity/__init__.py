"""Activity: what customers did, as web, app and in-store sources track it."""
