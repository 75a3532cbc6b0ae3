"""Pure building blocks: ids, time, errors, phone numbers, e-mail addresses, JSON."""
