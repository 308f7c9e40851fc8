"""What an application becomes, against golden files and against the schemas of the kinds.

The golden files are rewritten with ``UPDATE_GOLDEN=1``; look at the difference before committing it.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from federation.errors import SpecInvalid
from federation.spec.application import Application
from federation.spec.digests import component_digest
from federation.spec.marks import APPLIED, DIGEST
from federation.spec.shares import shares_of
from providers.applications.render_account import render_account
from providers.applications.render_exposure import render_ingress, render_service
from providers.applications.render_files import render_config_map
from providers.applications.render_namespace import render_namespace, render_offloading
from providers.applications.render_secrets import render_secrets
from providers.applications.render_volumes import render_claims
from providers.applications.render_workload import parts_of, render_workload
from providers.applications.stamps import is_untouched
from tests.unit.applications.vaults import FakeVault, shop
from tests.unit.kubernetes.schemas import CRDS, check_builtin, check_custom

GOLDEN = Path(__file__).parent / "golden"
HOME, REMOTE = "a", {"b"}


def exposed() -> list[dict[str, Any]]:
    """Every object of every component of the shop, at home in a."""
    application = shop()
    manifests: list[dict[str, Any]] = []
    for component in application.components:
        where = ("fed", application, component)
        parts = parts_of(application, component)
        manifests += [render_workload(*where, share) for share in shares_of(component, HOME)]
        if f"Service/{component.name}" in parts:
            manifests.append(render_service(*where, HOME))
        if f"Ingress/{component.name}" in parts:
            manifests.append(render_ingress(*where, "nginx"))
    return manifests


def beside() -> list[dict[str, Any]]:
    """Accounts, files and claims of the shop: what is known by its name alone."""
    application = shop()
    made = [
        each
        for component in application.components
        for each in (
            render_account("fed", application, component),
            render_config_map("fed", application, component),
            *render_claims("fed", application, component),
        )
    ]
    return [each for each in made if each is not None]


def secrets_of(application: Application) -> list[dict[str, Any]]:
    """Every secret of an application."""
    vault = FakeVault()
    return [each for part in application.components for each in render_secrets("fed", application, part, vault)]


def readable(manifests: list[dict[str, Any]]) -> str:
    """YAML without stamps and digests, which only repeat it."""
    copies = json.loads(json.dumps(manifests))
    for manifest in copies:
        notes = manifest["metadata"].get("annotations", {})
        notes.pop(APPLIED, None)
        notes.pop(DIGEST, None)
    return yaml.safe_dump_all(copies, sort_keys=True)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("components", exposed),
        ("beside", beside),
        (
            "namespace",
            lambda: [
                render_namespace("fed", shop(), REMOTE, "0123456789ab"),
                render_namespace("fed", shop(), set(), None),
                render_offloading("fed", shop(), {"c", "b"}),
            ],
        ),
    ],
)
def test_manifests_are_as_agreed(name: str, make):
    """Golden files hold every object, so that a change of one is seen in review."""
    path, text = GOLDEN / f"{name}.yaml", readable(make())
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_the_api_accepts_every_object():
    """Each object passes the API's own schema, with unknown fields refused."""
    manifests = [*exposed(), *beside(), *secrets_of(shop()), render_namespace("fed", shop(), REMOTE, "d")]
    for manifest in manifests:
        check_builtin(manifest)


@pytest.mark.skipif(not CRDS.is_dir(), reason="the published definitions are not here")
def test_liqo_accepts_the_offloading():
    """The NamespaceOffloading passes the published schema."""
    check_custom(render_offloading("fed", shop(), {"b", "c"}))


def test_an_object_knows_itself():
    """A live object with defaults and a status is untouched; one field changed, or no stamp, is not."""
    for manifest in exposed():
        live = json.loads(json.dumps(manifest))
        live["status"] = {"anything": 1}
        live["metadata"]["uid"] = "1"
        live["spec"]["added"] = True
        assert is_untouched(live)
        live["metadata"]["labels"]["flotilla.dev/component"] = "other"
        assert not is_untouched(live)
    assert not is_untouched({"metadata": {}})


def test_the_deployment_carries_the_digest_that_the_planner_compares():
    """Digest of observation and of plan are made by one function."""
    application = shop()
    component = application.components[0]
    manifest = render_workload("fed", application, component, *shares_of(component, HOME))
    assert manifest["metadata"]["annotations"][DIGEST] == component_digest("fed", application, component, HOME)


def test_a_change_of_placement_elsewhere_does_not_restart_pods():
    """Pods of a component at home are the same whether or not others are offloaded."""
    application = shop()
    alone = application.model_copy(update={"components": application.components[2:]})
    share = shares_of(alone.components[0], HOME)
    first = render_workload("fed", application, application.components[2], *share)
    second = render_workload("fed", alone, alone.components[0], *share)
    assert first["spec"] == second["spec"]
    assert first["metadata"]["annotations"][DIGEST] != second["metadata"]["annotations"][DIGEST]


def test_secrets_hold_only_what_is_asked_for():
    """Keys that no component names are not written to any cluster."""
    secrets = {each["metadata"]["name"]: each for each in secrets_of(shop())}
    assert secrets.keys() == {"env-database", "env-site", "tls-site", "registry-hub"}
    assert secrets["env-database"]["data"].keys() == {"password", "user"}
    assert secrets["env-site"]["data"].keys() == {"tls.key"}
    login = json.loads(base64.b64decode(secrets["registry-hub"]["data"][".dockerconfigjson"]))
    assert base64.b64decode(login["auths"]["registry.example"]["auth"]) == b"robot:p4ss"


def test_no_secret_is_in_any_other_object():
    """Values of secrets are in Secrets only, and stamps are not on Secrets."""
    text = json.dumps(exposed())
    assert "s3cret" not in text
    assert "p4ss" not in text
    assert all("annotations" not in each["metadata"] for each in secrets_of(shop()))


def test_a_missing_key_names_secret_and_key():
    """The message tells what to add and where."""
    component = {
        "name": "web",
        "image": "example/web:2",
        "ports": [{"port": 443, "expose": "public", "tls": "broken"}],
        "placement": {"cluster": "a"},
    }
    broken = Application.model_validate({"name": "shop", "components": [component]})
    with pytest.raises(SpecInvalid, match=r"'broken' has no key 'tls\.key'"):
        secrets_of(broken)
