"""Metrics, dashboards, alert rules and scrape configuration."""
