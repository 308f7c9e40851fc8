"""Serving the metrics over HTTP, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from config.settings import Settings
from deployments.metrics import RegistryCollector
from federation.errors import Unavailable
from registry.registry import Registry


@contextmanager
def exposed(found: Settings, port: int | None = None) -> Iterator[str]:
    """Serve the metrics while the block lasts.

    Args:
        found: With address and port.
        port: Another port; 0 takes a free one.

    Yields:
        The URL.

    Raises:
        Unavailable: The port is taken, or the address is not ours.
    """
    collector = RegistryCollector(partial(Registry, found.registry_url))
    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(collector)
    ProcessCollector(registry=collectors)
    wanted = found.metrics_port if port is None else port
    try:
        server, thread = start_http_server(wanted, found.metrics_host, collectors)
    except OSError as error:
        raise Unavailable(f"metrics cannot be served at {found.metrics_host}:{wanted}: {error.strerror}") from error
    try:
        yield f"http://{found.metrics_host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        collector.close()
