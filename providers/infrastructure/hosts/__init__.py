"""Machines that exist already and are reached over SSH."""
