"""Adapters: one technology per file. They know clients, never Prefect or settings."""
