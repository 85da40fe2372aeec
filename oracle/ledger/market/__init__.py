"""The market: what is for sale, what it costs, and buying it once."""
