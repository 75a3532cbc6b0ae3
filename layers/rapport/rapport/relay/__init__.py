"""Relay: from the tables' streams to the bus and to the outbound queues."""
