"""Helm that is killed while it works, under the installer: whatever it leaves pending, the next step ends it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.helm.release import ReleaseName
from clients.kubernetes.resources import SECRET
from federation.errors import FlotillaError
from federation.spec.addon import AddOnDefinition
from providers.contracts import Progress
from tests.addons.benches import Workbench, real_bench, sandbox_bench
from tests.addons.life import CATALOGUE, cluster_with, versions_of
from tests.proving.building import Missing

ADDON = CATALOGUE["metallb"]
NEWER, OLDER = versions_of(ADDON)
RELEASE = ReleaseName(ADDON.name, ADDON.namespace)
_TRIES = 40


@pytest.fixture(scope="module", params=["sandbox", pytest.param("real", marks=pytest.mark.real)])
def bench(request: pytest.FixtureRequest) -> Iterator[Workbench]:
    """A cluster of the sandbox, and a real control plane."""
    try:
        with sandbox_bench() if request.param == "sandbox" else real_bench() as made:
            yield made
    except Missing as reason:
        pytest.skip(f"no real control plane: {reason}")


@pytest.fixture(autouse=True)
def _clean(bench: Workbench) -> Iterator[None]:
    yield
    bench.until_done(lambda: bench.installer.remove(bench.side, ADDON))


def ensure(bench: Workbench, version: str, definition: AddOnDefinition = ADDON) -> Progress:
    """One step of the installer."""
    cluster = cluster_with(definition.name, version)
    return bench.installer.ensure(bench.side, cluster, cluster.addons[0], definition)


def status(bench: Workbench) -> str:
    """What Helm says of the release, read by us from its own storage."""
    found = bench.side.kubernetes.list(SECRET, ADDON.namespace, labels={"owner": "helm", "name": ADDON.name})
    latest = max(found, key=lambda each: int(each["metadata"]["labels"]["version"]), default=None)
    return "" if latest is None else str(latest["metadata"]["labels"]["status"])


def left_as(bench: Workbench, wanted: str, version: str) -> None:
    """Kill Helm's process, as soon as the release is in that state, until a kill leaves it so."""
    for _ in range(_TRIES):
        killed = _killed_once(bench, wanted, version)
        if killed and status(bench) == wanted:
            return
        if wanted == "pending-install":
            bench.until_done(lambda: bench.installer.remove(bench.side, ADDON))
        else:
            bench.until_done(lambda: ensure(bench, OLDER))
    pytest.fail(f"no kill left the release {wanted}")


def _killed_once(bench: Workbench, wanted: str, version: str) -> bool:
    """Whether Helm was killed while it worked."""
    ended, killed = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.is_set() and not killed.is_set():
            if status(bench) == wanted:
                for child in _children():
                    os.kill(child, signal.SIGKILL)
                    killed.set()
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        ensure(bench, version)
    except FlotillaError:
        return killed.is_set()
    finally:
        ended.set()
        watcher.join(10)
    return False


def _children() -> list[int]:
    """Processes of Helm that this one has started."""
    lists = Path("/proc/self/task").glob("*/children")
    return [
        int(child) for each in lists for child in each.read_text().split() if "clients/helm/worker.py" in _argv(child)
    ]


def _argv(child: str) -> str:
    try:
        return Path(f"/proc/{child}/cmdline").read_text()
    except OSError:
        return ""


def left_in_rollback(bench: Workbench) -> None:
    """Kill the rollback that ends an upgrade which was killed."""
    for _ in range(_TRIES):
        left_as(bench, "pending-upgrade", NEWER)
        if _killed_once(bench, "pending-rollback", NEWER) and status(bench) == "pending-rollback":
            return
        bench.until_done(lambda: ensure(bench, OLDER))
    pytest.fail("no kill left the release pending-rollback")


@pytest.mark.parametrize("state", ["pending-install", "pending-upgrade", "pending-rollback"])
def test_what_a_killed_helm_left_pending_is_ended_by_the_next_step(bench: Workbench, state: str) -> None:
    """The release is deployed in the version that was asked for, and the add-on is ready."""
    if state != "pending-install":
        bench.until_done(lambda: ensure(bench, OLDER))
    if state == "pending-rollback":
        left_in_rollback(bench)
    else:
        left_as(bench, state, NEWER)
    (seen,) = bench.installer.observe(bench.side, CATALOGUE)
    assert not seen.ready
    bench.until_done(lambda: ensure(bench, NEWER))
    release = bench.helm.status(bench.kubeconfig, RELEASE)
    assert release is not None
    assert (release.status, release.version) == ("deployed", NEWER)
    (seen,) = bench.installer.observe(bench.side, CATALOGUE)
    assert seen.ready, seen


@pytest.mark.parametrize("state", ["pending-install", "pending-upgrade"])
def test_what_a_killed_helm_left_pending_can_be_removed(bench: Workbench, state: str) -> None:
    """A removal does not need the release to be whole."""
    if state != "pending-install":
        bench.until_done(lambda: ensure(bench, OLDER))
    left_as(bench, state, NEWER)
    bench.until_done(lambda: bench.installer.remove(bench.side, ADDON))
    assert status(bench) == ""
    assert bench.installer.observe(bench.side, CATALOGUE) == ()
