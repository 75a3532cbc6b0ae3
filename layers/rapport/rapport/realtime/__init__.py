"""Realtime: sockets of agents and visitors, and what is pushed to them."""
