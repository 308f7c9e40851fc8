"""What we know of single add-ons: their own values as chart values and objects. Pure functions, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.addons.renderers import chaos_mesh, liqo, metallb, strimzi, traefik
from providers.addons.renderers.place import Place, Rendered

Renderer = Callable[[Place], Rendered]

RENDERERS: Mapping[str, Renderer] = {
    "chaos-mesh": chaos_mesh.render_chaos_mesh,
    "liqo": liqo.render_liqo,
    "metallb": metallb.render_metallb,
    "strimzi": strimzi.render_strimzi,
    "traefik": traefik.render_traefik,
}
"""By the ``renderer`` of a definition."""
