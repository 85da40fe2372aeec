"""Tests of the buyer's account."""
