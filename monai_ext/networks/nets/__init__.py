"""networks/nets."""
