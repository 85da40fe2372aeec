"""What an act is, and what it is worth."""
