"""Machines, networks and addresses of OpenStack clouds."""
