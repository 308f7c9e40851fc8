"""Cluster API with its OpenStack provider: clusters made from objects in a management cluster."""
