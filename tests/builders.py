"""Builders: small federations for tests, in one line each."""

from __future__ import annotations

from typing import Any

from federation.spec.addon import AddOnDefinition
from federation.spec.catalogue import Catalogue
from federation.spec.federation import Federation


def a_federation(**spec: Any) -> Federation:
    """A federation from the parts of a spec; ``clusters`` may be given as names."""
    clusters = [a_cluster(each) if isinstance(each, str) else each for each in spec.pop("clusters", [])]
    return Federation.model_validate(
        {
            "apiVersion": "flotilla.dev/v1alpha1",
            "kind": "Federation",
            "metadata": {"name": spec.pop("name", "fed")},
            "spec": {"clusters": clusters, **spec},
        }
    )


def a_cluster(name: str, *, workers: int = 1, control_plane: int = 1, **more: Any) -> dict[str, Any]:
    """A cluster on OpenStack with liqo."""
    return {
        "name": name,
        "infrastructure": {"type": "openstack", "cloud": "lab", "image": "ubuntu", "externalNetwork": "public"},
        "distribution": {"type": "kubeadm", "version": "v1.36.4"},
        "controlPlane": {"count": control_plane, "flavor": "m1.medium"},
        "workers": [{"name": "default", "count": workers, "flavor": "m1.medium"}],
        "addons": ["metallb", "liqo"],
        **more,
    }


def an_application(name: str, **components: str) -> dict[str, Any]:
    """An application whose components are given as ``name=cluster``, ``name="a+b"`` or ``name="stay"``."""
    return {
        "name": name,
        "components": [
            {"name": each, "image": f"example/{each}:1", **_placed(where)} for each, where in components.items()
        ],
    }


def _placed(where: str) -> dict[str, Any]:
    clusters = where.split("+")
    if len(clusters) > 1:
        return {"replicas": len(clusters), "placement": {"clusters": clusters}}
    return {"placement": {"stay": True} if where == "stay" else {"cluster": where}}


def a_catalogue() -> Catalogue:
    """Add-ons: liqo needs metallb, so that there is an order to keep; young runs on no old minor."""
    return Catalogue(
        AddOnDefinition.model_validate(
            {
                "name": name,
                "description": name,
                "chart": name,
                "repository": name,
                "level": "platform" if needs else "load-balancing",
                "versions": [{"version": "1.0.0", "kubernetes": {"oldest": "v1.36" if name == "young" else "v1.30"}}],
                "namespace": name,
                "needs": needs,
                "readiness": [{"kind": "Deployment", "name": name}],
            }
        )
        for name, needs in {"metallb": [], "liqo": ["metallb"], "young": []}.items()
    )
