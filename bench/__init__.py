"""Measurements against a bound or a peer in the same run; ``python -m bench`` takes them all."""
