"""Checks of add-ons, by a catalogue of their own where the one that comes with the product does not tell them apart."""

from __future__ import annotations

from typing import Any

import pytest

from config.catalogue.reading import read_knowledge
from federation.spec.addon import AddOnDefinition
from federation.spec.catalogue import Catalogue, Knowledge
from federation.spec.loading import parse
from federation.spec.problems import Violation
from federation.spec.validation import check
from tests.unit.spec.test_loading import SMALL

Wrong = tuple[str, str, str]
"""Place below the add-ons of the cluster, message, fix."""


def definition(name: str, level: str = "platform", **more: Any) -> AddOnDefinition:
    return AddOnDefinition.model_validate(
        {
            "name": name, "description": name, "level": level, "chart": name, "repository": name, "namespace": name,
            "versions": [{"version": "1", "kubernetes": {"oldest": "v1.30"}}],
            "readiness": [{"kind": "Deployment", "name": name}], **more,
        }
    )  # fmt: skip


def found(addons: str, knowledge: Knowledge | None = None, minor: str = "v1.36") -> list[Violation]:
    text = SMALL.replace("v1.36.", f"{minor}.") + f"      addons: [{addons}]\n"
    return list(check(parse(text), knowledge or read_knowledge()))


def pool(addresses: str, *sharers: str) -> str:
    pools = f"[{{name: p, addresses: [{addresses}], sharedBy: [{', '.join(sharers)}]}}]"
    return f"{{name: metallb, values: {{pools: {pools}}}}}"


MOVED = "{name: traefik, values: {ports: {https: 8443}}}"


def kafka(values: str) -> str:
    return f"{{name: strimzi, values: {{kafka: {{{values}}}}}}}"


def test_addons_that_exclude_each_other_are_told() -> None:
    """Both ends of a conflict and the cluster are named."""
    knowledge = Knowledge(Catalogue([definition("x", conflicts=("y",)), definition("y")]))
    assert [each.message for each in found("x, y", knowledge)] == [
        "add-ons 'x' and 'y' of cluster 'a' exclude each other"
    ]


@pytest.mark.parametrize(
    ("definitions", "words"),
    [
        pytest.param([definition("x", needs=("x",))], "does not lie on a lower level", id="itself"),
        pytest.param(
            [definition("x", "platform", needs=("y",)), definition("y", "certificates", needs=("x",))],
            r"'y' \(certificates\) needs 'x' \(platform\)",
            id="a circle",
        ),
        pytest.param([definition("x", needs=("y",)), definition("y")], "does not lie on a lower", id="beside"),
        pytest.param([definition("x", "storage", needs=("y",)), definition("y", "ingress")], "lower", id="same rank"),
        pytest.param([definition("x", needs=("z",))], "the catalogue does not have", id="missing"),
        pytest.param([definition("x"), definition("x")], "the same name", id="twice"),
    ],
)
def test_a_catalogue_in_which_something_could_wait_for_itself_cannot_be_put_together(
    definitions: list[AddOnDefinition], words: str
) -> None:
    """Needs point downward only, whatever the files say."""
    with pytest.raises(ValueError, match=words):
        Catalogue(definitions)


@pytest.mark.parametrize("resource", ["pods", "daemonsets.apps", "nodes", "ingresses.networking.k8s.io"])
def test_a_webhook_that_would_block_what_lies_below_cannot_be_written_down(resource: str) -> None:
    """What fails closed everywhere on what the network or lower levels write would keep them from coming back."""
    webhook: dict[str, Any] = {"resources": [resource]}
    with pytest.raises(ValueError, match=f"would block {resource}"):
        definition("x", webhooks=[webhook])
    assert definition("x", webhooks=[webhook | {"failurePolicy": "Ignore"}])
    assert definition("x", webhooks=[webhook | {"namespaces": "only/these"}])


def test_a_webhook_may_block_its_own_kinds_and_those_of_higher_levels() -> None:
    """Nothing below can need them."""
    own = {"by": "folder", "groups": ["example.org"]}
    assert definition("x", webhooks=[{"resources": ["things.example.org"]}], customResources=own)
    assert definition("x", "ingress", webhooks=[{"resources": ["ingresses.networking.k8s.io"]}])


