"""Tests of the formats of other registries."""
