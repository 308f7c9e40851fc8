"""What components may ask for: volumes, files, probes, accounts, jobs; and what others may have a say in."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from clients.kubernetes.resources import (
    CLAIM,
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    NAMESPACE,
    POD,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from federation.spec.digests import component_digest
from providers.contracts import Side
from tests.contract.providers.applications import (
    APPLICATIONS,
    Fleet,
    a_component,
    an_application,
    component_of,
    is_as_asked,
    roll_out,
)
from tests.contract.providers.at_home.ground import STORAGE_CLASS, by_others, fails_with
from tests.contract.providers.liqo_fleet import FEDERATION


def a_volume(**more: Any) -> dict[str, Any]:
    """A volume that the cluster can bind."""
    return {"name": "data", "path": "/data", "size": "1Gi", "storageClass": STORAGE_CLASS, **more}


def claims(home: Side, namespace: str) -> list[str]:
    """Names of all claims that are not on their way out."""
    found = home.kubernetes.list(CLAIM, namespace)
    return sorted(each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"])


def test_a_component_that_asks_for_everything(fleet: Fleet, home: Side):
    """It comes up, a repetition writes nothing, and nothing is left of it but what is to be kept."""
    store = a_component(
        "store",
        replicas=2,
        probes={"readiness": {"tcp": {"port": 80}}, "startup": {"http": {"port": 80}, "period": "1s"}},
        files=[
            {"path": "/etc/store.conf", "text": "a: 1\n"},
            {"path": "/etc/key", "secret": {"secret": "database", "key": "password"}, "mode": "0400"},
        ],
        volumes=[a_volume(), {"name": "tmp", "path": "/tmp/x", "type": "ephemeral"}],
        resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "1000m"}},
        serviceAccount={"annotations": {"example.org/role": "reader"}},
        hostAliases={"db.example": "192.0.2.7"},
        ports=[{"port": 80}],
    )
    pictures = a_volume(name="pictures", path="/srv", accessMode="ReadWriteMany")
    gallery = a_component("gallery", volumes=[pictures], update={"strategy": "recreate"})
    application = an_application("everything", store, gallery)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    assert claims(home, "everything") == ["data-store-0", "data-store-1", "gallery-pictures"]
    fleet.mutations()
    roll_out(fleet, home, application)
    assert fleet.mutations() == []
    for component in ("store", "gallery"):
        fleet.drive(partial(APPLICATIONS.delete_component, home, "everything", component))
    labels: dict[str, str | None] = {"flotilla.dev/component": None}
    for kind in (POD, CLAIM, CONFIG_MAP, SERVICE_ACCOUNT, STATEFUL_SET, DEPLOYMENT):
        assert home.kubernetes.list(kind, "everything", labels=labels) == [], kind


def test_a_changed_text_makes_new_pods(fleet: Fleet, home: Side):
    """The former ConfigMap goes when no pod needs it any more; one that is deleted comes back."""

    def asked(text: str) -> Any:
        return an_application("texts", a_component("web", files=[{"path": "/etc/web.conf", "text": text}]))

    def maps() -> list[str]:
        found = home.kubernetes.list(CONFIG_MAP, "texts", labels={"flotilla.dev/component": "web"})
        return [each["metadata"]["name"] for each in found]

    roll_out(fleet, home, asked("one"))
    (former,), (pod,) = maps(), home.kubernetes.list(POD, "texts")
    roll_out(fleet, home, asked("two"))
    fleet.drive(lambda: APPLICATIONS.deploy(home, asked("two"), asked("two").components[0]))
    (now,) = maps()
    assert now != former
    assert pod["metadata"]["name"] not in {each["metadata"]["name"] for each in home.kubernetes.list(POD, "texts")}
    home.kubernetes.delete(CONFIG_MAP, now, "texts")
    assert component_of(home, "texts", "web").message == f"ConfigMap {now} is missing"
    roll_out(fleet, home, asked("two"))
    assert is_as_asked(home, asked("two"))


def test_volumes_grow_are_kept_and_dropped(fleet: Fleet, home: Side):
    """Marks of a claim follow the spec; the set that makes claims is replaced around its pods."""

    def asked(*volumes: dict[str, Any]) -> Any:
        return an_application("growing", a_component("db", volumes=volumes))

    roll_out(fleet, home, asked(a_volume()))
    before = {each["metadata"]["uid"] for each in home.kubernetes.list(POD, "growing")}
    roll_out(fleet, home, asked(a_volume(retain=True)))
    (claim,) = home.kubernetes.list(CLAIM, "growing")
    assert claim["metadata"]["labels"]["flotilla.dev/retain"] == "true"
    assert {each["metadata"]["uid"] for each in home.kubernetes.list(POD, "growing")} == before
    roll_out(fleet, home, asked(a_volume(), a_volume(name="more", path="/more")))
    assert claims(home, "growing") == ["data-db-0", "more-db-0"]
    roll_out(fleet, home, asked(a_volume()))
    assert claims(home, "growing") == ["data-db-0"]
    roll_out(fleet, home, asked())
    assert claims(home, "growing") == []
    assert home.kubernetes.get(STATEFUL_SET, "db", "growing") is None


def test_data_that_is_to_be_kept_outlives_its_application(fleet: Fleet, home: Side):
    """The namespace stays for it without our marks, and an application of that name takes it over again."""
    application = an_application("keeping", a_component("db", volumes=[a_volume(retain=True)]))
    roll_out(fleet, home, application)
    (claim,) = home.kubernetes.list(CLAIM, "keeping")
    done = fleet.drive(lambda: APPLICATIONS.delete_application(home, "keeping"))
    assert "data-db-0, which is to be kept" in done.detail
    assert all(each.name != "keeping" for each in APPLICATIONS.observe(home))
    roll_out(fleet, home, application)
    (again,) = home.kubernetes.list(CLAIM, "keeping")
    assert again["metadata"]["uid"] == claim["metadata"]["uid"]
    roll_out(fleet, home, an_application("keeping", a_component("db", volumes=[a_volume()])))
    fleet.drive(lambda: APPLICATIONS.delete_application(home, "keeping"))
    assert home.kubernetes.get(NAMESPACE, "keeping") is None


def test_a_job_runs_once_for_each_spec(fleet: Fleet, home: Side):
    """It is done when it has ended, runs again when its spec changes, and a failed one waits for a change."""

    def asked(**more: Any) -> Any:
        return an_application("jobs", a_component("migrate", kind="job", **more))

    roll_out(fleet, home, asked())
    assert is_as_asked(home, asked())
    first = home.kubernetes.get(JOB, "migrate", "jobs")
    fleet.mutations()
    roll_out(fleet, home, asked())
    assert fleet.mutations() == []
    roll_out(fleet, home, asked(env={"A": "1"}))
    second = home.kubernetes.get(JOB, "migrate", "jobs")
    assert first is not None
    assert second is not None
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    broken = asked(command=["false"], job={"backoffLimit": 0})
    error = fails_with(lambda: APPLICATIONS.deploy(home, broken, broken.components[0]))
    assert error.reason == "JobFailed"
    assert "kubectl delete job migrate -n jobs" in str(error)
    found = component_of(home, "jobs", "migrate")
    assert found.reason == "JobFailed"
    assert found.is_left_alone(component_digest(FEDERATION, broken, broken.components[0], "a"))


def test_what_the_spec_leaves_to_others_is_left_to_them(fleet: Fleet, home: Side):
    """Replicas of an autoscaler and annotations of others stay through changes; what the spec dropped goes."""
    before = an_application("together", a_component("web", env={"A": "1"}, resources={"cpu": "100m"}))
    roll_out(fleet, home, before)
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 3}}
    meta = {"name": "web", "namespace": "together"}
    home.kubernetes.merge_patch(DEPLOYMENT, "web", scale, "together", subresource="scale")
    theirs = {"metadata": {**meta, "annotations": {"theirs": "1"}}, "spec": {"revisionHistoryLimit": 3}}
    by_others(home, {"apiVersion": "apps/v1", "kind": "Deployment", **theirs})
    assert component_of(home, "together", "web").digest
    after = an_application("together", a_component("web", env={"B": "2"}))
    roll_out(fleet, home, after)
    live = home.kubernetes.get(DEPLOYMENT, "web", "together")
    assert live is not None
    assert (live["spec"]["replicas"], live["spec"]["revisionHistoryLimit"]) == (3, 3)
    assert live["metadata"]["annotations"]["theirs"] == "1"
    (container,) = live["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "B", "value": "2"}]
    assert not container.get("resources")
    fleet.mutations()
    roll_out(fleet, home, after)
    assert fleet.mutations() == []


FOREIGN = {
    "marked-map": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}},
    "marked-secret": {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "1"}},
    "marked-service": {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 1}]}},
    "marked-claim": {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    },
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_others_made_with_our_labels_is_not_ours(fleet: Fleet, home: Side, name: str):
    """Who applied an object owns it: it outlives the component and the application, and keeps the namespace."""
    namespace = f"copied-{name}"
    application = an_application(namespace, a_component("web"))
    roll_out(fleet, home, application)
    marks = {"flotilla.dev/federation": FEDERATION, "flotilla.dev/application": namespace}
    meta = {"name": name, "namespace": namespace, "labels": {**marks, "flotilla.dev/component": "web"}}
    foreign = {**FOREIGN[name], "metadata": meta}
    by_others(home, foreign)
    roll_out(fleet, home, application)
    assert is_as_asked(home, application)
    fleet.drive(lambda: APPLICATIONS.delete_component(home, namespace, "web"))
    done = fleet.drive(lambda: APPLICATIONS.delete_application(home, namespace))
    assert f"{foreign['kind']}/{name}" in done.detail
    assert home.kubernetes.get(Kind.of(foreign), name, namespace) is not None
    home.kubernetes.delete(NAMESPACE, namespace)
