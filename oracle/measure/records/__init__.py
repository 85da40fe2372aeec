"""Read acts from the files people really have."""