CASES: dict[str, tuple[str, str, Wrong]] = {
    "unsupported minor": (
        "v1.36",
        "{name: cert-manager, version: v1.20.3}",
        (
            "0.version",
            "cert-manager v1.20.3 runs on Kubernetes v1.32 to v1.35, but cluster 'a' is v1.36",
            "write 'version: v1.21.1', or leave the version out",
        ),
    ),
    "no version for the minor": (
        "v1.29",
        "metallb, strimzi",
        (
            "1.name",
            "strimzi 1.2.0 runs on Kubernetes v1.30 and later, but cluster 'a' is v1.29",
            "remove the add-on, or give the cluster another Kubernetes: v1.30 and later",
        ),
    ),
    "unknown version": (
        "v1.36",
        "{name: minio, version: 9.9.9}",
        ("0.version", "the catalogue has no version '9.9.9' of the add-on 'minio'", "versions: 5.4.0, 5.3.0"),
    ),
    "missing need": (
        "v1.36",
        "liqo",
        ("0", "add-on 'liqo' of cluster 'a' needs the add-on 'metallb'", "add 'metallb' to the add-ons of cluster 'a'"),
    ),
    "two default classes": (
        "v1.36",
        "traefik, {name: ingress-nginx, values: {controller: {ingressClassResource: {default: true}}}}",
        (
            "1.values.controller.ingressClassResource.default",
            "add-ons 'traefik' and 'ingress-nginx' of cluster 'a' both want to be the default ingress class",
            "write 'controller.ingressClassResource.default: false', or remove one of them",
        ),
    ),
    "one port of one address twice": (
        "v1.36",
        f"{pool('192.0.2.4/32', 'traefik', 'ingress-nginx')}, {MOVED}, ingress-nginx",
        (
            "0.values.pools.0.sharedBy",
            "ingress-nginx and traefik of cluster 'a' both want port 80/TCP of the 1 address(es) in pool 'p'",
            "give one of them another port, or the pool more addresses",
        ),
    ),
    "too few addresses": (
        "v1.36",
        f"{pool('192.0.2.4-192.0.2.5')}, traefik, {kafka('listeners: [{name: out, port: 9094, type: loadbalancer}]')}",
        (
            "0.values.pools",
            "add-ons of cluster 'a' need 3 addresses of their own, but its pools have 2 left: traefik (1), strimzi (2)",
            "give the pools more addresses, or let add-ons share one: 'sharedBy'",
        ),
    ),
    "chart value of another form": (
        "v1.36",
        "{name: ingress-nginx, values: {controller: {replicaCount: two, fancy: [1]}}}",
        ("0.values.controller.replicaCount", "not 'two'", "write a whole number, such as 2"),
    ),
    "chart value that is no such word": (
        "v1.36",
        "{name: ingress-nginx, values: {controller: {service: {type: Balancer}}}}",
        ("0.values.controller.service.type", "Balancer", "write one of LoadBalancer, NodePort, ClusterIP"),
    ),
    "no map above a chart value": (
        "v1.36",
        "{name: ingress-nginx, values: {controller: 3}}",
        ("0.values.controller", "must be a map", ""),
    ),
    "even number of Kafka nodes": (
        "v1.36",
        "{name: strimzi, values: {kafka: {replicas: 2}}}",
        ("0.values.kafka", "2 nodes survive no more losses than 1", "write 1 or 3"),
    ),
    "Kafka listener with a wrong port": (
        "v1.36",
        "{name: strimzi, values: {kafka: {listeners: [{name: plain, port: 80}]}}}",
        ("0.values.kafka.listeners.0.port", "9092", ""),
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_what_cannot_be_installed_is_told_before_anything_is(case: str) -> None:
    """Each with its place, what is wrong, and what to write instead."""
    minor, addons, (place, message, fix) = CASES[case]
    knowledge = Knowledge(read_knowledge().addons)
    (violation,) = found(addons, knowledge, minor)
    assert ".".join(map(str, violation.field)) == f"spec.clusters.0.addons.{place}"
    assert message in violation.message
    assert fix in violation.fix


@pytest.mark.parametrize(
    "addons",
    [
        "{name: ingress-nginx, values: {controller: {anything: {at: all}, replicaCount: 2}, elsewhere: [1, 2]}}",
        "{name: ingress-nginx, values: {controller: null}}",
        "traefik, ingress-nginx",
        f"{pool('192.0.2.4/32', 'traefik', 'liqo')}, traefik, liqo",
        f"{pool('192.0.2.4/32')}, {{name: traefik, values: {{service: {{type: NodePort}}}}}}, ingress-nginx",
        kafka("replicas: 3, storage: {type: persistent-claim, size: 5Gi}, config: {a.b: 1}"),
    ],
)
def test_what_the_catalogue_does_not_know_is_passed_through(addons: str) -> None:
    """Unknown chart values are the author's business, and TCP 80 beside UDP is no clash."""
    assert found(addons) == []


def test_an_addon_without_a_version_is_the_newest_that_the_cluster_runs() -> None:
    """On an older Kubernetes it is an older chart."""
    cert_manager = read_knowledge().addons["cert-manager"]
    assert cert_manager.version_for("v1.36").version == "v1.21.1"
    assert cert_manager.version_for("v1.32").version == "v1.20.3"
    assert cert_manager.version_for(None).version == "v1.21.1"
