"""Identity: which customer a sender is, held together by evidence."""
