"""Prefect blocks: typed credentials, each of which builds one client."""
