"""Turn acts into creditable quantities, by approved methodologies."""
