"""Clusters that a management cluster makes by Cluster API, of machines of an OpenStack project."""
