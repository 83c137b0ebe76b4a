"""Pages of senders."""
