"""Tests of the spec: loading, checks, homes, schema."""
