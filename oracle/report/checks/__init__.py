"""What must agree between the book and the chain, one file per kind."""
