"""Small federations for stories: as few machines as the story needs."""

from __future__ import annotations

from typing import Any

from federation.spec.federation import Federation
from tests.builders import a_federation

NUMBERS = {name: number for number, name in enumerate("abcdefgh", start=1)}


def a_small_cluster(name: str, *, workers: int = 0, addons: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    """A k3s cluster on OpenStack with one control plane, ranges of its own and no add-ons unless asked for."""
    number = NUMBERS[name]
    return {
        "name": name,
        "infrastructure": {"type": "openstack", "cloud": "lab", "image": "ubuntu-24.04", "externalNetwork": "public"},
        "distribution": {"type": "k3s", "version": "v1.36.4+k3s1"},
        "controlPlane": {"count": 1, "flavor": "m1.medium"},
        "workers": [{"name": "default", "count": workers, "flavor": "m1.medium"}] if workers else [],
        "network": {"podCIDR": f"10.{number}.0.0/16", "serviceCIDR": f"10.{100 + number}.0.0/16"},
        "addons": list(addons),
        **more,
    }


def on_hosts(name: str, *hosts: str, **more: Any) -> dict[str, Any]:
    """A cluster whose control plane is on given hosts of inventory cloudsigma, or on whichever answers first."""
    infrastructure = {"type": "hosts", "inventory": "cloudsigma"}
    plane = {"count": 1, **({"hosts": list(hosts)} if hosts else {})}
    return a_small_cluster(name, infrastructure=infrastructure, controlPlane=plane, **more)


def a_component(name: str, cluster: str, **more: Any) -> dict[str, Any]:
    """A component of an application."""
    image = f"ghcr.io/flotilla-samples/{name}:1.0"
    return {"name": name, "image": image, "placement": {"cluster": cluster}, **more}


def a_small_federation(name: str, *clusters: dict[str, Any], **spec: Any) -> Federation:
    """A federation of given clusters."""
    return a_federation(name=name, clusters=list(clusters), **spec)
