"""From closed batches to a series of credits: claims, frames, samples, and what follows when a batch is revoked."""
