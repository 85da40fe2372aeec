"""A batch in parts: the same pure function in this process, in a pool, or on a cluster."""
