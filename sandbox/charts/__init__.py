"""A Helm chart repository with stand-ins for the charts of the catalogue."""
