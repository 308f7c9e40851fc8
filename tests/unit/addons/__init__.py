"""Tests of add-ons without a cluster."""
