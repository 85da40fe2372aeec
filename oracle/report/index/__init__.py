"""Reading back: events by account and records by id, from disk, at any size."""
