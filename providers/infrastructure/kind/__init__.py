"""Clusters whose nodes are containers, made by kind."""
