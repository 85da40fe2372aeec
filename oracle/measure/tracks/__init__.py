"""GPS tracks: what a receiver wrote becomes a distance, or a reason why it is none."""
