"""Commands that change the ledger."""
