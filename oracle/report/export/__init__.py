"""Credits as other registries write them, at one block; each a data package whose sums are the chain's."""
