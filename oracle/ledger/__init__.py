"""What becomes of it on chain."""
