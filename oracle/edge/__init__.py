"""The outside world: keys, store and chain. Nothing else touches them."""
