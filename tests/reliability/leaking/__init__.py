"""Secrets of a life, and every place where none of them may be found in clear."""
