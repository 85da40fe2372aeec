"""Orders that citizens sign and merchants are given."""
