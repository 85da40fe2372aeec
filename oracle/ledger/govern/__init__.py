"""What the authority decides."""
