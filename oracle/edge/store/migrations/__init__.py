"""Revisions of the book's tables, in the order of their numbers. A revision that was released is never changed."""
