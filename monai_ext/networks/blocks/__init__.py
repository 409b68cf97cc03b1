"""networks/blocks."""
