"""Commands that start processes, and check them."""
