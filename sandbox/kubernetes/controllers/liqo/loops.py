"""All of Liqo's control loops."""

from __future__ import annotations

from sandbox.kubernetes.controllers.controller import Controller
from sandbox.kubernetes.controllers.liqo.connections import Connections
from sandbox.kubernetes.controllers.liqo.foreign_clusters import ForeignClusters
from sandbox.kubernetes.controllers.liqo.gateways import Gateways
from sandbox.kubernetes.controllers.liqo.identities import Identities
from sandbox.kubernetes.controllers.liqo.installation import Installation
from sandbox.kubernetes.controllers.liqo.namespace_maps import NamespaceMaps
from sandbox.kubernetes.controllers.liqo.offloading import Offloadings
from sandbox.kubernetes.controllers.liqo.reflection import Reflection
from sandbox.kubernetes.controllers.liqo.removal import Removal
from sandbox.kubernetes.controllers.liqo.replication import Replication
from sandbox.kubernetes.controllers.liqo.shadow_pods import ShadowPods
from sandbox.kubernetes.controllers.liqo.shadow_slices import ShadowSlices
from sandbox.kubernetes.controllers.liqo.slices import Slices
from sandbox.kubernetes.controllers.liqo.tenants import Tenants
from sandbox.kubernetes.controllers.liqo.virtual_nodes import VirtualNodes
from sandbox.kubernetes.controllers.liqo.virtual_pods import VirtualPods
from sandbox.kubernetes.controllers.liqo.webhook import Webhook

LOOPS: tuple[type[Controller], ...] = (
    Webhook,
    Removal,
    Installation,
    Gateways,
    Connections,
    Tenants,
    Identities,
    Replication,
    Slices,
    VirtualNodes,
    ForeignClusters,
    Offloadings,
    NamespaceMaps,
    ShadowPods,
    VirtualPods,
    Reflection,
    ShadowSlices,
)
