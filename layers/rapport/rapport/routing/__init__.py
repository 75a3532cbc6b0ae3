"""Routing: which agent takes which conversation, exactly once, oldest eligible first."""
