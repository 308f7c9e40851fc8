"""OpenStack: the network, compute and image services as typed records and errors of the house."""
