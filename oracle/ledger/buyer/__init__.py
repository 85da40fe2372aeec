"""What a buyer emitted, reduced and bought, and what of it credits may stand for."""
