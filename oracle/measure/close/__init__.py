"""Closing days: read, judge, quantify, cap, bundle."""
