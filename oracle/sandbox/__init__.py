"""A local chain, its seed, and a synthetic city."""
