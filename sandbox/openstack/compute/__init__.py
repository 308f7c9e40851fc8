"""The compute service: flavors, keypairs, servers."""
