"""Preflight checks, and rebuilding a lost book."""
