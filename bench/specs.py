"""Federations of any size."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def federation(clusters: int, workers: int) -> Json:
    """A star of k3s clusters on OpenStack with MetalLB and Liqo: the first is peered with every other, both ways."""
    names = [f"c{number:02d}" for number in range(clusters)]
    defaults = {
        "infrastructure": {"type": "openstack", "cloud": "lab", "image": "ubuntu-24.04", "externalNetwork": "public"},
        "distribution": {"type": "k3s", "version": "v1.36.4+k3s1"},
        "controlPlane": {"count": 1, "flavor": "m1.medium"},
        "workers": [{"name": "default", "count": workers, "flavor": "m1.medium"}],
        "addons": ["metallb", "liqo"],
    }
    return {
        "apiVersion": "flotilla.dev/v1alpha1",
        "kind": "Federation",
        "metadata": {"name": f"bench-{clusters}"},
        "spec": {
            "defaults": defaults,
            "clusters": [{"name": name, "network": _network(number)} for number, name in enumerate(names)],
            "peerings": [{"between": [names[0], name], "type": "liqo"} for name in names[1:]],
        },
    }


def _network(number: int) -> Json:
    return {"podCIDR": f"10.{number + 1}.0.0/17", "serviceCIDR": f"10.{number + 1}.128.0/17"}
