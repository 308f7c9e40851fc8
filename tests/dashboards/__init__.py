"""The dashboards and alert rules: read, queried and drawn."""
