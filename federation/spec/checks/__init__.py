"""The checks, by what they look at. Each is a pure function of a federation and of what is known."""
