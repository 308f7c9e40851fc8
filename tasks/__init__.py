"""Prefect tasks: one change to one object each."""
