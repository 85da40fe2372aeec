"""Leaves, trees, proofs and canonical bundles."""
