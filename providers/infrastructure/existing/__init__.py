"""Clusters that others made, adopted by their kubeconfigs."""
