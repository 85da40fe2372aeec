"""Commands that bring and measure records."""
