"""Malformed and hostile specs: how they are made, and what must come of each."""
