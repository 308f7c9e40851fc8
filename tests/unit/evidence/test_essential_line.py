"""Which line of many logs tells why a machine did not become a node."""

from __future__ import annotations

import pytest

from providers.evidence import Evidence, essential_line, from_console, render_evidence

PANIC = """[    0.000000] Linux version 6.8.0
[    1.403310] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
[    1.404002] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---
"""
CLOUD_INIT = """status: error
detail: DataSourceOpenStackLocal
errors:
\t- ('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))
"""
KUBELET = """Starting kubelet
I1127 02:00:01.000000    1234 server.go:415] "Kubelet version" kubeletVersion="v1.36.4"
E1127 02:00:02.000000    1234 run.go:72] "command failed" err="failed to run Kubelet: running with swap on"
kubelet.service: Main process exited, code=exited, status=1/FAILURE
"""
K3S = """time="2026-11-27T02:00:00Z" level=info msg="Starting k3s agent v1.36.4+k3s1"
time="2026-11-27T02:00:09Z" level=error msg="Failed to validate connection to cluster at https://10.0.0.5:6443: timeout"
"""


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        ({"its console": PANIC}, "its console: Kernel panic - not syncing: VFS"),
        ({"cloud-init status": CLOUD_INIT, "kubelet": KUBELET}, "cloud-init status: ('scripts_user', RuntimeError"),
        ({"kubelet": KUBELET}, 'kubelet: "command failed" err="failed to run Kubelet: running with swap on'),
        ({"k3s-agent": K3S}, 'k3s-agent: "Failed to validate connection to cluster at https://10.0.0.5:6443'),
        ({"containerd": "all is well"}, ""),
        ({}, ""),
    ],
)
def test_the_line_that_leaves_least_doubt_is_told_with_its_source(logs, words):
    """A panic before cloud-init's errors before those of the node's own programs."""
    line = essential_line(Evidence(source, text) for source, text in logs.items())
    assert line.startswith(words)
    assert bool(line) == bool(words)
    assert len(line) < 140


def test_credentials_in_a_console_are_masked():
    """A console is read by everybody who may read the server; what we pass on has no token."""
    (found,) = from_console("kubeadm join 10.0.0.5:6443 --token abcdef.0123456789abcdef\n")
    assert "abcdef.0123456789abcdef" not in found.text
    assert "abcdef.0123456789abcdef" not in render_evidence([found])


def test_only_the_end_of_a_console_is_kept():
    """An artifact is for people."""
    (found,) = from_console("\n".join(f"line {number}" for number in range(500)))
    assert found.text.splitlines()[0] == "line 460"
    assert list(from_console(" \n")) == []
