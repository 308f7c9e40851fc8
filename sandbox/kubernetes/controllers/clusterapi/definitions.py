"""The kinds of Cluster API and its providers, as far as the sandbox plays them, written down from their references.

What nobody here reads is let through unchecked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.controllers.crd import BOOL, FREE, INT, STR, Definition, Schema, array, choice, record

LOOSE: Schema = {"x-kubernetes-preserve-unknown-fields": True}
REFERENCE = record(apiGroup_=STR, kind_=STR, name_=STR)
OLD_REFERENCE = record(apiVersion=STR, kind=STR, name=STR, namespace=STR)
BLOCKS = record(cidrBlocks_=array(STR))
STATUS: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
IDENTITY = record(cloudName_=STR, name_=STR, region=STR, type_=choice("Secret", "ClusterIdentity", default="Secret"))
MACHINE = record(clusterName_=STR, version=STR, bootstrap_=FREE, infrastructureRef_=REFERENCE, providerID=STR) | LOOSE
SERVER = record(flavor=STR, image_=FREE, providerID=STR) | LOOSE
COLUMNS = ("Cluster .spec.clusterName", "Phase .status.phase", "Version .spec.version")

CORE = (
    Definition(
        "Cluster",
        "clusters",
        record(
            clusterNetwork=record(pods=BLOCKS, services=BLOCKS, serviceDomain=STR, apiServerPort=INT),
            controlPlaneEndpoint=record(host=STR, port=INT),
            controlPlaneRef=REFERENCE,
            infrastructureRef=REFERENCE,
            paused=BOOL,
        )
        | LOOSE,
        STATUS,
        short=("cl",),
        needs_spec=True,
        columns=("Phase .status.phase",),
    ),
    Definition("Machine", "machines", MACHINE, STATUS, short=("ma",), needs_spec=True, columns=COLUMNS),
    Definition(
        "MachineDeployment",
        "machinedeployments",
        record(
            clusterName_=STR,
            replicas=INT,
            selector_=FREE,
            template_=record(metadata=FREE, spec_=MACHINE),
        )
        | LOOSE,
        STATUS,
        short=("md",),
        needs_spec=True,
        columns=("Cluster .spec.clusterName", "Replicas .status.replicas integer"),
    ),
)
INFRASTRUCTURE = (
    Definition(
        "OpenStackCluster",
        "openstackclusters",
        record(
            identityRef_=IDENTITY,
            apiServerLoadBalancer=record(enabled_=BOOL | {"default": True}) | LOOSE,
            externalNetwork=FREE,
            managedSubnets=array(record(cidr_=STR) | LOOSE),
            managedSecurityGroups=record(allowAllInClusterTraffic_=BOOL | {"default": False}) | LOOSE,
            tags=array(STR),
            controlPlaneEndpoint=record(host_=STR, port_=INT),
        )
        | LOOSE,
        STATUS,
        needs_spec=True,
    ),
    Definition("OpenStackMachine", "openstackmachines", SERVER, STATUS, needs_spec=True),
    Definition(
        "OpenStackMachineTemplate",
        "openstackmachinetemplates",
        record(template_=record(metadata=FREE, spec_=SERVER)),
        STATUS,
        needs_spec=True,
    ),
)
VERSIONED = {"version_": STR, "replicas": INT}
CONTROL_PLANES = {
    "v1beta2": (
        Definition(
            "KubeadmControlPlane",
            "kubeadmcontrolplanes",
            record(
                **VERSIONED,
                kubeadmConfigSpec=FREE,
                machineTemplate_=record(metadata=FREE, spec_=record(infrastructureRef_=REFERENCE) | LOOSE),
            )
            | LOOSE,
            STATUS,
            short=("kcp",),
            needs_spec=True,
        ),
        Definition(
            "KThreesControlPlane",
            "kthreescontrolplanes",
            record(
                **VERSIONED,
                kthreesConfigSpec=FREE,
                machineTemplate=record(metadata=FREE, infrastructureRef_=OLD_REFERENCE) | LOOSE,
            )
            | LOOSE,
            STATUS,
            needs_spec=True,
        ),
    ),
    "v1beta1": (
        Definition(
            "MicroK8sControlPlane",
            "microk8scontrolplanes",
            record(
                **VERSIONED,
                controlPlaneConfig=FREE,
                machineTemplate_=record(infrastructureTemplate_=OLD_REFERENCE),
                upgradeStrategy=choice("InPlaceUpgrade", "RollingUpgrade", "SmartUpgrade"),
            ),
            STATUS,
            needs_spec=True,
        ),
    ),
}
CONFIGS = {
    "v1beta2": (
        Definition("KubeadmConfigTemplate", "kubeadmconfigtemplates", record(template_=FREE), needs_spec=True),
        Definition("KThreesConfigTemplate", "kthreesconfigtemplates", record(template_=FREE), needs_spec=True),
    ),
    "v1beta1": (Definition("MicroK8sConfigTemplate", "microk8sconfigtemplates", record(template_=FREE)),),
}


def crds() -> Iterator[dict[str, Any]]:
    """The CustomResourceDefinitions, ready to apply."""
    for one in CORE:
        yield one.manifest("cluster.x-k8s.io", "v1beta2", ("cluster-api",))
    for one in INFRASTRUCTURE:
        yield one.manifest("infrastructure.cluster.x-k8s.io", "v1beta1", ("cluster-api",))
    for group, kinds in (("controlplane", CONTROL_PLANES), ("bootstrap", CONFIGS)):
        for version, definitions in kinds.items():
            for one in definitions:
                yield one.manifest(f"{group}.cluster.x-k8s.io", version, ("cluster-api",))
