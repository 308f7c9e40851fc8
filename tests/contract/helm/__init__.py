"""The real Helm against a served cluster and a served chart repository."""
