"""Two real Kubernetes clusters whose pods really run, and a network namespace from which both can be reached.

The clusters of ``kubernetes-up.sh`` live in network namespaces of their own. What reaches both runs in one more, which
has a leg on the bridge of each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.proving.building import Missing

SCRIPTS = Path(__file__).parents[3] / "shared" / "proving-ground"
LEGS = "flotilla-legs"
"""The namespace that has a leg in every cluster."""
_LEG = 250
_UP_S, _BUILD_S, _ASK_S = 420.0, 1800.0, 20.0


@dataclass(frozen=True)
class Place:
    """One cluster's networks: the first three numbers of its nodes' addresses, the first two of its pods'."""

    nodes: str
    pods: str


PLACES: Mapping[str, Place] = {"k1": Place("10.77.0", "10.244"), "k2": Place("10.78.0", "10.245")}
IMAGE = "rig.local/app:1"
"""The only image that the clusters have: a busybox."""


@dataclass(frozen=True)
class RealClusters:
    """Running clusters.

    Attributes:
        kubeconfigs: Admin's kubeconfigs by cluster; their servers answer in the namespace only.
    """

    version: str
    kubeconfigs: Mapping[str, Path] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        """The command as one that reaches the clusters."""
        return ["nsenter", f"--net=/run/netns/{LEGS}", *words]

    def kubectl(self, cluster: str, *words: str) -> str:
        """What kubectl, an independent witness, says of a cluster.

        Raises:
            Missing: It does not answer.
        """
        argv = self.command(str(_program("kubectl")), "--kubeconfig", str(self.kubeconfigs[cluster]), *words)
        try:
            run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_ASK_S)
        except subprocess.TimeoutExpired:
            raise Missing(f"cluster {cluster} does not answer in {_ASK_S:.0f} s") from None
        if run.returncode:
            raise Missing(f"kubectl {' '.join(words)} on {cluster}: {run.stderr.strip()[-300:]}")
        return run.stdout


@contextmanager
def severed(cluster: str) -> Iterator[None]:
    """Nothing reaches a cluster meanwhile; it goes on by itself."""
    _ip("-n", LEGS, "link", "set", f"leg-{cluster}", "down")
    try:
        yield
    finally:
        _ip("-n", LEGS, "link", "set", f"leg-{cluster}", "up")


def rig() -> Path:
    """Where the scripts keep programs and state."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "flotilla" / "proving-ground" / "rig"


def find() -> RealClusters:
    """Clusters that run already.

    Raises:
        Missing: One of them does not run or does not answer.
    """
    if not Path(f"/run/netns/{LEGS}").exists():
        raise Missing("no real clusters run; `python -m tests.proving up` brings them up")
    kubeconfigs = {name: rig() / "k8s" / name / "admin.conf" for name in PLACES}
    for name, path in kubeconfigs.items():
        if not path.is_file():
            raise Missing(f"cluster {name} was never brought up")
    found = RealClusters("", kubeconfigs)
    for name in PLACES:
        if found.kubectl(name, "get", "--raw", "/readyz") != "ok":
            raise Missing(f"cluster {name} is not ready")
    version = found.kubectl("k1", "version", "--short").split("Server Version: ")[-1].strip()
    return RealClusters(version, kubeconfigs)


def up(say: Callable[[str], None] = print) -> None:
    """Bring both clusters up; what runs already stays.

    Raises:
        Missing: This machine cannot run them, or a script failed; the message has its last lines.
    """
    if os.geteuid() != 0:
        raise Missing("network namespaces and containers need root")
    if shutil.which("nsenter") is None or not SCRIPTS.is_dir():
        raise Missing(f"nsenter or {SCRIPTS.name} is not there")
    if not _program("kubelet").is_file():
        say("building Kubernetes 1.20.2 from Debian's source: some minutes, once")
        _run(_BUILD_S, str(SCRIPTS / "kubernetes-build.sh"))
    for name, place in PLACES.items():
        say(f"cluster {name}: one node, pods at {place.pods}.0.0/16")
        _run(_UP_S, str(SCRIPTS / "kubernetes-up.sh"), name, "1", place.nodes, POD_PREFIX=place.pods)
    _stand_on_both()


def down() -> None:
    """End both clusters and the namespace between them; programs and images stay for the next time."""
    subprocess.run(["ip", "netns", "del", LEGS], capture_output=True, check=False)
    for name in PLACES:
        if (rig() / "k8s" / name).is_dir():
            _run(_UP_S, str(SCRIPTS / "kubernetes-down.sh"), name)


def _program(name: str) -> Path:
    return rig() / "src" / "k120" / "_output" / "bin" / name


def _run(timeout_s: float, *argv: str, **environment: str) -> None:
    log = rig() / "clusters.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as sink:
        try:
            run = subprocess.run(
                ["bash", *argv],
                env={**os.environ, "RIG_BASE": str(rig()), **environment},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                check=False,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise Missing(f"{Path(argv[0]).name} did not end in {timeout_s:.0f} s; see {log}") from None
    if run.returncode:
        raise Missing(f"{Path(argv[0]).name} failed: {log.read_text(errors='replace')[-600:]}")


def _stand_on_both() -> None:
    """A namespace with a loopback of its own and a leg on the bridge of each cluster."""
    if not Path(f"/run/netns/{LEGS}").exists():
        _ip("netns", "add", LEGS)
        _ip("-n", LEGS, "link", "set", "lo", "up")
    for name, place in PLACES.items():
        inner, outer, switch = f"leg-{name}", f"legs-{name}", f"{name}-sw"
        if _exists(LEGS, inner):
            continue
        _ip("-n", LEGS, "link", "add", inner, "type", "veth", "peer", "name", outer, "netns", switch)
        _ip("-n", switch, "link", "set", outer, "master", "br0", "up")
        _ip("-n", LEGS, "addr", "add", f"{place.nodes}.{_LEG}/24", "dev", inner)
        _ip("-n", LEGS, "link", "set", inner, "up")


def _exists(namespace: str, link: str) -> bool:
    return not subprocess.run(
        ["ip", "-n", namespace, "link", "show", link], capture_output=True, check=False
    ).returncode


def _ip(*words: str) -> None:
    run = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"ip {' '.join(words)}: {run.stderr.strip()}")
