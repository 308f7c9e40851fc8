"""Documents of others, converted by the real command line, run as they are."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.e2e.test_samples import lives
from tests.stage.stage import ROOT

HERE = ROOT / "tests" / "unit" / "importing"
SITES = """\
apiVersion: flotilla.dev/v1alpha1
kind: Federation
metadata: {name: sites}
spec:
  defaults:
    infrastructure: {type: openstack, cloud: lab, image: ubuntu-24.04, externalNetwork: public}
    distribution: {type: k3s, version: v1.36.4+k3s1}
    controlPlane: {count: 1, flavor: m1.large}
    addons: [metallb, liqo]
  clusters:
    - name: green
      labels: {placement-hint: cloud}
      network: {podCIDR: 10.50.0.0/16, serviceCIDR: 10.150.0.0/16}
      addons: [metallb, liqo, ingress-nginx]
    - {name: rose, labels: {placement-hint: edge}, network: {podCIDR: 10.60.0.0/16, serviceCIDR: 10.160.0.0/16}}
  peerings:
    - {between: [green, rose]}
"""


def scenario(*names: str) -> Path:
    """A scenario as it lies beside the project, or else the copy of it that the project has."""
    beside = ROOT.parent / "shared" / "scenarios" / Path(*names)
    copy = HERE / ("good" if "tosca" in names else "lowlevel") / names[-1]
    return beside if beside.is_file() else copy


def test_blueprint_runs_in_a_federation(stage, tmp_path):
    """The blueprint that a front end sends is put into a federation, which is built with the application in it."""
    sites, studio = tmp_path / "sites.yaml", tmp_path / "studio.yaml"
    sites.write_text(SITES)
    blueprint = scenario("tosca", "cloud-studio.yaml")
    converted = stage.cli("import", "tosca", str(blueprint), "--into", str(sites), "--input", "NODE_ENV=prod")
    assert converted.returncode == 0, converted.stderr
    assert "'visitors' is outside and not deployed" in converted.stderr
    studio.write_text(converted.stdout)
    lives(stage, studio)


def test_lowlevel_orchestration_runs(stage, tmp_path):
    """CHARITY's custom resource becomes a federation that is built as it is."""
    converted = stage.cli("import", "lowlevel", str(scenario("charity-lowlevel.yaml")))
    assert converted.returncode == 0, converted.stderr
    file = tmp_path / "orchestration.yaml"
    file.write_text(converted.stdout)
    assert yaml.safe_load(converted.stdout)["metadata"]["name"] == "kubeadm-based-orchestration"
    lives(stage, file)


def test_document_that_cannot_be_converted_is_told_with_its_line(stage, tmp_path):
    """Exit code 2, every problem on a line, and nothing on standard output."""
    file = tmp_path / "bad.yaml"
    file.write_text(scenario("tosca", "cloud-studio.yaml").read_text().replace("Charity.Node", "Charity.Nod"))
    refused = stage.cli("import", "tosca", str(file))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"{file}:49:7: topology_template.node_templates.backend-node.type: the node type" in refused.stderr
    assert "did you mean 'Charity.Node'?" in refused.stderr
