"""What is installed for an add-on: the chart with its final values, and our own objects. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from federation.spec.federation import canonical, digest, merge
from federation.spec.own_values import AddressPool
from federation.spec.sharing import pools_shared_by
from providers.addons.renderers import RENDERERS
from providers.addons.renderers.place import Place, Rendered


@dataclass(frozen=True)
class Installation:
    """A chart and objects.

    Attributes:
        chart: Name of the chart.
        repository: Key of the chart repository.
        version: Version of the chart.
        values: All values, ours below those of the spec.
        objects: Applied once the chart's programs run.
    """

    chart: str
    repository: str
    version: str
    values: dict[str, Any] = field(repr=False)
    objects: tuple[dict[str, Any], ...] = ()

    @property
    def content(self) -> str:
        """Digest of what Helm is given."""
        return digest(canonical([self.chart, self.repository, self.version, self.values]))


def render_installation(place: Place) -> Installation:
    """What an add-on needs where it is asked for.

    The catalogue's values lie below those that follow from the cluster, and those below the values of the spec.
    """
    definition = place.definition
    rendered = RENDERERS[definition.renderer](place) if definition.renderer else Rendered()
    charts_own = {key: value for key, value in place.addon.values.items() if key not in definition.own_values}
    values = dict(definition.values)
    for above in (rendered.values, _sharing(place), charts_own):
        values = merge(values, above)
    return Installation(definition.chart, definition.repository, place.version, values, rendered.objects)


def _sharing(place: Place) -> dict[str, Any]:
    """Annotations that let the add-on's service have an address together with others."""
    pools = pools_shared_by(place.cluster, place.addon.name)
    if not pools or place.definition.service_annotations is None:
        return {}
    value: dict[str, Any] = _annotations(pools[0])
    for part in reversed(place.definition.service_annotations.split(".")):
        value = {part: value}
    return value


def _annotations(pool: AddressPool) -> dict[str, Any]:
    """Source: metallb.io, "Usage": IP address sharing, and requesting a specific pool."""
    return {"metallb.io/allow-shared-ip": f"flotilla-{pool.name}", "metallb.io/address-pool": pool.name}
