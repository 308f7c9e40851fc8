"""Experiments: what is asked for, what was measured, and what comes of it. Pure."""
