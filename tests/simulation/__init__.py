"""The whole platform under virtual time: a seeded world, replayed to the last call."""
