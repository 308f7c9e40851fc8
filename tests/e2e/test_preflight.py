"""Ten things that are wrong with clouds and hosts: told in one go, each with its line, and none of them touched."""

from __future__ import annotations

import json

import pytest

BAD = """
apiVersion: flotilla.dev/v1alpha1
kind: Federation
metadata: {name: ten}
spec:
  defaults:
    distribution: {type: k3s, version: v1.36.4+k3s1}
  clusters:
    - name: a
      infrastructure: {type: openstack, cloud: lab, image: ubuntu-25.10, externalNetwork: internet}
      controlPlane: {count: 1, flavor: m1.tiny}
      workers: [{name: default, count: 12, flavor: m9.huge}]
      network: {podCIDR: 10.1.0.0/16, serviceCIDR: 10.101.0.0/16}
    - name: h
      infrastructure: {type: hosts, inventory: ffi}
      controlPlane: {count: 1, hosts: [u1]}
      workers: [{name: default, count: 1, hosts: [u2]}]
      network: {podCIDR: 10.200.0.0/16, serviceCIDR: 10.102.0.0/16}
"""
GOOD = (
    BAD.replace("ubuntu-25.10", "ubuntu-24.04")
    .replace("internet", "public")
    .replace("m1.tiny", "m1.medium")
    .replace("count: 12, flavor: m9.huge", "count: 0, flavor: m1.medium")
    .replace("10.200.0.0/16", "10.2.0.0/16")
)
ODD = {
    "u1": {"clock_offset_s": 900, "missing_modules": ["br_netfilter"], "listening": {"6443": "nginx"}},
    "u2": {"sudo": False},
}
EXPECTED = {
    ("a", "ImageMissing"): 10,
    ("a", "FlavorTooSmall"): 11,
    ("a", "FlavorMissing"): 12,
    ("a", "ExternalNetworkMissing"): 10,
    ("a", "QuotaTooSmall"): 9,
    ("h", "ClockWrong"): 16,
    ("h", "KernelModuleMissing"): 16,
    ("h", "PortInUse"): 16,
    ("h", "SudoRefused"): 17,
    ("h", "NetworksOverlap"): 18,
}
"""What is found, and its line in the file."""


@pytest.fixture
def odd_hosts(stage):
    """Two hosts that cannot be used as they are."""
    for name, traits in ODD.items():
        stage.put(f"machines/{name}/traits", traits)
    yield
    for name in ODD:
        stage.put(f"machines/{name}/traits", {})


def test_ten_wrong_things_are_told_at_once_and_their_fixes_are_enough(stage, odd_hosts, tmp_path):
    """Nothing is changed by the look; what is put right is built, and what is not stays untouched."""
    del odd_hosts
    spec = tmp_path / "ten.yaml"
    spec.write_text(BAD.lstrip())
    stage.quiet()
    told = stage.cli("preflight", "-f", str(spec))
    assert told.returncode == 3, told.stderr
    for (_, reason), line in EXPECTED.items():
        place = f"{spec}:{line - 1}:"
        assert [row for row in told.stdout.splitlines() if row.startswith(place) and f"[{reason}]" in row], reason
    found = json.loads(stage.cli("preflight", "-f", str(spec), "-o", "json").stdout)
    assert not found["passed"]
    assert sorted((each["cluster"], each["reason"]) for each in found["findings"]) == sorted(EXPECTED)
    assert all(each["fix"] and not each["unknown"] for each in found["findings"])
    assert [line for line in stage.changes() if "/auth/tokens" not in line] == []

    for name in ODD:
        stage.put(f"machines/{name}/traits", {})
    spec.write_text(GOOD.lstrip())
    fine = stage.cli("preflight", "-f", str(spec))
    assert (fine.returncode, "nothing stands in the way" in fine.stdout) == (0, True), fine.stdout
    applied = stage.cli("apply", "-f", str(spec))
    assert applied.returncode == 0, applied.stderr
    gone = stage.cli("destroy", "ten", "--yes")
    assert gone.returncode == 0, gone.stderr
