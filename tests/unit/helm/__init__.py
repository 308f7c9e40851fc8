"""Tests of the Helm client without a cluster."""
