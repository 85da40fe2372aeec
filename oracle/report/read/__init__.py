"""Reading the chain at one block."""
