"""Commands people type."""
