"""Tables for people and spreadsheets."""
