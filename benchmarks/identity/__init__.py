"""Identity measured: duplicates found in tables, the event stream replayed, speed."""
