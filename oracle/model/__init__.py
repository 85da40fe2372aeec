"""Nouns that every room shares: units, errors, ids, acts, findings, headers, typed data. Pure."""
