"""Releases that end up as asked for, whatever an earlier attempt left behind.

Nothing here waits for pods: whether an add-on runs is read from its leaf objects by those who asked for it.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_exponential_jitter

from clients.helm.archive import read_definitions
from clients.helm.command import HelmCommand
from clients.helm.errors import ReleaseNotFound
from clients.helm.library import HelmLibrary
from clients.helm.program import Content, HelmProgram
from clients.helm.release import DEPLOYED, PENDING, UNINSTALLING, Chart, Release, ReleaseName
from federation.errors import RetryableError, SpecInvalid, TerminalError

log = logging.getLogger(__name__)

WRITE_TIMEOUT_S = 300.0
T = TypeVar("T")


def find_helm() -> HelmProgram:
    """The program ``helm`` when it is on the path, else the library in the wheel."""
    executable = shutil.which("helm")
    return HelmCommand(executable) if executable else HelmLibrary()


class HelmClient:
    """Thread-safe; works on one release at a time in the same place. Charts are downloaded once in its life.

    Args:
        repositories: URL of each chart repository by the name that charts use.
        program: How Helm is run; found by itself when left out.
    """

    def __init__(self, repositories: Mapping[str, str], program: HelmProgram | None = None) -> None:
        self._repositories = dict(repositories)
        self._program = program or find_helm()
        self._folder = Path(tempfile.mkdtemp(prefix="flotilla-charts-"))
        self._remove_folder = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._locks: defaultdict[object, threading.Lock] = defaultdict(threading.Lock)

    def close(self) -> None:
        """Remove downloaded charts; done by itself when the client or the process ends."""
        self._remove_folder()

    def upgrade_install(
        self,
        kubeconfig: str,
        release: ReleaseName,
        chart: Chart,
        values: Mapping[str, Any],
        timeout_s: float = WRITE_TIMEOUT_S,
    ) -> None:
        """Make a release of a chart with exactly these values; its namespace must exist.

        Safe to repeat, but not free of writes: each call makes a revision. What a killed attempt left unfinished is
        taken back first: by a rollback to the last revision that was deployed, or by an uninstall when there is none.

        Raises:
            SpecInvalid: The repository or the chart is unknown, or the chart refuses the values.
            Unavailable, Throttled, Conflict, NotReadyYet: Try again.
            AuthenticationRejected, Rejected: The cluster refuses.
        """
        content = Content(self._archive(chart), values)
        with self._locks[_place(kubeconfig, release)]:
            history = self._recovered(kubeconfig, release, timeout_s)
            write = self._program.upgrade if history else self._program.install
            write(kubeconfig, release, content, timeout_s)
        log.info("release %s is %s %s", release, chart.name, chart.version)

    def definitions(self, chart: Chart) -> list[dict[str, Any]]:
        """The CustomResourceDefinitions in the ``crds`` folders of a chart, which Helm creates and never changes.

        Raises:
            SpecInvalid, Unavailable: The chart cannot be had.
        """
        return read_definitions(self._archive(chart))

    def uninstall(self, kubeconfig: str, release: ReleaseName, timeout_s: float = WRITE_TIMEOUT_S) -> bool:
        """Remove a release, finished or not; False when there is none.

        Custom resource definitions in a chart's ``crds`` folder stay, as Helm wants it.
        """
        with self._locks[_place(kubeconfig, release)]:
            if not self.history(kubeconfig, release):
                return False
            try:
                self._program.uninstall(kubeconfig, release, timeout_s)
            except ReleaseNotFound:
                return False
        log.info("release %s is uninstalled", release)
        return True

    def status(self, kubeconfig: str, release: ReleaseName) -> Release | None:
        """The latest revision of a release; None when there is none."""
        history = self.history(kubeconfig, release)
        return history[-1] if history else None

    def history(self, kubeconfig: str, release: ReleaseName) -> tuple[Release, ...]:
        """Revisions of a release, oldest first; empty when there is none."""
        try:
            return tuple(sorted(_retried(lambda: self._program.history(kubeconfig, release)), key=_revision))
        except ReleaseNotFound:
            return ()

    def releases(self, kubeconfig: str, namespace: str | None = None) -> tuple[Release, ...]:
        """The latest revision of every release in a namespace, or in all."""
        return _retried(lambda: self._program.releases(kubeconfig, namespace))

    def _recovered(self, kubeconfig: str, release: ReleaseName, timeout_s: float) -> tuple[Release, ...]:
        history = self.history(kubeconfig, release)
        if not history or history[-1].status not in {*PENDING, UNINSTALLING}:
            return history
        whole = [revision for revision in history if revision.status in DEPLOYED]
        if whole and history[-1].status in PENDING:
            log.warning("release %s was left %s: rolling back to %s", release, history[-1].status, whole[-1].revision)
            return self._rolled_back(kubeconfig, release, whole[-1], timeout_s)
        log.warning("release %s was left %s: uninstalling", release, history[-1].status)
        self._program.uninstall(kubeconfig, release, timeout_s)
        return ()

    def _rolled_back(
        self, kubeconfig: str, release: ReleaseName, whole: Release, timeout_s: float
    ) -> tuple[Release, ...]:
        """The history after a rollback; one that failed has at least ended what was pending, which is all that counts.

        Helm 3 cannot bring back an object that the pending revision had dropped and the cluster still has.
        """
        try:
            self._program.rollback(kubeconfig, release, whole.revision, timeout_s)
        except TerminalError:
            history = self.history(kubeconfig, release)
            if history[-1].status in PENDING:
                raise
            return history
        return self.history(kubeconfig, release)

    def _archive(self, chart: Chart) -> Path:
        """The chart's archive, downloaded at its first use; a download that is cut off leaves nothing behind."""
        url = self._repositories.get(chart.repository)
        if url is None:
            known = ", ".join(sorted(self._repositories))
            raise SpecInvalid(f"there is no chart repository '{chart.repository}'; there are: {known}")
        folder = self._folder / hashlib.sha256(f"{url} {chart.name} {chart.version}".encode()).hexdigest()[:16]
        with self._locks[folder]:
            found = next(folder.glob("*.tgz"), None)
            if found is None:
                self._download(chart, url, folder)
            return found or next(folder.glob("*.tgz"))

    def _download(self, chart: Chart, url: str, folder: Path) -> None:
        fresh = Path(tempfile.mkdtemp(dir=self._folder))
        _retried(lambda: self._program.pull(chart.name, chart.version, url, fresh))
        if not any(fresh.glob("*.tgz")):
            raise SpecInvalid(f"chart {chart.name} {chart.version} of {url} came without an archive")
        fresh.replace(folder)


def _place(kubeconfig: str, release: ReleaseName) -> tuple[str, ReleaseName]:
    return hashlib.sha256(kubeconfig.encode()).hexdigest(), release


def _revision(release: Release) -> int:
    return release.revision


def _retried(read: Callable[[], T]) -> T:
    """Repeat a read, which is always safe, for at most 30 seconds."""
    policy = Retrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_attempt(3) | stop_after_delay(30),
        wait=wait_exponential_jitter(multiplier=0.5, max=5),
        reraise=True,
    )
    return policy(read)
