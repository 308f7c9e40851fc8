"""Kubernetes API servers over TLS, with the controllers that a federation needs."""
