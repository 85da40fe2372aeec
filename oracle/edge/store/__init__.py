"""The edge to disk and database."""
