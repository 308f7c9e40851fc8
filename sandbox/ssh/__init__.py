"""Machines one can log in to: SSH servers and the programs on them."""
