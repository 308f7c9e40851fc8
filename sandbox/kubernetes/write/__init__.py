"""The one write path of a cluster, for clients and controllers alike."""
