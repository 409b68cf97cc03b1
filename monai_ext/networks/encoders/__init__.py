"""networks/encoders."""
