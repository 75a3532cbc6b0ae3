"""Rapport: one customer on every channel. Every function imports this package from its layer."""
