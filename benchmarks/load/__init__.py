"""Load on the running local stack, bounded in count and time, then recounted (`make load`)."""
