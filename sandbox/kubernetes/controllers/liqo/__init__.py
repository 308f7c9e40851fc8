"""Liqo's control loops: networking, authentication, offloading and reflection between clusters of a fleet."""
