"""What merchants are paid for a period."""
