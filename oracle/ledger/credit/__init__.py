"""Chunks of accounts that become credits on chain."""
