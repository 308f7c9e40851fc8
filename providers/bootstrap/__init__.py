"""How a machine becomes a Kubernetes node: one distribution per file."""
