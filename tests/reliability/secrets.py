"""Secrets: a life with secrets everywhere, part of which goes wrong, and a search of all that it leaves behind."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reliability.chapters import Chapter
from tests.reliability.leaking.doors import rows as doors
from tests.reliability.leaking.life import LOGIN, Life
from tests.reliability.leaking.needles import Needle, found
from tests.reliability.leaking.places import Hay, files, open_to_others, world
from tests.reliability.leaking.watching import ProcessWatch
from tests.stage.stage import Stage

COMMAND_TIMEOUT_S = 900.0
MUST_BE = (
    (r"environment of a process", r"Prefect API login", "Prefect takes it from a variable that its user sets"),
    (
        r"object Secret ",
        r"application secret|registry password|key of a certificate",
        "what Secrets of a cluster are for",
    ),
    (r"output of get kubeconfig", r"key of a kubeconfig", "what the command is asked for"),
    (
        r"disk /etc/kubernetes/|disk /etc/rancher/|disk /var/lib/rancher/|disk /root/",
        r"key of a kubeconfig",
        "the cluster's own",
    ),
)
"""Places, secrets and reasons: where a secret has to be in clear."""

REPAIRED = """
The certificate of a cloud's own authority was taken for the name of a file: no such cloud could be used, and the error
was a traceback. It is trusted now, it alone, and something else than a certificate is refused in one line.
Files under the home were open to other users of the machine where the folder was, among them Prefect's database, which
holds the key to its blocks beside them: what our processes write is for their user alone.
""".strip()

_HOW = """
A Prefect server with its API's authentication on, and a sandbox; registry password, application secret, certificate,
cloud password and SSH keys are planted or known; runs fail on every wire and then succeed; everything is destroyed.
During and after it, all files under the home (Prefect's database and the registry among them), what commands print,
command lines and environments of all processes, remote command lines, remote disks and journals, user data and all
objects of the clusters are searched for each secret as it is, in JSON, in URLs and in base64.
""".strip()


def trial(full: bool) -> Chapter:
    """Live, search, and tell."""
    with tempfile.TemporaryDirectory(prefix="flotilla-secrets-") as folder:
        searched, leaks, life = _lived(Path(folder), full=full)
    trusted = list(doors())
    failed = [*leaks, *life.unexpected, *(f"{what}: {said}" for what, said, right in trusted if not right)]
    tried = sum(searched.values()) * len(life.needles) + len(trusted)
    table = [(place, str(number), "no secret in clear") for place, number in sorted(searched.items())]
    table += [(f"where it must be: {place}", secret, why) for place, secret, why in MUST_BE]
    table += [(what, "", said.replace("|", "/").replace("\n", " ")) for what, said, _ in trusted]
    return Chapter(
        name="secrets",
        title="Secrets",
        date=datetime.now(UTC).date().isoformat(),
        how=_HOW,
        tried=tried,
        passed=tried - len(failed),
        headers=("place", "searched", "found"),
        rows=tuple(table),
        failed=tuple(failed),
        repaired=tuple(REPAIRED.replace("\n", " ").replace(". Files", ".\nFiles").splitlines()),
        order=70,
    )


def _lived(folder: Path, *, full: bool) -> tuple[Counter[str], list[str], Life]:
    home, papers = folder / "home", folder / "papers"
    home.mkdir(mode=0o755)
    (home / "tmp").mkdir(mode=0o700)
    papers.mkdir(mode=0o700)
    stage = Stage(home)
    stage.environment |= {
        "PREFECT_SERVER_API_AUTH_STRING": LOGIN,
        "PREFECT_API_AUTH_STRING": LOGIN,
        "TMPDIR": str(home / "tmp"),
    }
    searched: Counter[str] = Counter()
    leaks: list[str] = []
    life = Life(stage, papers, full=full)
    with ProcessWatch(home) as watch, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.stage.stage.COMMAND_TIMEOUT_S", COMMAND_TIMEOUT_S)
        try:
            stage.open()
            life.plant()
            life.fail()
            life.live()
            _note(searched, leaks, life.needles, _hays(stage, life))
            life.end()
            _note(searched, leaks, life.needles, _hays(stage, life))
        finally:
            stage.close()
    _note(searched, leaks, life.needles, (("arguments of a process", each) for each in watch.arguments))
    _note(searched, leaks, life.needles, (("environment of a process", each) for each in watch.environments))
    leaks += [f"open to others: {each}" for each in open_to_others(home)]
    return searched, sorted(set(leaks)), life


def _hays(stage: Stage, life: Life) -> Iterator[Hay]:
    stage.post("snapshot")
    yield from files(stage.home)
    yield from life.outputs.items()
    yield from world(stage.home)
    for entry in stage.get("journal", wire="ssh", last=2000)["last"]:
        yield "remote command line", entry["path"].encode()


def _note(searched: Counter[str], leaks: list[str], needles: Iterable[Needle], hays: Iterable[Hay]) -> None:
    for place, hay in hays:
        searched[_group(place)] += 1
        leaks += [f"{secret} in {place}" for secret in found(needles, hay) if not must_be(place, secret)]


def must_be(place: str, secret: str) -> bool:
    """Whether a secret has to be in clear in a place."""
    return any(re.match(where, place) and re.fullmatch(which, secret) for where, which, _ in MUST_BE)


def _group(place: str) -> str:
    groups = {"disk": "files on remote disks", "object": "objects of clusters", "output": "output of commands"}
    first = place.partition(" ")[0]
    return groups.get(first, "files under the home" if first == "file" else place)
