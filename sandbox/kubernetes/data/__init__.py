"""Facts about the built-in kinds, taken from Kubernetes' own published definitions."""
