"""The flow that imports: a blueprint goes into a federation that was applied, or is refused before it is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import SpecInvalid
from federation.importing.joining import import_into
from federation.importing.tosca.options import ToscaOptions
from flows import importing
from flows.apply import store
from flows.importing import import_document
from tests.stage.specs import a_small_cluster, a_small_federation
from tests.stage.stage import run

GOOD = Path(__file__).parents[1] / "unit" / "importing" / "good"
STUDIO = (GOOD / "cloud-studio.yaml").read_text()
FLAVOR = {"count": 1, "flavor": "m1.large"}
REFUSED = {
    "count": 20,
    "action": {"status": 422, "body": {"kind": "Status", "status": "Failure", "reason": "Invalid", "code": 422}},
}


def overtaken(monkeypatch, spec):
    """While the first conversion is under way, somebody else applies another version of the federation."""
    convert, overtaking = import_into, [spec]

    def slowly(*arguments):
        if overtaking:
            store(overtaking.pop(), applied_by="somebody else")
        return convert(*arguments)

    monkeypatch.setattr(importing, "import_into", slowly)


def test_blueprint_joins_an_applied_federation(inside, monkeypatch):
    """It is there once a run did not fail, beside what others changed; again is silent; bad ones store nothing."""
    addons = ("metallb", "ingress-nginx")
    spec = a_small_federation("studio", a_small_cluster("a", addons=addons, controlPlane=FLAVOR))
    inside.ready(spec)
    labelled = a_small_cluster("a", addons=addons, controlPlane=FLAVOR, labels={"changed-by": "others"})
    overtaken(monkeypatch, a_small_federation("studio", labelled))
    answers = ToscaOptions(inputs={"NODE_ENV": "prod"})
    inside.stage.post("faults", {"wire": "kubernetes", "method": "PATCH", "path": "/deployments/", **REFUSED})
    failed = run(import_document(STUDIO, into="studio", tosca=answers, return_state=True))
    assert failed.is_failed()
    inside.stage.heal()
    with inside.registry() as registry:
        assert registry.runs.recent("studio")[0].outcome == "failed"
    done = run(import_document(STUDIO, into="studio", tosca=answers, return_state=True))
    assert done.is_completed(), done.message
    assert inside.status("studio").phase == "Ready", inside.bad("studio")
    with inside.registry() as registry:
        stored = registry.generations.current("studio")
    assert stored.parsed().spec.clusters[0].labels == {"changed-by": "others"}
    assert [component.name for component in stored.parsed().spec.applications[0].components] == ["backend", "database"]

    inside.stage.quiet()
    again = run(import_document(STUDIO, into="studio", tosca=answers, return_state=True))
    assert again.is_completed(), again.message
    assert inside.stage.changes() == []

    refused = run(import_document(STUDIO.replace("K8S_POD", "VM"), into="studio", return_state=True))
    assert refused.is_failed()
    with inside.registry() as registry:
        assert registry.generations.current("studio").number == stored.number
    inside.gone("studio")


@pytest.mark.parametrize(
    ("document", "into", "said"),
    [
        (STUDIO, None, "name in 'into' the federation"),
        (STUDIO, "nowhere", "there is no federation 'nowhere'"),
        ("kind: Federation", None, "neither a TOSCA blueprint nor a LowLevelOrchestration"),
    ],
)
def test_what_cannot_be_imported_is_refused(inside, document, into, said):
    """The message says what is missing."""
    state = run(import_document(document, into=into, return_state=True))
    assert state.is_failed()
    with pytest.raises(SpecInvalid, match=said):
        raise state.data.result if hasattr(state.data, "result") else state.data
