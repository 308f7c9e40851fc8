"""The Kubernetes API by the official client: server-side apply and typed errors."""
