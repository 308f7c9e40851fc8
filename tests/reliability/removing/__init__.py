"""Conditions under which a federation is removed."""
