"""HTTP over TLS: connections, requests, routes and handlers."""
