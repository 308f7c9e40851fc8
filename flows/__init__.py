"""Prefect flows: the one loop, narrowed to different scopes."""
