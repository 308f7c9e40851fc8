"""Traefik: the ports of its service.

Source: the chart's values of version 37: ``ports.web.exposedPort`` and ``ports.websecure.exposedPort``.
"""

from __future__ import annotations

from federation.spec.own_values import TraefikValues
from providers.addons.renderers.place import Place, Rendered


def render_traefik(place: Place) -> Rendered:
    """Ports for HTTP and HTTPS as the chart names them."""
    ports = TraefikValues.model_validate(place.own, by_alias=True, by_name=False).ports
    return Rendered({"ports": {"web": {"exposedPort": ports.http}, "websecure": {"exposedPort": ports.https}}})
