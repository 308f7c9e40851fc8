"""Kinds of the group offloading.liqo.io."""

from __future__ import annotations

from sandbox.kubernetes.controllers.crd import (
    BOOL,
    FREE,
    FREE_LIST,
    INT,
    QUANTITIES,
    STR,
    TIME,
    Definition,
    array,
    choice,
    mapping,
    record,
)
from sandbox.kubernetes.controllers.liqo.schemas import CLASSES, CLUSTER_ID, LOCAL_REF, OBJECT_REF, state_condition

OFFLOADING = (
    Definition(
        "NamespaceMap",
        "namespacemaps",
        record(desiredMapping=mapping(STR)),
        record(
            currentMapping=mapping(
                record(phase=choice("Accepted", "CreationLoopBackOff", "Terminating"), remoteNamespace=STR)
            )
        ),
        short=("nm", "nsmap"),
    ),
    Definition(
        "NamespaceOffloading",
        "namespaceoffloadings",
        record(
            clusterSelector=FREE,
            namespaceMappingStrategy=choice("EnforceSameName", "DefaultName", "SelectedName", default="DefaultName"),
            podOffloadingStrategy=choice("Local", "Remote", "LocalAndRemote", default="LocalAndRemote"),
            remoteNamespaceName=STR,
        ),
        record(
            observedGeneration=INT | {"format": "int64"},
            offloadingPhase=STR,
            remoteNamespaceName=STR,
            remoteNamespacesConditions=mapping(
                array(record(lastTransitionTime=TIME, message=STR, reason=STR, status_=STR, type_=STR))
            ),
        ),
        short=("nso", "nsof", "nsoff", "nsoffloading"),
        needs_spec=True,
        columns=("OffloadingPhase .status.offloadingPhase", "Remote .status.remoteNamespaceName"),
    ),
    Definition(
        "Quota",
        "quotas",
        record(cordoned=BOOL, limitsEnforcement=choice("Hard", "Soft", "None"), resources_=QUANTITIES, user_=STR),
        short=("qt",),
        needs_spec=True,
        has_status=False,
    ),
    Definition(
        "ShadowPod",
        "shadowpods",
        record(pod=FREE),
        record(phase_=choice("Pending", "Running", "Succeeded", "Failed", "Unknown", default="Unknown")),
        short=("shp", "shpod"),
        columns=("Status .status.phase",),
    ),
    Definition(
        "ShadowEndpointSlice",
        "shadowendpointslices",
        record(template=FREE),
        short=("shes", "sheps", "seps"),
        has_status=False,
    ),
    Definition(
        "VirtualNode",
        "virtualnodes",
        record(
            annotations=mapping(STR),
            clusterID=CLUSTER_ID,
            createNode=BOOL,
            disableNetworkCheck=BOOL,
            images=FREE_LIST,
            kubeconfigSecretRef=LOCAL_REF,
            labels=mapping(STR),
            offloadingPatch=record(
                affinity=FREE,
                annotationsNotReflected=array(STR),
                labelsNotReflected=array(STR),
                nodeSelector=mapping(STR),
                runtimeClassName=STR,
                tolerations=FREE_LIST,
            ),
            resourceQuota=record(hard=QUANTITIES, scopeSelector=FREE, scopes=array(STR)),
            taints=array(record(effect_=STR, key_=STR, timeAdded=TIME, value=STR)),
            template=FREE,
            vkOptionsTemplateRef=OBJECT_REF,
            **CLASSES,
        ),
        record(
            conditions=array(
                state_condition(
                    ("VirtualKubelet", "Node"),
                    ("None", "Running", "Creating", "Draining", "Deleting"),
                    default="None",
                )
            )
        ),
        short=("vn", "vnode", "virno", "vno"),
        columns=("ClusterID .spec.clusterID", "Create-Node .spec.createNode boolean"),
    ),
    Definition(
        "VkOptionsTemplate",
        "vkoptionstemplates",
        record(
            annotationsNotReflected=array(STR),
            containerImage_=STR,
            createNode_=BOOL,
            disableNetworkCheck_=BOOL,
            extraAnnotations=mapping(STR),
            extraArgs=array(STR),
            extraLabels=mapping(STR),
            imagePullSecrets=array(LOCAL_REF),
            labelsNotReflected=array(STR),
            metricsAddress=STR,
            metricsEnabled_=BOOL,
            nodeExtraAnnotations=mapping(STR),
            nodeExtraLabels=mapping(STR),
            pullPolicy=STR,
            reflectorsConfig=mapping(record(type=STR, workers_=INT)),
            replicas=INT,
            resources=FREE,
            tolerations=FREE_LIST,
        ),
        short=("vkot", "vkopt"),
        has_status=False,
    ),
)
