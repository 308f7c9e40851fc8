"""What clients may rely on in a Kubernetes API server, whoever serves it."""
