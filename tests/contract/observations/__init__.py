"""Observations of real servers, kept as golden files, and the places where the sandbox is known to differ."""
