"""Tables, each a function of what was read."""
