"""The network service: networks, ports, routers, addresses."""
